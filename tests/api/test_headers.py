"""Every answer of every route, pages and errors included, carries the headers that keep a browser on our side."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest_asyncio

from moorage.api.pages import CONTENT_SECURITY_POLICY, PERMISSIONS_POLICY, REFUSED_FEATURES
from moorage.api.route import Route
from moorage.api.routes import ROUTES
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, Harbour, Person, running, settings_for

ALWAYS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "permissions-policy": PERMISSIONS_POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
HSTS = "max-age=31536000; includeSubDomains"
PAGES = ("/", "/settings/security", "/invite", "/assets/nothing.js", "/favicon.ico", "/%00", "/" + "a" * 300)
ACCOUNT = {"name": "Mia", "email": "mia@example.com", "password": PASSWORD, "team_name": "Team"}
OF_A_TEXT = ("text/", "application/xml", "application/xhtml+xml")


@pytest_asyncio.fixture
async def https(database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[Harbour]:
    """Give a Moorage that people reach over https, with the model that recites."""
    settings = settings_for(database_url, tmp_path, *models, demo=True, public_url="https://moorage.test")
    async with running(settings, models[1]) as harbour:
        yield harbour


def _wrong(answer: httpx2.Response, *, is_api: bool, hsts: str | None) -> list[str]:
    """Say what is wrong with the headers of an answer."""
    headers = answer.headers
    wrong = [f"{name}: {headers.get_list(name)}" for name, value in ALWAYS.items() if headers.get_list(name) != [value]]
    if is_api and headers.get_list("cache-control") != ["no-store"]:
        wrong.append(f"cache-control: {headers.get_list('cache-control')}")
    if headers.get("strict-transport-security") != hsts:
        wrong.append("strict-transport-security")
    kind = headers.get("content-type", "")
    if not kind and answer.content:
        wrong.append("no content-type")
    if kind.startswith(OF_A_TEXT) and "charset=utf-8" not in kind:
        wrong.append(f"content-type: {kind}")
    wrong += [name for name in ("server", "x-powered-by", "access-control-allow-origin", "via") if name in headers]
    if is_api and "x-request-id" not in headers:
        wrong.append("x-request-id")
    return wrong


async def _fetch(person: Person, method: str, path: str, **sent: Any) -> httpx2.Response:
    """Fetch; of a stream only the head."""
    headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": person.csrf or "", **sent.pop("headers", {})}
    async with person.client.stream(method, path, headers=headers, **sent) as answer:
        if "event-stream" not in answer.headers.get("content-type", ""):
            await answer.aread()
        else:
            answer._content = b""
        return answer


def _known(route: Route, ids: dict[str, str]) -> str:
    return route.path.format_map(ids)


def _attempts(route: Route, ids: dict[str, str]) -> Iterator[dict[str, Any]]:
    """What makes a route answer well, refuse, and break off."""
    known, unknown = _known(route, ids), _known(route, dict.fromkeys(ids, str(uuid.uuid4())))
    for path in {known, unknown}:
        yield {"method": route.method, "path": path, "json": {}}
        yield {"method": route.method, "path": path, "content": b"{", "headers": {"Content-Type": "application/json"}}
        yield {"method": route.method, "path": path, "content": b"x", "headers": {"Content-Type": "text/plain"}}
        yield {"method": route.method, "path": path, "json": {}, "headers": {"Sec-Fetch-Site": "cross-site"}}
        yield {"method": route.method, "path": path, "json": {}, "headers": {"X-CSRF-Token": "wrong"}}
    yield {"method": "PUT" if route.method != "PUT" else "POST", "path": known + "/nothing", "json": {}}


async def test_every_answer_of_every_route_carries_them(https: Harbour) -> None:
    wrong: list[str] = []
    seen: set[tuple[str, str]] = set()
    statuses: set[int] = set()
    who = https.somebody()
    # A browser keeps the cookie for https only; here the token is carried by hand.
    signed_up = await _fetch(who, "POST", "/api/sign-up", json=ACCOUNT)
    cookie = {"Cookie": signed_up.headers["set-cookie"].partition(";")[0]}
    who.csrf = signed_up.json()["csrf_token"]
    made = (await _fetch(who, "POST", "/api/conversations", json={}, headers=cookie)).json()["id"]
    sent = {"client_id": str(uuid.uuid4()), "text": "Hello", "model_ref": "scripted:demo"}
    exchange = await _fetch(who, "POST", f"/api/conversations/{made}/messages", json=sent, headers=cookie)
    answer = exchange.json()["answer"]
    ids = dict.fromkeys({name for route in ROUTES for name in _names(route.path)}, signed_up.json()["me"]["id"]) | {
        "conversation_id": made,
        "reply_id": answer["reply"]["reply_id"],
        "message_id": answer["id"],
    }
    for route in ROUTES:
        for is_signed_in in (False, True):
            if route.path == "/api/sign-out" and is_signed_in:
                continue
            for attempt in _attempts(route, ids):
                headers = {**attempt.pop("headers", {}), **(cookie if is_signed_in else {})}
                answer = await _fetch(who, **attempt, headers=headers)
                seen.add((route.method, route.path))
                statuses.add(answer.status_code)
                found = _wrong(answer, is_api=True, hsts=HSTS)
                wrong += [f"{route.method} {route.path} {answer.status_code}: {one}" for one in found]
    assert wrong == []
    assert seen == {(route.method, route.path) for route in ROUTES}
    assert statuses >= {200, 201, 401, 403, 404, 415, 422}


def _names(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


async def test_pages_and_the_document_of_the_api_carry_them(https: Harbour) -> None:
    somebody = https.somebody()
    for path in PAGES:
        answer = await _fetch(somebody, "GET", path)
        assert _wrong(answer, is_api=False, hsts=HSTS) == [], path
        assert "cache-control" in answer.headers or answer.status_code >= 400, path
    for path in ("/api/openapi.json", "/api/nothing", "/api/", "/api/health/live"):
        assert _wrong(await _fetch(somebody, "GET", path), is_api=True, hsts=HSTS) == [], path
    refused = await _fetch(somebody, "POST", "/")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert refused.json()["error"]["code"] == "method_not_allowed"
    looked = await _fetch(somebody, "HEAD", "/sign-in")
    assert (looked.content, looked.headers["content-type"]) == (b"", "text/html; charset=utf-8")
    assert (await _fetch(somebody, "HEAD", "/api/session")).status_code == 405


async def test_an_error_nobody_expected_carries_them(https: Harbour) -> None:
    async def break_down() -> None:
        raise RuntimeError

    https.built.app.add_api_route("/api/broken", break_down, methods=["POST"])
    answer = await _fetch(https.somebody(), "POST", "/api/broken")
    assert (answer.status_code, _wrong(answer, is_api=True, hsts=HSTS)) == (500, [])


async def test_without_tls_there_is_no_hsts(harbour: Harbour) -> None:
    """RFC 6797, section 7.2: not over plain http."""
    assert _wrong(await _fetch(harbour.somebody(), "GET", "/api/session"), is_api=True, hsts=None) == []


def test_pages_may_ask_for_passkeys_and_the_clipboard_and_for_nothing_else() -> None:
    allowed = [entry for entry in PERMISSIONS_POLICY.split(", ") if not entry.endswith("=()")]
    assert allowed == [
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
        "clipboard-write=(self)",
    ]
    assert len(set(REFUSED_FEATURES)) == len(REFUSED_FEATURES)
    assert {"camera", "geolocation", "microphone", "payment", "usb"} <= set(REFUSED_FEATURES)


async def test_the_cookie_is_for_https_this_host_and_no_script(https: Harbour, harbour: Harbour) -> None:
    answer = await _fetch(https.somebody(), "POST", "/api/sign-up", json={**ACCOUNT, "email": "mia2@example.com"})
    [cookie] = answer.headers.get_list("set-cookie")
    value, *attributes = cookie.split("; ")
    assert value.startswith("__Host-moorage_session=")
    assert {one.split("=")[0].lower() for one in attributes} == {
        "httponly", "secure", "samesite", "path", "max-age",
    }  # fmt: skip
    assert {"Path=/", "SameSite=lax"} <= set(attributes)
