"""The watch over all connections of a deployment: checks what is due, judges what is slow, tells who looks after it.

One per process; the database says which process does what. Nothing here is on the way of a page or a message (P22).
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from moorage.connections import slowness
from moorage.connections.checking import Checker
from moorage.connections.schedule import Due, Rhythm, enrol, find_due, find_unenrolled
from moorage.connections.telling import Teller
from moorage.connections.undertaking_news import UndertakingTeller
from moorage.errors import Unavailable
from moorage.reports.desk import Reports
from moorage.reports.steady import Steady
from moorage.storage.database import Database

LOOK_EVERY_S: Final = 5.0
JUDGE_EVERY_S: Final = 60.0
AT_ONCE: Final = 16
# A team whose endpoints are all silent takes a quarter of each turn, not all of it.
AT_ONCE_PER_TEAM: Final = 4


class Watch:
    """Two loops: one looks at endpoints, the other at what is stored of them."""

    def __init__(
        self,
        database: Database,
        checker: Checker,
        teller: Teller,
        rhythm: Rhythm,
        reports: Reports,
        undertakings: UndertakingTeller | None = None,
        *,
        look_every_s: float = LOOK_EVERY_S,
        judge_every_s: float = JUDGE_EVERY_S,
    ) -> None:
        self._database = database
        self._checker = checker
        self._teller = teller
        self._undertakings = undertakings
        self._rhythm = rhythm
        self._reports = reports
        self._look_every_s = look_every_s
        self._judge_every_s = judge_every_s
        self._looking = Steady(self._look, reports, name="connection-checks", event="check_broke")
        self._judging = Steady(self._judge, reports, name="connection-watch", event="watch_broke")

    def start(self) -> None:
        """Begin. Needs a running event loop. Without a rhythm nothing is checked; what traffic shows is told."""
        self._judging.start()
        if self._rhythm.every:
            self._looking.start()

    async def aclose(self) -> None:
        """Stop, wherever it is; a check under way is somebody else's when its lease has run out."""
        await self._looking.aclose()
        await self._judging.aclose()

    async def check_due(self) -> int:
        """Check what is due now, several at once; gives how many were tried."""
        async with self._database.read() as tx:
            due = _fairly(await find_due(tx, self._rhythm.every, AT_ONCE * AT_ONCE_PER_TEAM))
        results = await asyncio.gather(*(self._checker.check(one) for one in due), return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, Unavailable):
                self._reports.note("check_broke", result)
        return len(due)

    async def judge(self) -> None:
        """Begin plans for what is new, judge what is slow, tell what there is to tell."""
        async with self._database.read() as tx:
            new = await find_unenrolled(tx)
            used = await slowness.find_used_lately(tx)
            slow = [(one, was, await slowness.judge(tx, one)) for one, was in used]
        news = [(one, now) for one, was, now in slow if was != now]
        if new or news:
            async with self._database.write() as tx:
                for connection_id, team_id in new:
                    await enrol(tx, connection_id, team_id, self._rhythm.first())
                for connection_id, is_slow in news:
                    await slowness.call_slow(tx, connection_id, slow=is_slow)
        await self._teller.tell()
        if self._undertakings is not None:
            await self._undertakings.tell()

    async def _look(self) -> None:
        await asyncio.sleep(self._look_every_s)
        with _outages_left_alone():
            await self.check_due()

    async def _judge(self) -> None:
        await asyncio.sleep(self._judge_every_s * (0.8 + 0.4 * self._rhythm.chance()))
        with _outages_left_alone():
            await self.judge()


@contextlib.contextmanager
def _outages_left_alone() -> Iterator[None]:
    """A database that is away says so itself, and so do keys."""
    with contextlib.suppress(Unavailable):
        yield


def _fairly(due: Sequence[Due]) -> list[Due]:
    taken: list[Due] = []
    of_team: Counter[object] = Counter()
    for one in due:
        if len(taken) < AT_ONCE and of_team[one.team_id] < AT_ONCE_PER_TEAM:
            of_team[one.team_id] += 1
            taken.append(one)
    return taken
