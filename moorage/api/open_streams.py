"""Event streams that are open: one whose sign-in ended, or whose reader left the team, gets no further word.

Nobody reads more than so many at once: each holds a socket and a place in a journal.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final
from uuid import UUID

from moorage.accounts import sign_ins
from moorage.accounts.principal import Principal
from moorage.errors import TooMany
from moorage.reports.desk import Reports
from moorage.reports.steady import Steady
from moorage.storage.database import Database

BEAT_S: Final = 2.0
PER_PERSON: Final = 100
_AGAIN_AFTER_S: Final = 10


# With the team: a sign-in that moved to another one ends what it read in the one before.
Reading = tuple[UUID, UUID]


class OpenStreams:
    """Watches the sign-ins behind open streams: one question to the database every two seconds for all of them."""

    def __init__(
        self, database: Database, reports: Reports, *, beat_s: float = BEAT_S, per_person: int = PER_PERSON
    ) -> None:
        self._database = database
        self._beat_s = beat_s
        self._per_person = per_person
        self._open: dict[Reading, int] = {}
        self._readers: Counter[UUID] = Counter()
        self._ended: set[Reading] = set()
        self._keeper = Steady(self._look, reports, name="open-streams", event="streams_unwatched", breath_s=beat_s)

    def start(self) -> None:
        """Begin to watch. Needs a running event loop."""
        self._keeper.start()

    async def aclose(self) -> None:
        """Stop watching."""
        await self._keeper.aclose()

    def has_room(self, who: Principal) -> bool:
        """True while a person may read another stream, in whichever browser. One counts from its first frame."""
        return self._readers[who.user_id] < self._per_person

    def guard(self, who: Principal, frames: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
        """Pass frames on while the reader's sign-in lives. A frame costs one look into a set.

        Raises TooMany("streams_too_many") for a person who reads as many as one may.
        """
        if not self.has_room(who):
            raise TooMany("streams_too_many", retry_after_s=_AGAIN_AFTER_S)
        return self._guarded(who, frames)

    async def _guarded(self, who: Principal, frames: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
        self._readers[who.user_id] += 1
        reading = (who.sign_in.id, who.team_id)
        self._open[reading] = self._open.get(reading, 0) + 1
        try:
            async with contextlib.aclosing(frames):
                async for frame in frames:
                    if reading in self._ended:
                        return
                    yield frame
        finally:
            self._readers[who.user_id] -= 1
            if not self._readers[who.user_id]:
                del self._readers[who.user_id]
            self._open[reading] -= 1
            if not self._open[reading]:
                del self._open[reading]
                self._ended.discard(reading)

    async def _look(self) -> None:
        await asyncio.sleep(self._beat_s)
        if not self._open:
            return
        watched = set(self._open)
        async with self._database.read() as tx:
            ended = watched - await sign_ins.those_that_read_on(tx, watched)
        # Only what is still open: nobody would take the others out again, and a sign-in may hold once more.
        self._ended |= ended & self._open.keys()
