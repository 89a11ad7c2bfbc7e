"""What a request may bring: its size, its kind, its depth and the time it takes are judged before it is parsed."""

import asyncio
import json
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st

from moorage.api import errors as api_errors
from moorage.api.bodies import MAX_DEPTH, MAX_ITEMS, Body, require_shallow, route_for
from moorage.api.routes import ROUTES
from moorage.errors import Invalid
from tests.support.running import Harbour, Person

JSON = {"Content-Type": "application/json"}


async def _send(person: Person, path: str, body: Any, headers: dict[str, str] = JSON, method: str = "POST") -> Any:
    sent = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": person.csrf or "", "Accept-Language": "en", **headers}
    return await person.client.request(method, path, content=body, headers=sent)


def _code(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_form_of_a_few_fields_may_be_small_and_a_message_large(harbour: Harbour) -> None:
    olga = await harbour.olga()
    text = json.dumps({"email": "a@example.com", "password": "x" * (16 * 1024)}).encode()
    assert _code(await _send(olga, "/api/sign-in", text)) == (413, "body_too_big")
    made = await olga.post("/api/conversations", {})
    path = f"/api/conversations/{made['id']}/messages"
    assert _code(await _send(olga, path, b'{"text": "' + b"x" * 300_000 + b'"}'))[0] == 422
    assert _code(await _send(olga, path, b'{"text": "' + b"x" * 2 * 1024 * 1024 + b'"}')) == (413, "body_too_big")


async def test_a_declared_length_over_the_limit_is_refused_before_anything_is_read(harbour: Harbour) -> None:
    head = (
        b"POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 99999999\r\n\r\n"
    )
    assert (await _raw_head(harbour, head)).startswith(b"HTTP/1.1 413 ")


async def test_a_body_that_does_not_say_its_length_is_counted(harbour: Harbour) -> None:
    async def pieces() -> Any:
        for _ in range(40):
            yield b" " * 1024

    assert _code(await _send(harbour.somebody(), "/api/sign-in", pieces())) == (413, "body_too_big")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"}, {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json-seq"}, {}, {**JSON, "Content-Encoding": "gzip"},
    ],
)  # fmt: skip
async def test_only_plain_json_is_read(headers: dict[str, str], harbour: Harbour) -> None:
    answer = await _send(harbour.somebody(), "/api/sign-in", b'{"email": "a@example.com", "password": "x"}', headers)
    assert _code(answer) == (415, "body_type_wrong")


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; Charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_json_is_json_however_it_is_named(kind: str, harbour: Harbour) -> None:
    body = b'{"email": "a@example.com", "password": "x"}'
    assert _code(await _send(harbour.somebody(), "/api/sign-in", body, {"Content-Type": kind})) == (
        422,
        "sign_in_wrong",
    )


@pytest.mark.parametrize("sign", [b"[", b'{"a":', b'[{"a":'])
async def test_deep_nesting_is_refused_with_a_sentence(sign: bytes, harbour: Harbour) -> None:
    answer = await _send(harbour.somebody(), "/api/sign-in", sign * 2500)
    assert _code(answer) == (422, "json_too_deep")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * (MAX_DEPTH + 1), b'{"a":' * (MAX_DEPTH + 1), b"[" + b"1," * (MAX_ITEMS + 1), b"[]" * (MAX_ITEMS + 1),
        b"{},[[" * MAX_ITEMS,
    ],
)  # fmt: skip
def test_too_deep_and_too_many_are_too_much(body: bytes) -> None:
    with pytest.raises(Invalid, match="json_too_deep"):
        require_shallow(body)


@given(st.text())
def test_what_people_write_is_no_structure(text: str) -> None:
    require_shallow(json.dumps({"text": text * 3 + "[{," * MAX_ITEMS}).encode())
    require_shallow(json.dumps({"text": text + '"\\' + "[" * 50}, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@given(
    st.recursive(
        st.none() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=40,
    )
)
def test_depth_is_what_the_parser_would_find(value: Any) -> None:
    """One level too few would let a recursion through; one too many would refuse what is fine."""
    body = json.dumps(value).encode()
    if _depth(value) <= MAX_DEPTH:
        require_shallow(body)
    wrapped = b"[" * (MAX_DEPTH - _depth(value)) + body + b"]" * (MAX_DEPTH - _depth(value))
    require_shallow(wrapped)
    with pytest.raises(Invalid):
        require_shallow(b"[" + b"[" * (MAX_DEPTH - _depth(value)) + (body if _depth(value) else b"[]"))


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(one) for one in value.values()), default=0)
    return 1 + max((_depth(one) for one in value), default=0) if isinstance(value, list) else 0


def test_the_scan_of_a_hostile_text_takes_no_time_that_grows_faster_than_the_text() -> None:
    for body in (b'"' * 200_000, b'"\\' * 100_000, b'"' + b"\\" * 200_000, b'"a' + b'\\"' * 100_000):
        begun = time.monotonic()
        require_shallow(body)
        assert time.monotonic() - begun < 5


async def test_a_body_that_does_not_come_ends_in_time() -> None:
    """Through the real route class; the seconds are shortened by handing in another limit."""

    hasty: Any = SimpleNamespace(max_bytes=1000, deadline_s=0.05)

    app = FastAPI()
    api_errors.install(app)

    async def take(request: Request) -> dict[str, int]:
        return {"length": len(await request.body())}

    app.router.add_api_route("/take", take, methods=["POST"], route_class_override=route_for(hasty))
    assert await _call(app, [b"whole"], then_waits=False) == (200, b'{"length":5}')
    status, answer = await _call(app, [b"half"], then_waits=True)
    assert (status, b"body_too_slow" in answer) == (408, True)


async def _call(app: FastAPI, pieces: Sequence[bytes], *, then_waits: bool) -> tuple[int, bytes]:
    waiting = list(pieces)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.sleep(30)
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting) or then_waits}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/take", "raw_path": b"/take", "query_string": b"", "headers": [],
        "http_version": "1.1", "scheme": "http", "server": ("localhost", 1), "client": ("127.0.0.1", 1),
        "root_path": "", "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


def test_every_route_says_how_much_it_takes_and_only_few_take_much() -> None:
    large = {route.path for route in ROUTES if route.body is Body.LARGE}
    rooms = ("/api/connection", "/api/conversations/", "/api/standard-models/")
    assert all(path.startswith(rooms) for path in large), large
    assert len(large) < 12


async def _raw_head(harbour: Harbour, sent: bytes) -> bytes:
    host, port = harbour.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    async with asyncio.timeout(10):
        answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return answer
