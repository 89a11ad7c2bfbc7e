"""What somebody does who has the whole database in their hands, and what they can't do: sign."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.canonical import FIELDS, FORM, chain, encode, entry_statement, genesis
from moorage.audit.checking import Check, check
from moorage.audit.heads import Head, find_head, put_head
from moorage.audit.pen import PEN, Pen, pen_of
from moorage.audit.pruning import Tombstone, prune_batch
from moorage.audit.rules import change_keep_days
from moorage.audit.tables import AuditHeadRow, AuditKeyRow, AuditRow
from moorage.audit.trail import Act, Actor, begin_trail, record
from moorage.storage.database import Database
from moorage.storage.types import new_id
from moorage.vault.signing import SigningKey

OLGA = Actor(new_id(), "Olga", "req-1", "203.0.113.77")
TABLES = ("audit_entry", "audit_head", "audit_key", "audit_tombstone")


def act(name: str = "Werft", **changes: object) -> Act:
    """Give an act on a connection of this name."""
    return Act("connection.created", "connection", "c-1", name, **changes)  # type: ignore[arg-type]


async def begin(database: Database, entries: int = 0) -> UUID:
    """Begin the chain of a new team, with so many entries."""
    team_id = new_id()
    async with database.write() as tx:
        await begin_trail(tx, team_id)
        for number in range(entries):
            await record(tx, team_id, OLGA, act(f"Werft {number + 1}"))
    return team_id


async def add(database: Database, team_id: UUID, name: str = "Werft") -> None:
    """Let the product add an entry."""
    async with database.write() as tx:
        await record(tx, team_id, OLGA, act(name))


async def checked(database: Database, team_id: UUID) -> Check:
    """Check a chain."""
    async with database.read() as tx:
        return await check(tx, team_id)


async def found(database: Database, team_id: UUID) -> tuple[str | None, int | None]:
    """Check a chain; gives kind and number of what is wrong."""
    seen = await checked(database, team_id)
    return seen.kind, seen.broken_at


async def without_guard(tx: AsyncConnection) -> None:
    """Take the triggers away."""
    if tx.dialect.name == "postgresql":
        for table in TABLES:
            await tx.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        return
    names = await tx.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_%'"))
    for name in names.all():
        await tx.execute(text(f"DROP TRIGGER {name}"))


@contextlib.asynccontextmanager
async def guard_kept(database: Database) -> AsyncIterator[None]:
    """Put back afterwards what an attack takes away: the product must go on with its triggers in force."""
    wanted = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_%'")
    async with database.read() as tx:
        triggers = (await tx.scalars(wanted)).all() if database.is_sqlite else []
    yield
    async with database.write() as tx:
        await without_guard(tx)
        enable = [] if database.is_sqlite else [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in TABLES]
        for statement in [*triggers, *enable]:
            await tx.execute(text(statement))


async def attack(database: Database, *statements: str, **parameters: Any) -> None:
    """Run statements that the triggers would refuse."""
    async with database.write() as tx:
        await without_guard(tx)
        for statement in statements:
            await tx.execute(text(statement), parameters if ":" in statement else {})


async def rechain(database: Database, team_id: UUID, at: int, *, key: SigningKey | None = None, **changes: Any) -> None:
    """Change entry `at` and make every hash after it fit, the head too; signed with a key of the attacker's, if any."""
    async with database.write() as tx:
        await without_guard(tx)
        rows = (
            await tx.execute(
                select(AuditRow.__table__).where(AuditRow.team_id == team_id, AuditRow.seq >= at).order_by(AuditRow.seq)
            )
        ).all()
        prev_hash = rows[0].prev_hash
        for row in rows:
            values = {name: getattr(row, name) for name in FIELDS[FORM]} | (changes if row.seq == at else {})
            canonical = encode(values, FORM)
            digest = chain(canonical, prev_hash, FORM)
            signature = row.signature if key is None else key.sign(entry_statement(team_id, row.seq, digest))
            made = {**values, "canonical": canonical, "prev_hash": prev_hash, "hash": digest, "signature": signature}
            await tx.execute(
                update(AuditRow).where(AuditRow.team_id == team_id, AuditRow.seq == row.seq).values(**made)
            )
            prev_hash = digest
        await tx.execute(update(AuditHeadRow).where(AuditHeadRow.team_id == team_id).values(hash=prev_hash))


async def move_head(database: Database, team_id: UUID, seq: int) -> None:
    """Make an earlier entry the newest."""
    async with database.write() as tx:
        await without_guard(tx)
        digest = await tx.scalar(select(AuditRow.hash).where(AuditRow.team_id == team_id, AuditRow.seq == seq))
        await tx.execute(update(AuditHeadRow).where(AuditHeadRow.team_id == team_id).values(seq=seq, hash=digest))


async def copy_head(database: Database, team_id: UUID) -> Head:
    """Keep a head, as somebody does who takes a backup."""
    async with database.read() as tx:
        row = (await tx.execute(select(AuditHeadRow.__table__).where(AuditHeadRow.team_id == team_id))).one()
        return Head(*row)


async def forge(database: Database, team_id: UUID, seq: int, prev_hash: bytes, **changes: Any) -> bytes:
    """Insert an entry that nobody recorded, hashed as it ought to be; gives its hash."""
    async with database.write() as tx:
        await without_guard(tx)
        row = (await tx.execute(select(AuditRow.__table__).where(AuditRow.team_id == team_id).limit(1))).one()
        values = {name: getattr(row, name) for name in FIELDS[FORM]} | {"seq": seq} | changes
        canonical = encode(values, FORM)
        digest = chain(canonical, prev_hash, FORM)
        extra = {"form": FORM, "key_number": 1, "signature": row.signature}
        made = {**values, **extra, "canonical": canonical, "prev_hash": prev_hash, "hash": digest}
        await tx.execute(insert(AuditRow).values(**made))
        return digest


async def turn_into_form_1(database: Database, team_id: UUID) -> None:
    """Write a chain as a version wrote it that signed nothing, and sign its head as the first start after it does."""
    async with database.write() as tx:
        await without_guard(tx)
        wanted = select(AuditRow.__table__).where(AuditRow.team_id == team_id).order_by(AuditRow.seq)
        prev_hash = genesis(team_id)
        for row in (await tx.execute(wanted)).all():
            canonical = encode(row._mapping, 1)  # type: ignore[arg-type]
            digest = chain(canonical, prev_hash, 1)
            old = {"form": 1, "client": "", "key_number": None, "signature": None}
            await tx.execute(
                update(AuditRow)
                .where(AuditRow.team_id == team_id, AuditRow.seq == row.seq)
                .values(canonical=canonical, prev_hash=prev_hash, hash=digest, **old)
            )
            prev_hash = digest
        head = await find_head(tx, team_id)
        assert head is not None
        await put_head(tx, pen_of(tx), replace(head, hash=prev_hash))


def pen_in(database: Database) -> Pen:
    """Give the pen that a database's transactions carry."""
    pen = database.engine.sync_engine.get_execution_options()[PEN]
    assert isinstance(pen, Pen)
    return pen


def copy_pen(database: Database) -> Pen:
    """Give another process's pen: the same key, nothing remembered."""
    first, second = pen_in(database), Pen(pen_in(database).chest)
    second.adopt(first.number, first.keys.by_number[first.number], first._private)
    return second


async def store_key(database: Database) -> None:
    """Put a row into the table of keys."""
    async with database.write() as tx:
        key = {"number": 1, "public": b"p", "sealed_public": b"s", "sealed_private": b"s", "made_at": datetime.now(UTC)}
        await tx.execute(insert(AuditKeyRow).values(**key))


async def bury(database: Database, team_id: UUID, count: int, *, keep_days: int = 90) -> Tombstone | None:
    """Let the product prune the first `count` entries, as if it were late enough for it."""
    async with database.write() as tx:
        await change_keep_days(tx, team_id, OLGA, keep_days)
        return await prune_batch(tx, team_id, now=datetime.now(UTC) + timedelta(days=keep_days + 1), batch=count)
