"""How often something may be asked: by person and by network, told with a time, bounded in memory, as documented."""

import re
import uuid
from typing import Any

import pytest

from moorage.accounts import limits as sign_in_limits
from moorage.accounts.limits import SlidingWindow
from moorage.api.limits import INVITE, LIMITS, MESSAGE, SIGN_UP, Limit, RateLimits
from moorage.api.open_streams import PER_PERSON
from moorage.api.permits import Open, permit_of
from moorage.api.routes import ROUTES
from moorage.connections.testing import TESTS_PER_MINUTE
from moorage.errors import TooMany
from tests.support.codebase import ROOT
from tests.support.running import Harbour


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def wait_of(limits: RateLimits, limit: Limit, person: str | None, client: str) -> int:
    """Try once; 0 if it was admitted, else the seconds to wait."""
    try:
        limits.take(limit, person=person, client=client)
    except TooMany as refused:
        return int(refused.params["retry_after_s"])
    return 0


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_each_limit_admits_so_many_and_says_when_the_next_may_come(limit: Limit) -> None:
    clock = Clock()
    limits = RateLimits(clock)
    for _ in range(limit.per_network):
        assert wait_of(limits, limit, None, "198.51.100.7") == 0
    assert wait_of(limits, limit, None, "198.51.100.7") == int(limit.window_s) + 1
    assert wait_of(limits, limit, None, "198.51.100.8") == 0
    clock.now_s += limit.window_s
    assert wait_of(limits, limit, None, "198.51.100.7") == 0


@pytest.mark.parametrize("limit", [one for one in LIMITS if one.per_person], ids=lambda limit: limit.name)
def test_a_person_is_counted_wherever_they_are(limit: Limit) -> None:
    limits = RateLimits(Clock())
    for number in range(limit.per_person or 0):
        assert wait_of(limits, limit, "olga", f"198.51.{number}.7") == 0
    assert wait_of(limits, limit, "olga", "203.0.113.1") > 0
    assert wait_of(limits, limit, "adam", "203.0.113.1") == 0


def test_whoever_has_one_ipv6_address_has_a_whole_network_of_them() -> None:
    limits = RateLimits(Clock())
    for number in range(SIGN_UP.per_network):
        assert wait_of(limits, SIGN_UP, None, f"2001:db8::{number:x}") == 0
    assert wait_of(limits, SIGN_UP, None, "2001:db8::ffff") > 0
    assert wait_of(limits, SIGN_UP, None, "2001:db8:0:1::1") == 0


def test_what_was_refused_does_not_count() -> None:
    clock = Clock()
    limits = RateLimits(clock)
    for _ in range(INVITE.per_person or 0):
        limits.take(INVITE, person="olga", client="198.51.100.7")
    for _ in range(1000):
        assert wait_of(limits, INVITE, "olga", "198.51.100.7") > 0
    clock.now_s += INVITE.window_s
    assert wait_of(limits, INVITE, "olga", "198.51.100.7") == 0


def test_a_window_keeps_so_many_keys_and_no_more() -> None:
    window = SlidingWindow(Clock(), limit=3)
    for number in range(sign_in_limits._MAX_KEYS + 50):
        for _ in range(10):
            window.count(str(number))
    assert len(window._times) == sign_in_limits._MAX_KEYS
    assert max(len(times) for times in window._times.values()) == 3


async def test_who_asks_too_often_is_told_how_long_to_wait(harbour: Harbour) -> None:
    olga = await harbour.olga()
    for _ in range(INVITE.per_person or 0):
        await olga.post("/api/team/invitations", {"role": "member", "note": "n"})
        # Taken back: the plan's seats would be gone first.
        [made] = (await olga.get("/api/team"))["invitations"]
        assert (await olga.call("DELETE", f"/api/team/invitations/{made['id']}")).status_code == 200
    answer = await olga.call("POST", "/api/team/invitations", {"role": "member", "note": "n"})
    problem: dict[str, Any] = answer.json()["error"]
    assert (answer.status_code, problem["code"], problem["retryable"]) == (429, "too_often", True)
    assert answer.headers["retry-after"] == str(problem["retry_after_s"])
    assert 0 < problem["retry_after_s"] <= INVITE.window_s + 1
    assert f"{problem['retry_after_s']} seconds" in problem["message"]
    assert 'moorage_rate_limited_total{limit="invite"} 1.0' in harbour.built.parts.metrics.render().decode()
    eve = await harbour.eve()
    await eve.post("/api/team/invitations", {"role": "member", "note": "n"})


async def test_messages_are_counted_by_person_and_an_answer_more_is_one_too(harbour: Harbour) -> None:
    olga = await harbour.olga()
    conversation_id = (await olga.post("/api/conversations", {}))["id"]
    path = f"/api/conversations/{conversation_id}/messages"
    answers = [await olga.call("POST", path, {}) for _ in range(MESSAGE.per_person or 0)]
    assert {answer.status_code for answer in answers} == {422}
    for more in (path, f"{path}/{uuid.uuid4()}/regenerate", f"{path}/{uuid.uuid4()}/continue"):
        refused = await olga.call("POST", more, {})
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_often")
    eve = await harbour.eve()
    assert (await eve.call("POST", path, {})).status_code == 422


def test_four_models_may_be_asked_every_second() -> None:
    assert MESSAGE.per_person == 4 * MESSAGE.window_s


async def test_guessing_invitation_links_ends_soon(harbour: Harbour) -> None:
    stranger = harbour.somebody()
    statuses = [
        (await stranger.call("POST", "/api/invitations/peek", {"token": uuid.uuid4().hex})).status_code
        for _ in range(next(limit.per_network for limit in LIMITS if limit.name == "invitation_look") + 1)
    ]
    assert (set(statuses[:-1]), statuses[-1]) == ({404}, 429)


def test_the_page_about_limits_says_what_the_table_says() -> None:
    page = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_]+)` \| ([^|]*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", page, re.MULTILINE)
    expected = [
        (
            limit.name,
            "—" if limit.per_person is None else str(limit.per_person),
            str(limit.per_network),
            f"{limit.window_s / 60:g} min",
            ", ".join(f"`{route.method} {route.path}`" for route in ROUTES if route.limit is limit) or "—",
        )
        for limit in LIMITS
    ]
    assert rows == expected
    assert f"{sign_in_limits.PER_MAIL} failures" in page
    assert f"{sign_in_limits.PER_CLIENT} failures" in page
    assert f"{TESTS_PER_MINUTE} a minute" in page
    assert f"in all browsers: {PER_PERSON} per process" in page


def test_what_needs_no_account_and_costs_something_is_limited() -> None:
    unlimited = {
        f"{route.method} {route.path}"
        for route in ROUTES
        if route.limit is None
        and route.method != "GET"
        and permit_of(route.method, route.path).needs in {Open.ANYBODY, Open.BY_LINK}
    }
    # One counts its failures itself; the other only forgets what the browser's own cookie names.
    assert unlimited == {"POST /api/sign-in", "DELETE /api/sign-in/second-step"}
