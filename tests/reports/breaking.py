"""Parts that break with everything in their hands that must not leave: in message, arguments, notes, locals, causes."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, NoReturn

import sentry_sdk
from fastapi.responses import StreamingResponse
from sqlalchemy import text

from moorage.api.parts import Parts
from moorage.connections.runs import Runs
from moorage.errors import Unavailable
from moorage.providers.protocol import ChatRequest, Delta, End, Quirks
from moorage.storage.database import Database
from moorage.usage.ledger import Ledger
from tests.support.canaries import CANARIES, everything


def failure(place: str, kind: type[Exception] = RuntimeError) -> Exception:
    """Give an error with a class of its own, so that its report can be told from all others."""
    made: type[Exception] = type(f"BrokeAt{place}", (kind,), {"__module__": __name__})
    error = made(everything(), CANARIES)
    error.add_note(everything())
    error.customer = CANARIES["person"]  # type: ignore[attr-defined]
    return error


def break_down(place: str) -> NoReturn:
    """Break as carelessly as possible."""
    api_key, prompt, headers = CANARIES["key"], CANARIES["prompt"], {"Authorization": f"Bearer {CANARIES['key']}"}
    logging.getLogger("careless.library").error("calling %s with %s", CANARIES["base_url"], headers)
    sentry_sdk.add_breadcrumb(category="http", message=f"POST {CANARIES['base_url']} {api_key}")
    sentry_sdk.set_user({"email": CANARIES["mail"], "ip_address": CANARIES["ipv4"]})
    sentry_sdk.set_context("prompt", {"text": prompt})
    sentry_sdk.set_tag("cookie", CANARIES["cookie"])
    sentry_sdk.set_extra("address", CANARIES["ipv6"])
    task = asyncio.current_task() if _has_loop() else None
    if task is not None:
        task.set_name(f"reply of {CANARIES['mail']}")
    try:
        raise LookupError(CANARIES["statement"], everything())
    except LookupError as first:
        try:
            raise KeyError(CANARIES["base_url"]) from first
        except KeyError:
            raise failure(place)  # noqa: B904 - the context is the case


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class Broken:
    """Stands for a part of which every method breaks."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __getattr__(self, name: str) -> Any:
        async def method(*_: object, **__: object) -> None:
            break_down(self._place)

        return method


class BrokenDesk:
    """Gives a provider that breaks while its answer is read; breaks itself when asked to open "locked"."""

    def __init__(self, of: Any) -> None:
        self._of = of

    async def open(self, chosen: Any, **_: Any) -> Any:
        if chosen.model_id == "locked":
            break_down("Opening")
        return BrokenProvider(chosen.model_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of, name)


class BrokenProvider:
    """Answers with a word, then does what the model's name says."""

    quirks = Quirks()

    def __init__(self, model_id: str) -> None:
        self._model_id = model_id

    async def reply(self, request: ChatRequest) -> AsyncIterator[Delta | End]:
        yield Delta("A word. ", "", 1)
        if self._model_id == "slow":
            await asyncio.sleep(30)
        if self._model_id == "garbled":
            break_down("Parsing")
        yield End("stop", None, None, None)


class BrokenLedger(Ledger):
    """Can't settle what was announced."""

    async def settle(self, *_: Any, **__: Any) -> bool:
        break_down("Settle")


class BrokenReads:
    """A database of which the keeper of replies can't read; all others can."""

    def __init__(self, of: Database) -> None:
        self._of = of
        self.is_broken = False

    def read(self) -> Any:
        if self.is_broken:
            break_down("Judging")
        return self._of.read()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of, name)


class Careless:
    """Breaks when it is thrown away."""

    def __del__(self) -> None:
        break_down("Finaliser")


class Unprintable(Exception):
    """An error that can't be turned into a text."""

    def __str__(self) -> str:  # noqa: PLE0307 - that is the case
        break_down("Printing")


def ledger_of(parts: Parts) -> BrokenLedger:
    """Give a ledger that works under the same owner."""
    instance, _, boot = parts.ledger.owner.partition(":")
    return BrokenLedger(instance, boot)


class Uncoded(RuntimeError):
    """Raised from an error of ours, whose code it does not have."""


class BrokenRoutes:
    """Handlers that break, each in another depth of the process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def handler(self) -> None:
        break_down("Handler")

    async def dependency(self) -> None:
        break_down("Dependency")

    async def stream(self) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"one piece"
            break_down("Stream")

        return StreamingResponse(pieces())

    async def group(self) -> None:
        async def break_at_once(place: str) -> None:
            break_down(place)

        # Both in the same turn of the loop: one that fails later is cancelled, and the group has one failure.
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(break_at_once("First"), name=everything())
            tasks.create_task(break_at_once("Second"), name=everything())

    async def thread(self) -> None:
        await asyncio.to_thread(break_down, "Thread")

    async def statement(self) -> None:
        async with self._parts.database.read() as tx:
            await tx.execute(text(CANARIES["statement"] + " WHERE name = :name"), {"name": CANARIES["person"]})

    async def writer(self) -> None:
        async def work(_tx: Any) -> None:
            break_down("GroupWriter")

        await self._parts.writer.do(work)

    async def test(self) -> StreamingResponse:
        async def work(_emit: Any) -> bytes:
            break_down("Test")

        runs: Runs[bytes, bytes] = Runs(self._parts.reports)
        return StreamingResponse(runs.follow(work))

    async def printing(self) -> None:
        raise Unprintable(everything())

    async def code(self) -> None:
        error = Unavailable("draining", note=everything())
        error.add_note(everything())
        raise Uncoded(everything()) from error
