"""Makes an export step by step: read, write to the archive, store the cursor. Killed anywhere, it goes on there."""

import asyncio
from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog

from moorage.accounts.permissions import Permission, allows
from moorage.accounts.roster import role_in
from moorage.errors import NotAllowed
from moorage.privacy import jobs
from moorage.privacy.archive import Archive
from moorage.privacy.stages import STAGES, About, Step, count_steps
from moorage.storage.database import Database

log = structlog.get_logger(__name__)

Tell = Callable[[str, str], str]
"""A sentence of our own: code and language."""

_BREATH_S: Final = 0.005
_LANGUAGES: Final = ("en", "de")


class Exports:
    """Works on exports that were claimed."""

    def __init__(self, database: Database, archive: Archive, worker: str, tell: Tell) -> None:
        self._database = database
        self._archive = archive
        self._worker = worker
        self._tell = tell

    async def work(self, job: jobs.Job) -> None:
        """Make an export, or go on with it.

        Raises LeaseLostError, NotAllowed, PartsLostError, Unavailable: export_no_room, export_unwritable.
        """
        if job.team_id is None or job.asked_by is None:
            return
        about = self._about(job, job.team_id, job.asked_by)
        stage, after, done = job.cursor.get("stage", 0), job.cursor.get("after", ""), job.done
        parts = job.cursor.get("parts", 0)
        if stage and not await asyncio.to_thread(self._archive.has, job.id):
            # What was written lies on another machine, or is gone: from the beginning.
            stage, after, done, parts = 0, "", 0, 0
        while stage < len(STAGES):
            async with self._database.read() as tx:
                # Whoever lost the right, or left, gets nothing more.
                _require(await role_in(tx, about.team_id, about.person_id), about)
                total = await count_steps(tx, about) if not done else job.total
                step = await STAGES[stage](tx, about, after)
            parts += await asyncio.to_thread(self._put, job.id, step)
            stage, after, done = (stage + 1, "", done + 1) if step.after is None else (stage, step.after, done + 1)
            async with self._database.write() as tx:
                counted = {"done": done, **({"total": total} if done == 1 else {})}
                cursor = {**job.cursor, "stage": stage, "after": after, "parts": parts}
                await jobs.keep(tx, job, self._worker, cursor=cursor, **counted)
            await asyncio.sleep(_BREATH_S)
        size, sha256 = await self._close(job, parts)
        async with self._database.write() as tx:
            await jobs.end_export(tx, job, self._worker, size=size, sha256=sha256)

    async def _close(self, job: jobs.Job, parts: int) -> tuple[int, str]:
        """Make the zip, and hold the job meanwhile."""
        closing = asyncio.ensure_future(asyncio.to_thread(self._archive.close, job.id, parts))
        try:
            while not (await asyncio.wait((closing,), timeout=jobs.LEASE.total_seconds() / 3))[0]:
                async with self._database.write() as tx:
                    await jobs.keep(tx, job, self._worker)
        except Exception:
            # Nothing is written any more once this is over: whoever clears away finds all of it.
            await asyncio.wait((closing,))
            closing.exception()
            raise
        return closing.result()

    def _put(self, job_id: UUID, step: Step) -> int:
        parts = step.make()
        for name, data in parts:
            self._archive.put(job_id, name, data)
        return len(parts)

    def _about(self, job: jobs.Job, team_id: UUID, person_id: UUID) -> About:
        language = job.locale if job.locale in _LANGUAGES else "en"
        return About(
            team_id=team_id,
            person_id=person_id,
            of_team=job.kind == "team_export",
            whole_account=job.whole_account,
            language=language,
            tell=lambda code: self._tell(code, language),
        )


async def remove_if_over(database: Database, archive: Archive, job: jobs.Job) -> None:
    """Delete what was written for an export that somebody deleted meanwhile; another process may go on with it."""
    async with database.read() as tx:
        kept = await jobs.ids_with_files(tx)
    if job.id not in kept:
        await asyncio.to_thread(archive.remove, job.id)


async def sweep(database: Database, archive: Archive) -> None:
    """Delete files that belong to no export any more."""
    names = await asyncio.to_thread(archive.names)
    async with database.read() as tx:
        kept = await jobs.ids_with_files(tx)
    left = await asyncio.to_thread(archive.sweep, names, kept)
    if left:
        log.warning("exports_not_deleted", count=left)


def _require(role: str | None, about: About) -> None:
    needed = Permission.EXPORT_TEAM if about.of_team else Permission.WRITE
    if not allows(role, needed):
        raise NotAllowed("not_allowed")
