"""One person reads so many streams at once, in all browsers together; a message that finds no room loses nothing."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Any

from moorage.api.open_streams import PER_PERSON
from tests.support.running import PASSWORD, Harbour, Person


@contextlib.asynccontextmanager
async def reading(people: list[Person], reply_id: str, each: int) -> AsyncIterator[None]:
    """Have each browser read the reply `each` times, until the block ends."""
    begun: list[asyncio.Future[None]] = []

    async def read(person: Person, first: asyncio.Future[None]) -> None:
        async for _ in person.events("GET", f"/api/replies/{reply_id}/events"):
            if not first.done():
                first.set_result(None)

    tasks = []
    try:
        for _ in range(each):
            # A few at a time: PostgreSQL's ten connections refuse whoever waits for one too long on a busy machine.
            for person in people:
                begun.append(asyncio.get_running_loop().create_future())
                tasks.append(asyncio.create_task(read(person, begun[-1])))
            async with asyncio.timeout(60):
                await asyncio.gather(*begun)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_one_person_reads_so_many_streams_and_no_more(harbour: Harbour) -> None:
    olga = await harbour.olga()
    connection = await olga.connect(harbour.models.base_url, ["steady", "held"])
    ref = next(model["ref"] for model in connection["models"] if model["model_id"] == "held")
    body: dict[str, Any] = {"email": "olga@example.com", "password": PASSWORD}
    browsers = [olga, *[await harbour.somebody().enter("/api/sign-in", body) for _ in range(3)]]
    mia = await harbour.invited_by(olga, "Mia", "member")
    mias = await mia.ask("Hello?", ref)
    exchange = await olga.ask("Hello?", ref)
    reply_id = exchange["answer"]["reply"]["reply_id"]
    path = f"/api/conversations/{exchange['conversation_id']}/messages"
    async with reading(browsers, reply_id, PER_PERSON // len(browsers)):
        refused = await browsers[1].call("GET", f"/api/replies/{reply_id}/events", Accept="text/event-stream")
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "streams_too_many")
        assert refused.headers["retry-after"] == "10"
        # Nobody else is in her way, and what she asks is stored and answered.
        async with reading([mia], mias["answer"]["reply"]["reply_id"], 1):
            pass
        asked = {"client_id": str(uuid.uuid4()), "parent_id": None, "text": "And?", "model_ref": ref}
        answer = await olga.call("POST", path, asked, Accept="text/event-stream")
        assert (answer.status_code, answer.headers["content-type"]) == (201, "application/json")
        assert answer.json()["answer"]["reply"]["state"] == "running"
    # Whoever left makes room.
    async with asyncio.timeout(10):
        while (harbour.built.parts.streams._readers.total()) > 0:
            await asyncio.sleep(0.05)
    async with reading([olga], reply_id, 1):
        pass
    harbour.models.release()
