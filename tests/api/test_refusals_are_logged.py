"""Whoever tries a door that is not theirs is in the log: why, who, which route, which request (ASVS 16.3.2, 16.3.3)."""

import uuid
from typing import Any

import pytest
import pytest_asyncio
import structlog

from moorage.api.limits import TRAIL_CHECK
from moorage.telemetry import UNFIT, keep_allowed_fields
from tests.support.canaries import CANARIES
from tests.support.running import PASSWORD, Harbour, Person

Line = dict[str, Any]


@pytest_asyncio.fixture
async def olga(harbour: Harbour, everything_is_logged: None) -> Person:
    """Give Olga, in a deployment that logs."""
    return await harbour.olga()


async def refused_to(person: Person, method: str, path: str, body: Any = None, **headers: str) -> tuple[Line, Line]:
    """Call, and give the answer's problem with the one line that the log has of it."""
    with structlog.testing.capture_logs() as lines:
        answer = await person.call(method, path, body, **headers)
    [line] = [dict(line) for line in lines if line["event"] == "refused"]
    assert (line["status"], line["request_id"]) == (answer.status_code, answer.headers["x-request-id"])
    # Every field may pass, as it stands.
    assert UNFIT not in keep_allowed_fields(None, "", {**line, "level": line.pop("log_level")}).values()
    return answer.json()["error"], line


def told(line: Line) -> tuple[Any, ...]:
    return line["code"], line["status"], line["person"], line["method"], line["route"]


async def test_what_a_role_may_not_do(harbour: Harbour, olga: Person) -> None:
    mia = await harbour.invited_by(olga, "Mia", "member")
    _, line = await refused_to(mia, "PATCH", "/api/team", {"name": "Mine now"})
    assert told(line) == ("not_allowed", 403, mia.session["me"]["id"], "PATCH", "/api/team")


async def test_what_lies_outside_of_ones_scope(harbour: Harbour, olga: Person) -> None:
    mine = await olga.post("/api/conversations", {"title": "x"})
    eve = await harbour.eve()
    _, line = await refused_to(eve, "GET", f"/api/conversations/{mine['id']}")
    route = "/api/conversations/{conversation_id}"
    assert told(line) == ("conversation_gone", 404, eve.session["me"]["id"], "GET", route)


async def test_a_limit_that_is_hit(olga: Person) -> None:
    for _ in range(TRAIL_CHECK.per_person or 0):
        await olga.get("/api/audit/check")
    _, line = await refused_to(olga, "GET", "/api/audit/check")
    assert told(line) == ("too_often", 429, olga.session["me"]["id"], "GET", "/api/audit/check")


async def test_a_request_that_another_page_made(olga: Person) -> None:
    _, line = await refused_to(olga, "POST", "/api/conversations", {"title": "x"}, **{"Sec-Fetch-Site": "cross-site"})
    # Refused before anybody is looked up.
    assert told(line) == ("origin_wrong", 403, "", "POST", "/api/conversations")
    olga.csrf = "made-up"
    _, line = await refused_to(olga, "POST", "/api/conversations", {"title": "x"})
    assert told(line) == ("csrf_wrong", 403, olga.session["me"]["id"], "POST", "/api/conversations")


async def test_a_stranger_and_a_wrong_password(harbour: Harbour, olga: Person) -> None:
    stranger = harbour.somebody()
    _, line = await refused_to(stranger, "GET", "/api/team")
    assert told(line) == ("sign_in_needed", 401, "", "GET", "/api/team")
    body = {"email": olga.session["me"]["email"], "password": f"{PASSWORD}!"}
    _, line = await refused_to(stranger, "POST", "/api/sign-in", body)
    assert told(line) == ("sign_in_wrong", 422, "", "POST", "/api/sign-in")


async def test_input_that_is_none_and_nothing_of_it(olga: Person) -> None:
    for body, code in (({"title": 7}, "field_invalid"), ({"title": "x", CANARIES["key"]: 1}, "field_unknown")):
        _, line = await refused_to(olga, "POST", "/api/conversations", body)
        assert told(line) == (code, 422, olga.session["me"]["id"], "POST", "/api/conversations")
        assert CANARIES["key"] not in str(line)
    _, line = await refused_to(olga, "GET", f"/api/nothing/{uuid.uuid4()}")
    assert told(line) == ("not_found", 404, "", "GET", "/{path:path}")


async def test_what_is_not_allowed_not_there_or_too_often_warns(harbour: Harbour, olga: Person) -> None:
    async def level(person: Person, method: str, path: str) -> str:
        with structlog.testing.capture_logs() as lines:
            await person.call(method, path)
        return str(next(line["log_level"] for line in lines if line["event"] == "refused"))

    mia = await harbour.invited_by(olga, "Mia", "member")
    assert await level(mia, "GET", "/api/audit") == "warning"
    assert await level(olga, "GET", f"/api/conversations/{uuid.uuid4()}") == "warning"
    assert await level(harbour.somebody(), "GET", "/api/team") == "info"


@pytest.mark.parametrize("path", ["/api/session", "/api/team"])
async def test_what_is_not_refused_leaves_no_such_line(olga: Person, path: str) -> None:
    with structlog.testing.capture_logs() as lines:
        await olga.get(path)
    assert "refused" not in {line["event"] for line in lines}
