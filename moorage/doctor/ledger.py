"""Checks of the plans and of the ledger's counters; reads only."""

from collections.abc import Iterator

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.connections.catalogue import Catalogue
from moorage.doctor.checks import Check, ok, problem, warning
from moorage.errors import MoorageError
from moorage.plans.catalogue import Plans, Terms
from moorage.settings import Settings
from moorage.usage.drift import count_periods, find_drift
from moorage.vault.secret import Secret


def check_plans(settings: Settings) -> Check:
    """Whether the plans can be used, and what they include. Raises MoorageError for a file that can't be used."""
    plans, catalogue = Plans.load(settings.plans), _catalogue_of(settings)
    items = [_tell(terms) for terms in plans.all()]
    lost = [f"{terms.plan}: {pattern}" for terms in plans.all() for pattern in _lost_in(terms, catalogue)]
    if lost:
        return warning("plans", "doctor.plans.lost", items=[*lost, *items], count=len(lost))
    return ok("plans", "doctor.plans.ok" if settings.plans is None else "doctor.plans.own", items=items)


async def check_ledger(tx: AsyncConnection) -> Check:
    """Whether each budget's counters are what its rows add up to."""
    drifts = await find_drift(tx)
    if drifts:
        items = [
            f"{drift.team_id} {drift.period_start:%Y-%m}: settled {drift.settled:+d}, reserved {drift.reserved:+d}"
            for drift in drifts
        ]
        return problem("ledger", "doctor.ledger.drift", items=items, count=len(drifts))
    return ok("ledger", "doctor.ledger.ok", count=await count_periods(tx))


def _catalogue_of(settings: Settings) -> Catalogue | None:
    keys = {name: Secret(key) for name, key in settings.keys_of_providers().items()}
    try:
        return Catalogue.load(settings.catalogue, keys)
    except MoorageError:
        # The check of standard models says what is wrong with it.
        return None


def _tell(terms: Terms) -> str:
    return (
        f"{terms.plan}: {terms.tokens_per_month:,} tokens/month, {terms.members:,} members, "
        f"{', '.join(terms.standard_models) or '–'}"
    )


def _lost_in(terms: Terms, catalogue: Catalogue | None) -> Iterator[str]:
    """Name what a plan includes although no provider with a key has it."""
    for pattern in terms.standard_models if catalogue is not None else ():
        provider_id, _, model_id = pattern.partition("/")
        if not model_id:
            continue
        provider = None if catalogue is None else catalogue.providers.get(provider_id)
        if provider is None or (model_id != "*" and provider.find(model_id) is None):
            yield pattern
