"""What is attached to requests that are under way: how much of it the process holds at once, and of one person.

Whoever finds no room waits for a while, then their reply fails with a sentence; nobody's attachments can take the
memory of everybody. Counted are bytes as they are kept: written as base64 in JSON they take two or three times as much.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from moorage.errors import Unavailable
from moorage.providers.protocol import Turn

MIB: Final = 1024 * 1024
MAX_HELD_BYTES: Final = 128 * MIB
# One person's comparison may wait for itself; a server of theirs that takes its time must not stop the others.
MAX_PERSON_BYTES: Final = 64 * MIB
WAIT_S: Final = 30.0


class Hold:
    """Room for attachments while they are sent. One per process."""

    def __init__(
        self, most_bytes: int = MAX_HELD_BYTES, person_bytes: int = MAX_PERSON_BYTES, wait_s: float = WAIT_S
    ) -> None:
        self._most_bytes = most_bytes
        self._person_bytes = person_bytes
        self._wait_s = wait_s
        self._held: dict[UUID, int] = defaultdict(int)
        self._freed = asyncio.Event()

    @property
    def held_bytes(self) -> int:
        """How much is held."""
        return sum(self._held.values())

    async def take(self, person_id: UUID, size: int) -> Callable[[], None]:
        """Wait for room; gives what frees it again, once. Raises Unavailable("attachments_busy")."""
        # What is larger than a share takes all of one, and never waits for ever.
        size = min(size, self._person_bytes, self._most_bytes)
        try:
            async with asyncio.timeout(self._wait_s):
                while not self._has_room(person_id, size):
                    self._freed.clear()
                    await self._freed.wait()
        except TimeoutError:
            raise Unavailable("attachments_busy") from None
        self._held[person_id] += size
        is_held = True

        def free() -> None:
            nonlocal is_held
            if is_held:
                is_held = False
                self._free(person_id, size)

        return free

    def _has_room(self, person_id: UUID, size: int) -> bool:
        mine = self._held.get(person_id, 0)
        return mine + size <= self._person_bytes and self.held_bytes + size <= self._most_bytes

    def _free(self, person_id: UUID, size: int) -> None:
        self._held[person_id] -= size
        if not self._held[person_id]:
            del self._held[person_id]
        self._freed.set()


class Cargo:
    """The turns of one request, and the room that what is attached to them takes until it has been sent."""

    __slots__ = ("_free", "turns")

    def __init__(self, turns: Sequence[Turn], free: Callable[[], None] | None = None) -> None:
        self.turns = turns
        self._free = free

    def unload(self) -> None:
        """Let go of both: the request was sent, or never will be."""
        self.turns = ()
        if self._free is not None:
            self._free()
            self._free = None
