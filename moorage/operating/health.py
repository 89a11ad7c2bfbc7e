"""How the deployment is: figures and findings, each by a code of our own; names no team, no person and no endpoint."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.holding import is_within_limits
from moorage.accounts.tables import SignInRow, TeamRow, UserRow
from moorage.errors import Param
from moorage.operating.providers import read_tests
from moorage.storage.database import Database
from moorage.storage.migrate import look_at_schema
from moorage.storage.types import db_now
from moorage.usage.tables import ReservationRow

Verdict = Literal["ok", "warning"]
SLOW_MS: Final = 250


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `code` names its sentence, which `params` fill."""

    code: str
    verdict: Verdict = "ok"
    params: dict[str, Param] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Process:
    """What this process says of itself, and of how it was configured."""

    has_mail: bool
    has_https: bool
    exceptions: int
    sign_up_open: bool
    keys: int
    has_key_store: bool
    has_billing: bool


@dataclass(frozen=True, slots=True)
class Health:
    """All of it. `calls_under_way`: announced and not settled, of all processes."""

    engine: str
    schema: str
    teams: int
    people: int
    sign_ins: int
    calls_under_way: int
    findings: Sequence[Finding]


async def look(database: Database, process: Process) -> Health:
    """Look now. Raises Unavailable where the database can't be asked."""
    began = time.monotonic()
    async with database.read() as tx:
        counts = [await _count(tx, table) for table in (TeamRow, UserRow, ReservationRow)]
        teams, people, under_way = counts
        sign_ins = await tx.scalar(select(func.count()).select_from(SignInRow).where(is_within_limits())) or 0
        overdue = await tx.scalar(
            select(func.count()).select_from(ReservationRow).where(ReservationRow.lease_until < db_now())
        )
        refused = sum(1 for test in (await read_tests(tx)).values() if test.problem_code is not None)
        engine, schema = tx.dialect.name, (await look_at_schema(tx)).found
    took_ms = round((time.monotonic() - began) * 1000)
    findings = [
        Finding("health.database", "ok" if took_ms < SLOW_MS else "warning", {"ms": took_ms}),
        _judged("health.calls", not overdue, count=overdue or 0),
        _judged("health.keys", bool(process.keys), count=process.keys),
        *([Finding("health.keys_refused.warning", "warning", {"count": refused})] if refused else []),
        _judged("health.https", process.has_https),
        _judged("health.mail", process.has_mail),
        Finding("health.key_store" if process.has_key_store else "health.key_ring"),
        Finding("health.exceptions", params={"count": process.exceptions}),
        Finding("health.sign_up_open" if process.sign_up_open else "health.sign_up_closed"),
        Finding("health.billing" if process.has_billing else "health.no_billing"),
    ]
    return Health(engine, schema, teams, people, sign_ins, under_way, findings)


def _judged(code: str, is_well: Any, **params: Param) -> Finding:
    return Finding(code if is_well else f"{code}.warning", "ok" if is_well else "warning", params)


async def _count(tx: AsyncConnection, table: type) -> int:
    return await tx.scalar(select(func.count()).select_from(table)) or 0
