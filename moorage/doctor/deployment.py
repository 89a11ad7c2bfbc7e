"""Walks the checks of a deployment; what breaks one check is a problem of that check and stops no other."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal

from moorage import __version__
from moorage.api.sentences import Language
from moorage.doctor import machine
from moorage.doctor.checks import CHECKS, Check, CheckName, ok, problem, skipped
from moorage.doctor.ledger import check_plans
from moorage.doctor.standard import check_standard_models, check_standard_zones
from moorage.doctor.stored import StoredChecks
from moorage.errors import MoorageError
from moorage.settings import Settings, SettingsError, read_settings
from moorage.telemetry import describe_place

Verdict = Literal["ok", "warning", "problem"]
Work = Callable[[], Check | Awaitable[Check]]

EXIT_CODES: Final[dict[Verdict, int]] = {"ok": 0, "warning": 0, "problem": 1}


async def examine(environment: Mapping[str, str]) -> AsyncIterator[Check]:
    """Give each check as it is done, in the order of `CHECKS`."""
    settings: Settings | None = None
    try:
        settings = read_settings()
    except SettingsError as error:
        lines = str(error).splitlines()
        yield problem("settings", "doctor.settings.unusable", items=lines, count=len(lines))
    else:
        yield ok("settings", "doctor.settings.ok", count=len(settings.model_fields_set))
    stored = None if settings is None else StoredChecks(settings)
    work = _of_machine(environment)
    if settings is not None and stored is not None:
        work |= _of_settings(settings) | _of_stored(stored)
    try:
        for name in CHECKS[1:]:
            yield await _guarded(name, work[name]) if name in work else skipped(name, "doctor.needs_settings")
    finally:
        if stored is not None:
            await stored.aclose()


def judge(checks: Sequence[Check]) -> Verdict:
    """Say what all of them together mean."""
    states = {check.state for check in checks}
    return "problem" if "problem" in states else "warning" if "warning" in states else "ok"


def to_document(checks: Sequence[Check], language: Language) -> dict[str, Any]:
    """Give everything as one JSON document; docs/doctor.md lists its fields."""
    verdict = judge(checks)
    return {
        "doctor": "deployment",
        "moorage": __version__,
        "verdict": verdict,
        "exit_code": EXIT_CODES[verdict],
        "checks": [check.to_json(language) for check in checks],
    }


def _of_machine(environment: Mapping[str, str]) -> dict[CheckName, Work]:
    return {
        "ignored_variables": partial(machine.check_ignored_variables, environment),
        "trust_store": machine.check_trust_store,
        "name_lookup": machine.check_name_lookup,
        "open_files": machine.check_open_files,
        "versions": machine.check_versions,
    }


def _of_settings(settings: Settings) -> dict[CheckName, Work]:
    return {
        "data_folder": partial(machine.check_data_folder, settings),
        "free_space": partial(machine.check_free_space, settings),
        "exceptions": partial(machine.check_exceptions, settings),
        "closed_targets": partial(machine.check_closed_targets, settings),
        "endpoint_ports": partial(machine.check_endpoint_ports, settings),
        "extra_ca": partial(machine.check_extra_ca, settings),
        "public_url": partial(machine.check_public_url, settings),
        "standard_models": partial(check_standard_models, settings),
        "standard_zones": partial(check_standard_zones, settings),
        "plans": partial(check_plans, settings),
    }


def _of_stored(stored: StoredChecks) -> dict[CheckName, Work]:
    return {
        "database": stored.check_database,
        "schema": stored.check_schema,
        "key_ring": stored.check_key_ring,
        "clock": stored.check_clock,
        "ledger": stored.check_ledger,
    }


async def _guarded(name: CheckName, work: Work) -> Check:
    try:
        found = work()
        return await found if inspect.isawaitable(found) else found
    except MoorageError as error:
        return Check(name, "problem", error.code, error.params)
    except Exception as error:  # noqa: BLE001 - whatever breaks a check, the others are still worth knowing
        return problem(name, "doctor.broke", kind=type(error).__name__, where=describe_place(error))
