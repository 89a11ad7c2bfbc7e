"""What is checked of a database that came out of a backup. `CHECKS`, at the end, is the whole list: add yours there.

A check looks and changes nothing that stays. What keeps it from looking is a problem; only a missing key skips one, or
an erasure that the backup has half-way.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import Row as ResultRow
from sqlalchemy import func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.checking import check
from moorage.audit.keys import KeyChest, PublicKeys
from moorage.audit.tables import AuditHeadRow, AuditKeyRow, AuditRow
from moorage.backups.miscounted import find_miscounted
from moorage.errors import MoorageError, Param
from moorage.privacy import jobs
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT
from moorage.usage.drift import (
    ClosedDrift,
    DayDrift,
    count_days,
    count_periods,
    find_closed_drift,
    find_day_drift,
    find_drift,
)
from moorage.vault.check import examine
from moorage.vault.columns import Resealer, SealedTable, sealed_tables
from moorage.vault.keys import Vault
from moorage.vault.sources import Sources

State = Literal["ok", "problem", "skipped"]
# Whatever is wrong with one, it is wrong with these: a sample, and not every secret of a large deployment.
_SAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """A database at the newest schema that nobody else uses, and the keys that are said to fit it, if there are any."""

    database: Database
    sources: Sources | None
    resealers: Mapping[str, Resealer]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. `code` names a sentence that `facts` fill."""

    state: State
    code: str
    facts: Mapping[str, Param] = field(default_factory=dict)


Check = Callable[[Subject], Awaitable[Finding]]


async def check_file(subject: Subject) -> Finding:
    """Whether the file is whole, and every row that another refers to is there."""
    async with subject.database.read() as tx:
        if tx.dialect.name != "sqlite":
            return Finding("ok", "backup.check.file.ok")
        said = await tx.scalar(text("PRAGMA integrity_check(1)"))
        loose = (await tx.execute(text("PRAGMA foreign_key_check"))).first()
    if said != "ok" or loose is not None:
        return Finding("problem", "backup.check.file.damaged")
    return Finding("ok", "backup.check.file.ok")


async def check_ledger(subject: Subject) -> Finding:
    """Whether every call that ended is counted once, as its receipt says."""
    async with subject.database.read() as tx:
        wrong = await find_miscounted(tx)
    code = "backup.check.ledger.drift" if wrong.calls else "backup.check.ledger.ok"
    return Finding("problem" if wrong.calls else "ok", code, {"calls": wrong.calls, **wrong.by_kind})


async def check_budgets(subject: Subject) -> Finding:
    """Whether the counters of every team's every month are what its rows add up to."""
    async with subject.database.read() as tx:
        drifts, months = await find_drift(tx), await count_periods(tx)
    if not drifts:
        return Finding("ok", "backup.check.budgets.ok", {"count": months})
    first = drifts[0]
    facts: dict[str, Param] = {
        "count": len(drifts),
        "team": str(first.team_id),
        "month": f"{first.period_start:%Y-%m}",
        "settled": first.settled,
        "reserved": first.reserved,
    }
    return Finding("problem", "backup.check.budgets.drift", facts)


async def check_days(subject: Subject) -> Finding:
    """Whether the sums of each day are those of its calls, by person, model and where they went.

    And what was made of days that are closed, those of the days.
    """
    async with subject.database.read() as tx:
        if await jobs.count_erasures(tx):
            # Calls get another id in batches, and their sums after them; the next start carries it to its end.
            return Finding("skipped", "backup.check.days.erasing")
        drifts, days = await find_day_drift(tx), await count_days(tx)
        closed = await find_closed_drift(tx)
    if not drifts and not closed:
        return Finding("ok", "backup.check.days.ok", {"count": days})
    if drifts:
        facts = _where_apart(drifts[0]) | {"count": len(drifts), "model": drifts[0].model_id}
        return Finding("problem", "backup.check.days.drift", facts)
    # Whose a fortnight is belongs in no terminal.
    its = closed[0].of if closed[0].days == 1 else "–"
    facts = _where_apart(closed[0]) | {"count": len(closed), "of": its, "days": closed[0].days}
    return Finding("problem", "backup.check.days.closed", facts)


async def check_trail(subject: Subject) -> Finding:
    """Whether every audit trail holds: by keys that the vault vouches for, or by those that lie in the database."""
    chest = await _chest(subject)
    entries = 0
    async with subject.database.read() as tx:
        keys = PublicKeys({row.number: row.public for row in await tx.execute(select(AuditKeyRow))})
        if chest is not None:
            keys = PublicKeys({one.number: one.public for one in await chest.read(tx) if one.is_ours})
        chains = await _chains(tx)
        for team_id in chains:
            found = await check(tx, team_id, keys)
            if found.finding is not None:
                facts: dict[str, Param] = {"team": str(team_id), "number": found.finding.at}
                return Finding("problem", "backup.check.trail.broken", facts)
            entries += found.checked
    code = "backup.check.trail.unproven" if chest is None else "backup.check.trail.ok"
    return Finding("ok", code, {"chains": len(chains), "entries": entries})


async def check_secrets(subject: Subject) -> Finding:
    """Whether the keys fit, and a stored secret of each kind opens with them; nothing of it is kept or shown."""
    if subject.sources is None:
        return Finding("skipped", "backup.check.secrets.no_keys")
    await subject.sources.refresh()
    (await examine(subject.database, subject.sources)).require()
    vault, opened = Vault(subject.database, subject.sources), 0
    for sealed in sealed_tables():
        present = or_(*(func.length(column) > 0 for column, _ in sealed.columns))
        async with subject.database.read() as tx:
            rows = (await tx.execute(select(sealed.table).where(present).limit(_SAMPLES))).all()
        for row in rows:
            await _open(vault, sealed, row, subject.resealers)
            opened += 1
    code = "backup.check.secrets.ok" if opened else "backup.check.secrets.none"
    return Finding("ok", code, {"count": opened})


CHECKS: Final[Mapping[str, Check]] = {
    "file": check_file,
    "ledger": check_ledger,
    "budgets": check_budgets,
    "days": check_days,
    "trail": check_trail,
    "secrets": check_secrets,
}


async def run_checks(subject: Subject, told: Callable[[str, Finding], None]) -> bool:
    """Run all of them, whatever one finds; gives whether there was no problem."""
    good = True
    for name, one in CHECKS.items():
        try:
            finding = await one(subject)
        except MoorageError as error:
            finding = Finding("problem", error.code, error.params)
        good = good and finding.state != "problem"
        told(name, finding)
    return good


def _where_apart(drift: DayDrift | ClosedDrift) -> dict[str, Param]:
    apart = ", ".join(f"{name} {one:+.0f}" for name, one in asdict(drift.apart).items() if round(one))
    return {"team": str(drift.team_id), "day": drift.day.isoformat(), "apart": apart}


async def _chest(subject: Subject) -> KeyChest | None:
    if subject.sources is None:
        return None
    chest = await KeyChest.over(Vault(subject.database, subject.sources))
    async with subject.database.read() as tx:
        unread = await chest.unread(tx)
    if unread:
        await chest.renew(unread)
    return chest


async def _chains(tx: AsyncConnection) -> Sequence[Any]:
    # One whose head is gone has entries, and one without entries has a head.
    heads = set(await tx.scalars(select(AuditHeadRow.team_id)))
    return sorted(heads | set(await tx.scalars(select(AuditRow.team_id).distinct())))


async def _open(vault: Vault, sealed: SealedTable, row: ResultRow[Any], resealers: Mapping[str, Resealer]) -> None:
    """Open what a row holds, by sealing it anew and forgetting that: each room knows where its secrets belong."""
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name of it
    owner_id = DEPLOYMENT if sealed.owner is None else values[sealed.owner.name]
    keys = await vault.of(owner_id, *(values[column.name] for column, _ in sealed.columns))
    reseal = resealers[sealed.table.name] if sealed.is_by_room else sealed.reseal
    reseal(keys, row)
