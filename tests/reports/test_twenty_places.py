"""P13: wherever something breaks, the report that arrives holds class, code, place and request, and nothing else.

Real envelopes of the real SDK, caught behind TLS. What breaks has keys, prompts, addresses and names in its hands.
"""

import asyncio
import dataclasses
import gc
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import Depends

from moorage import __version__
from moorage.api.parts import Parts
from moorage.chat.replies import Replies
from moorage.connections.runs import Runs
from moorage.reports.last_resort import LastResort
from tests.reports import breaking
from tests.reports.breaking import break_down
from tests.reports.conftest import Install, Reporting
from tests.support.authority import TestAuthority
from tests.support.canaries import CANARIES, everything, found_in
from tests.support.collector import Collector
from tests.support.model_server import ModelServer
from tests.support.running import Harbour, Person, running

# Place → the event of the log that its report bears. The class of the error is named after the place.
PLACES = {
    "Handler": "unexpected_error",
    "Dependency": "unexpected_error",
    "Stream": "unexpected_error",
    "Group": "unexpected_error",
    "Thread": "unexpected_error",
    "Statement": "unexpected_error",
    "GroupWriter": "unexpected_error",
    "Picker": "unexpected_error",
    "Discovery": "unexpected_error",
    "Test": "unexpected_error",
    "SignedIn": "unexpected_error",
    "Printing": "unexpected_error",
    "Code": "unexpected_error",
    "AbandonedTest": "test_broke",
    "Opening": "opening_broke",
    "Parsing": "reply_broke",
    "Settle": "settle_failed",
    "Judging": "judging_failed",
    "Task": "task_broke",
    "Callback": "task_broke",
    "Finaliser": "task_broke",
    "PlainThread": "thread_broke",
    "Process": "process_broke",
}
# These are of a class of somebody else's.
CLASSES = {
    "Group": {"ExceptionGroup"},
    "Statement": {"OperationalError", "ProgrammingError"},
    "Printing": {"Unprintable"},
    "Code": {"Uncoded"},
}
BROKEN_ROUTES = (
    "handler", "dependency", "stream", "group", "thread", "statement", "writer", "test", "printing", "code",
)  # fmt: skip
BACKGROUND = {"AbandonedTest", "Judging", "Task", "Callback", "Finaliser", "PlainThread", "Process"}

CATALOGUE = """
[broken]
name = "Broken"
base_url = "https://localhost:9/v1"
data_location = "here"
models = [{ id = "locked", name = "L" }, { id = "garbled", name = "G" }, { id = "slow", name = "S" }]
"""


@dataclasses.dataclass
class Sea:
    """A Moorage of which many parts are broken."""

    harbour: Harbour
    olga: Person
    conversation_id: str
    reads: breaking.BrokenReads
    last_resort: LastResort

    async def meet(self, method: str, path: str) -> None:
        """Meet something broken; gets the one answer that there is for it."""
        try:
            answer = await self.olga.call(method, path, {} if method == "POST" else None)
        except httpx2.RemoteProtocolError:
            return  # a stream that broke in the middle
        assert answer.status_code in {500, 503}, answer.text
        assert found_in(answer.content) == []

    async def ask(self, model: str) -> None:
        """Ask a model of the catalogue; each of them breaks in its own way."""
        ref = f"standard:broken/{model}"
        body = {"client_id": str(uuid.uuid4()), "parent_id": None, "text": CANARIES["prompt"], "model_ref": ref}
        await self.olga.post(f"/api/conversations/{self.conversation_id}/messages", body)


def _broken(parts: Parts) -> Parts:
    reads = breaking.BrokenReads(parts.database)
    desk: Any = breaking.BrokenDesk(parts.desk)
    database: Any = reads
    replies = Replies(database, parts.writer, breaking.ledger_of(parts), parts.picker, desk, parts.reports)
    return dataclasses.replace(parts, replies=replies, metrics_token_digest=None)


def _add_broken_routes(harbour: Harbour) -> None:
    routes = breaking.BrokenRoutes(harbour.built.parts)
    for name in BROKEN_ROUTES:
        needs = [Depends(routes.dependency)] if name == "dependency" else []
        path = f"/api/broken/{name}"
        harbour.built.app.router.add_api_route(path, getattr(routes, name), methods=["POST"], dependencies=needs)


async def _break_in_requests(sea: Sea) -> None:
    for name in (
        "handler",
        "dependency",
        "stream",
        "group",
        "thread",
        "statement",
        "writer",
        "test",
        "printing",
        "code",
    ):
        await sea.meet("POST", f"/api/broken/{name}")


async def _break_parts(sea: Sea) -> None:
    """Let routes of the product meet parts that are broken."""
    app, whole = sea.harbour.built.app, sea.harbour.built.parts
    for broken, method, path in (
        ({"picker": breaking.Broken("Picker")}, "GET", "/api/models"),
        ({"connections": breaking.Broken("Discovery")}, "POST", f"/api/connections/{uuid.uuid4()}/discovery"),
        ({"people": breaking.Broken("SignedIn")}, "GET", "/api/session"),
    ):
        app.state.parts = dataclasses.replace(whole, **broken)  # type: ignore[arg-type]
        await sea.meet(method, path)
        app.state.parts = whole


async def _break_replies(sea: Sea) -> None:
    for model in ("locked", "garbled", "slow"):
        await sea.ask(model)
    sea.reads.is_broken = True
    await asyncio.sleep(2.5)  # the keeper looks every two seconds
    sea.reads.is_broken = False


async def _leave_a_test(sea: Sea) -> None:
    has_begun = asyncio.Event()

    async def work(_emit: Any) -> bytes:
        has_begun.set()
        try:
            await asyncio.sleep(30)
        finally:
            break_down("AbandonedTest")

    runs: Runs[bytes, bytes] = Runs(sea.harbour.built.parts.reports)
    reading = asyncio.create_task(anext(runs.follow(work)))
    await has_begun.wait()
    reading.cancel()
    await asyncio.wait((reading,))
    await runs.aclose()


async def _break_beside_requests(sea: Sea) -> None:
    async def unread() -> None:
        break_down("Task")

    task = asyncio.create_task(unread(), name=everything())
    await asyncio.wait((task,))
    del task
    gc.collect()
    asyncio.get_running_loop().call_soon(break_down, "Callback")
    thread = threading.Thread(target=break_down, args=("PlainThread",), name=everything())
    thread.start()
    await asyncio.to_thread(thread.join)
    breaking.Careless()
    gc.collect()
    try:
        break_down("Process")
    except Exception as error:  # noqa: BLE001 - handed to the hook as the interpreter would
        sys.excepthook(type(error), error, error.__traceback__)
    await asyncio.sleep(0)


def _by_place(events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        outermost = event["exception"]["values"][-1]["type"]
        for place in PLACES:
            if outermost in CLASSES.get(place, {f"BrokeAt{place}"}):
                found[place] = event
    return found


def _assert_useful(place: str, event: dict[str, Any]) -> None:
    """What the operator needs to find it: which event, which request, which code, where."""
    assert event["tags"]["event"] == PLACES[place], place
    if place not in BACKGROUND:
        uuid.UUID(event["tags"]["request_id"])
    assert (event["release"], event["environment"]) == (f"moorage@{__version__}", "test-harbour")
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert frames, place
    assert all({"module", "function", "lineno", "in_app"} == set(frame) for frame in frames)
    assert all(frame["module"] and frame["function"] and frame["lineno"] > 0 for frame in frames), (place, frames)


async def test_what_breaks_at_twenty_places_is_reported_and_tells_nothing(
    reporting: Reporting,
    collector: Collector,
    hooks: Install,
    models: tuple[TestAuthority, ModelServer],
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(CATALOGUE)
    settings = reporting(catalogue=catalogue, standard_keys=f"broken={CANARIES['key']}")
    async with running(settings, models[1], change=_broken) as harbour:
        olga = await harbour.olga()
        conversation = await olga.post("/api/conversations", {})
        _add_broken_routes(harbour)
        reads: Any = harbour.built.parts.replies._database
        sea = Sea(harbour, olga, conversation["id"], reads, hooks(harbour.built.parts))
        await _break_in_requests(sea)
        await _break_parts(sea)
        await _break_replies(sea)
        await _leave_a_test(sea)
        await _break_beside_requests(sea)
        events = _by_place(await collector.wait_until(lambda events: len(_by_place(events)) == len(PLACES)))
    printed = "".join(capfd.readouterr())
    assert sorted(events) == sorted(PLACES)
    for place, event in events.items():
        _assert_useful(place, event)
    assert found_in(collector.everything) == []
    assert found_in(printed.encode()) == []
    assert printed.count("library_said") >= len(PLACES) - len(CLASSES)
    codes = [value["value"] for value in events["Code"]["exception"]["values"]]
    assert codes == ["draining", ""]
    assert {value["value"] for event in events.values() for value in event["exception"]["values"]} == {"", "draining"}
    assert {value["type"] for value in events["Handler"]["exception"]["values"]} >= {"KeyError", "LookupError"}
    assert len(events["Group"]["exception"]["values"]) == 1 + 2 * 3
