"""The same journey with every server that is not ours: connect in stages, discover, chat, stop, read the usage."""

import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from moorage.settings import Settings
from tests.support.model_server import ModelServer
from tests.support.peers import Peer
from tests.support.running import Person, running

BROUGHT = ("url", "dns", "address", "tcp", "tls", "credential", "models", "completion", "usage")


@dataclass
class Asked:
    """What came of one question: the text as it streamed, and the receipt."""

    conversation_id: str
    answer_id: str
    text: str
    reasoning: str
    deltas: int
    receipt: dict[str, Any]
    calls: list[tuple[str, Any]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    @property
    def problem(self) -> str | None:
        """Code of what went wrong, None if nothing did."""
        problem = self.receipt["problem"]
        return None if problem is None else problem["code"]


@contextlib.asynccontextmanager
async def beside(peer: Peer, database_url: str, folder: Path, **more: Any) -> AsyncIterator[Person]:
    """Run Moorage with leave to reach this one peer, and `more` settings; gives Olga, signed in."""
    is_sqlite = database_url.startswith("sqlite")
    url = None if is_sqlite else SecretStr(database_url.replace("+psycopg", ""))
    settings = Settings(
        titles="words",  # one call for each answer is what these journeys count
        data=folder / "data",
        database_url=url,
        egress_allow=f"{peer.target}=127.0.0.1/32",
        extra_ca_file=peer.ca_pem,
        log_level="error",
        **more,
    )
    # The harbour also wants a model server of ours; this one is never started.
    async with running(settings, ModelServer(None)) as harbour:
        olga = await harbour.olga()
        async with contextlib.aclosing(olga.client):
            yield olga


async def watch_test(olga: Person, peer: Peer, model_id: str | None, *, key: str | None = None) -> dict[str, Any]:
    """Test address and key in stages; gives the last event, with the stages that ran."""
    wish = {"base_url": peer.base_url, "api_key": peer.key if key is None else key, "model_id": model_id}
    events = [event async for event in olga.events("POST", "/api/connection-tests", wish)]
    assert {event.name for event in events[:-1]} == {"stage"}
    assert tuple(dict.fromkeys(event.data["stage"] for event in events[:-1])) == BROUGHT
    return events[-1].data


async def connect(olga: Person, peer: Peer, *model_ids: str) -> dict[str, str]:
    """Test, then save with these models; gives the picker's refs by model id."""
    finished = await watch_test(olga, peer, model_ids[0])
    assert finished["passed"], finished
    body = {
        "name": "Not ours",
        "base_url": peer.base_url,
        "api_key": peer.key,
        "test_id": finished["test_id"],
        "models": [{"model_id": model_id, "enabled": True} for model_id in model_ids],
    }
    await olga.post("/api/connections", body)
    picker = await olga.get("/api/models")
    return {model["model_id"]: model["ref"] for model in picker["models"]}


async def ask(olga: Person, text: str, model_ref: str, after: Asked | None = None) -> Asked:
    """Ask, and read the answer from the stream that carries it."""
    if after is None:
        conversation_id, parent_id = (await olga.post("/api/conversations", {}))["id"], None
    else:
        conversation_id, parent_id = after.conversation_id, after.answer_id
    body = {"client_id": str(uuid.uuid4()), "parent_id": parent_id, "text": text, "model_ref": model_ref}
    first, *events = [
        event async for event in olga.events("POST", f"/api/conversations/{conversation_id}/messages", body)
    ]
    assert (first.name, events[-1].name) == ("exchange", "end")
    deltas = [event.data for event in events if event.name == "delta"]
    asked = Asked(
        conversation_id,
        first.data["answer"]["id"],
        "".join(delta["text"] for delta in deltas),
        "".join(delta["reasoning"] for delta in deltas),
        len(deltas),
        events[-1].data["receipt"],
    )
    await _require_stored(olga, asked, text)
    return asked


async def ask_and_stop(olga: Person, text: str, model_ref: str) -> Asked:
    """Ask, and stop the answer as soon as its first words are there."""
    exchange = await olga.ask(text, model_ref)
    reply_id = exchange["answer"]["reply"]["reply_id"]
    seen, reasoning, deltas, receipt = "", "", 0, {}
    async for event in olga.events("GET", f"/api/replies/{reply_id}/events"):
        if event.name == "end":
            receipt = event.data["receipt"]
            continue
        if event.name == "snapshot":
            seen = event.data["text"]
        else:
            seen, deltas = seen + event.data["text"], deltas + 1
        if seen:
            await olga.post(f"/api/replies/{reply_id}/stop", {})
    asked = Asked(exchange["conversation_id"], exchange["answer"]["id"], seen, reasoning, deltas, receipt)
    await _require_stored(olga, asked, text)
    return asked


async def read_usage(olga: Person) -> Any:
    """Read the statistics."""
    return await olga.get("/api/usage")


async def _require_stored(olga: Person, asked: Asked, question: str) -> None:
    """What was streamed is what is stored, whatever became of the answer."""
    conversation = await olga.get(f"/api/conversations/{asked.conversation_id}")
    by_id = {message["id"]: message for message in conversation["messages"]}
    answer = by_id[asked.answer_id]
    assert (answer["text"], by_id[answer["parent_id"]]["text"]) == (asked.text, question)
    beside = answer["beside"] or {"calls": [], "sources": []}
    asked.calls = [(one["name"], json.loads(one["arguments"] or "{}")) for one in beside["calls"]]
    asked.sources = [one["url"] for one in beside["sources"]]
