"""Hostile values on every route of the API's own document: each gets an answer that names the field, none a 500."""

import asyncio
import gc
import json
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio
from sqlalchemy import update

from moorage.chat.tables import ConversationRow
from moorage.storage.types import db_now
from tests.scope.world import without_limits
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import Harbour, Person, running, settings_for

Case = tuple[str, str, bytes | None]

NUL, SURROGATE = "a\x00b", "a\ud800b"
HUGE = 10**30
# What stands in a path or a query, percent-encoded.
IN_URLS = ("%00", "%ff%fe", "a" * 300, "-1", str(HUGE), "0001-01-01", "9999-12-31", "2026-01-01T00:00:00")
# What stands in a field of a body.
IN_BODIES: tuple[Any, ...] = (
    None, 0, -1, HUGE, 1e308, True, "", " ", NUL, SURROGATE, "\u202e", "x" * 5000, "\u1d15\U0001d160" * 60,
    [], [[]], {}, {"": ""}, str(uuid.UUID(int=0)),
)  # fmt: skip
GOOD: dict[str, Any] = {
    "name": "Olga", "email": "olga2@example.com", "password": "a long enough pass phrase", "team_name": "Team",
    "locale": "en", "role": "member", "note": "n", "base_url": "https://localhost:9/v1", "api_key": "k",
    "auth_style": "auto", "model_id": "m", "models": [{"model_id": "m", "name": "n", "enabled": True}],
    "provider": "openai_compatible", "zone": "own_hardware", "data_location": "here", "maintainer_id": None,
    "key_expires_on": "2030-01-01", "test_id": None, "enabled": True, "title": "t", "parent_id": None, "text": "hello",
    "model_ref": "scripted:demo",
}  # fmt: skip
WHOLE_BODIES = (
    b"", b"{", b"null", b"[]", b'"\\ud800"', b'{"\\ud800": 1}', b'{"name": "\\u0000"}', b"\xff\xfe", b"[" * 100_000,
    b"1" * 5000, b'{"name": NaN}', b'{"a": 1, "a": 2}',
)  # fmt: skip


@pytest_asyncio.fixture
async def demo(database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[Harbour]:
    """Give a Moorage in which a message can be sent to a model that recites."""
    authority, server = models
    settings = settings_for(database_url, tmp_path, authority, server, demo=True, demo_pause_ms=0)
    async with running(settings, server, change=without_limits) as harbour:
        yield harbour
    await _hang_up()


async def _hang_up() -> None:
    """End what somebody who hung up a hundred times left behind: of a closed loop nobody could any more."""
    loop = asyncio.get_running_loop()
    for one in gc.get_objects():
        if issubclass(type(one), asyncio.Transport) and getattr(one, "_loop", None) is loop and not one.is_closing():
            one.abort()
    # What was aborted hears of it in the loop's next turns.
    for _ in range(3):
        await asyncio.sleep(0)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if path != "/api/sign-out":
                yield method.upper(), path, operation


def _shape(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any] | None:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    name = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
    found: dict[str, Any] = document["components"]["schemas"][name]["properties"]
    return found


def _fitting(document: dict[str, Any], of: dict[str, Any]) -> Any:
    """Give a value that the field takes, so that the hostile one beside it is what gets looked at."""
    if "$ref" in of:
        shape = document["components"]["schemas"][of["$ref"].rsplit("/", 1)[-1]]
        return {name: _fitting(document, shape["properties"][name]) for name in shape.get("required", ())}
    for name in ("default", "const"):
        if name in of:
            return of[name]
    if "anyOf" in of:
        return _fitting(document, of["anyOf"][0])
    if "enum" in of:
        return of["enum"][0]
    if of.get("type") == "array":
        return [_fitting(document, of["items"])] * of.get("minItems", 0)
    texts = {"uuid": str(uuid.uuid4()), "date": "2026-01-01"}
    plain = {"integer": int(of.get("minimum", 1)), "boolean": False, "object": {}}
    return plain.get(of["type"], texts.get(of.get("format", ""), "x" * of.get("minLength", 1)))


async def _send(person: Person, method: str, path: str, body: bytes | None) -> tuple[int, str]:
    sent = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
    sent["X-CSRF-Token"] = person.csrf or ""
    async with person.client.stream(method, path, content=body, headers=sent) as response:
        if "event-stream" in response.headers.get("content-type", ""):
            return response.status_code, ""
        return response.status_code, (await response.aread()).decode()


def _cases(document: dict[str, Any], ids: dict[str, str], usual: dict[str, Any]) -> Iterator[Case]:
    for method, path, operation in _operations(document):
        known = path.format_map(ids)
        yield from _in_urls(method, path, known, ids, operation)
        shape = _shape(document, operation)
        if shape is not None:
            good = {name: usual.get(name) or ids.get(name) or _fitting(document, of) for name, of in shape.items()}
            for body in _bodies(good):
                yield method, known, body
    for path in ("/%00", "/" + "a" * 300, "/assets/%00", "/..%2f..%2fetc/passwd", "/%ff"):
        yield "GET", path, None


def _in_urls(method: str, path: str, known: str, ids: dict[str, str], operation: dict[str, Any]) -> Iterator[Case]:
    for value in IN_URLS:
        for name in ids:
            if f"{{{name}}}" in path:
                yield method, path.format_map({**ids, name: value}), None if method == "GET" else b"{}"
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query":
                yield method, f"{known}?{parameter['name']}={value}", None


def _bodies(good: dict[str, Any]) -> Iterator[bytes]:
    yield from WHOLE_BODIES
    for value in IN_BODIES:
        for name in good:
            # What must be new each time would hide everything behind "was there before" or a rate limit.
            fresh = {"client_id": str(uuid.uuid4()), "email": f"{uuid.uuid4().hex}@example.com"}
            yield json.dumps({**good, **{key: fresh[key] for key in fresh.keys() & good.keys()}, name: value}).encode()
        for name in ("model_id", "name", "enabled") if "models" in good else ():
            yield json.dumps({**good, "models": [{**GOOD["models"][0], name: value}]}).encode()


@pytest.mark.timeout(600)  # thousands of requests, one after the other
async def test_no_hostile_value_on_any_route_becomes_a_server_error(demo: Harbour) -> None:
    olga, eve, stranger = await demo.olga(), await demo.eve(), demo.somebody()
    conversation = await olga.post("/api/conversations", {})
    wish = {"name": "c", "base_url": demo.models.base_url, "models": [{"model_id": "steady"}]}
    made = await olga.post("/api/connections", wish)
    document = await olga.get("/api/openapi.json")
    in_paths = {name for path in document["paths"] for name in re.findall(r"\{(\w+)\}", path)}
    ids = dict.fromkeys(sorted(in_paths), str(uuid.uuid4()))
    ids["user_id"] = olga.session["me"]["id"]
    ids |= {"team_id": olga.session["team"]["id"], "provider": olga.session["team"]["id"]}
    ids |= {"conversation_id": conversation["id"], "connection_id": made["id"]}
    ids["model_id"] = made["models"][0]["id"]
    refs = [line["ref"] for line in (await olga.get("/api/models"))["models"]]
    usual = {**GOOD, "base_url": demo.models.base_url, "model_refs": refs}
    broken: list[str] = []
    for method, path, body in _cases(document, ids, usual):
        # Whoever signs up or in gets another cookie, and Olga's own must stay.
        who = stranger if path.startswith(("/api/sign-", "/api/invitations")) else olga
        # Olga's team bears one of the values as its name by then, and whoever types that erases it.
        who = eve if path.startswith("/api/team/privacy/erasure") else who
        status, text = await _send(who, method, path, body)
        # Without built pages there is nothing to serve; that is no error of the value.
        if status >= 500 and not (status == 503 and "not built" in text):
            broken.append(f"{method} {path[:90]} {(body or b'')[:140]!r} → {status} {text[:90]}")
    assert not broken, "\n".join(broken)
    # All of it would be for nothing if the first request had ended the sign-in.
    assert (await olga.get("/api/session"))["me"]["email"] == "olga@example.com"
    assert (await olga.get(f"/api/conversations/{conversation['id']}"))["messages"]


async def test_an_error_nobody_expected_prints_nothing_of_what_it_carries(
    harbour: Harbour, capfd: pytest.CaptureFixture[str]
) -> None:
    """P12, P13: not in the answer, and not in what the server writes to its own output."""

    async def break_down() -> None:
        raise RuntimeError("what Olga wrote")

    harbour.built.app.add_api_route("/api/broken", break_down, methods=["POST"])
    answer = await harbour.somebody().call("POST", "/api/broken")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "unexpected")
    assert answer.headers["x-content-type-options"] == "nosniff"
    printed = "".join(capfd.readouterr())
    assert "RuntimeError" in printed
    assert "what Olga wrote" not in answer.text + printed


async def test_what_was_pasted_with_a_nul_is_stored_without_it(demo: Harbour) -> None:
    olga = await demo.olga()
    exchange = await olga.ask("Hello\0 Olga", "scripted:demo")
    await olga.wait_for(exchange)
    assert exchange["question"]["text"] == "Hello Olga"
    nothing = {"client_id": str(uuid.uuid4()), "text": "\0", "model_ref": "scripted:demo"}
    answer = await olga.call("POST", f"/api/conversations/{exchange['conversation_id']}/messages", nothing)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "field_empty")


async def test_no_conversation_is_missing_from_the_pages_of_the_list_when_many_changed_at_once(
    harbour: Harbour,
) -> None:
    olga = await harbour.olga()
    made = {(await olga.post("/api/conversations", {}))["id"] for _ in range(5)}
    async with harbour.built.parts.database.write() as tx:
        await tx.execute(update(ConversationRow).values(updated_at=db_now()))
    seen: list[str] = []
    page = await olga.get("/api/conversations?limit=2")
    while page["next"] is not None:
        seen += [line["id"] for line in page["conversations"]]
        page = await olga.get(f"/api/conversations?limit=2&before={quote(page['next'])}")
    seen += [line["id"] for line in page["conversations"]]
    assert (len(seen), set(seen)) == (5, made)
