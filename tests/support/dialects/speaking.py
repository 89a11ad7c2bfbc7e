"""What both servers share: who may ask, what is answered by which model, how words are counted."""

import asyncio
import json
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.support.model_server.misbehaviour import WORDS
from tests.support.model_server.server import ModelServer
from tests.support.model_server.wire import Answerer, Request, as_chunk

BATCH = 256
ARGUMENTS = {"place": "harbour"}


@dataclass
class Talk:
    """One request that was accepted: turns as (role, text), the system first; and the means to answer it."""

    id: str
    model: str
    turns: list[tuple[str, str]]
    limit: int | None
    wants_thinking: bool
    is_stream: bool
    answerer: Answerer
    sent: list[str] = field(default_factory=list)

    @property
    def tokens_in(self) -> int:
        """A count of the words of the conversation."""
        return sum(len(text.split()) for _, text in self.turns)

    @property
    def words(self) -> list[str]:
        """The words of an ordinary answer, as many as are allowed."""
        return [f"word{number} " for number in range(1, min(WORDS, self.limit or WORDS) + 1)]


@dataclass(frozen=True)
class Ending:
    """How an answer ends: the reason in the dialect's word, None for none at all, and what is sent after it."""

    reason: str | None
    extra: bytes = b""


class DialectServer(ModelServer):
    """A server that speaks one dialect; a subclass says how."""

    family: ClassVar[str]
    reasons: ClassVar[dict[str, str]]
    call_reason: ClassVar[str]
    refusals: ClassVar[dict[str, tuple[int, Any, dict[str, str]]]]

    @abstractmethod
    def piece(self, talk: Talk, text: str, *, thought: bool = False) -> bytes:
        """Make one event with a piece of text."""

    @abstractmethod
    def head(self, talk: Talk) -> list[bytes]:
        """Make what comes before the first piece."""

    @abstractmethod
    def call(self, talk: Talk) -> list[bytes]:
        """Make the events of one call of `search`."""

    @abstractmethod
    def calling(self, talk: Talk) -> Any:
        """Make one call of `search` as one document."""

    @abstractmethod
    def tail(self, talk: Talk, reason: str) -> list[bytes]:
        """Make what ends a complete answer."""

    @abstractmethod
    def error_event(self, talk: Talk) -> bytes:
        """Make an error in the middle of a stream."""

    @abstractmethod
    def document(self, talk: Talk, text: str, thought: str, reason: str) -> Any:
        """Make the whole answer as one document."""

    async def answer_talk(self, talk: Talk) -> None:
        """Answer as the model's name says."""
        self.counts.chat_requests += 1
        name = talk.model.removeprefix(self.family)
        try:
            await self._answer_as(name, talk)
            self.counts.completed += 1
        finally:
            self.counts.tokens += len(talk.sent)
            self.counts.tokens_by_request[talk.id] = len(talk.sent)

    async def _answer_as(self, name: str, talk: Talk) -> None:
        if name.startswith("burst-"):
            await self._burst(talk, int(name.removeprefix("burst-")))
        elif name in self.reasons:
            await self._say(talk, [] if name == "filtered" else talk.words, self.reasons[name])
        elif name == "echo":
            text = json.dumps(talk.turns, ensure_ascii=False)
            await self._say(talk, [text[start : start + 40] for start in range(0, len(text), 40)])
        elif name == "calls":
            await self._call(talk)
        elif name == "surrogates":
            await self._say(talk, ["ship ", "\ud83d", "\udea2", " ahoy"])
        elif name == "slow":
            await self._crawl(talk)
        elif name in {"held", "cut", "reset-mid", "error-mid", "filtered-mid"}:
            await self._say_half(name, talk)
        else:
            await self._say(talk, talk.words)

    async def _say(self, talk: Talk, words: Sequence[str], reason: str | None = None) -> None:
        thought = ["Let me ", "think."] if talk.wants_thinking and talk.model.endswith("thinks") else []
        reason = reason or self.reasons["steady"]
        talk.sent += words
        if not talk.is_stream or talk.model.endswith("in-one-piece"):
            await talk.answerer.send_json(self.document(talk, "".join(words), "".join(thought), reason))
            return
        await talk.answerer.start_stream()
        pieces = [self.piece(talk, one, thought=True) for one in thought] + [self.piece(talk, one) for one in words]
        await talk.answerer.write(*self.head(talk), *pieces, *self.tail(talk, reason))
        await talk.answerer.end_stream()

    async def _call(self, talk: Talk) -> None:
        """Ask for a tool that nobody offered, without a word."""
        talk.sent.append("call")
        if not talk.is_stream:
            await talk.answerer.send_json(self.calling(talk))
            return
        await talk.answerer.start_stream()
        await talk.answerer.write(*self.head(talk), *self.call(talk), *self.tail(talk, self.call_reason))
        await talk.answerer.end_stream()

    async def _say_half(self, name: str, talk: Talk) -> None:
        half, rest = talk.words[: len(talk.words) // 2], talk.words[len(talk.words) // 2 :]
        talk.sent += half
        await talk.answerer.start_stream()
        await talk.answerer.write(*self.head(talk), *(self.piece(talk, one) for one in half))
        if name == "reset-mid":
            await asyncio.sleep(0.05)
            talk.answerer.reset()
            return
        if name == "held" and not await talk.answerer.hang():
            return
        if name == "held":
            talk.sent += rest
            await talk.answerer.write(
                *(self.piece(talk, one) for one in rest), *self.tail(talk, self.reasons["steady"])
            )
        elif name == "error-mid":
            await talk.answerer.write(self.error_event(talk))
        elif name == "filtered-mid":
            await talk.answerer.write(*self.tail(talk, self.reasons["filtered"]))
        await talk.answerer.end_stream()

    async def _crawl(self, talk: Talk) -> None:
        await talk.answerer.start_stream()
        await talk.answerer.write(*self.head(talk))
        for word in talk.words:
            talk.sent.append(word)
            await talk.answerer.write(self.piece(talk, word))
            await asyncio.sleep(0.2)
        await talk.answerer.write(*self.tail(talk, self.reasons["steady"]))
        await talk.answerer.end_stream()

    async def _burst(self, talk: Talk, count: int) -> None:
        await talk.answerer.start_stream()
        await talk.answerer.write(*self.head(talk))
        one = as_chunk(self.piece(talk, "word "))
        for start in range(0, count, BATCH):
            await talk.answerer.write_raw(one * min(BATCH, count - start))
        talk.sent += ["word "] * count
        await talk.answerer.write(*self.tail(talk, self.reasons["steady"]))
        await talk.answerer.end_stream()

    async def refuse(self, answerer: Answerer, name: str) -> None:
        """Send the refusal of that name."""
        status, body, headers = self.refusals[name]
        answerer.extra_headers.update(headers)
        if isinstance(body, bytes):
            await answerer.send(status, body, "text/html")
        else:
            await answerer.send_json(body, status)

    def require_known(self, request: Request) -> bool:
        """Whether whoever asks has the key, if there is one."""
        return self.key is None or self.key in self.keys_in(request)

    @abstractmethod
    def keys_in(self, request: Request) -> tuple[str | None, ...]:
        """Give what was sent as key."""
