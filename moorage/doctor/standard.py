"""Compares the catalogue with what each standard provider offers now, by one free request, and with what seals need."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from moorage.composition.doors import build_door, build_rules, read_exceptions
from moorage.connections.catalogue import Catalogue, StandardProvider
from moorage.connections.credentials import AddressRules
from moorage.connections.offered import ask_for_offer
from moorage.connections.zones import UNSTATED
from moorage.doctor.checks import Check, ok, skipped, warning
from moorage.egress.door import Door
from moorage.egress.resolver import SystemResolver
from moorage.errors import MoorageError
from moorage.settings import Settings
from moorage.telemetry import Metrics
from moorage.vault.secret import Secret

_OLD_AFTER_DAYS: Final = 180


@dataclass(frozen=True, slots=True)
class _Compared:
    """What one provider said: models that it offers no longer or will not, and why it was not asked, if it was not."""

    gone: tuple[str, ...] = ()
    problem: str | None = None


async def check_standard_models(settings: Settings) -> Check:
    """Whether each listed model is still offered. Raises MoorageError for a catalogue that can't be read."""
    catalogue = _load(settings)
    providers = list(catalogue.providers.values())
    made_on = catalogue.made_on.isoformat()
    if not providers:
        return ok("standard_models", "doctor.standard_models.none")
    exceptions, resolver = read_exceptions(settings), SystemResolver()
    door = build_door(settings, exceptions, resolver, Metrics())
    rules = build_rules(settings, exceptions, door)
    try:
        compared = await asyncio.gather(*(_compare(door, rules, provider) for provider in providers))
    finally:
        await door.aclose()
        resolver.close()
    gone = [model for one in compared for model in one.gone]
    silent = [one.problem for one in compared if one.problem is not None]
    if gone:
        return warning(
            "standard_models", "doctor.standard_models.gone", items=[*gone, *silent], count=len(gone), made_on=made_on
        )
    if silent:
        return warning("standard_models", "doctor.standard_models.silent", items=silent, count=len(silent))
    if (datetime.now(UTC).date() - catalogue.made_on).days > _OLD_AFTER_DAYS and settings.catalogue is None:
        return warning("standard_models", "doctor.standard_models.old", made_on=made_on)
    models = sum(len(provider.models) for provider in providers)
    return ok("standard_models", "doctor.standard_models.ok", models=models, providers=len(providers), made_on=made_on)


def check_standard_zones(settings: Settings) -> Check:
    """Whether each standard provider states its zone: a seal admits none that does not (P19)."""
    try:
        providers = list(_load(settings).providers.values())
    except MoorageError:
        # Its own check says what is wrong.
        return skipped("standard_zones", "doctor.standard_zones.no_catalogue")
    unstated = [f"{one.id} ({one.name})" for one in providers if one.zone == UNSTATED]
    if unstated:
        return warning("standard_zones", "doctor.standard_zones.unstated", items=unstated, count=len(unstated))
    if not providers:
        return ok("standard_zones", "doctor.standard_models.none")
    return ok("standard_zones", "doctor.standard_zones.ok", providers=len(providers))


def _load(settings: Settings) -> Catalogue:
    return Catalogue.load(settings.catalogue, {name: Secret(key) for name, key in settings.keys_of_providers().items()})


async def _compare(door: Door, rules: AddressRules, provider: StandardProvider) -> _Compared:
    offer = await ask_for_offer(door, rules, provider, "doctor")
    if offer.problem is not None:
        return _Compared(problem=f"{provider.id}: {offer.problem}")
    return _Compared(tuple(f"{provider.id}/{one}" for one in (*offer.gone, *offer.ending)))
