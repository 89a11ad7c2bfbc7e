"""The rule "only cleared models": a model is cleared while whoever runs it is bound to secrecy, on paper and today.

Asked where a model is found for somebody (lookup.py, so in `choose` and `state`), where it is opened, and while it
answers. Own hardware needs nobody's undertaking: the words stay in the house. It is an owner who says under the rule
what that is: whoever manages connections could say it of any. What can't be read clears nothing.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, String, bindparam, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.connections.tables import ConnectionRow
from moorage.connections.undertaking_tables import ClearingRuleRow, UndertakingRow
from moorage.connections.zones import OWN_HARDWARE, STAYS_HERE
from moorage.errors import NotCleared

NOT_CLEARED: Final = "model_not_cleared"
_STANDARD: Final = "standard:"

Undertaking = tuple[str, str | None]
"""First and last day, as stored; None: it does not end."""


class Reached(NamedTuple):
    """Whom words reach: a place as `own_place` or `provider_place` name it, and its zone."""

    team_id: UUID
    place: str
    zone: str


def own_place(connection_id: UUID) -> str:
    """Name a connection of the team."""
    return str(connection_id)


def provider_place(provider: str) -> str:
    """Name a provider of standard models."""
    return f"{_STANDARD}{provider}"


def is_bound(undertaking: Undertaking | None, today: date) -> bool:
    """Tell whether an undertaking holds on a day: its first and its last are days that it holds on."""
    if undertaking is None:
        return False
    signed_on, expires_on = undertaking
    try:
        begins = date.fromisoformat(signed_on)
        ends = None if expires_on is None else date.fromisoformat(expires_on)
    except ValueError:
        return False
    return begins <= today and (ends is None or today <= ends)


def is_cleared(zone: str, undertaking: Undertaking | None, today: date, *, is_vouched: bool = True) -> bool:
    """Tell whether a model may have words under the rule. `is_vouched`: an owner said that its zone is what it is."""
    in_the_house = zone == STAYS_HERE or (zone == OWN_HARDWARE and is_vouched)
    return in_the_house or is_bound(undertaking, today)


@dataclass(frozen=True, slots=True)
class Clearing:
    """What a team has decided and recorded. `is_on` False: every model may have its words."""

    is_on: bool = False
    undertakings: Mapping[str, Undertaking] = field(default_factory=dict)
    unvouched: AbstractSet[str] = frozenset()

    def refusal(self, place: str, zone: str, today: date) -> str | None:
        """Give the code of the refusal, None where there is none."""
        vouched = place not in self.unvouched
        admitted = not self.is_on or is_cleared(zone, self.undertakings.get(place), today, is_vouched=vouched)
        return None if admitted else NOT_CLEARED


async def read_clearing(tx: AsyncConnection, team_id: UUID) -> Clearing:
    """Read a team's rule; its undertakings only if there is one."""
    if await tx.scalar(select(ClearingRuleRow.since).where(ClearingRuleRow.team_id == team_id)) is None:
        return Clearing()
    row = UndertakingRow
    rows = await tx.execute(select(row.place, row.signed_on, row.expires_on).where(row.team_id == team_id))
    undertakings = {one.place: (one.signed_on, one.expires_on) for one in rows}
    unvouched = {place for _, place in await _unvouched(tx, {team_id})}
    return Clearing(is_on=True, undertakings=undertakings, unvouched=unvouched)


async def require_cleared(tx: AsyncConnection, reached: Reached, today: date, names: tuple[str, str]) -> None:
    """Let a model through that the team's rule admits. `names`: of model and connection. Raises NotCleared."""
    found = (await tx.execute(_ONE, {"of_team": reached.team_id, "of_place": reached.place})).one_or_none()
    if found is not None:
        require_cleared_as_read(found, reached.zone, today, names)


def require_cleared_as_read(row: Any, zone: str, today: date, names: tuple[str, str]) -> None:
    """Judge a row with the columns of `rule_columns`. Raises NotCleared."""
    if row.ruled_since is None:
        return
    undertaking = None if row.signed_on is None else (row.signed_on, row.expires_on)
    if not is_cleared(zone, undertaking, today, is_vouched=row.is_vouched is not False):
        raise NotCleared(NOT_CLEARED, model=names[0], connection=names[1] or names[0])


def rule_columns() -> tuple[ColumnElement[Any], ...]:
    """Give what `require_cleared_as_read` reads, for a statement over `with_rule` and, if there is one, a connection.

    A rule that is there always has its moment: that column says whether the team has one.
    """
    rule, row, connection = ClearingRuleRow.__table__.c, UndertakingRow.__table__.c, ConnectionRow.__table__.c
    return rule.since.label("ruled_since"), row.signed_on, row.expires_on, connection.is_vouched


def with_rule(over: FromClause, team_id: ColumnElement[Any], place: ColumnElement[str]) -> FromClause:
    """Join the rule of a team, and what is recorded of a place under it, to a statement that reads more."""
    rule, row = ClearingRuleRow, UndertakingRow
    ruled = over.outerjoin(rule.__table__, rule.team_id == team_id)
    return ruled.outerjoin(row.__table__, (row.team_id == rule.team_id) & (row.place == place))


async def uncleared(tx: AsyncConnection, uses: AbstractSet[Reached], today: date) -> AbstractSet[Reached]:
    """Give those that would be refused now: asked for all running replies at once."""
    ruled = set(await tx.scalars(select(ClearingRuleRow.team_id).where(ClearingRuleRow.team_id.in_(_teams(uses)))))
    if not ruled:
        return frozenset()
    row = UndertakingRow
    rows = await tx.execute(select(row.team_id, row.place, row.signed_on, row.expires_on).where(row.team_id.in_(ruled)))
    there = {(one.team_id, one.place): (one.signed_on, one.expires_on) for one in rows}
    unvouched = await _unvouched(tx, ruled)

    def is_refused(one: Reached) -> bool:
        of = one.team_id, one.place
        return one.team_id in ruled and not is_cleared(one.zone, there.get(of), today, is_vouched=of not in unvouched)

    return {one for one in uses if is_refused(one)}


async def _unvouched(tx: AsyncConnection, team_ids: AbstractSet[UUID]) -> set[tuple[UUID, str]]:
    row = ConnectionRow
    rows = await tx.execute(select(row.team_id, row.id).where(row.team_id.in_(team_ids), ~row.is_vouched))
    return {(one.team_id, own_place(one.id)) for one in rows}


def _teams(uses: AbstractSet[Reached]) -> set[UUID]:
    return {one.team_id for one in uses}


def _one() -> Any:
    rule, row, connection = ClearingRuleRow, UndertakingRow, ConnectionRow
    its = (row.team_id == rule.team_id) & (row.place == bindparam("of_place"))
    leads = (connection.team_id == rule.team_id) & (type_coerce(connection.id, String) == bindparam("of_place"))
    return (
        select(*rule_columns())
        .select_from(rule)
        .outerjoin(row, its)
        .outerjoin(connection, leads)
        .where(rule.team_id == bindparam("of_team"))
    )


# On the path of every message: building a statement costs more than executing it.
_ONE: Final = _one()
