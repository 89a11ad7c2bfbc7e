"""Second factors over HTTP: cookies no script reads, a team rule in force at once, nothing that opens beside it."""

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from moorage.accounts.factor_tables import AppRow
from moorage.api.routes import ROUTES
from tests.support.authenticator import Authenticator
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, Harbour, Person, running, settings_for
from tests.support.second_factors import code_of, next_code_of

ORIGIN = "https://hub.example"

OPEN_WITHOUT_FACTOR = {
    # who is here, and leaving
    ("GET", "/api/session"),
    ("POST", "/api/session/team"),
    ("POST", "/api/sign-out"),
    # adding one, and showing one that is there
    ("GET", "/api/second-factors"),
    ("POST", "/api/second-factors/app"),
    ("PATCH", "/api/second-factors/app"),
    ("DELETE", "/api/second-factors/app"),
    ("POST", "/api/second-factors/app/confirmation"),
    # who has no password shows by the provider that it is they who add one
    ("POST", "/api/session/proof/provider"),
    ("POST", "/api/second-factors/passkey-question"),
    ("POST", "/api/second-factors/passkeys"),
    ("PATCH", "/api/second-factors/passkeys/{passkey_id}"),
    ("DELETE", "/api/second-factors/passkeys/{passkey_id}"),
    ("POST", "/api/second-factors/recovery-codes"),
    ("GET", "/api/session/proof"),
    ("POST", "/api/session/proof"),
    ("POST", "/api/session/proof/code"),
    ("POST", "/api/session/proof/passkey-question"),
    ("POST", "/api/session/proof/passkey"),
    # who came by the deployment's provider proves by it, before they may add one
    ("POST", "/api/session/proof/provider"),
    # the rest of the page on which one is added: one's own password and devices, nothing of a team
    ("POST", "/api/profile/password"),
    ("GET", "/api/profile/sign-ins"),
    ("DELETE", "/api/profile/sign-ins"),
    ("DELETE", "/api/profile/sign-ins/{sign_in_id}"),
    # by its signature, whoever is signed in beside it
    ("POST", "/api/billing/events"),
    # for strangers, too
    ("POST", "/api/password-resets"),
    ("POST", "/api/password-resets/peek"),
    ("POST", "/api/password-resets/finish"),
    ("GET", "/api/sign-in/team/{team_id}"),
    ("POST", "/api/sign-in/provider"),
    ("POST", "/api/sign-in/provider/return"),
    ("POST", "/api/sign-in/provider/{provider}/logout"),
    ("POST", "/api/sign-up"),
    ("POST", "/api/sign-in"),
    ("POST", "/api/sign-in/code"),
    ("POST", "/api/sign-in/recovery-code"),
    ("POST", "/api/sign-in/passkey-question"),
    ("POST", "/api/sign-in/passkey"),
    ("POST", "/api/sign-in/second-passkey-question"),
    ("POST", "/api/sign-in/second-passkey"),
    ("DELETE", "/api/sign-in/second-step"),
    ("POST", "/api/invitations/peek"),
    ("POST", "/api/invitations/accept"),
    ("GET", "/api/health/live"),
    ("GET", "/api/health/ready"),
    ("GET", "/api/metrics"),
}


async def add_app(person: Person) -> tuple[str, list[str]]:
    """Set an app up; gives its secret and the recovery codes."""
    setup = await person.post("/api/second-factors/app")
    body = {"code": code_of(setup["secret"]), "name": "Phone"}
    added = await person.post("/api/second-factors/app/confirmation", body)
    person.csrf = added["csrf_token"]
    return setup["secret"], added["recovery_codes"]


async def sign_in(harbour: Harbour, name: str) -> tuple[Person, dict[str, Any]]:
    """Send the right password from a new browser."""
    somebody = harbour.somebody()
    view: dict[str, Any] = await somebody.post("/api/sign-in", {"email": f"{name}@example.com", "password": PASSWORD})
    return somebody, view


async def test_a_password_brings_a_question_and_no_session(harbour: Harbour) -> None:
    olga = await harbour.olga()
    secret, codes = await add_app(olga)
    somebody, view = await sign_in(harbour, "olga")
    assert (view["me"], view["csrf_token"]) == (None, None)
    assert view["second_step"] == {"app": True, "passkey": False, "recovery_code": True}
    assert "moorage_session" not in somebody.client.cookies
    assert (await somebody.call("GET", "/api/team")).status_code == 401
    # A reload asks again instead of losing what was begun.
    assert (await somebody.get("/api/session"))["second_step"] == view["second_step"]
    await somebody.enter("/api/sign-in/code", {"code": next_code_of(secret)})
    assert somebody.session["me"]["name"] == "Olga"
    assert "moorage_step" not in somebody.client.cookies
    assert (await somebody.get("/api/session"))["second_step"] is None
    other, _ = await sign_in(harbour, "olga")
    await other.enter("/api/sign-in/recovery-code", {"code": codes[0]})
    assert other.session["recovery_left"] == 9


async def test_the_step_is_kept_in_a_cookie_that_no_script_and_no_other_site_gets(harbour: Harbour) -> None:
    await add_app(await harbour.olga())
    somebody = harbour.somebody()
    answer = await somebody.call("POST", "/api/sign-in", {"email": "olga@example.com", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("moorage_step=")
    for part in ("HttpOnly", "SameSite=strict", "Max-Age=600", "Path=/"):
        assert part in cookie
    assert answer.headers["cache-control"] == "no-store"
    assert somebody.client.cookies["moorage_step"] not in answer.text


async def test_a_step_without_its_cookie_is_gone_and_can_be_given_up(harbour: Harbour) -> None:
    secret, _ = await add_app(await harbour.olga())
    stranger = harbour.somebody()
    refused = await stranger.call("POST", "/api/sign-in/code", {"code": next_code_of(secret)})
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "pending_gone")
    somebody, _ = await sign_in(harbour, "olga")
    kept = somebody.client.cookies["moorage_step"]
    assert (await somebody.call("DELETE", "/api/sign-in/second-step")).status_code == 200
    somebody.client.cookies["moorage_step"] = kept
    assert (await somebody.call("POST", "/api/sign-in/code", {"code": next_code_of(secret)})).status_code == 404


async def test_another_site_can_not_finish_a_sign_in(harbour: Harbour) -> None:
    secret, _ = await add_app(await harbour.olga())
    somebody, _ = await sign_in(harbour, "olga")
    forged = {"Sec-Fetch-Site": "cross-site"}
    for method, path, body in (
        ("POST", "/api/sign-in/code", {"code": next_code_of(secret)}),
        ("POST", "/api/sign-in/passkey-question", {}),
        ("DELETE", "/api/sign-in/second-step", None),
    ):
        refused = await somebody.call(method, path, body, **forged)
        assert refused.json()["error"]["code"] == "origin_wrong"


async def test_the_secret_and_the_codes_are_shown_once_and_never_again(harbour: Harbour) -> None:
    olga = await harbour.olga()
    secret, codes = await add_app(olga)
    for route in ROUTES:
        if route.method == "GET" and "{" not in route.path:
            text = (await olga.call("GET", route.path)).text
            assert secret not in text
            assert not any(code in text for code in codes)


async def test_the_qr_code_is_a_path_of_what_the_app_reads(harbour: Harbour) -> None:
    olga = await harbour.olga()
    answer = await olga.call("POST", "/api/second-factors/app")
    setup = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert setup["uri"].startswith("otpauth://totp/Moorage:olga@example.com?secret=" + setup["secret"])
    assert re.fullmatch(r"(M\d+ \d+h\d+v1h-\d+z)+", setup["qr"]["path"])
    # The finder pattern at the top left, inside a quiet zone of four modules.
    assert setup["qr"]["path"].startswith("M4 4h7v1h-7z")


async def test_a_team_that_asks_for_a_factor_opens_nothing_else_at_once(harbour: Harbour) -> None:
    olga = await harbour.olga()
    mia = await harbour.invited_by(olga, "Mia", "member")
    await add_app(olga)
    assert (await mia.call("GET", "/api/team")).status_code == 200
    assert (await olga.get("/api/team/second-factor")) == {"is_needed": False, "members_without": 1}
    assert (await olga.call("PUT", "/api/team/second-factor", {"is_needed": True})).json()["is_needed"]
    assert (await mia.get("/api/session"))["me"]["must_add_factor"]
    some_id = "00000000-0000-7000-8000-000000000000"
    wrong = {}
    for route in ROUTES:
        if (route.method, route.path) in OPEN_WITHOUT_FACTOR:
            continue
        path = re.sub(r"{\w+}", some_id, route.path)
        refused = await mia.call(route.method, path, None if route.method == "GET" else {})
        if (refused.status_code, refused.json()["error"]["code"]) != (403, "factor_needed"):
            wrong[route.method, route.path] = refused.status_code
    assert wrong == {}
    assert {(route.method, route.path) for route in ROUTES} >= OPEN_WITHOUT_FACTOR
    await add_app(mia)
    assert not (await mia.get("/api/session"))["me"]["must_add_factor"]
    assert (await mia.call("GET", "/api/team")).status_code == 200
    assert (await olga.get("/api/team/second-factor"))["members_without"] == 0


async def test_a_reply_that_is_being_written_goes_on_when_a_factor_is_asked_for(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    authority, server = models
    settings = settings_for(database_url, tmp_path, authority, server, demo=True, demo_pause_ms=20)
    async with running(settings, server) as harbour:
        olga = await harbour.olga()
        mia = await harbour.invited_by(olga, "Mia", "member")
        await add_app(olga)
        picker = await mia.get("/api/models")
        exchange = await mia.ask("Wie lange ist die Frist?", picker["models"][0]["ref"])
        assert (await olga.call("PUT", "/api/team/second-factor", {"is_needed": True})).status_code == 200
        path = f"/api/conversations/{exchange['conversation_id']}"
        assert (await mia.call("GET", path)).json()["error"]["code"] == "factor_needed"
        await add_app(mia)
        receipt = await mia.wait_for(exchange)
        assert receipt["state"] == "done"


async def test_only_an_owner_with_a_factor_asks_others_for_one(harbour: Harbour) -> None:
    olga = await harbour.olga()
    adam = await harbour.invited_by(olga, "Adam", "admin")
    mia = await harbour.invited_by(olga, "Mia", "member")
    wish = {"is_needed": True}
    refused = await olga.call("PUT", "/api/team/second-factor", wish)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "factor_yourself_first")
    await add_app(adam)
    for person in (adam, mia):
        assert (await person.call("PUT", "/api/team/second-factor", wish)).json()["error"]["code"] == "not_allowed"
    assert (await adam.call("GET", "/api/team/second-factor")).status_code == 200
    assert (await mia.call("GET", "/api/team/second-factor")).status_code == 403
    assert not (await olga.get("/api/team/second-factor"))["is_needed"]


async def test_owners_and_admins_see_who_has_a_factor_and_members_do_not(harbour: Harbour) -> None:
    olga = await harbour.olga()
    adam = await harbour.invited_by(olga, "Adam", "admin")
    mia = await harbour.invited_by(olga, "Mia", "member")
    await add_app(mia)

    async def seen_by(person: Person) -> dict[str, bool | None]:
        return {one["name"]: one["has_second_factor"] for one in (await person.get("/api/team"))["members"]}

    everybody = {"Olga": False, "Adam": False, "Mia": True}
    assert await seen_by(olga) == everybody
    assert await seen_by(adam) == everybody
    assert await seen_by(mia) == dict.fromkeys(everybody)


async def test_passkeys_need_a_name_and_say_so(harbour: Harbour) -> None:
    olga = await harbour.olga()
    assert not (await olga.get("/api/session"))["passkeys_work"]
    refused = await olga.call("POST", "/api/second-factors/passkey-question")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "passkeys_need_name")
    assert (await olga.call("POST", "/api/sign-in/passkey-question")).status_code == 409


async def test_a_passkey_of_the_public_address_from_making_to_signing_in(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    authority, server = models
    settings = settings_for(database_url, tmp_path, authority, server, public_url=ORIGIN)
    async with running(settings, server) as harbour:
        olga = BehindTls(await harbour.olga())
        authenticator = Authenticator(ORIGIN)
        asked = (await olga.call("POST", "/api/second-factors/passkey-question", {})).json()["options"]
        added = await olga.call(
            "POST", "/api/second-factors/passkeys", {"credential": authenticator.make(asked), "name": "Laptop"}
        )
        assert added.status_code == 200, added.text
        stranger = BehindTls(harbour.somebody())
        question = await stranger.call("POST", "/api/sign-in/passkey-question", {})
        assert question.headers["set-cookie"].startswith("__Host-moorage_passkey=")
        assert "Secure" in question.headers["set-cookie"]
        answer = {"credential": authenticator.use(question.json()["options"])}
        entered = await stranger.call("POST", "/api/sign-in/passkey", answer)
        assert entered.json()["me"]["name"] == "Olga"
        again = await stranger.call("POST", "/api/sign-in/passkey", answer)
        assert (again.status_code, again.json()["error"]["code"]) == (422, "passkey_refused")


class BehindTls:
    """A browser whose connection a proxy ended: it keeps Secure cookies that our plain test socket would not send."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._cookies: dict[str, str] = {}
        self._csrf = person.csrf
        for cookie in person.client.cookies.jar:
            self._cookies[cookie.name] = cookie.value or ""

    async def call(self, method: str, path: str, body: Any) -> httpx2.Response:
        """Call the API, keeping what it sets."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        answer = await self._person.call(method, path, body, **headers)
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer


@pytest.mark.parametrize("body", [{}, {"credential": []}, {"credential": {}}, {"credential": {"rawId": "A" * 100_000}}])
async def test_a_malformed_answer_over_http_is_never_an_error_of_ours(harbour: Harbour, body: dict[str, Any]) -> None:
    somebody = harbour.somebody()
    for path in ("/api/sign-in/passkey", "/api/sign-in/second-passkey"):
        assert 400 <= (await somebody.call("POST", path, body, Host="localhost:1")).status_code < 500


async def test_the_operator_helps_somebody_who_lost_every_factor(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    authority, server = models
    settings = settings_for(database_url, tmp_path, authority, server)
    async with running(settings, server) as harbour:
        olga = await harbour.olga()
        await add_app(olga)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MOORAGE_")}
        environment["MOORAGE_DATA"] = str(settings.data)
        if settings.database_url is not None:
            environment["MOORAGE_DATABASE_URL"] = settings.database_url.get_secret_value()

        async def run(mail: str) -> tuple[int | None, bytes]:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "moorage",
                "person",
                "remove-second-factor",
                mail,
                env=environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            said, _ = await process.communicate()
            return process.returncode, said

        assert await run("nobody@example.com") == (
            2,
            b"Nobody has this mail address here. `moorage person list` shows all.\n",
        )
        code, said = await run("olga@example.com")
        assert (code, said.startswith(b"Removed: 1.")) == (0, True)
        assert (await olga.call("GET", "/api/team")).status_code == 401
        _, view = await sign_in(harbour, "olga")
        assert view["me"]["name"] == "Olga"


async def test_an_app_whose_key_is_lost_is_an_error_that_leaves_other_ways(harbour: Harbour) -> None:
    secret, codes = await add_app(await harbour.olga())
    async with harbour.built.parts.database.write() as tx:
        await tx.execute(update(AppRow).values(sealed_secret=b"\x01\x00" + bytes(60)))
    somebody, _ = await sign_in(harbour, "olga")
    refused = await somebody.call("POST", "/api/sign-in/code", {"code": next_code_of(secret)})
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "key_unreadable")
    await somebody.enter("/api/sign-in/recovery-code", {"code": codes[0]})
    assert somebody.session["me"]["name"] == "Olga"
