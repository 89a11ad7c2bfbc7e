"""Takes uploaded files in: bounded while they arrive, read by a program apart, kept until they are sent or swept."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

import structlog

from moorage.chat.attachments import MIB, AttachmentLimits, AttachmentStore, sweep
from moorage.chat.facts import AttachmentFacts
from moorage.chat.reading import FileReader
from moorage.chat.turns import TurnsOfEach
from moorage.errors import Invalid, Unavailable
from moorage.reports.desk import Reports
from moorage.reports.steady import Pace, Steady
from moorage.storage.database import Database

# Of all uploads that are under way: what they may take of the process's memory.
MAX_ARRIVING_BYTES: Final = 256 * MIB
# One team leaves room for the others.
MAX_ARRIVING_OF_TEAM_BYTES: Final = MAX_ARRIVING_BYTES // 2
# Of one person: the pages send all that were chosen at once, so the others wait, unread, instead of being refused.
_AT_ONCE_OF_EACH: Final = 2
PACE: Final = Pace(every_s=3600.0, first_after_s=60.0)
_BREATH_S: Final = 0.05

log = structlog.get_logger(__name__)


class Uploads:
    """The way in for files of every team."""

    def __init__(
        self,
        database: Database,
        reports: Reports,
        limits: AttachmentLimits,
        reader: FileReader,
        *,
        pace: Pace = PACE,
    ) -> None:
        self.limits = limits
        self._database = database
        self._reader = reader
        self._arriving: Counter[UUID] = Counter()
        self._turns_of = TurnsOfEach(_AT_ONCE_OF_EACH)
        self._keeper = Steady(self._turn, reports, name="upload-sweeper", event="uploads_not_swept", pace=pace)

    def start(self) -> None:
        """Begin to sweep what was never sent. Needs a running event loop."""
        self._keeper.start()

    async def aclose(self) -> None:
        """Stop."""
        await self._keeper.aclose()

    async def take_in(self, team_id: UUID, user_id: UUID, name: str, pieces: AsyncIterator[bytes]) -> AttachmentFacts:
        """Read a file and keep it for its next message.

        Raises Invalid: attachment_too_big; what FileReader.read raises; Unavailable("uploads_busy"); Conflict:
        attachments_full_person, attachments_full_team.
        """
        async with self._turns_of.of(user_id):
            return await self._take_in(team_id, user_id, name, pieces)

    async def _take_in(self, team_id: UUID, user_id: UUID, name: str, pieces: AsyncIterator[bytes]) -> AttachmentFacts:
        arrived: list[bytes] = []
        size = 0
        try:
            async for piece in pieces:
                size += len(piece)
                self._arriving[team_id] += len(piece)
                arrived.append(piece)
                if size > self.limits.each_bytes:
                    raise Invalid("attachment_too_big", field="file", limit_mib=self.limits.each_bytes // MIB)
                if self._arriving[team_id] > MAX_ARRIVING_OF_TEAM_BYTES or self._arriving.total() > MAX_ARRIVING_BYTES:
                    raise Unavailable("uploads_busy")
            new = await self._reader.read(name, b"".join(arrived), team_id, user_id)
            async with self._database.write() as tx:
                return await AttachmentStore(tx, team_id, user_id).add(new, self.limits)
        finally:
            self._arriving[team_id] -= size
            self._arriving += Counter()  # forgets who has nothing arriving

    async def _turn(self) -> None:
        total = 0
        while True:
            async with self._database.write() as tx:
                gone = await sweep(tx)
            if not gone:
                break
            total += gone
            await asyncio.sleep(_BREATH_S)  # the others want to write, too
        if total:
            log.info("uploads_swept", count=total)
