"""Tells a walk or the checks while they go on: a row as each is done, or one JSON document at the end."""

import json
import os
import sys
from dataclasses import dataclass
from typing import Any, Final

from moorage.api.sentences import Language, sentence
from moorage.connections.findings import STAGES, StageEvent
from moorage.doctor import deployment, endpoint
from moorage.doctor.checks import CHECKS, Check
from moorage.doctor.endpoint import Walked, Wish
from moorage.doctor.terminal import Columns, Terminal
from moorage.settings import Settings

_STAGE_STATES: Final = ("passed", "warned", "failed", "skipped")
_CHECK_STATES: Final = ("ok", "warning", "problem", "skipped")
_MS_COLUMNS: Final = 9
_TENTHS_BELOW_MS: Final = 10


@dataclass(frozen=True, slots=True)
class Manner:
    """How to speak."""

    language: Language
    as_json: bool
    show_addresses: bool = False


async def tell_walk(settings: Settings, wish: Wish, manner: Manner) -> int:
    """Walk to an endpoint, tell it, give the exit code. Raises as `endpoint.walk`."""
    language = manner.language
    states = _words("doctor.state", _STAGE_STATES, language)
    labels = _words("doctor.stage", STAGES, language)
    columns = Columns.of(states.values(), labels.values(), figure=_MS_COLUMNS)
    terminal = Terminal(sys.stdout, os.environ, columns)

    def tell(event: StageEvent, reason: str) -> None:
        if manner.as_json:
            return
        if event.state == "running":
            terminal.begin(labels[event.stage])
            return
        more = [_tell_certificate(event, language), _tell_reason(reason, language)]
        told = endpoint.tell_stage(event, language)
        terminal.row(event.state, states[event.state], labels[event.stage], told, figure=_ms(event.ms), more=more)

    try:
        walked = await endpoint.walk(settings, wish, tell)
    finally:
        if not manner.as_json:
            terminal.clear()
    if manner.as_json:
        _print_json(endpoint.to_document(walked, language, show_addresses=manner.show_addresses))
    else:
        _tell_end(walked, manner, terminal)
    return endpoint.EXIT_CODES[walked.outcome]


async def tell_checks(manner: Manner) -> int:
    """Check the deployment, tell it, give the exit code."""
    language = manner.language
    states = _words("doctor.state", _CHECK_STATES, language)
    labels = _words("doctor.check", CHECKS, language)
    terminal = Terminal(sys.stdout, os.environ, Columns.of(states.values(), labels.values()))
    checks: list[Check] = []
    async for check in deployment.examine(os.environ):
        checks.append(check)
        if not manner.as_json:
            told = check.tell(language)
            terminal.row(check.state, states[check.state], labels[check.name], told, more=check.items)
    verdict = deployment.judge(checks)
    if manner.as_json:
        _print_json(deployment.to_document(checks, language))
    else:
        counts = {state: sum(check.state == state for check in checks) for state in _CHECK_STATES}
        terminal.gap()
        terminal.say(sentence(f"doctor.verdict.{verdict}", {**counts, "all": len(checks)}, language), verdict)
    return deployment.EXIT_CODES[verdict]


def _tell_end(walked: Walked, manner: Manner, terminal: Terminal) -> None:
    """Say what was corrected, what stands behind the name if that was asked for, and what to do now."""
    terminal.gap()
    for note in walked.findings.notes:
        terminal.say(sentence(f"note_{note}", {}, manner.language))
    if manner.show_addresses:
        if walked.findings.endpoint is not None:
            terminal.say(walked.findings.endpoint.url)
        for address, reason in walked.addresses:
            terminal.say(f"{address}  {reason or sentence('doctor.may_be_reached', {}, manner.language)}")
    kind = "failed" if walked.outcome != "passed" else "warned" if walked.remarks else "passed"
    terminal.say(endpoint.tell_next(walked, manner.language), kind)


def _tell_certificate(event: StageEvent, language: Language) -> str:
    if "key_sha256" not in event.facts:
        return ""
    return sentence("doctor.certificate", event.facts, language)


def _tell_reason(reason: str, language: Language) -> str:
    """Tell why the policy refused; for URL rules the stage's own sentence says it all."""
    code = f"doctor.reason.{reason}"
    told = sentence(code, {}, language)
    return "" if not reason or told == code else sentence("doctor.reason", {"reason": reason, "told": told}, language)


def _ms(ms: float | None) -> str:
    if ms is None:
        return ""
    return f"{ms:.1f} ms" if ms < _TENTHS_BELOW_MS else f"{ms:.0f} ms"


def _words(prefix: str, names: tuple[str, ...], language: Language) -> dict[str, str]:
    return {name: sentence(f"{prefix}.{name}", {}, language) for name in names}


def _print_json(document: dict[str, Any]) -> None:
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(document, indent=1, ensure_ascii=not is_utf8) + "\n")
