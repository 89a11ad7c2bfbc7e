"""What works beside the requests goes on after an error nobody expected, and the error is reported."""

import ast
import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from moorage.accounts.post import Post
from moorage.api.open_streams import OpenStreams
from moorage.audit.anchors import AnchorWriter
from moorage.audit.keeping import TrailKeeper
from moorage.audit.pruning import Pruner
from moorage.errors import Unavailable
from moorage.reports.desk import Reports
from moorage.reports.steady import Pace, Steady
from moorage.storage.database import Database, GroupWriter
from tests.support.codebase import python_sources


class BrokenError(Exception):
    """Nobody expects it."""


class Breaking:
    """Stands for a database that breaks whatever is asked, in a way no part foresees."""

    def __init__(self) -> None:
        self.asked = 0

    @asynccontextmanager
    async def read(self) -> AsyncIterator[None]:
        self.asked += 1
        if self.asked:
            raise BrokenError
        yield

    write = read


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(("pace", "count"), [(Pace(3600.0), 1), (Pace(0.0, first_after_s=3600.0), 0), (Pace(0.0), 9)])
async def test_turns_come_at_their_pace(pace: Pace, count: int) -> None:
    turns: list[int] = []

    async def turn() -> None:
        turns.append(1)
        if len(turns) >= 9:
            await asyncio.Event().wait()
        await asyncio.sleep(0)

    steady = Steady(turn, Reports(), name="paced", event="check_broke", pace=pace)
    steady.start()
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(turns) == count
    await steady.aclose()


async def test_one_that_breaks_keeps_its_pace() -> None:
    turns: list[int] = []

    async def turn() -> None:
        turns.append(1)
        raise BrokenError

    with capture_logs():
        steady = Steady(turn, Reports(), name="paced", event="check_broke", pace=Pace(3600.0), breath_s=0.0)
        steady.start()
        for _ in range(100):
            await asyncio.sleep(0)
        await steady.aclose()
    assert turns == [1]


async def test_a_turn_that_breaks_is_reported_and_the_next_one_comes() -> None:
    turns: list[int] = []

    async def turn() -> None:
        await asyncio.sleep(0)
        turns.append(1)
        if len(turns) < 3:
            raise BrokenError

    with capture_logs() as lines:
        steady = Steady(turn, Reports(), name="test", event="task_broke", breath_s=0)
        steady.start()
        await until(lambda: len(turns) > 5)
        await steady.aclose()
    assert [(line["event"], line["kind"]) for line in lines] == [("task_broke", "BrokenError")] * 2
    ended_at = len(turns)
    await asyncio.sleep(0.02)
    assert len(turns) == ended_at


async def test_what_a_turn_waits_for_may_be_cancelled_without_ending_it() -> None:
    """A cancellation that was not meant for the loop would end it without a word."""
    turns: list[int] = []

    async def turn() -> None:
        turns.append(1)
        inner = asyncio.ensure_future(asyncio.sleep(5))
        asyncio.get_running_loop().call_soon(inner.cancel)
        await inner

    steady = Steady(turn, Reports(), name="test", event="task_broke", breath_s=0)
    steady.start()
    await until(lambda: len(turns) > 3)
    await steady.aclose()


@pytest.mark.parametrize("makes_of_it", [OSError("the database went away meanwhile"), None])
async def test_a_turn_that_makes_something_else_of_being_stopped_is_stopped_all_the_same(
    makes_of_it: Exception | None,
) -> None:
    """A rollback on a dead connection raises an error in place of the cancellation: the end waited for ever."""
    turns: list[int] = []

    async def turn() -> None:
        turns.append(1)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if len(turns) > 1:
                raise  # so that this test fails rather than hangs
            if makes_of_it is not None:
                raise makes_of_it from None

    with capture_logs() as lines:
        steady = Steady(turn, Reports(), name="test", event="task_broke", breath_s=0)
        steady.start()
        await until(lambda: turns == [1])
        async with asyncio.timeout(5):
            await steady.aclose()
    assert turns == [1]
    assert [line["kind"] for line in lines] == ([] if makes_of_it is None else ["OSError"])


def keeper(database: Database, folder: Path, reports: Reports) -> Any:
    return TrailKeeper(database, None, reports, look_every_s=0.005)


def anchors(database: Database, folder: Path, reports: Reports) -> Any:
    return AnchorWriter(database, folder / "anchors", reports, every_s=0.005)


def pruner(database: Database, folder: Path, reports: Reports) -> Any:
    return Pruner(database, reports, pace=Pace(0.005))


@pytest.mark.parametrize(
    ("make", "event"),
    [(keeper, "audit_keys_not_read"), (anchors, "audit_anchors_failed"), (pruner, "audit_pruning_failed")],
)
async def test_every_keeper_of_the_trail_goes_on(
    make: Callable[[Database, Path, Reports], Any], event: str, tmp_path: Path
) -> None:
    breaking = Breaking()
    part = make(cast("Database", breaking), tmp_path, Reports())
    with capture_logs() as lines:
        part.start()
        await until(lambda: breaking.asked > 2)
        await part.close()
    assert {line["event"] for line in lines} == {event}


async def test_the_post_goes_on_after_a_letter_that_broke() -> None:
    sent: list[str] = []
    post = Post(cast("Any", None), Reports())

    async def broken() -> list[Any]:
        raise BrokenError

    async def fine() -> list[Any]:
        sent.append("written")
        return []

    post.start()
    for _ in range(5):
        post.put(broken)
    post.put(fine)
    await until(lambda: sent == ["written"])
    await post.aclose()


async def test_open_streams_are_watched_again_after_an_error() -> None:
    breaking = Breaking()
    streams = OpenStreams(cast("Database", breaking), Reports(), beat_s=0.005)
    streams._open[cast("Any", "reading")] = 1
    streams.start()
    await until(lambda: breaking.asked > 2)
    await streams.aclose()


async def test_the_group_writer_goes_on_and_nobody_waits_for_ever() -> None:
    class Odd(Breaking):
        """Raises what is not an Exception, as a cancelled connection does."""

        @asynccontextmanager
        async def write(self) -> AsyncIterator[None]:
            self.asked += 1
            if self.asked:
                raise asyncio.CancelledError
            yield

    odd = Odd()
    writer = GroupWriter(cast("Database", odd), Reports())
    writer.start()

    async def work(_tx: object) -> None:
        raise AssertionError

    for _ in range(3):
        with pytest.raises(Unavailable, match="unexpected"):
            async with asyncio.timeout(5):
                await writer.do(work)
    assert odd.asked == 3
    await writer.close()


# Tasks that end by themselves, and what becomes of an error there.
ONCE = {
    "moorage/reports/steady.py": "the loop itself",
    "moorage/reports/outbox.py": "sends reports and can't report; every error of a turn is counted there",
    "moorage/chat/replies.py": "one reply; whatever happens becomes its end",
    "moorage/chat/generate.py": "the reading of one reply, awaited",
    "moorage/chat/titles.py": "one title; whatever happens, the first words stay",
    "moorage/chat/reading.py": "what one file's reader is given, awaited",
    "moorage/providers/openrouter.py": "a question beside the list of models, awaited or given up with it",
    "moorage/connections/runs.py": "one test, whose errors its reader gets",
    "moorage/privacy/exporting.py": "the zip of one export, awaited",
    "moorage/privacy/asking.py": "a line of the ledger of erasures, awaited whatever happens",
    "moorage/api/events.py": "the next frame of one stream, awaited",
    "moorage/__main__.py": "the way out",
}


def test_every_loop_beside_the_requests_is_a_steady_one() -> None:
    """A task of its own that breaks is gone until the next start, and its work is not done any more."""
    made = {
        str(source.path)
        for source in python_sources("moorage")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"create_task", "ensure_future", "TaskGroup"}
    }
    assert made == set(ONCE)
