"""Jobs in the database: whoever holds the lease works, and stores how far it got with what it did.

A process that dies leaves its lease to run out; the next one goes on at the cursor. One that was only slow finds its
lease with somebody else, and changes nothing more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy import Row as ResultRow
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.errors import Conflict, NotFound
from moorage.privacy.tables import JobRow
from moorage.storage.types import db_after, db_now, new_id

JobKind = Literal["own_export", "team_export", "person_erasure", "team_erasure"]
EXPORTS: Final[tuple[JobKind, ...]] = ("own_export", "team_export")
ERASURES: Final[tuple[JobKind, ...]] = ("person_erasure", "team_erasure")
LEASE: Final = timedelta(seconds=60)
# An export's file waits so long for whoever asked for it.
KEPT: Final = timedelta(days=7)
_OPEN: Final = ("waiting", "running")


class LeaseLostError(Exception):
    """Another process goes on with this job."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it was stored. `done` of `total` steps; `size` in bytes; `problem_code` says why it failed."""

    id: UUID
    team_id: UUID | None
    kind: JobKind
    asked_by: UUID | None
    subject_id: UUID | None
    whole_account: bool
    locale: str
    state: str
    cursor: Mapping[str, Any]
    done: int
    total: int
    problem_code: str | None
    created_at: datetime
    ended_at: datetime | None
    expires_at: datetime | None
    size: int | None
    sha256: str | None

    @classmethod
    def of(cls, row: ResultRow[Any]) -> "Job":
        """Read a row."""
        return cls(**{name: getattr(row, name) for name in cls.__slots__})


async def put_export(
    tx: AsyncConnection, kind: JobKind, team_id: UUID, person_id: UUID, locale: str, *, whole_account: bool
) -> UUID:
    """Ask for an export. Raises Conflict("export_under_way") while one of its kind is being made for this person."""
    mine = (JobRow.team_id == team_id) & (JobRow.asked_by == person_id) & (JobRow.kind == kind)
    if await tx.scalar(select(func.count()).where(mine, JobRow.state.in_(_OPEN))):
        raise Conflict("export_under_way")
    # One file of each kind is enough: the earlier one goes.
    await tx.execute(delete(JobRow).where(mine))
    return await _put(
        tx, kind, team_id=team_id, asked_by=person_id, subject_id=None, whole_account=whole_account, locale=locale
    )


async def put_erasure(
    tx: AsyncConnection,
    kind: JobKind,
    job_id: UUID,
    team_id: UUID | None,
    person_id: UUID | None,
    cursor: Mapping[str, Any],
    *,
    whole_account: bool,
) -> None:
    """Ask for an erasure, whose id is its receipt's."""
    await _put(
        tx,
        kind,
        job_id,
        cursor,
        team_id=team_id,
        asked_by=None,
        subject_id=person_id,
        whole_account=whole_account,
        locale="",
    )


async def _put(
    tx: AsyncConnection,
    kind: JobKind,
    job_id: UUID | None = None,
    cursor: Mapping[str, Any] | None = None,
    **values: Any,
) -> UUID:
    job_id = job_id or new_id()
    await tx.execute(
        insert(JobRow).values(
            id=job_id,
            kind=kind,
            state="waiting",
            cursor=dict(cursor or {}),
            done=0,
            total=0,
            created_at=db_now(),
            **values,
        )
    )
    return job_id


async def of_person(tx: AsyncConnection, team_id: UUID, person_id: UUID) -> Sequence[Job]:
    """Give the exports that this person asked for in a team, newest first."""
    rows = await tx.execute(
        select(JobRow.__table__)
        .where(JobRow.team_id == team_id, JobRow.asked_by == person_id, JobRow.kind.in_(EXPORTS))
        .order_by(JobRow.created_at.desc(), JobRow.id.desc())
    )
    return [Job.of(row) for row in rows]


async def get(tx: AsyncConnection, team_id: UUID, person_id: UUID, job_id: UUID) -> Job:
    """Give an export that this person asked for in a team. Raises NotFound("export_gone")."""
    mine = (JobRow.team_id == team_id) & (JobRow.asked_by == person_id) & JobRow.kind.in_(EXPORTS)
    row = (await tx.execute(select(JobRow.__table__).where(JobRow.id == job_id, mine))).one_or_none()
    if row is None:
        raise NotFound("export_gone")
    return Job.of(row)


async def count_erasures(tx: AsyncConnection, team_id: UUID | None = None) -> int:
    """Count the erasures that are under way, of one team or of all."""
    open_ones = select(func.count()).select_from(JobRow).where(JobRow.kind.in_(ERASURES), JobRow.state.in_(_OPEN))
    return int(await tx.scalar(open_ones if team_id is None else open_ones.where(JobRow.team_id == team_id)) or 0)


async def forget(tx: AsyncConnection, job_id: UUID) -> None:
    """Delete a job; who works on it finds out at its next step, and its file goes with the next sweep."""
    await tx.execute(delete(JobRow).where(JobRow.id == job_id))


async def claim(tx: AsyncConnection, worker: str, kinds: Sequence[JobKind] = (*ERASURES, *EXPORTS)) -> Job | None:
    """Take the oldest job of these kinds that nobody works on; None: there is none.

    `worker` is "<instance>:<boot>": what an earlier boot of this instance held is free at once.
    """
    earlier = JobRow.worker.like(f"{worker.partition(':')[0]}:%") & (JobRow.worker != worker)
    free = or_(JobRow.lease_until.is_(None), JobRow.lease_until < db_now(), earlier)
    wanted = (
        select(JobRow.__table__)
        .where(JobRow.state.in_(_OPEN), JobRow.kind.in_(kinds), free)
        .order_by(JobRow.created_at, JobRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = (await tx.execute(wanted)).one_or_none()
    if row is None:
        return None
    await tx.execute(
        update(JobRow).where(JobRow.id == row.id).values(state="running", worker=worker, lease_until=_lease())
    )
    return Job.of(row)


async def keep(tx: AsyncConnection, job: Job, worker: str, **values: Any) -> None:
    """Store how far a job got, and hold it on. Raises LeaseLostError."""
    mine = (JobRow.id == job.id) & (JobRow.worker == worker) & (JobRow.state == "running")
    kept = await tx.execute(update(JobRow).where(mine).values(lease_until=_lease(), **values))
    if kept.rowcount != 1:
        raise LeaseLostError


async def end_export(tx: AsyncConnection, job: Job, worker: str, *, size: int, sha256: str) -> None:
    """Say that an export's file is there. Raises LeaseLostError."""
    ended = {"state": "done", "ended_at": db_now(), "expires_at": db_after(KEPT), "size": size, "sha256": sha256}
    await keep(tx, job, worker, cursor={}, done=JobRow.total, **ended)


async def fail(tx: AsyncConnection, job: Job, worker: str, code: str) -> None:
    """Say that a job can't be done, and why. Raises LeaseLostError."""
    values = {"state": "failed", "ended_at": db_now(), "expires_at": db_after(KEPT), "problem_code": code}
    await keep(tx, job, worker, **values)


async def count_try(tx: AsyncConnection, job: Job, worker: str) -> int:
    """Count that work on it broke, and let it rest until its lease runs out; gives how often. Raises LeaseLostError."""
    cursor = await tx.scalar(select(JobRow.cursor).where(JobRow.id == job.id)) or {}
    tries = int(cursor.get("tries", 0)) + 1
    await keep(tx, job, worker, cursor={**cursor, "tries": tries})
    return tries


async def let_go(tx: AsyncConnection, worker: str) -> None:
    """Give back what this process holds: it stops, and others need not wait for the lease to run out."""
    await tx.execute(update(JobRow).where(JobRow.worker == worker, JobRow.state == "running").values(lease_until=None))


async def forget_expired(tx: AsyncConnection) -> int:
    """Delete exports whose time is over, and those that did not come about in as long; gives how many."""
    stuck = JobRow.kind.in_(EXPORTS) & (JobRow.created_at < db_after(-KEPT)) & JobRow.state.in_(_OPEN)
    gone = await tx.execute(delete(JobRow).where((JobRow.expires_at < db_now()) | stuck))
    return gone.rowcount


async def ids_with_files(tx: AsyncConnection) -> set[UUID]:
    """Give the jobs whose files are kept."""
    return set(await tx.scalars(select(JobRow.id).where(JobRow.kind.in_(EXPORTS))))


def _lease() -> ColumnElement[Any]:
    return db_after(LEASE)
