"""Whose right to a model that is answering them just now was taken back: asked for all running replies at once."""

from collections.abc import Set as AbstractSet
from typing import Final
from uuid import UUID

from sqlalchemy import case, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import MembershipRow
from moorage.connections.access_tables import ModelPersonRow, StandardAudienceRow
from moorage.connections.audience import Asker, closest
from moorage.connections.rights import StandardRights, read_named
from moorage.connections.tables import ConnectionModelRow, ConnectionRow

Use = tuple[Asker, str]
"""A person, and the model that answers them as `ChosenModel.target_ref` names it."""

OWN: Final = "byom:"
_STANDARD: Final = "standard:"


async def withdrawn(tx: AsyncConnection, uses: AbstractSet[Use]) -> AbstractSet[Use]:
    """Give those uses that would be refused now for want of the right. Who is no member any more is one of them."""
    roles = await _roles(tx, {asker for asker, _ in uses})
    own = {use for use in uses if use[1].startswith(OWN)}
    standard = {use for use in uses if use[1].startswith(_STANDARD)}
    return await _own_withdrawn(tx, own, roles) | await _standard_withdrawn(tx, standard, roles)


async def _roles(tx: AsyncConnection, askers: AbstractSet[Asker]) -> dict[Asker, str]:
    rows = await tx.execute(
        select(MembershipRow.team_id, MembershipRow.user_id, MembershipRow.role).where(
            MembershipRow.team_id.in_({one.team_id for one in askers}),
            MembershipRow.user_id.in_({one.user_id for one in askers}),
        )
    )
    return {Asker(row.team_id, row.user_id): row.role for row in rows}


async def _own_withdrawn(tx: AsyncConnection, uses: AbstractSet[Use], roles: dict[Asker, str]) -> set[Use]:
    if not uses:
        return set()
    model, connection = ConnectionModelRow.__table__.c, ConnectionRow.__table__.c
    ids = {use: UUID(use[1].removeprefix(OWN)) for use in uses}
    rows = await tx.execute(
        select(
            model.id,
            model.team_id,
            case((model.audience.is_(null()), connection.id), else_=model.id).label("place"),
            model.audience.label("model_audience"),
            connection.audience.label("connection_audience"),
        )
        .join_from(ConnectionModelRow, ConnectionRow, connection.id == model.connection_id)
        .where(model.id.in_(set(ids.values())))
    )
    by_id = {row.id: row for row in rows}
    named = await tx.execute(
        select(ModelPersonRow.place, ModelPersonRow.team_id, ModelPersonRow.user_id).where(
            ModelPersonRow.place.in_({row.place for row in by_id.values()}),
            ModelPersonRow.user_id.in_({asker.user_id for asker, _ in uses}),
        )
    )
    people = {(row.place, row.team_id, row.user_id) for row in named}
    lost = set()
    for use, model_row_id in ids.items():
        asker, row = use[0], by_id.get(model_row_id)
        may = (
            row is not None
            and row.team_id == asker.team_id
            and closest(row.model_audience, row.connection_audience).admits(
                roles.get(asker), named=(row.place, asker.team_id, asker.user_id) in people
            )
        )
        if not may:
            lost.add(use)
    return lost


async def _standard_withdrawn(tx: AsyncConnection, uses: AbstractSet[Use], roles: dict[Asker, str]) -> set[Use]:
    if not uses:
        return set()
    rows = await tx.execute(
        select(StandardAudienceRow.__table__).where(
            StandardAudienceRow.team_id.in_({asker.team_id for asker, _ in uses})
        )
    )
    rules: dict[UUID, dict[tuple[str, str], object]] = {}
    for row in rows:
        rules.setdefault(row.team_id, {})[row.provider, row.model_id] = row.audience or {}
    every_rule = [rule for of_team in rules.values() for rule in of_team.values()]
    named = await read_named(tx, {asker for asker, _ in uses}, every_rule)
    lost = set()
    for use in uses:
        asker = use[0]
        provider, _, model_id = use[1].removeprefix(_STANDARD).partition("/")
        of_team, named_at = rules.get(asker.team_id, {}), named.get(asker, frozenset())
        rights = StandardRights(asker, roles.get(asker), of_team, named_at)
        if not rights.may_use(provider, model_id):
            lost.add(use)
    return lost
