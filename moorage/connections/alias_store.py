"""A team's own names for models, in the database. Built for one team: what belongs to another has no name here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import TeamRow
from moorage.audit.trail import Actor
from moorage.connections.access_tables import AliasRow, AliasTurnRow
from moorage.errors import Conflict, NotFound
from moorage.storage.types import db_now, new_id

MAX_ALIASES: Final = 100
MAX_TURNS_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Target:
    """The model that an alias is pointed at, with its names and zone as they are now.

    `origin` says who answers for it, `zone` where words go: of an own model they are one, of a standard one they may
    differ.
    """

    ref: str
    model_name: str
    connection_name: str
    origin: str
    zone: str


@dataclass(frozen=True, slots=True)
class AliasFacts:
    """An alias and what it stands for; the names are those of when it was pointed there."""

    id: UUID
    name: str
    deleted: bool
    target_ref: str
    model_name: str
    connection_name: str
    origin: str
    since: datetime


@dataclass(frozen=True, slots=True)
class AliasTurn:
    """One entry of an alias's history."""

    at: datetime
    by_name: str
    target_ref: str
    model_name: str
    connection_name: str
    origin: str
    reason: str


async def find_alias(tx: AsyncConnection, team_id: UUID, alias_id: UUID) -> AliasFacts | None:
    """Find an alias of the team, a deleted one too."""
    row = (await tx.execute(_FIND, {"its_id": alias_id, "its_team_id": team_id})).one_or_none()
    return None if row is None else _facts(row)


async def read_aliases(tx: AsyncConnection, team_id: UUID) -> Sequence[AliasFacts]:
    """Give the team's aliases that are not deleted, by name."""
    return [_facts(row) for row in await tx.execute(_ALL, {"its_team_id": team_id})]


class AliasStore:
    """Writes one team's aliases inside the caller's transaction."""

    def __init__(self, tx: AsyncConnection, team_id: UUID) -> None:
        self._tx = tx
        self._team_id = team_id

    async def get(self, alias_id: UUID) -> AliasFacts:
        """Give an alias that is not deleted. Raises NotFound("alias_unknown")."""
        facts = await find_alias(self._tx, self._team_id, alias_id)
        if facts is None or facts.deleted:
            raise NotFound("alias_unknown")
        return facts

    async def take_turn(self) -> None:
        """Let nobody else name an alias of the team until this transaction ends: two could choose the same name."""
        await self._tx.execute(select(TeamRow.id).where(TeamRow.id == self._team_id).with_for_update(key_share=True))

    async def hold(self, alias_id: UUID) -> AliasFacts:
        """Give an alias that is not deleted, and let nobody else change it until this transaction ends.

        Raises NotFound("alias_unknown").
        """
        mine = (AliasRow.id == alias_id) & (AliasRow.team_id == self._team_id)
        await self._tx.execute(select(AliasRow.id).where(mine).with_for_update())
        return await self.get(alias_id)

    async def require_free(self, folded: str, own_id: UUID | None = None) -> None:
        """Raise Conflict("alias_name_taken") if another alias has this name."""
        same = select(AliasRow.id).where(
            AliasRow.team_id == self._team_id, AliasRow.folded == folded, AliasRow.deleted_at.is_(None)
        )
        if any(row.id != own_id for row in await self._tx.execute(same)):
            raise Conflict("alias_name_taken", field="name")

    async def make(self, name: str, folded: str, target: Target, by: Actor, reason: str) -> UUID:
        """Insert an alias. Raises Conflict("too_many_aliases")."""
        there = select(func.count()).where(AliasRow.team_id == self._team_id, AliasRow.deleted_at.is_(None))
        if (await self._tx.scalar(there) or 0) >= MAX_ALIASES:
            raise Conflict("too_many_aliases", limit=MAX_ALIASES)
        alias_id, turn_id = new_id(), new_id()
        await self._tx.execute(
            insert(AliasRow).values(
                id=alias_id,
                team_id=self._team_id,
                name=name,
                folded=folded,
                turn_id=turn_id,
                created_at=db_now(),
                deleted_at=None,
            )
        )
        await self._add_turn(alias_id, turn_id, target, by, reason)
        return alias_id

    async def point(self, alias_id: UUID, target: Target, by: Actor, reason: str) -> None:
        """Point a held alias at another model; what it stood for stays in its history."""
        turn_id = new_id()
        await self._add_turn(alias_id, turn_id, target, by, reason)
        await self._update(alias_id, turn_id=turn_id)

    async def rename(self, alias_id: UUID, name: str, folded: str) -> None:
        """Give a held alias another name."""
        await self._update(alias_id, name=name, folded=folded)

    async def delete(self, alias_id: UUID) -> None:
        """Delete a held alias. Its row and history stay, its name is free."""
        await self._update(alias_id, deleted_at=db_now())

    async def history(self, alias_id: UUID) -> Sequence[AliasTurn]:
        """Give what an alias stood for, newest first, at most `MAX_TURNS_SHOWN`."""
        rows = await self._tx.execute(
            select(AliasTurnRow.__table__)
            .join(AliasRow, AliasRow.id == AliasTurnRow.alias_id)
            .where(AliasTurnRow.alias_id == alias_id, AliasRow.team_id == self._team_id)
            .order_by(AliasTurnRow.at.desc(), AliasTurnRow.id.desc())
            .limit(MAX_TURNS_SHOWN)
        )
        return [
            AliasTurn(row.at, row.by_name, row.target_ref, row.model_name, row.connection_name, row.origin, row.reason)
            for row in rows
        ]

    async def _add_turn(self, alias_id: UUID, turn_id: UUID, target: Target, by: Actor, reason: str) -> None:
        await self._tx.execute(
            insert(AliasTurnRow).values(
                id=turn_id,
                alias_id=alias_id,
                at=db_now(),
                by_id=by.id,
                by_name=by.name[:120],
                target_ref=target.ref,
                model_name=target.model_name[:120],
                connection_name=target.connection_name[:80],
                origin=target.origin,
                reason=reason,
            )
        )

    async def _update(self, alias_id: UUID, **values: Any) -> None:
        await self._tx.execute(
            update(AliasRow).where(AliasRow.id == alias_id, AliasRow.team_id == self._team_id).values(**values)
        )


def _facts(row: ResultRow[*tuple[Any, ...]]) -> AliasFacts:
    return AliasFacts(
        id=row.id,
        name=row.name,
        deleted=row.deleted_at is not None,
        target_ref=row.target_ref,
        model_name=row.model_name,
        connection_name=row.connection_name,
        origin=row.origin,
        since=row.at,
    )


_SELECT: Final = (
    select(
        AliasRow.id,
        AliasRow.name,
        AliasRow.deleted_at,
        AliasTurnRow.target_ref,
        AliasTurnRow.model_name,
        AliasTurnRow.connection_name,
        AliasTurnRow.origin,
        AliasTurnRow.at,
    )
    .join(AliasTurnRow, AliasTurnRow.id == AliasRow.turn_id)
    .where(AliasRow.team_id == bindparam("its_team_id"))
)
# On the path of every message that uses an alias: built once.
_FIND: Final = _SELECT.where(AliasRow.id == bindparam("its_id"))
_ALL: Final = _SELECT.where(AliasRow.deleted_at.is_(None)).order_by(AliasRow.folded)
