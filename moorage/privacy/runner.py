"""Works on what was asked for, one thing at a time, and clears away what is over; whichever process is free."""

import asyncio
import contextlib
from typing import Final

import structlog

from moorage.accounts.sign_ins import forget_ended
from moorage.errors import MoorageError, Unavailable
from moorage.privacy import jobs
from moorage.privacy.archive import Archive
from moorage.privacy.erasing import Erasures
from moorage.privacy.exporting import Exports, remove_if_over, sweep
from moorage.privacy.retention import Retention
from moorage.reports.desk import Reports
from moorage.reports.steady import Pace, Steady
from moorage.storage.database import Database

LOOK_EVERY_S: Final = 2.0
TIDYING: Final = Pace(every_s=3600.0, first_after_s=60.0)

# A disk may come back, and what nobody expected may pass; but nobody is to wait for days and be told nothing.
MOST_TRIES: Final = 3

log = structlog.get_logger(__name__)


class Runner:
    """Two loops: one for jobs, one for what goes by age."""

    def __init__(
        self,
        database: Database,
        archive: Archive,
        exports: Exports,
        erasures: Erasures,
        retention: Retention,
        worker: str,
        reports: Reports,
        *,
        look_every_s: float = LOOK_EVERY_S,
        tidying: Pace = TIDYING,
    ) -> None:
        self._database = database
        self._archive = archive
        self._exports = exports
        self._erasures = erasures
        self._retention = retention
        self._worker = worker
        self._look_every_s = look_every_s
        self._woken = asyncio.Event()
        self._working = Steady(self._look, reports, name="privacy-jobs", event="privacy_job_broke")
        self._tidying = Steady(self.tidy, reports, name="privacy-retention", event="retention_failed", pace=tidying)

    def start(self) -> None:
        """Begin. Needs a running event loop."""
        self._woken.set()  # what an earlier process left waits for nobody
        self._working.start()
        self._tidying.start()

    def wake(self) -> None:
        """Look now: something was asked for."""
        self._woken.set()

    async def aclose(self) -> None:
        """Stop; what is under way goes on in whichever process is there, at once."""
        await self._working.aclose()
        await self._tidying.aclose()
        try:
            async with self._database.write() as tx:
                await jobs.let_go(tx, self._worker)
        except Unavailable:
            pass  # the lease runs out by itself

    async def work_on_one(self) -> bool:
        """Take a job and work on it to its end; False: there is none."""
        async with self._database.write() as tx:
            job = await jobs.claim(tx, self._worker)
        if job is None:
            return False
        try:
            if job.kind in jobs.EXPORTS:
                await self._exports.work(job)
            else:
                await self._erasures.work(job)
                await self.sweep()  # exports that held what was erased
        except jobs.LeaseLostError:
            log.info("privacy_job_lost")
            await remove_if_over(self._database, self._archive, job)
        except Exception as error:
            # An erasure that began is never given up: its lease runs out, and it is tried again.
            if job.kind not in jobs.EXPORTS or not await self._is_over(job, error):
                raise
        return True

    async def tidy(self) -> None:
        """Delete what is older than its team's rule, sign-ins that ended, and the files of exports that are over."""
        await self._retention.run()
        async with self._database.write() as tx:
            await forget_ended(tx)
            await jobs.forget_expired(tx)
        await self.sweep()

    async def sweep(self) -> None:
        """Delete files that belong to no export any more."""
        await sweep(self._database, self._archive)

    async def _is_over(self, job: jobs.Job, error: Exception) -> bool:
        """Tell whether what broke an export is told to whoever asked, and news to nobody else."""
        code, most_tries = _told_as(error)
        if most_tries is None:
            return False
        with contextlib.suppress(jobs.LeaseLostError):
            async with self._database.write() as tx:
                if await jobs.count_try(tx, job, self._worker) < most_tries:
                    return False
                await jobs.fail(tx, job, self._worker, code)
            await asyncio.to_thread(self._archive.remove, job.id)
        return most_tries == 1

    async def _look(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), self._look_every_s)
        self._woken.clear()
        while await self.work_on_one():
            pass


def _told_as(error: Exception) -> tuple[str, int | None]:
    """Give as what an error is told, after how many tries; None: it passes by itself, as a database does."""
    if not isinstance(error, MoorageError):
        return "export_broke", MOST_TRIES
    if not isinstance(error, Unavailable):
        return error.code, 1
    return error.code, {"export_no_room": 1, "export_unwritable": MOST_TRIES}.get(error.code)
