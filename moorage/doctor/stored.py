"""Checks of what is stored: database, schema, key ring, clock. Makes, migrates and repairs nothing; reads only.

A SQLite file is opened so that nothing appears beside it, and is not made where there is none; nor is a key ring.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Select, and_, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.tables import AuditHeadRow, AuditRow
from moorage.composition.ground import build_database
from moorage.composition.key_sources import open_sources, ring_file
from moorage.doctor.checks import Check, ok, problem, skipped, warning
from moorage.doctor.ledger import check_ledger
from moorage.errors import Unavailable
from moorage.settings import Settings
from moorage.storage.database import Database
from moorage.storage.looking import Way, look_at_way, quick_check
from moorage.storage.migrate import SchemaState, look_at_schema, sqlite_file
from moorage.storage.types import db_now
from moorage.vault.check import examine, was_used_with_keys
from moorage.vault.columns import holds_sealed_rows
from moorage.vault.sources import Sources
from moorage.vault.status import look_at_keys

CHECK_LIMIT_S: Final = 10.0
CLOCK_WARNING_S: Final = 5
CLOCK_PROBLEM_S: Final = 300
FIRST_PLAUSIBLE_YEAR: Final = 2026
LAST_PLAUSIBLE_YEAR: Final = 2100


class StoredChecks:
    """Checks to be made in their order: the later ones build on what the earlier ones found."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._database: Database | None = None
        self._schema: SchemaState | None = None
        self._is_readable = False

    async def aclose(self) -> None:
        """Close what was opened."""
        if self._database is not None:
            await self._database.close()

    async def check_database(self) -> Check:
        """Whether the database can be read, and whether it is whole."""
        try:
            database = self._database = build_database(self._settings, looks_only=True)
        except (SQLAlchemyError, ValueError):
            return problem("database", "doctor.database.address")
        file = sqlite_file(database)
        if file is None:
            return await self._check_postgresql(database)
        found = await asyncio.to_thread(_check_file, file)
        self._is_readable = found.state == "ok"
        return found

    async def _check_postgresql(self, database: Database) -> Check:
        try:
            async with database.read() as tx:
                version = await tx.scalar(text("SHOW server_version"))
                way = await look_at_way(tx)
        except Unavailable:
            return problem("database", "doctor.database.unreachable")
        self._is_readable = True
        return judge_way(way, str(version))

    async def check_schema(self) -> Check:
        """Whether the schema is the one this code was written for."""
        if self._database is None or not self._is_readable:
            return skipped("schema", "doctor.needs_database")
        async with self._database.read() as tx:
            schema = self._schema = await look_at_schema(tx)
        match schema.kind:
            case "current":
                return ok("schema", "doctor.schema.current", found=schema.found)
            case "older":
                return warning("schema", "doctor.schema.older", found=schema.found, newest=schema.newest)
            case "empty":
                return warning("schema", "doctor.schema.empty")
            case "unknown":
                return problem("schema", "schema_unknown", found=schema.found)

    async def check_key_ring(self) -> Check:
        """Whether the ring is there, for us alone, and the one this database was used with."""
        settings, file = self._settings, ring_file(self._settings)
        if settings.key_source == "local" and settings.key_ring is None and not file.exists():
            return await self._judge_missing_ring(file)
        async with open_sources(settings) as sources:
            await sources.all.refresh()
            return await self._judge_keys(sources.all)

    async def _judge_keys(self, sources: Sources) -> Check:
        """Whether they are those of the database. Raises Unavailable with the exact cause."""
        if self._database is None or not self._has_tables:
            return warning("key_ring", "doctor.key_ring.untested", count=len(sources.ids))
        is_current = self._schema is not None and self._schema.kind == "current"
        examined = await examine(self._database, sources, has_data_keys=is_current)
        examined.require()
        if not examined.seen and not examined.proven:
            async with self._database.read() as tx:
                if await self._holds_sealed(tx):
                    raise Unavailable("key_wrong", key_id="?")
        if is_current:
            status = await look_at_keys(self._database, sources)
            older = sum(key.values for key in status.wrapping_keys)
            if older or status.rotation_since is not None:
                return warning("key_ring", "doctor.key_ring.rotate", count=len(sources.ids), values=older)
        current_id = sources.current.current_id
        code = "doctor.key_ring.ok" if current_id in examined.seen else "doctor.key_ring.new_key"
        return ok("key_ring", code, count=len(sources.ids), key_id=current_id)

    async def _judge_missing_ring(self, file: Path) -> Check:
        async with self._reading() as tx:
            if tx is not None and (await was_used_with_keys(tx) or await self._holds_sealed(tx)):
                raise Unavailable("key_ring_lost")
        return warning("key_ring", "doctor.key_ring.missing", file=str(file))

    async def _holds_sealed(self, tx: AsyncConnection) -> bool:
        # An older schema lacks columns of today; but no start with one left the check value out.
        return self._schema is not None and self._schema.kind == "current" and await holds_sealed_rows(tx)

    async def check_clock(self) -> Check:
        """Whether this machine's clock is plausible, and goes with the database's or with what was recorded."""
        now = datetime.now(UTC)
        if not FIRST_PLAUSIBLE_YEAR <= now.year <= LAST_PLAUSIBLE_YEAR:
            return problem("clock", "doctor.clock.implausible", year=now.year)
        async with self._reading() as tx:
            if tx is None:
                return ok("clock", "doctor.clock.plausible", year=now.year)
            if tx.dialect.name == "postgresql":
                there: datetime = (await tx.execute(select(db_now()))).scalar_one()
                return judge_clock(abs((there - datetime.now(UTC)).total_seconds()))
            newest = await tx.scalar(_newest_entry())
        return judge_newest_entry(None if newest is None else (newest - now).total_seconds())

    async def check_ledger(self) -> Check:
        """Whether the counters of the budgets are what their rows say."""
        if self._database is None or self._schema is None or self._schema.kind != "current":
            return skipped("ledger", "doctor.needs_database")
        async with self._database.read() as tx:
            return await check_ledger(tx)

    @property
    def _has_tables(self) -> bool:
        return self._schema is not None and self._schema.kind in {"current", "older"}

    @contextlib.asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection | None]:
        """Give a transaction if our tables can be asked, else None."""
        if self._database is None or not self._has_tables:
            yield None
            return
        async with self._database.read() as tx:
            yield tx


def _check_file(file: Path) -> Check:
    """Blocks: reads the whole file, as far as the time allows."""
    try:
        size_mib = round(file.stat().st_size / 1024 / 1024, 1)
    except FileNotFoundError:
        return warning("database", "doctor.database.missing", file=str(file))
    except OSError:
        return problem("database", "doctor.database.unreadable", file=str(file))
    condition = quick_check(file, limit_s=CHECK_LIMIT_S)
    code = f"doctor.database.{condition}"
    if condition in {"damaged", "unreadable"}:
        return problem("database", code, file=str(file))
    return ok("database", code, file=str(file), size_mib=size_mib)


def judge_way(way: Way, version: str) -> Check:
    """Say what it means that PostgreSQL is reached this way (ASVS 12.3.1, 12.3.2)."""
    if way.stays_here or way.is_server_checked:
        return ok("database", "doctor.database.postgresql", version=version)
    code = "doctor.database.unchecked" if way.is_encrypted else "doctor.database.readable_on_the_way"
    return warning("database", code, version=version)


def judge_clock(apart_s: float) -> Check:
    """Say what it means that the database's clock and this machine's are so far apart."""
    seconds = round(apart_s)
    if apart_s > CLOCK_PROBLEM_S:
        return problem("clock", "doctor.clock.apart", seconds=seconds)
    if apart_s > CLOCK_WARNING_S:
        return warning("clock", "doctor.clock.apart", seconds=seconds)
    return ok("clock", "doctor.clock.together", seconds=seconds)


def judge_newest_entry(ahead_s: float | None) -> Check:
    """Say what it means that the newest entry of the audit trail is so far ahead of this machine's clock."""
    if ahead_s is not None and ahead_s > CLOCK_WARNING_S:
        return warning("clock", "doctor.clock.went_back", seconds=round(ahead_s))
    return ok("clock", "doctor.clock.in_order")


def _newest_entry() -> Select[datetime | None]:
    """Ask for the newest entry of all chains, by the heads: one row each."""
    newest = and_(AuditRow.team_id == AuditHeadRow.team_id, AuditRow.seq == AuditHeadRow.seq)
    return select(func.max(AuditRow.at)).join_from(AuditHeadRow, AuditRow, newest)
