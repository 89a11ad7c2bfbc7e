"""What is attached takes no more memory than there is for it: requests wait for room, then say that there is none."""

import asyncio
import contextlib
import dataclasses
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from moorage.api.parts import Parts
from moorage.chat.hold import Cargo, Hold
from moorage.chat.replies import Replies
from moorage.errors import Unavailable
from moorage.providers.protocol import Turn
from tests.support.attaching import attach, put
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import Harbour, Person, running, settings_for

OLGA, MIA, EVE = uuid4(), uuid4(), uuid4()


async def test_who_finds_no_room_waits_until_there_is_some() -> None:
    hold = Hold(most_bytes=100, person_bytes=60, wait_s=30)
    free = await hold.take(OLGA, 60)
    waiting = [asyncio.create_task(hold.take(OLGA, 1)), asyncio.create_task(hold.take(MIA, 50))]
    (await hold.take(EVE, 40))()
    await asyncio.sleep(0)
    assert not any(one.done() for one in waiting), "one has her share, the other is more than what is left"
    free()
    for one in await asyncio.gather(*waiting):
        one()
        one()
    assert hold.held_bytes == 0, "freed twice, it is free once"


async def test_one_person_leaves_room_for_others_and_waits_for_so_long() -> None:
    hold = Hold(most_bytes=100, person_bytes=60, wait_s=0.01)
    await hold.take(OLGA, 60)
    with pytest.raises(Unavailable, match="attachments_busy"):
        await hold.take(OLGA, 1)
    await hold.take(MIA, 40)


async def test_what_is_larger_than_a_share_goes_when_nothing_else_does() -> None:
    hold = Hold(most_bytes=100, person_bytes=60, wait_s=0.01)
    (await hold.take(OLGA, 1000))()
    assert hold.held_bytes == 0


async def test_cargo_that_was_sent_is_kept_by_nobody() -> None:
    hold = Hold()
    cargo = Cargo([Turn("user", "x")], await hold.take(OLGA, 60))
    assert hold.held_bytes == 60
    cargo.unload()
    cargo.unload()
    assert (hold.held_bytes, len(cargo.turns)) == (0, 0)


Sea = Callable[[Hold], AbstractAsyncContextManager[Harbour]]


@pytest.fixture
def sea(database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> Sea:
    """Give a running Moorage whose replies have this hold."""
    authority, server = models

    @contextlib.asynccontextmanager
    async def run(hold: Hold) -> AsyncIterator[Harbour]:
        def change(parts: Parts) -> Parts:
            replies = Replies(
                parts.database,
                parts.writer,
                parts.ledger,
                parts.picker,
                parts.desk,
                parts.reports,
                parts.uploads.limits,
                hold=hold,
            )
            return dataclasses.replace(parts, replies=replies)

        async with running(settings_for(database_url, tmp_path, authority, server), server, change=change) as harbour:
            yield harbour

    return run


async def refs_of(olga: Person, harbour: Harbour) -> dict[str, str]:
    made = await olga.connect(harbour.models.base_url, ["steady", "held", "hang-before-headers"])
    return {one["model_id"]: one["ref"] for one in made["models"]}


async def ask(olga: Person, ref: str) -> Any:
    file = await attach(olga, "notes.txt", b"x" * 80)
    where = (await olga.post("/api/conversations", {}))["id"]
    body = {"client_id": str(uuid.uuid4()), "text": "Read it", "model_ref": ref, "attachments": [file["id"]]}
    return await olga.post(f"/api/conversations/{where}/messages", body)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_a_request_holds_its_attachments_until_it_is_answered_and_the_next_is_told(sea: Sea) -> None:
    hold = Hold(most_bytes=100, person_bytes=100, wait_s=0.1)
    async with sea(hold) as harbour:
        olga = await harbour.olga()
        refs = await refs_of(olga, harbour)
        first = await ask(olga, refs["hang-before-headers"])
        await until(lambda: harbour.models.counts.chat_requests > 1)
        assert hold.held_bytes == 80
        receipt = await olga.wait_for(await ask(olga, refs["steady"]))
        assert (receipt["state"], receipt["problem"]["code"]) == ("failed", "attachments_busy")
        (connection,) = (await olga.get("/api/connections"))["connections"]
        assert connection["health"] == "healthy", "it says nothing about the endpoint"
        harbour.models.release()
        assert (await olga.wait_for(first))["state"] == "done"
        assert hold.held_bytes == 0
        assert (await olga.wait_for(await ask(olga, refs["steady"])))["state"] == "done"


async def test_an_answer_that_goes_on_holds_nothing(sea: Sea) -> None:
    hold = Hold(most_bytes=100, person_bytes=100, wait_s=0.1)
    async with sea(hold) as harbour:
        olga = await harbour.olga()
        refs = await refs_of(olga, harbour)
        first = await ask(olga, refs["held"])
        await until(lambda: harbour.models.counts.chat_requests > 1 and hold.held_bytes == 0)
        assert harbour.built.parts.replies.running_count == 1
        harbour.models.release()
        assert (await olga.wait_for(first))["state"] == "done"


async def test_who_waits_for_room_can_be_stopped(sea: Sea) -> None:
    hold = Hold(most_bytes=100, person_bytes=100, wait_s=600)
    async with sea(hold) as harbour:
        olga = await harbour.olga()
        refs = await refs_of(olga, harbour)
        free = await hold.take(OLGA, 100)
        waiting = await ask(olga, refs["steady"])
        await olga.post(f"/api/replies/{waiting['answer']['reply']['reply_id']}/stop", {})
        assert (await olga.wait_for(waiting))["state"] == "stopped"
        free()
        assert hold.held_bytes == 0


async def test_files_of_one_person_arrive_two_at_a_time_and_nobody_else_waits(harbour: Harbour) -> None:
    uploads, goes_on = harbour.built.parts.uploads, asyncio.Event()
    arriving: list[UUID] = []

    async def pieces(person_id: UUID) -> AsyncIterator[bytes]:
        arriving.append(person_id)
        await goes_on.wait()
        arriving.remove(person_id)
        yield b""

    people = [OLGA] * 5 + [MIA]
    under_way = [asyncio.create_task(uploads.take_in(uuid4(), one, "x", pieces(one))) for one in people]
    await until(lambda: MIA in arriving)
    assert arriving == [OLGA, OLGA, MIA]
    goes_on.set()
    ended = await asyncio.gather(*under_way, return_exceptions=True)
    assert [str(one) for one in ended] == ["attachment_empty"] * 6


async def test_files_that_were_chosen_together_are_all_taken(harbour: Harbour) -> None:
    olga = await harbour.olga()
    answers = await asyncio.gather(*(put(olga, f"{at}.txt", b"words" * 1000) for at in range(6)))
    assert [one.status_code for one in answers] == [201] * 6
