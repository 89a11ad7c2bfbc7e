"""Which model a reference means, for one person: found with their right to use it, in one statement each.

The right comes before anything else: to whoever may not use a model, its state is not told, nor whether there is one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import FromClause, String, bindparam, func, select, type_coerce
from sqlalchemy import Row as ResultRow
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import Admission
from moorage.accounts.roster import role_in
from moorage.connections.alias_store import find_alias
from moorage.connections.audience import EVERYONE, Asker
from moorage.connections.catalogue import Catalogue, StandardModel, StandardProvider
from moorage.connections.chosen import UsedAlias
from moorage.connections.cleared import (
    Reached,
    provider_place,
    require_cleared,
    require_cleared_as_read,
    rule_columns,
    with_rule,
)
from moorage.connections.condition import CONDITION_COLUMNS
from moorage.connections.included import require_included
from moorage.connections.resting import is_resting
from moorage.connections.rights import OF_TEAM, may_use, not_open, parameters_of, right_columns, standard_rights_for
from moorage.connections.tables import ConnectionModelRow, ConnectionRow
from moorage.errors import Conflict, Invalid, ModelRefused, NotFound

ALIAS_PREFIX: Final = "alias:"
_KINDS_BY_ID: Final = frozenset({"byom", "alias"})
DEMO_REF: Final = "scripted:demo"
DEMO_MODEL_ID: Final = "demo"
DEMO_NAME: Final = "Demo (scripted, no model)"


@dataclass(frozen=True, slots=True)
class InCatalogue:
    """A standard model's place."""

    provider: StandardProvider
    model: StandardModel


Model = ResultRow[Any] | InCatalogue | None


@dataclass(frozen=True, slots=True)
class Found:
    """A model that this person may use now. `model` is its row, its place in the catalogue, or None for the demo."""

    ref: str
    target_ref: str
    alias: UsedAlias | None
    model: Model


class ModelLookup:
    """Finds what somebody may use now. Each method raises as `Picker.choose` says."""

    def __init__(self, catalogue: Catalogue, *, demo: bool, today: Callable[[], date]) -> None:
        self._catalogue = catalogue
        self._demo = demo
        self._today = today

    async def find(self, tx: AsyncConnection, asker: Asker, ref: str, admission: Admission) -> Found:
        """Find what a reference means, the team's own names included, where the team's plan includes it."""
        if not ref.startswith(ALIAS_PREFIX):
            ref = as_stored(ref)
            return Found(ref, ref, None, await self.find_target(tx, asker, ref, admission))
        facts = await find_alias(tx, asker.team_id, _read_id(ref.removeprefix(ALIAS_PREFIX)))
        if facts is None:
            raise _unknown()
        model = await self.find_target(tx, asker, facts.target_ref, admission)
        if facts.deleted:
            raise NotFound("alias_gone", alias=facts.name)
        return Found(f"{ALIAS_PREFIX}{facts.id}", facts.target_ref, UsedAlias(facts.id, facts.name), model)

    async def find_target(
        self, tx: AsyncConnection, asker: Asker, ref: str, admission: Admission | None = None
    ) -> Model:
        """Find an own model, a standard one or the demo by its reference; without `admission` in whatever plan."""
        kind, _, name = ref.partition(":")
        if kind == "byom":
            return await self._find_own(tx, asker, name)
        if kind == "standard":
            return await self._find_standard(tx, asker, name, admission)
        if ref == DEMO_REF:
            await self._find_demo(tx, asker)
            return None
        raise _unknown()

    async def _find_own(self, tx: AsyncConnection, asker: Asker, name: str) -> ResultRow[Any]:
        found = await tx.execute(_FIND_OWN, {"chosen_id": _read_id(name), **parameters_of(asker)})
        row: ResultRow[Any] | None = found.first()
        if row is None:
            # Another team's model and one that never was give the same answer.
            raise _unknown()
        if not may_use(row):
            raise not_open(f"byom:{row.id}", row.name, row.connection_name)
        if row.deleted_at is not None:
            raise Conflict("connection_deleted", connection=row.connection_name)
        if not row.connection_enabled:
            raise Conflict("connection_paused", connection=row.connection_name)
        if row.key_lost_at is not None:
            raise Conflict("connection_needs_key", connection=row.connection_name)
        if row.vanished_at is not None:
            raise NotFound("model_gone", model=row.name)
        if not row.enabled:
            raise Conflict("model_off", model=row.name)
        require_cleared_as_read(row, row.zone, self._today(), (row.name, row.connection_name))
        return row

    async def _find_standard(
        self, tx: AsyncConnection, asker: Asker, name: str, admission: Admission | None
    ) -> InCatalogue:
        provider_id, _, model_id = name.partition("/")
        if not provider_id or not model_id:
            raise _unknown()
        provider = self._catalogue.providers.get(provider_id)
        model = None if provider is None else provider.find(model_id)
        if not (await standard_rights_for(tx, asker, provider_id, model_id)).may_use(provider_id, model_id):
            raise _standard_not_open(provider, model)
        if provider is None or model is None:
            raise NotFound("model_gone", model=model_id[:120])
        if model.is_retired(self._today()):
            raise NotFound("model_retired", model=model.name)
        if admission is not None:
            require_included(tx, admission, provider, model)
        reached = Reached(asker.team_id, provider_place(provider.id), provider.zone)
        await require_cleared(tx, reached, self._today(), (model.name, provider.name))
        return InCatalogue(provider, model)

    async def _find_demo(self, tx: AsyncConnection, asker: Asker) -> None:
        if not EVERYONE.admits(await role_in(tx, asker.team_id, asker.user_id), named=False):
            raise not_open(DEMO_REF, DEMO_NAME)
        if not self._demo:
            raise NotFound("model_gone", model=DEMO_NAME)


def _select_models(*more: Any, under_rule: bool = False) -> Any:
    model, connection = ConnectionModelRow.__table__.c, ConnectionRow.__table__.c
    there: FromClause = ConnectionModelRow.__table__.join(
        ConnectionRow.__table__, (connection.id == model.connection_id) & (connection.team_id == model.team_id)
    )
    if under_rule:
        there = with_rule(there, model.team_id, type_coerce(connection.id, String))
    return select(
        model.id,
        model.model_id,
        model.name,
        model.enabled,
        model.context_length,
        model.inputs,
        model.learnt,
        model.overrides,
        model.vanished_at,
        connection.id.label("connection_id"),
        connection.name.label("connection_name"),
        connection.provider,
        connection.zone,
        connection.zone_since,
        connection.data_location,
        connection.enabled.label("connection_enabled"),
        connection.deleted_at,
        *right_columns(),
        *more,
    ).select_from(there)


# On the path of every message: building a statement costs more than executing it.
_FIND_OWN: Final = _select_models(
    ConnectionRow.key_lost_at,
    ConnectionRow.key_number,
    ConnectionRow.quirks,
    ConnectionRow.sealed_base_url,
    ConnectionRow.sealed_key,
    ConnectionRow.sealed_trust,
    is_resting(),
    *rule_columns(),
    under_rule=True,
).where(ConnectionModelRow.id == bindparam("chosen_id"), ConnectionModelRow.team_id == bindparam(OF_TEAM))
LIST_OWN: Final = (
    _select_models(*CONDITION_COLUMNS)
    .where(
        ConnectionModelRow.team_id == bindparam(OF_TEAM),
        ConnectionModelRow.enabled,
        ConnectionRow.deleted_at.is_(None),
    )
    .order_by(func.lower(ConnectionRow.name), ConnectionModelRow.created_at, ConnectionModelRow.model_id)
)


def as_stored(ref: str) -> str:
    """Give a reference in the one spelling that is stored: an id can be written in many ways.

    Raises Invalid("model_unknown", field="model_ref").
    """
    kind, _, name = ref.partition(":")
    return f"{kind}:{_read_id(name)}" if kind in _KINDS_BY_ID else ref


def _read_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _unknown() from None


def _standard_not_open(provider: StandardProvider | None, model: StandardModel | None) -> ModelRefused:
    # What stands in no catalogue is what somebody typed, and has no place in a trail.
    if provider is None:
        return not_open("standard")
    if model is None:
        return not_open(f"standard:{provider.id}", provider.name, provider.name)
    return not_open(f"standard:{provider.id}/{model.id}", model.name, provider.name)


def _unknown() -> Invalid:
    return Invalid("model_unknown", field="model_ref")
