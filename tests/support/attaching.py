"""Attaching as the pages do it: upload, send, look."""

import uuid
from typing import Any
from urllib.parse import quote

import httpx2

from tests.support.running import Person


async def put(person: Person, name: str, data: bytes) -> httpx2.Response:
    """Upload as the pages do."""
    headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/octet-stream", "Accept-Language": "en"}
    headers |= {"X-CSRF-Token": person.csrf or "", "File-Name": quote(name)}
    return await person.client.request("POST", "/api/attachments", content=data, headers=headers)


async def attach(person: Person, name: str, data: bytes) -> Any:
    answer = await put(person, name, data)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def send(person: Person, text: str, *files: Any, after: Any = None, ref: str | None = None) -> Any:
    """Send a message with files, and wait for its answer; gives the exchange with the conversation's id."""
    conversation_id = after["conversation_id"] if after else (await person.post("/api/conversations", {}))["id"]
    body = {
        "client_id": str(uuid.uuid4()),
        "parent_id": after["answer"]["id"] if after else None,
        "text": text,
        "model_ref": ref or await first_ref(person),
        "attachments": [one["id"] for one in files],
    }
    exchange = await person.post(f"/api/conversations/{conversation_id}/messages", body)
    await person.wait_for(exchange)
    return {**exchange, "conversation_id": conversation_id}


async def first_ref(person: Person) -> str:
    return str((await person.get("/api/models"))["models"][0]["ref"])


async def content(person: Person, one: Any, shared_in: str | None = None) -> httpx2.Response:
    within = f"/api/shared-conversations/{shared_in}" if shared_in else "/api"
    return await person.call("GET", f"{within}/attachments/{one['id']}/content")
