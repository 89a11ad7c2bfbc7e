"""A team's rules about who may use which model, in the database. Built for one team."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import MembershipRow, TeamRow, UserRow
from moorage.connections.access_tables import ModelPersonRow, StandardAudienceRow
from moorage.connections.audience import EVERYONE, Audience, read_audience
from moorage.connections.rights import ALL_MODELS, standard_place
from moorage.connections.tables import ConnectionModelRow, ConnectionRow
from moorage.errors import Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Named:
    """A person whom a rule names."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Ruled:
    """A rule with its people by name. `audience` is None where there is none and another one counts."""

    audience: Audience | None
    people: Sequence[Named] = ()


@dataclass(frozen=True, slots=True)
class RuledModel:
    """A model of a connection and its own rule."""

    id: UUID
    name: str
    ruled: Ruled


class AudienceStore:
    """Reads and writes one team's rules inside the caller's transaction."""

    def __init__(self, tx: AsyncConnection, team_id: UUID) -> None:
        self._tx = tx
        self._team_id = team_id

    async def connection(self, connection_id: UUID, *, hold: bool = False) -> tuple[str, Ruled]:
        """Give a connection's name and rule. With `hold` nobody else changes its rules until the transaction ends.

        Raises NotFound("connection_gone").
        """
        wanted = select(ConnectionRow.name, ConnectionRow.audience).where(
            ConnectionRow.id == connection_id,
            ConnectionRow.team_id == self._team_id,
            ConnectionRow.deleted_at.is_(None),
        )
        row = (await self._tx.execute(wanted.with_for_update() if hold else wanted)).one_or_none()
        if row is None:
            raise NotFound("connection_gone")
        people = await self._people([connection_id])
        return row.name, Ruled(read_audience(row.audience), people.get(connection_id, ()))

    async def models(self, connection_id: UUID) -> Sequence[RuledModel]:
        """Give a connection's models with their own rules, oldest first."""
        rows = (
            await self._tx.execute(
                select(ConnectionModelRow.id, ConnectionModelRow.name, ConnectionModelRow.audience)
                .where(ConnectionModelRow.connection_id == connection_id, ConnectionModelRow.team_id == self._team_id)
                .order_by(ConnectionModelRow.created_at, ConnectionModelRow.model_id)
            )
        ).all()
        people = await self._people([row.id for row in rows if row.audience is not None])
        return [
            RuledModel(
                row.id,
                row.name,
                Ruled(None if row.audience is None else read_audience(row.audience), people.get(row.id, ())),
            )
            for row in rows
        ]

    async def model(self, connection_id: UUID, model_row_id: UUID) -> RuledModel:
        """Give one model of a connection. Raises NotFound("model_gone")."""
        found = next((one for one in await self.models(connection_id) if one.id == model_row_id), None)
        if found is None:
            raise NotFound("model_gone", model="…")
        return found

    async def rule_connection(self, connection_id: UUID, audience: Audience, people: Iterable[UUID]) -> Ruled:
        """Set what counts for all models of a held connection that have no rule of their own."""
        await self._tx.execute(
            update(ConnectionRow)
            .where(ConnectionRow.id == connection_id, ConnectionRow.team_id == self._team_id)
            .values(audience=None if audience == EVERYONE else audience.to_json())
        )
        return Ruled(audience, await self._name_people(connection_id, people))

    async def rule_model(self, model_row_id: UUID, audience: Audience | None, people: Iterable[UUID]) -> Ruled:
        """Set a model's own rule, or take it away: its connection's counts then."""
        await self._tx.execute(
            update(ConnectionModelRow)
            .where(ConnectionModelRow.id == model_row_id, ConnectionModelRow.team_id == self._team_id)
            .values(audience=None if audience is None else audience.to_json())
        )
        return Ruled(audience, await self._name_people(model_row_id, people))

    async def standard(self) -> Mapping[tuple[str, str], Ruled]:
        """Give the rules by provider and model id; "" stands for all models of a provider."""
        rows = await self._tx.execute(
            select(StandardAudienceRow.provider, StandardAudienceRow.model_id, StandardAudienceRow.audience).where(
                StandardAudienceRow.team_id == self._team_id
            )
        )
        rules = {(row.provider, row.model_id): read_audience(row.audience or {}) for row in rows}
        places = {key: standard_place(self._team_id, *key) for key, rule in rules.items() if rule.kind == "people"}
        people = await self._people(list(places.values())) if places else {}
        return {key: Ruled(rule, people.get(places[key], ()) if key in places else ()) for key, rule in rules.items()}

    async def hold_standard(self) -> None:
        """Let nobody else change rules of standard models until this transaction ends."""
        await self._tx.execute(select(TeamRow.id).where(TeamRow.id == self._team_id).with_for_update(key_share=True))

    async def rule_standard(
        self, provider: str, model_id: str, audience: Audience | None, people: Iterable[UUID]
    ) -> Ruled:
        """Set or take away a rule; `hold_standard` comes first."""
        its = {"team_id": self._team_id, "provider": provider, "model_id": model_id}
        await self._tx.execute(
            delete(StandardAudienceRow).where(
                StandardAudienceRow.team_id == self._team_id,
                StandardAudienceRow.provider == provider,
                StandardAudienceRow.model_id == model_id,
            )
        )
        if audience is not None and not (model_id == ALL_MODELS and audience == EVERYONE):
            await self._tx.execute(insert(StandardAudienceRow).values(**its, audience=audience.to_json()))
        return Ruled(audience, await self._name_people(standard_place(self._team_id, provider, model_id), people))

    async def _people(self, places: Sequence[UUID]) -> Mapping[UUID, Sequence[Named]]:
        rows = await self._tx.execute(
            select(ModelPersonRow.place, UserRow.id, UserRow.name)
            .join(UserRow, UserRow.id == ModelPersonRow.user_id)
            .where(ModelPersonRow.team_id == self._team_id, ModelPersonRow.place.in_(places))
            .order_by(UserRow.name, UserRow.id)
        )
        people: dict[UUID, list[Named]] = {}
        for row in rows:
            people.setdefault(row.place, []).append(Named(row.id, row.name))
        return people

    async def _name_people(self, place: UUID, people: Iterable[UUID]) -> Sequence[Named]:
        wanted = set(people)
        at_place: ColumnElement[bool] = (ModelPersonRow.place == place) & (ModelPersonRow.team_id == self._team_id)
        await self._tx.execute(delete(ModelPersonRow).where(at_place))
        if not wanted:
            return ()
        members = await self._tx.execute(
            select(MembershipRow.user_id)
            .where(MembershipRow.team_id == self._team_id, MembershipRow.user_id.in_(wanted))
            .with_for_update(read=True, key_share=True)
        )
        if {row.user_id for row in members} != wanted:
            raise Invalid("person_not_member", field="people")
        rows: list[dict[str, Any]] = [
            {"place": place, "team_id": self._team_id, "user_id": user_id} for user_id in wanted
        ]
        await self._tx.execute(insert(ModelPersonRow), rows)
        return (await self._people([place])).get(place, ())
