"""What speaking to an endpoint means in every dialect: ask, read the answer to its end, name what went wrong.

Never retries after the first byte of an answer; before it, a dialect may ask once more without what was refused.
Subclasses say what a request looks like, what an event means, and what may be left out; nothing else differs.
"""

import asyncio
import contextlib
import datetime as dt
from abc import abstractmethod
from base64 import b64encode
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

import orjson

from moorage.egress.door import Incoming, Line, Outbound
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from moorage.providers.failures import MAX_ERROR_BODY_BYTES, classify_answer, read_json
from moorage.providers.protocol import Attached, ChatRequest, Delta, End, Provider, Quirks, Turn
from moorage.providers.reader import ReplyReader
from moorage.providers.text import repair_surrogates
from moorage.vault.secret import Secret
from moorage.vault.veil import MIN_CHARS, Veil

GOOD: Final = range(200, 300)
_MAX_LIST_BYTES: Final = 16 * 1024 * 1024
# Framing costs about 200 bytes for a token of four; the answer itself is bounded by reader.MAX_ANSWER_CHARS.
_MAX_STREAM_BYTES: Final = 512 * 1024 * 1024
_MAX_DOCUMENT_BYTES: Final = 16 * 1024 * 1024
_PADDING: Final = b"\xef\xbb\xbf \t\r\n"
_MAX_PADDING_BYTES: Final = 4096
_ERROR_BODY_TIMEOUT_S: Final = 5.0
# Shorter ones are written faster than a thread is found.
_LONG_CHARS: Final = 512 * 1024
# A whole number of groups of three, so that the pieces of base64 can be joined.
_BASE64_PIECE_BYTES: Final = 3 * 256 * 1024
_DRAIN_TIMEOUT_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a reply may take, in seconds: to begin, between two pieces, altogether."""

    first_byte_timeout_s: float = 120.0
    idle_timeout_s: float = 60.0
    total_timeout_s: float = 1800.0


class Way(NamedTuple):
    """Where a request goes and what is particular about it."""

    endpoint: Endpoint
    quirks: Quirks


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that was none: to be learnt from once, else to be named."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Speaker(Provider):
    """One endpoint, over one line, with one key."""

    def __init__(
        self,
        line: Line,
        endpoint: Endpoint,
        key: Secret | None,
        quirks: Quirks = Quirks(),  # noqa: B008 - frozen
        patience: Patience = Patience(),
    ) -> None:
        self._line = line
        self._endpoint = endpoint
        self._key = key
        self._quirks = quirks
        self._patience = patience
        # What an endpoint calls things is shown; its key and its address are not, whatever it calls them (P12).
        self._veil = Veil(key, _telling_words(endpoint))

    @property
    def quirks(self) -> Quirks:
        """What is known now; more after a call than before it."""
        return self._quirks

    @abstractmethod
    def _prepare_chat(self, request: ChatRequest, way: Way) -> Outbound:
        """Write the request."""

    @abstractmethod
    def _reader(self, request: ChatRequest) -> ReplyReader:
        """Give the reader of the answer."""

    @abstractmethod
    def _adjust(self, refusal: Refusal, request: ChatRequest, way: Way, tried: set[str]) -> Way | None:
        """Give what to try instead, each thing once per reply; None if the refusal stands."""

    def _learn(self, way: Way, request: ChatRequest) -> None:  # noqa: ARG002 - a dialect may learn from it
        """Keep what an accepted request has shown."""
        self._quirks = way.quirks

    async def reply(self, request: ChatRequest) -> AsyncGenerator[Delta | End, None]:
        """Stream one reply. Deltas as they arrive, then End.

        Raises EndpointFailure before the first Delta for refusals; BrokenReply, after the Deltas that had arrived, for
        everything that goes wrong later (`cut_off`, `midstream_error`, `bad_stream`, `empty_answer`, `stalled` …).
        """
        way = Way(self._endpoint, self._quirks)
        tried: set[str] = set()
        while True:
            async with self._line.stream(await self._written(request, way)) as incoming:
                body = b"" if _is_good(incoming) else await _read_error_body(incoming)
                if _is_good(incoming) and not _is_page(incoming):
                    self._learn(way, request)
                    # An answer may take half an hour; what is attached to the question does not stay for it.
                    request = replace(request, turns=())
                    if request.sent is not None:
                        request.sent()
                    async with contextlib.aclosing(_read_reply(incoming, self._reader(request))) as items:
                        async for item in items:
                            yield item
                    return
                refusal = Refusal(incoming.status, incoming.headers, body)
            adjusted = self._adjust(refusal, request, way, tried)
            if adjusted is None:
                raise self._name_failure(refusal.status, refusal.headers, refusal.body, request.model)
            way = adjusted

    async def _written(self, request: ChatRequest, way: Way) -> Outbound:
        """Write the request; a long one on a thread, so that nobody else waits for it."""
        if any(turn.attached or len(turn.text) > _LONG_CHARS for turn in request.turns):
            return await asyncio.to_thread(self._prepare_chat, request, way)
        return self._prepare_chat(request, way)

    def _name_failure(self, status: int, headers: Mapping[str, str], body: bytes, model: str) -> EndpointFailure:
        now = dt.datetime.now(dt.UTC)
        return classify_answer(status, headers, body, model=model, has_key=self._key is not None, now=now)

    def _ask_for_list(self, path: str, query: Mapping[str, str], headers: Mapping[str, Secret | str]) -> Outbound:
        return Outbound(
            method="GET",
            path=path,
            query=query,
            headers=headers,
            first_byte_timeout_s=20,
            idle_timeout_s=20,
            total_timeout_s=40,
            max_body_bytes=_MAX_LIST_BYTES,
        )

    def _ask_for_words(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, Secret | str], body: Mapping[str, object]
    ) -> Outbound:
        return Outbound(
            method="POST",
            path=path,
            query=query,
            headers=headers,
            body=orjson.dumps(body),
            first_byte_timeout_s=self._patience.first_byte_timeout_s,
            idle_timeout_s=self._patience.idle_timeout_s,
            total_timeout_s=self._patience.total_timeout_s,
            max_body_bytes=_MAX_STREAM_BYTES,
        )


class ShapedTurn(NamedTuple):
    """One turn as strict endpoints take it."""

    role: Literal["system", "user", "assistant"]
    text: str
    attached: tuple[Attached, ...] = ()


def accept_of(request: ChatRequest) -> str:
    """Give what a request accepts."""
    return "text/event-stream, application/json" if request.stream else "application/json"


def shape_turns(turns: Sequence[Turn]) -> list[ShapedTurn]:
    """Shape the history so that strict endpoints take it: one system turn first, no empty turns, roles alternate."""
    shaped: list[ShapedTurn] = []
    spoken = (turn for turn in turns if turn.attached or turn.text.strip())
    for turn in sorted(spoken, key=lambda turn: turn.role != "system"):
        text = repair_surrogates(turn.text)
        if shaped and shaped[-1].role == turn.role:
            before = shaped[-1]
            joined = f"{before.text}\n\n{text}" if before.text.strip() else text
            shaped[-1] = ShapedTurn(turn.role, joined, before.attached + turn.attached)
        else:
            shaped.append(ShapedTurn(turn.role, text, turn.attached))
    return shaped


def part_system(turns: Sequence[Turn]) -> tuple[str, list[ShapedTurn]]:
    """Part instructions from turns for dialects that want them apart, and the first of which must be a person's."""
    shaped = shape_turns(turns)
    system = shaped.pop(0).text if shaped and shaped[0].role == "system" else ""
    if shaped and shaped[0].role == "assistant":
        shaped.insert(0, ShapedTurn("user", "…"))
    return system, shaped


def fold_system(turns: Sequence[Turn]) -> list[ShapedTurn]:
    """Shape the history for a model that knows no instructions: they stand before the first question."""
    system, rest = part_system(turns)
    if system and rest:
        rest[0] = rest[0]._replace(text=f"{system}\n\n{rest[0].text}")
    return rest or ([ShapedTurn("user", system)] if system else [])


def base64_of(one: Attached) -> str:
    """Write the bytes as every dialect takes them within JSON; piece by piece, as each piece holds up other threads."""
    starts = range(0, len(one.data), _BASE64_PIECE_BYTES)
    return "".join(b64encode(one.data[at : at + _BASE64_PIECE_BYTES]).decode("ascii") for at in starts)


def _telling_words(endpoint: Endpoint) -> list[str]:
    """Give what of an address gives it away: a host of more than one label, and a long path as a whole.

    Its parts alone are no secret of it: an endpoint of one model has the model's name in its path.
    """
    hosts = [endpoint.host] if "." in endpoint.host or ":" in endpoint.host else []
    return hosts + ([endpoint.path] if len(endpoint.path) >= MIN_CHARS else [])


def _is_good(incoming: Incoming) -> bool:
    return incoming.status in GOOD


def _is_page(incoming: Incoming) -> bool:
    return "html" in incoming.headers.get("content-type", "")


async def _read_error_body(incoming: Incoming) -> bytes:
    """Read as much of a refusal as its class needs; an endpoint that dawdles over it is not waited for."""
    body = b""
    with contextlib.suppress(EndpointFailure, TimeoutError):
        async with asyncio.timeout(_ERROR_BODY_TIMEOUT_S):
            while len(body) < MAX_ERROR_BODY_BYTES and (data := await incoming.read()):
                body += data
    return body


async def _read_reply(incoming: Incoming, reader: ReplyReader) -> AsyncGenerator[Delta | End, None]:
    data = await _read_beginning(incoming)
    start = data.lstrip(_PADDING)[:1]
    if start in {b"{", b"[", b"<"} and "event-stream" not in incoming.headers.get("content-type", ""):
        if start == b"<":
            raise EndpointFailure("not_api")
        delta = reader.feed_document(await _read_document(incoming, data))
        if delta is not None:
            yield delta
        yield reader.end()
        return
    async with contextlib.aclosing(_read_events(incoming, reader, data)) as deltas:
        async for delta in deltas:
            yield delta
    if reader.is_done:
        await _drain(incoming)
    yield reader.end()


async def _read_events(incoming: Incoming, reader: ReplyReader, data: bytes) -> AsyncGenerator[Delta, None]:
    """Feed the reader until it has enough or nothing more comes."""
    broken: EndpointFailure | None = None
    while data and reader.wants_more():
        delta = reader.feed(data)
        if delta is not None:
            yield delta
        if not reader.wants_more():
            break
        try:
            data = await incoming.read()
        except EndpointFailure as failure:
            broken = failure
            break
    delta = reader.finish()
    if delta is not None:
        yield delta
    if broken is not None and reader.failure is None and not reader.is_complete:
        was_cut = broken.code == "connection_lost" and reader.has_begun
        raise reader.break_off(EndpointFailure("cut_off") if was_cut else broken) from broken


async def _read_beginning(incoming: Incoming) -> bytes:
    """Read until something other than white space is there: what it starts with tells what it is."""
    data = await incoming.read()
    while data and len(data) < _MAX_PADDING_BYTES and not data.strip(_PADDING):
        more = await incoming.read()
        if not more:
            break
        data += more
    return data


async def _read_document(incoming: Incoming, data: bytes) -> object:
    pieces, size = [data], len(data)
    while piece := await incoming.read():
        pieces.append(piece)
        size += len(piece)
        if size > _MAX_DOCUMENT_BYTES:
            raise EndpointFailure("answer_too_large", limit_mib=_MAX_DOCUMENT_BYTES // 1024**2)
    return read_json(b"".join(pieces))


async def _drain(incoming: Incoming) -> None:
    """Read the end that follows `[DONE]`, so that the connection can be used again; not worth a wait."""
    with contextlib.suppress(EndpointFailure, TimeoutError):
        async with asyncio.timeout(_DRAIN_TIMEOUT_S):
            while await incoming.read():
                pass
