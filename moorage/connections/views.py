"""Connections as owners and admins see them: names, health, figures; no address and no key is ever read here (P12)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import MembershipRow, UserRow
from moorage.connections.condition import Condition, condition_of
from moorage.connections.profiles import Profile
from moorage.connections.tables import ConnectionModelRow, ConnectionRow, ConnectionTestRow
from moorage.connections.trusting import NO_TRUST_FACTS
from moorage.errors import NotFound
from moorage.usage.lately import read_clock, settled_within
from moorage.usage.tables import ByomUsageRow

FIGURES_OF_DAYS = 30
_NOT_SHOWN = frozenset({"sealed_base_url", "sealed_key", "sealed_trust", "quirks"})


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model of a connection."""

    id: UUID
    model_id: str
    name: str
    enabled: bool
    typed: bool
    context_length: int | None
    inputs: Sequence[str]
    profile: Profile
    vanished_at: datetime | None


@dataclass(frozen=True, slots=True)
class LastTest:
    """The newest stored test: stages as they were stored."""

    at: datetime
    passed: bool
    stages: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """One connection. Calls and tokens are those of the last 30 days.

    `maintainer_left`: who is named is no member any more, so nobody is.
    """

    id: UUID
    name: str
    provider: str
    zone: str
    data_location: str
    enabled: bool
    has_key: bool
    trust: Mapping[str, Any]
    server_certificate: Mapping[str, Any] | None
    key_number: int
    key_set_at: datetime
    key_set_by: str
    key_expires_on: str | None
    maintainer_id: UUID | None
    maintainer_name: str | None
    condition: Condition
    maintainer_left: bool
    last_test: LastTest | None
    models: Sequence[ModelFacts]
    calls: int
    tokens: int
    created_at: datetime
    created_by: str
    updated_at: datetime

    @property
    def health(self) -> str:
        """The word of its state."""
        return self.condition.health


class ConnectionViews:
    """Reads one team's connections for showing. `without` selects calls that the figures leave out."""

    def __init__(self, tx: AsyncConnection, team_id: UUID, without: Select[UUID] | None = None) -> None:
        self._tx = tx
        self._team_id = team_id
        self._without = without

    async def list(self) -> Sequence[ConnectionFacts]:
        """Give all connections that are not deleted, by name."""
        return await self._read(None)

    async def get(self, connection_id: UUID) -> ConnectionFacts:
        """Give one. Raises NotFound("connection_gone")."""
        found = await self._read(connection_id)
        if not found:
            raise NotFound("connection_gone")
        return found[0]

    async def _read(self, connection_id: UUID | None) -> Sequence[ConnectionFacts]:
        wanted = (ConnectionRow.team_id == self._team_id) & ConnectionRow.deleted_at.is_(None)
        if connection_id is not None:
            wanted &= ConnectionRow.id == connection_id
        table = ConnectionRow.__table__.c
        # The sealed columns stay in the database: what is not read can't be shown.
        shown = [column for column in table if column.name not in _NOT_SHOWN]
        found = await self._tx.execute(
            select(*shown, table.sealed_key.is_not(None).label("has_key"))
            .where(wanted)
            .order_by(func.lower(ConnectionRow.name), ConnectionRow.id)
        )
        rows: Sequence[Any] = found.all()
        ids = [row.id for row in rows]
        models, tests, figures = await self._models(ids), await self._tests(ids), await self._figures(ids)
        names = await self._names({one for row in rows for one in (row.key_set_by, row.created_by, row.maintainer_id)})
        members = await self._members({row.maintainer_id for row in rows})
        return [
            ConnectionFacts(
                id=row.id,
                name=row.name,
                provider=row.provider,
                zone=row.zone,
                data_location=row.data_location,
                enabled=row.enabled,
                has_key=bool(row.has_key),
                trust=row.trust_facts or NO_TRUST_FACTS,
                server_certificate=row.server_certificate,
                key_number=row.key_number,
                key_set_at=row.key_set_at,
                key_set_by=names.get(row.key_set_by, "–"),
                key_expires_on=row.key_expires_on,
                maintainer_id=row.maintainer_id,
                maintainer_name=names.get(row.maintainer_id),
                condition=condition_of(row),
                maintainer_left=row.maintainer_id is not None and row.maintainer_id not in members,
                last_test=tests.get(row.id),
                models=models.get(row.id, ()),
                calls=figures.get(row.id, (0, 0))[0],
                tokens=figures.get(row.id, (0, 0))[1],
                created_at=row.created_at,
                created_by=names.get(row.created_by, "–"),
                updated_at=row.updated_at,
            )
            for row in rows
        ]

    async def _models(self, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[ModelFacts]]:
        rows = await self._tx.execute(
            select(ConnectionModelRow.__table__)
            .where(ConnectionModelRow.connection_id.in_(ids), ConnectionModelRow.team_id == self._team_id)
            .order_by(ConnectionModelRow.created_at, ConnectionModelRow.model_id)
        )
        models: dict[UUID, list[ModelFacts]] = {}
        for row in rows:
            profile = Profile.of_row(row)
            models.setdefault(row.connection_id, []).append(
                ModelFacts(
                    id=row.id,
                    model_id=row.model_id,
                    name=row.name,
                    enabled=row.enabled,
                    typed=row.typed,
                    context_length=profile.context_length,
                    inputs=profile.inputs,
                    profile=profile,
                    vanished_at=row.vanished_at,
                )
            )
        return models

    async def _tests(self, ids: Sequence[UUID]) -> Mapping[UUID, LastTest]:
        newest = (
            select(ConnectionTestRow.connection_id, func.max(ConnectionTestRow.at).label("at"))
            .where(ConnectionTestRow.connection_id.in_(ids), ConnectionTestRow.team_id == self._team_id)
            .group_by(ConnectionTestRow.connection_id)
            .subquery()
        )
        rows = await self._tx.execute(
            select(
                ConnectionTestRow.connection_id,
                ConnectionTestRow.at,
                ConnectionTestRow.passed,
                ConnectionTestRow.stages,
            ).join(
                newest,
                (newest.c.connection_id == ConnectionTestRow.connection_id) & (newest.c.at == ConnectionTestRow.at),
            )
        )
        return {row.connection_id: LastTest(row.at, row.passed, row.stages) for row in rows if row.connection_id}

    async def _figures(self, ids: Sequence[UUID]) -> Mapping[UUID, tuple[int, int]]:
        now = await read_clock(self._tx)
        tokens = func.coalesce(ByomUsageRow.tokens_in, 0) + func.coalesce(ByomUsageRow.tokens_out, 0)
        asked = select(ByomUsageRow.connection_id, func.count(), func.sum(tokens)).where(
            ByomUsageRow.team_id == self._team_id,
            ByomUsageRow.connection_id.in_(ids),
            ByomUsageRow.purpose != "discovery",
            settled_within(ByomUsageRow, now, timedelta(days=FIGURES_OF_DAYS)),
        )
        if self._without is not None:
            asked = asked.where(ByomUsageRow.call_id.not_in(self._without))
        rows = await self._tx.execute(asked.group_by(ByomUsageRow.connection_id))
        return {row[0]: (int(row[1]), int(row[2] or 0)) for row in rows}

    async def _members(self, ids: set[UUID | None]) -> set[UUID]:
        rows = await self._tx.execute(
            select(MembershipRow.user_id).where(
                MembershipRow.team_id == self._team_id,
                MembershipRow.user_id.in_([one for one in ids if one is not None]),
            )
        )
        return set(rows.scalars())

    async def _names(self, ids: set[UUID | None]) -> Mapping[UUID | None, str]:
        rows = await self._tx.execute(
            select(UserRow.id, UserRow.name).where(UserRow.id.in_([one for one in ids if one is not None]))
        )
        return {row.id: row.name for row in rows}
