"""What tests of comparisons share: models of one endpoint, a comparison asked for, its answers read to the end."""

import asyncio
import uuid
from typing import Any

from tests.support.running import Event, Harbour, Person


async def refs_of(harbour: Harbour, person: Person, *model_ids: str) -> list[str]:
    """Connect one endpoint with these models; gives their references in this order."""
    await person.connect(harbour.models.base_url, list(model_ids))
    lines = (await person.get("/api/models"))["models"]
    by_id = {line["model_id"]: line["ref"] for line in lines}
    return [by_id[model_id] for model_id in model_ids]


async def compare(
    person: Person,
    refs: list[str],
    *,
    text: str = "Which court is competent?",
    conversation_id: str | None = None,
    parent_id: str | None = None,
    blind: bool = False,
) -> dict[str, Any]:
    """Ask several models; gives what was made, with the conversation's id added."""
    if conversation_id is None:
        conversation_id = (await person.post("/api/conversations", {}))["id"]
    body = asked_of(refs, text=text, parent_id=parent_id, blind=blind)
    made: dict[str, Any] = await person.post(f"/api/conversations/{conversation_id}/comparisons", body)
    return {**made, "conversation_id": conversation_id}


def asked_of(refs: list[str], *, text: str = "Hello?", parent_id: str | None = None, blind: bool = False) -> Any:
    """Give the body of such a question."""
    return {"client_id": str(uuid.uuid4()), "parent_id": parent_id, "text": text, "model_refs": refs, "blind": blind}


async def events_of(person: Person, answer: Any) -> list[Event]:
    """Read the events of one answer to their end."""
    return [one async for one in person.events("GET", f"/api/replies/{answer['reply']['reply_id']}/events")]


async def all_ended(person: Person, made: Any) -> list[Any]:
    """Wait for all answers; gives their receipts."""
    told = await asyncio.gather(*(events_of(person, answer) for answer in made["answers"]))
    return [events[-1].data["receipt"] for events in told]


async def judge(person: Person, made: Any, outcome: str, place: int | None = None) -> Any:
    """Give a verdict; `place` says which answer is better. Gives the response."""
    path = f"/api/conversations/{made['conversation_id']}/comparisons/{made['comparison']['id']}/verdict"
    message_id = None if place is None else made["comparison"]["answer_ids"][place]
    return await person.call("PUT", path, {"outcome": outcome, "message_id": message_id})


async def choose(person: Person, made: Any, place: int) -> Any:
    """Go on from one of the answers. Gives the response."""
    path = f"/api/conversations/{made['conversation_id']}/comparisons/{made['comparison']['id']}/choice"
    return await person.call("PUT", path, {"message_id": made["comparison"]["answer_ids"][place]})
