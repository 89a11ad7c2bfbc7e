"""Server-sent events: the form on the wire, a heartbeat, and ids that a reconnecting reader resumes from."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from moorage.api.sentences import Language
from moorage.api.views import beside, receipt
from moorage.chat.journal import QUIET_S, Appended, JournalEvent, Quiet, Snapshot
from moorage.providers.beside import BesidePieces

PING: Final = b": ping\n\n"

# A proxy that buffers or compresses an event stream makes it useless.
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event(name: str, data: BaseModel | dict[str, Any], event_id: str | None = None) -> bytes:
    """One event on the wire."""
    body = orjson.dumps(data.model_dump(mode="json") if isinstance(data, BaseModel) else data)
    head = b"" if event_id is None else b"id: " + event_id.encode() + b"\n"
    return b"".join((head, b"event: ", name.encode(), b"\ndata: ", body, b"\n\n"))


def stream(frames: AsyncIterator[bytes]) -> StreamingResponse:
    """Answer with an event stream. Frames that may be silent for long bring their own pings or `with_pings`."""
    return StreamingResponse(frames, media_type="text/event-stream", headers=HEADERS)


async def reply_frames(
    reply_id: UUID, events: AsyncIterator[JournalEvent], language: Language
) -> AsyncGenerator[bytes, None]:
    """The events of one reply as frames. Ids are "<reply>:<position>", so an id of another reply never resumes."""
    async for one in events:
        if isinstance(one, Appended):
            told = _words(one) | ({"beside": _pieces(one.beside)} if one.beside else {})
            yield event("delta", told, f"{reply_id}:{one.position}")
        elif isinstance(one, Quiet):
            yield PING
        elif isinstance(one, Snapshot):
            whole = beside(one.beside)
            told = _words(one) | ({} if whole is None else {"beside": whole.model_dump(mode="json")})
            yield event("snapshot", told, f"{reply_id}:{one.position}")
        else:
            told = {"receipt": receipt(one.reply, language).model_dump(mode="json")}
            yield event("end", told, f"{reply_id}:{one.position}")


async def with_first(first: bytes, frames: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Put one frame before the others."""
    yield first
    async for frame in frames:
        yield frame


def resume_position(reply_id: UUID, last_event_id: str | None) -> int | None:
    """Read the position out of a Last-Event-ID of this reply; None starts with a snapshot."""
    name, _, position = (last_event_id or "").rpartition(":")
    return int(position) if name == str(reply_id) and position.isascii() and position.isdigit() else None


async def with_pings(frames: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Pass frames on; after 15 s of silence send a comment, so that proxies and pages know we are here."""
    iterator = aiter(frames)
    pending: asyncio.Future[bytes] | None = None
    try:
        while True:
            if pending is None:
                pending = asyncio.ensure_future(anext(iterator))
            done, _ = await asyncio.wait((pending,), timeout=QUIET_S)
            if not done:
                yield PING
                continue
            taken, pending = pending, None
            try:
                yield taken.result()
            except StopAsyncIteration:
                return
    finally:
        if pending is not None:
            pending.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                await pending


def _pieces(pieces: Sequence[BesidePieces]) -> dict[str, Any]:
    calls = [
        {"at": call.at, "name": call.name, "arguments": call.arguments, "ran": call.ran}
        for piece in pieces
        for call in piece.calls
    ]
    return {
        "calls": calls,
        "sources": [{"url": one.url, "title": one.title} for piece in pieces for one in piece.sources],
    }


def _words(one: Appended | Snapshot) -> dict[str, Any]:
    return {"text": _utf8(one.text), "reasoning": _utf8(one.reasoning)}


def _utf8(text: str) -> str:
    # A lone surrogate can't be sent; orjson would refuse the whole event.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
