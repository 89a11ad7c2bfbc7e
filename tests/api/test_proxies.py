"""A proxy's word counts only if the operator named the proxy, and only up to the first address that is not one."""

from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from moorage.api.limits import INVITATION_LOOK, LIMITS
from moorage.api.proxies import Proxies, read_address
from moorage.settings import Settings
from moorage.telemetry import configure_logging
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import Harbour, running, settings_for

PROXY, FARTHER, STRANGER = "10.0.0.2", "10.1.0.9", "198.51.100.7"
TRUSTED = ("10.0.0.2", "10.1.0.0/16", "2001:db8::/64")
Headers = Sequence[tuple[str, str]]


async def seen(peer: str, headers: Headers, trusted: Sequence[str] = TRUSTED) -> tuple[str, str]:
    """Give client and scheme as the application sees them."""
    scope: dict[str, Any] = {
        "type": "http",
        "client": (peer, 5000),
        "scheme": "http",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        return None

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    await Proxies(app, trusted=[ip_network(one) for one in trusted])(scope, nothing, nothing)
    return scope["client"][0], scope["scheme"]


CLIENT, PROTO = "X-Forwarded-For", "X-Forwarded-Proto"


@pytest.mark.parametrize(
    ("peer", "headers", "expected"),
    [
        # a proxy that is named
        (PROXY, [(CLIENT, STRANGER), (PROTO, "https")], (STRANGER, "https")),
        (f"::ffff:{PROXY}", [(CLIENT, STRANGER)], (STRANGER, "http")),
        ("2001:db8::5", [(CLIENT, "2001:db8:1::7"), (PROTO, "https")], ("2001:db8:1::7", "https")),
        (PROXY, [(CLIENT, f"{STRANGER}:4711")], (STRANGER, "http")),
        (PROXY, [(CLIENT, "[2001:db8:1::7]:4711")], ("2001:db8:1::7", "http")),
        (PROXY, [(PROTO, "https")], (PROXY, "https")),
        (PROXY, [(PROTO, "gopher")], (PROXY, "http")),
        (PROXY, [], (PROXY, "http")),
        # what a stranger wrote himself stands to the left of what the proxy wrote
        (PROXY, [(CLIENT, f"127.0.0.1, {STRANGER}")], (STRANGER, "http")),
        (PROXY, [(CLIENT, "127.0.0.1"), (CLIENT, STRANGER)], (STRANGER, "http")),
        (PROXY, [(CLIENT, f"{FARTHER}, {STRANGER}")], (STRANGER, "http")),
        (PROXY, [(CLIENT, STRANGER), (PROTO, "https, http")], (STRANGER, "http")),
        # two proxies, the nearer one speaks of the farther
        (PROXY, [(CLIENT, f"{STRANGER}, {FARTHER}"), (PROTO, "https")], (STRANGER, "https")),
        (PROXY, [(CLIENT, f"6.6.6.6, {STRANGER}, {FARTHER}"), (PROTO, "https, http")], (STRANGER, "https")),
        # what is no address ends the walk at who is known
        (PROXY, [(CLIENT, "unknown")], (PROXY, "http")),
        (PROXY, [(CLIENT, f"{STRANGER}, ")], (PROXY, "http")),
        (PROXY, [(CLIENT, f"{STRANGER}, _hidden, {FARTHER}")], (FARTHER, "http")),
        (PROXY, [(CLIENT, "")], (PROXY, "http")),
        # all of them are proxies: the farthest that is named
        (PROXY, [(CLIENT, f"{FARTHER}, {FARTHER}")], (FARTHER, "http")),
        # another header, which this proxy hands on as it came
        (PROXY, [("Forwarded", "for=127.0.0.1;proto=https"), (CLIENT, STRANGER)], (STRANGER, "http")),
        (PROXY, [("X-Real-IP", "127.0.0.1"), ("X-Forwarded-Host", "evil.test")], (PROXY, "http")),
        # somebody who is no proxy, this machine included
        (STRANGER, [(CLIENT, "127.0.0.1"), (PROTO, "https")], (STRANGER, "http")),
        ("127.0.0.1", [(CLIENT, STRANGER), (PROTO, "https")], ("127.0.0.1", "http")),
        ("10.0.0.3", [(CLIENT, STRANGER)], ("10.0.0.3", "http")),
    ],
)
async def test_the_client_is_who_the_operators_proxies_say(
    peer: str, headers: Headers, expected: tuple[str, str]
) -> None:
    assert await seen(peer, headers) == expected


async def test_by_default_nobody_is_believed() -> None:
    assert Settings().trusted_networks == ()
    assert await seen("127.0.0.1", [(CLIENT, STRANGER), (PROTO, "https")], ()) == ("127.0.0.1", "http")


@given(st.lists(st.text(alphabet='0123456789abcdef:.[]%, "=', max_size=30), max_size=6))
def test_no_header_breaks_the_reading(parts: list[str]) -> None:
    for part in parts:
        address = read_address(part.strip())
        assert address is None or read_address(str(address)) == address


@given(st.lists(st.sampled_from([STRANGER, FARTHER, "unknown", "", "6.6.6.6"]), max_size=40))
async def test_whatever_stands_left_of_the_first_stranger_changes_nothing(left: list[str]) -> None:
    assert await seen(PROXY, [(CLIENT, ", ".join([*left, STRANGER]))]) == (STRANGER, "http")


async def test_that_a_proxy_is_not_named_is_logged_once() -> None:
    configure_logging(style="json", level="info")

    async def app(*_: Any) -> None:
        return None

    proxies = Proxies(app, trusted=())
    scope = {
        "type": "http",
        "client": ("127.0.0.1", 1),
        "scheme": "http",
        "headers": [(b"x-forwarded-for", b"1.1.1.1")],
    }
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            await proxies(scope, app, app)  # type: ignore[arg-type]
    assert [line["event"] for line in lines] == ["proxy_not_trusted"]


@pytest.mark.parametrize("wrong", ["0.0.0.0/0", "::/0", "*", "proxy.example", "10.0.0.1/8"])
def test_everybody_and_names_can_not_be_trusted(wrong: str) -> None:
    with pytest.raises(ValidationError, match="never all of them"):
        Settings(trusted_proxies=wrong)


@pytest.mark.parametrize(("trusted", "is_https"), [("127.0.0.1", True), ("", False), ("10.0.0.0/8", False)])
async def test_cookies_and_hsts_follow_what_a_named_proxy_says(
    trusted: str, is_https: bool, database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    """uvicorn itself would believe whatever comes from 127.0.0.1."""
    settings = settings_for(database_url, tmp_path, *models, trusted_proxies=trusted)
    async with running(settings, models[1]) as harbour:
        told = {CLIENT: STRANGER, PROTO: "https"}
        account = {"name": "Mia", "email": "mia@example.com", "password": "a long enough pass phrase", "team_name": "T"}
        answer = await harbour.somebody().call("POST", "/api/sign-up", account, **told)
        assert answer.status_code == 200
        assert answer.headers["set-cookie"].startswith("__Host-" if is_https else "moorage_session=")
        assert ("; Secure" in answer.headers["set-cookie"]) is is_https
        assert ("strict-transport-security" in answer.headers) is is_https


async def test_limits_count_who_asks_and_not_the_proxy(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    settings = settings_for(database_url, tmp_path, *models, trusted_proxies="127.0.0.1")
    async with running(settings, models[1]) as harbour:
        for _ in range(INVITATION_LOOK.per_network):
            await _look(harbour, STRANGER)
        assert await _look(harbour, STRANGER) == 429
        assert await _look(harbour, f"6.6.6.6, {STRANGER}") == 429
        assert await _look(harbour, "198.51.100.8") == 404
    assert INVITATION_LOOK in LIMITS


async def _look(harbour: Harbour, client: str) -> int:
    if not harbour.browsers:
        harbour.somebody()
    link = {"token": "x" * 43}
    answer = await harbour.browsers[0].post("/api/invitations/peek", json=link, headers={CLIENT: client})
    return answer.status_code
