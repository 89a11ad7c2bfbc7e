"""Whether somebody may use a model, read from the database in the transaction that decides.

Whoever may not is told so before anything about the model is: whether it is paused, gone or deleted stays unsaid.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, bindparam, case, exists, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import MembershipRow
from moorage.connections.access_tables import ModelPersonRow, StandardAudienceRow
from moorage.connections.audience import Asker, Audience, closest, read_audience
from moorage.connections.tables import ConnectionModelRow, ConnectionRow
from moorage.errors import ModelRefused

# The parameters of every statement that is built with the columns below.
OF_TEAM: Final = "of_team_id"
OF_ASKER: Final = "asker_id"
# Stands for all models of a standard provider.
ALL_MODELS: Final = ""


def parameters_of(asker: Asker) -> dict[str, UUID]:
    """Give what `right_columns` need."""
    return {OF_TEAM: asker.team_id, OF_ASKER: asker.user_id}


def right_columns() -> tuple[ColumnElement[Any], ...]:
    """Give the columns that `may_use` reads, for a statement over models and their connections."""
    model, connection = ConnectionModelRow.__table__.c, ConnectionRow.__table__.c
    place = case((model.audience.is_(null()), connection.id), else_=model.id)
    named = exists().where(
        ModelPersonRow.place == place,
        ModelPersonRow.user_id == bindparam(OF_ASKER),
        ModelPersonRow.team_id == bindparam(OF_TEAM),
    )
    role = select(MembershipRow.role).where(
        MembershipRow.team_id == bindparam(OF_TEAM), MembershipRow.user_id == bindparam(OF_ASKER)
    )
    return (
        model.audience.label("model_audience"),
        connection.audience.label("connection_audience"),
        named.label("is_named"),
        role.scalar_subquery().label("asker_role"),
    )


def may_use(row: Any) -> bool:
    """Judge a row with the columns of `right_columns`."""
    audience = closest(row.model_audience, row.connection_audience)
    return audience.admits(row.asker_role, named=bool(row.is_named))


def not_open(ref: str, model: str = "", connection: str = "") -> ModelRefused:
    """Give the refusal. It tells the person nothing: whether there is such a model is not for them to know."""
    return ModelRefused("model_not_open", ref=ref, model=model, connection=connection)


def standard_place(team_id: UUID, provider: str, model_id: str) -> UUID:
    """Give the place of `model_person` for a rule about standard models, which have no id of their own."""
    return uuid5(team_id, f"{provider}\n{model_id}")


@dataclass(frozen=True, slots=True)
class StandardRights:
    """What one person may use of the standard models: their role, the team's rules, and where they are named."""

    asker: Asker
    role: str | None
    rules: Mapping[tuple[str, str], object]
    named_at: AbstractSet[UUID]

    def rule_of(self, provider: str, model_id: str) -> Audience:
        """Give the rule that counts for a model."""
        return closest(self.rules.get((provider, model_id)), self.rules.get((provider, ALL_MODELS)))

    def may_use(self, provider: str, model_id: str) -> bool:
        """Tell whether they may."""
        rule = self.rule_of(provider, model_id)
        if rule.kind != "people":
            return rule.admits(self.role, named=False)
        ruled = ALL_MODELS if self.rules.get((provider, model_id)) is None else model_id
        return rule.admits(self.role, named=standard_place(self.asker.team_id, provider, ruled) in self.named_at)


async def standard_rights(tx: AsyncConnection, asker: Asker) -> StandardRights:
    """Read all rules of the team, and the person's role."""
    return await _gather(tx, asker, (await tx.execute(_ALL_STANDARD, parameters_of(asker))).all())


async def standard_rights_for(tx: AsyncConnection, asker: Asker, provider: str, model_id: str) -> StandardRights:
    """Read what counts for one model."""
    about = {"its_provider": provider, "its_model_id": model_id}
    return await _gather(tx, asker, (await tx.execute(_ONE_STANDARD, parameters_of(asker) | about)).all())


async def read_named(
    tx: AsyncConnection, askers: AbstractSet[Asker], rules: Iterable[object]
) -> Mapping[Asker, AbstractSet[UUID]]:
    """Give at which places each of them is named; asks for it only if one of these rules is for people."""
    if not any(read_audience(rule).kind == "people" for rule in rules):
        return {}
    person = ModelPersonRow
    rows = await tx.execute(
        select(person.team_id, person.user_id, person.place).where(
            person.team_id.in_({one.team_id for one in askers}), person.user_id.in_({one.user_id for one in askers})
        )
    )
    places: dict[Asker, set[UUID]] = {}
    for row in rows:
        places.setdefault(Asker(row.team_id, row.user_id), set()).add(row.place)
    return places


async def _gather(tx: AsyncConnection, asker: Asker, rows: Any) -> StandardRights:
    role = rows[0].role if rows else None
    # A rule that is there and says nothing is one that can't be read.
    rules = {(row.provider, row.model_id): row.audience or {} for row in rows if row.provider is not None}
    named = await read_named(tx, {asker}, rules.values())
    return StandardRights(asker, role, rules, named.get(asker, frozenset()))


_ALL_STANDARD: Final = (
    select(MembershipRow.role, StandardAudienceRow.provider, StandardAudienceRow.model_id, StandardAudienceRow.audience)
    .outerjoin(StandardAudienceRow, StandardAudienceRow.team_id == MembershipRow.team_id)
    .where(MembershipRow.team_id == bindparam(OF_TEAM), MembershipRow.user_id == bindparam(OF_ASKER))
)
# On the path of every message to a standard model: role and rules in one statement.
_ONE_STANDARD: Final = (
    select(MembershipRow.role, StandardAudienceRow.provider, StandardAudienceRow.model_id, StandardAudienceRow.audience)
    .outerjoin(
        StandardAudienceRow,
        (StandardAudienceRow.team_id == MembershipRow.team_id)
        & (StandardAudienceRow.provider == bindparam("its_provider"))
        & StandardAudienceRow.model_id.in_([ALL_MODELS, bindparam("its_model_id")]),
    )
    .where(MembershipRow.team_id == bindparam(OF_TEAM), MembershipRow.user_id == bindparam(OF_ASKER))
)
