"""What arrives at once is bounded for everybody together and for each team: one leaves room for the others."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from moorage.chat.attachments import MIB
from moorage.chat.uploads import MAX_ARRIVING_OF_TEAM_BYTES
from moorage.errors import Unavailable
from tests.support.running import Harbour, Person

EACH_MIB = 16


class Slow:
    """Files that have arrived nearly whole, and wait."""

    def __init__(self, count: int) -> None:
        self.all_wait = asyncio.Event()
        self._missing = count

    async def pieces(self) -> AsyncIterator[bytes]:
        block = b"x" * MIB
        for _ in range(EACH_MIB):
            yield block
        self._missing -= 1
        if self._missing == 0:
            self.all_wait.set()
        await asyncio.Event().wait()


async def one(content: bytes) -> AsyncIterator[bytes]:
    yield content


def ids(person: Person) -> tuple[UUID, UUID]:
    return UUID(person.session["team"]["id"]), UUID(person.session["me"]["id"])


async def test_a_team_whose_files_arrive_slowly_leaves_room_for_anothers(harbour: Harbour) -> None:
    olga, eve = await harbour.olga(), await harbour.eve()
    uploads, (team, _) = harbour.built.parts.uploads, ids(olga)
    count = MAX_ARRIVING_OF_TEAM_BYTES // (EACH_MIB * MIB)
    slow = Slow(count)
    tasks = [asyncio.create_task(uploads.take_in(team, uuid4(), "slow.txt", slow.pieces())) for _ in range(count)]
    await slow.all_wait.wait()
    with pytest.raises(Unavailable, match="uploads_busy"):
        await uploads.take_in(team, uuid4(), "more.txt", one(b"x"))
    assert (await uploads.take_in(*ids(eve), "eve.md", one(b"# Hello"))).name == "eve.md"
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert (await uploads.take_in(*ids(olga), "olga.md", one(b"# Hello"))).name == "olga.md"
