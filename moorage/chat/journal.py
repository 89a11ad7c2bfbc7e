"""What a running reply has brought so far, for any number of readers that come, go and come back.

The journal is a list of pieces. A reader is a position in it, so a slow reader costs nothing: when it returns it gets
everything since its position in one delta. Nobody waits for a reader, and no reader can lose or repeat a piece.
The first piece goes out at once; after that a reader is woken at most fifty times a second, which no eye can tell.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from moorage.chat.facts import ReplyFacts
from moorage.providers.beside import NOTHING, Beside, BesidePieces, put_together


@dataclass(frozen=True, slots=True)
class Written:
    """What a reply has written so far, or in the end."""

    text: str
    reasoning: str
    beside: Beside = NOTHING


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole text so far; replaces what the reader has. `position` is where the next delta starts."""

    text: str
    reasoning: str
    position: int
    beside: Beside = NOTHING


@dataclass(frozen=True, slots=True)
class Appended:
    """New text since the reader's last position."""

    text: str
    reasoning: str
    position: int
    beside: tuple[BesidePieces, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """The reply is over and stored."""

    reply: ReplyFacts
    position: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing came for a while; the reader may want to show that it is still there."""


JournalEvent = Snapshot | Appended | Ended | Quiet

QUIET_S: Final = 15.0
APART_S: Final = 0.02


class Journal:
    """Appended to by one generation, followed by many readers, all in one event loop.

    `begun` is the text that was there before the first piece.
    """

    __slots__ = ("_begun", "_beside", "_ended", "_pieces", "_rewritten", "_saved", "_waiting")

    def __init__(self, begun: str = "") -> None:
        self._begun = begun
        self._pieces: list[tuple[str, str]] = [(begun, "")] if begun else []
        # Readers whose position is not beyond it have read what was replaced since.
        self._rewritten = -1
        # By the place of their piece: hardly any has something beside its words.
        self._beside: dict[int, BesidePieces] = {}
        self._waiting: list[asyncio.Future[bool]] = []
        self._ended: ReplyFacts | None = None
        self._saved = 0

    def append(self, text: str, reasoning: str, beside: BesidePieces | None = None) -> None:
        """Add what arrived. Cheap: no copy of what was there, no wait for anybody."""
        if beside is not None:
            self._beside[len(self._pieces)] = beside
        self._pieces.append((text, reasoning))
        if self._waiting:
            self._wake()

    def replace(self, text: str, reasoning: str, beside: BesidePieces | None = None) -> None:
        """Put this in the place of all that was appended; positions go on, and readers get a snapshot."""
        self._rewritten = len(self._pieces)
        self._pieces = [(self._begun + text, reasoning), *[("", "")] * (self._rewritten - 1)]
        self.append("", "", beside)

    def end(self, reply: ReplyFacts) -> None:
        """Close the journal once the reply is stored; readers get what is left, then `Ended`."""
        self._ended = reply
        self._wake()

    def written(self) -> Written:
        """Give everything so far."""
        return Written(*_join(self._pieces), put_together(self._beside.values()))

    def take_unsaved(self) -> Written | None:
        """Give everything for a checkpoint, or None when nothing came since the last one."""
        if self._saved == len(self._pieces):
            return None
        self._saved = len(self._pieces)
        return self.written()

    def put_back_unsaved(self) -> None:
        """Undo `take_unsaved`: the checkpoint was not stored."""
        self._saved = -1

    async def follow(self, position: int | None) -> AsyncIterator[JournalEvent]:
        """Read on from `position`, or from a snapshot when it is None or not of this journal."""
        loop = asyncio.get_running_loop()
        not_before = 0.0
        if position is None or not 0 <= position <= len(self._pieces):
            position = -1
        while True:
            if position <= self._rewritten:
                position = len(self._pieces)
                written = self.written()
                yield Snapshot(written.text, written.reasoning, position, written.beside)
            elif position < len(self._pieces):
                early_s = not_before - loop.time()
                if early_s > 0 and self._ended is None:
                    await asyncio.sleep(early_s)
                    continue
                not_before = loop.time() + APART_S
                text, reasoning = _join(self._pieces[position:])
                beside = self._beside_since(position) if self._beside else ()
                position = len(self._pieces)
                yield Appended(text, reasoning, position, beside)
            elif self._ended is not None:
                yield Ended(self._ended, position)
                return
            elif not await self._news(loop):
                yield Quiet()

    def _beside_since(self, position: int) -> tuple[BesidePieces, ...]:
        return tuple(piece for place, piece in self._beside.items() if place >= position)

    async def _news(self, loop: asyncio.AbstractEventLoop) -> bool:
        # One future and one timer, no task: this runs for every piece of every reader.
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(waiter)
        timer = loop.call_later(QUIET_S, _settle, waiter, False)  # noqa: FBT003 - the future's result
        try:
            return await waiter
        finally:
            timer.cancel()
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            _settle(waiter, True)  # noqa: FBT003 - the future's result


def _settle(waiter: asyncio.Future[bool], has_news: bool) -> None:  # noqa: FBT001 - called by a timer
    if not waiter.done():
        waiter.set_result(has_news)


def _join(pieces: list[tuple[str, str]]) -> tuple[str, str]:
    if len(pieces) == 1:
        return pieces[0]
    return "".join(piece[0] for piece in pieces), "".join(piece[1] for piece in pieces)
