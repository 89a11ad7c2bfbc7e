"""A person whose browser outlives the server: the same cookies, wherever the server listens after its restart."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.support.model_server import ModelServer
from tests.support.running import Event, Person
from tests.support.serving import Serving

WAIT_S = 20.0
SignUp = Callable[[Serving], Awaitable[Person]]
# What the model `held` has sent while it waits, and when it was let go.
HALF = "".join(f"word{number} " for number in range(1, 11))
WHOLE = HALF + "".join(f"word{number} " for number in range(11, 21))
INTERRUPTED = (
    "The server stopped while this answer was being written. What had arrived is kept. Ask again to get a whole answer."
)


def follow_move(person: Person, serving: Serving) -> None:
    """Point the browser at where the server listens now."""
    person.client.base_url = serving.url


async def connect(person: Person, server: ModelServer, *model_ids: str) -> dict[str, str]:
    """Connect the model server; gives the picker's refs by model id."""
    made = await person.connect(server.base_url, ["steady", *model_ids])
    return {model["model_id"]: model["ref"] for model in made["models"] if model["enabled"]}


async def read_answer(person: Person, exchange: Any) -> Any:
    """Read the answer of an exchange as it is stored."""
    conversation = await person.get(f"/api/conversations/{exchange['conversation_id']}")
    return next(one for one in conversation["messages"] if one["id"] == exchange["answer"]["id"])


async def wait_until_stored(person: Person, exchange: Any, text: str) -> None:
    """Wait until a checkpoint has stored this much of a running answer."""
    deadline = time.monotonic() + WAIT_S
    while not (await read_answer(person, exchange))["text"].startswith(text):
        if time.monotonic() > deadline:
            raise AssertionError("nothing was stored while the answer was being written")
        await asyncio.sleep(0.05)


async def follow(person: Person, exchange: Any) -> list[Event]:
    """Follow a reply until its stream ends."""
    reply_id = exchange["answer"]["reply"]["reply_id"]
    return [event async for event in person.events("GET", f"/api/replies/{reply_id}/events")]


def text_of(events: list[Event]) -> str:
    """Put together what a reader saw."""
    text = ""
    for event in events:
        if event.name == "snapshot":
            text = event.data["text"]
        elif event.name == "delta":
            text += event.data["text"]
    return text
