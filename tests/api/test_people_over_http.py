"""Proof, passwords, mails, and what ends when somebody leaves: as browsers and mail servers meet them."""

import asyncio
import contextlib
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import update

from moorage.accounts.sign_ins import note_proof
from moorage.accounts.tables import SignInRow
from moorage.accounts.teams import Team
from moorage.storage.types import db_after
from tests.support.authority import TestAuthority
from tests.support.codebase import ROOT
from tests.support.mail_server import MailServerForTests
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, Event, Harbour, Person, running, settings_for

NEW = "three grey gulls at noon"
ADDRESS = "https://moorage.example.org"


@pytest_asyncio.fixture
async def mail_server(models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[MailServerForTests]:
    """Give a mail server behind TLS that wants a password."""
    async with MailServerForTests(models[0].server_context("localhost")) as server:
        yield server


@pytest_asyncio.fixture
async def mailing(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer], mail_server: MailServerForTests
) -> AsyncIterator[Harbour]:
    """Give a Moorage that sends mails through that server."""
    authority, server = models
    password = tmp_path / "mail-password"
    password.write_text("mail-p@ss:word\n")
    changes = {
        "smtp_url": f"smtps://moorage@localhost:{mail_server.port}",
        "smtp_password_file": password,
        "mail_from": "moorage@example.org",
        "public_url": ADDRESS,
    }
    async with running(settings_for(database_url, tmp_path, authority, server, **changes), server) as harbour:
        for browser in harbour.browsers:
            browser.cookies.clear()
        yield harbour


async def code_of(person: Person, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = await person.call(method, path, body)
    return answer.status_code, answer.json().get("error", {}).get("code", "")


async def unprove(harbour: Harbour) -> None:
    """Let ten minutes pass for every proof."""
    async with harbour.built.parts.database.write() as tx:
        await tx.execute(update(SignInRow).values(proved_at=db_after(-timedelta(minutes=11))))


async def test_what_needs_a_proof_is_done_after_one(harbour: Harbour) -> None:
    olga = await harbour.olga()
    await unprove(harbour)
    wish = {"idle_limit_min": 30, "lifetime_min": None}
    assert await code_of(olga, "PUT", "/api/team/session-limits", wish) == (403, "proof_needed")
    assert await olga.get("/api/session/proof") == {"ways": ["password"], "provider_name": "", "is_fresh": False}
    assert (await code_of(olga, "POST", "/api/session/proof", {"password": "a guess"}))[1] == "password_wrong"
    before = dict(olga.client.cookies)
    await olga.enter("/api/session/proof", {"password": PASSWORD})
    assert dict(olga.client.cookies) != before
    assert (await code_of(olga, "PUT", "/api/team/session-limits", wish))[0] == 200
    assert (await olga.get("/api/team/session-limits"))["idle_limit_min"] == 30


async def test_a_password_is_taken_exactly_as_it_was_typed(harbour: Harbour) -> None:
    spaced = "  three grey gulls at noon  "
    account = {"name": "Olga", "email": "olga@example.com", "password": spaced, "team_name": "Kanzlei"}
    await harbour.somebody().enter("/api/sign-up", account)
    wrong = {"email": "olga@example.com", "password": spaced.strip()}
    assert (await code_of(harbour.somebody(), "POST", "/api/sign-in", wrong))[1] == "sign_in_wrong"
    await harbour.somebody().enter("/api/sign-in", {**wrong, "password": spaced})
    long = {**account, "email": "long@example.com", "password": "x" * 201}
    assert await code_of(harbour.somebody(), "POST", "/api/sign-up", long) == (422, "field_too_long")


async def test_the_cookie_lasts_as_long_as_the_teams_sign_ins(harbour: Harbour) -> None:
    olga = await harbour.olga()
    await olga.call("PUT", "/api/team/session-limits", {"idle_limit_min": None, "lifetime_min": 60})
    answer = await olga.call("POST", "/api/session/proof", {"password": PASSWORD})
    found = re.search(r"Max-Age=(\d+)", answer.headers["set-cookie"])
    assert found is not None
    assert 3500 < int(found[1]) <= 3600


async def test_changing_the_password_signs_the_others_out_and_this_one_stays(harbour: Harbour) -> None:
    olga = await harbour.olga()
    other = await harbour.somebody().enter("/api/sign-in", {"email": "olga@example.com", "password": PASSWORD})
    assert [one["is_this"] for one in (await olga.get("/api/profile/sign-ins"))["devices"]] == [True, False]
    await olga.enter("/api/profile/password", {"present_password": PASSWORD, "new_password": NEW})
    assert (await other.call("GET", "/api/team")).status_code == 401
    assert (await olga.get("/api/team"))["name"] == "Kanzlei Brandt"


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(500):
        if is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to be so")


async def follow_until_it_ends(person: Person, reply_id: str, seen: list[Event]) -> None:
    # A stream that is closed in the middle is an end, too.
    with contextlib.suppress(Exception):
        async for event in person.events("GET", f"/api/replies/{reply_id}/events"):
            seen.append(event)  # noqa: PERF401 - kept although the stream breaks


async def test_a_member_removed_by_another_process_gets_no_further_word(harbour: Harbour) -> None:
    olga = await harbour.olga()
    connection = await olga.connect(harbour.models.base_url, ["steady", "held"])
    ref = next(model["ref"] for model in connection["models"] if model["model_id"] == "held")
    mia = await harbour.invited_by(olga, "Mia", "member")
    exchange = await mia.ask("Hello?", ref)
    seen: list[Event] = []
    reading = asyncio.create_task(follow_until_it_ends(mia, exchange["answer"]["reply"]["reply_id"], seen))
    await until(lambda: bool(seen))
    parts = harbour.built.parts
    owner = await parts.people.find(next(iter(dict(olga.client.cookies).values())))
    assert owner is not None
    async with parts.database.write() as tx:
        # As another process does it: nothing in this one is told.
        await Team(tx, owner, "r").remove_member(mia.session["me"]["id"])
    async with asyncio.timeout(5):
        await reading
        await until(lambda: parts.replies.running_count == 0)


async def test_a_browser_that_was_signed_out_elsewhere_reads_no_further_word(harbour: Harbour) -> None:
    olga = await harbour.olga()
    connection = await olga.connect(harbour.models.base_url, ["steady", "held"])
    ref = next(model["ref"] for model in connection["models"] if model["model_id"] == "held")
    other = await harbour.somebody().enter("/api/sign-in", {"email": "olga@example.com", "password": PASSWORD})
    exchange = await olga.ask("Hello?", ref)
    reply_id = exchange["answer"]["reply"]["reply_id"]
    here: list[Event] = []
    there: list[Event] = []
    readings = [
        asyncio.create_task(follow_until_it_ends(olga, reply_id, here)),
        asyncio.create_task(follow_until_it_ends(other, reply_id, there)),
    ]
    await until(lambda: bool(here and there))
    await olga.call("DELETE", "/api/profile/sign-ins")
    await asyncio.sleep(4.5)
    harbour.models.release()
    await asyncio.gather(*readings)
    assert here[-1].name == "end"
    assert "word20" not in "".join(str(event.data) for event in there)


def link_in(text: str, path: str) -> str:
    found = re.search(re.escape(ADDRESS + path) + r"([\w-]{43})", text)
    assert found is not None, text
    return found[1]


async def secure(harbour: Harbour, path: str, body: Any) -> Person:
    """Come in as behind TLS: the cookie that only https carries is sent by hand."""
    person = await harbour.somebody().enter(path, body)
    [cookie] = person.client.cookies.jar
    person.client.cookies.clear()
    person.client.headers["Cookie"] = f"{cookie.name}={cookie.value}"
    return person


async def test_a_forgotten_password_is_set_by_mail_in_ones_own_language(
    mailing: Harbour, mail_server: MailServerForTests
) -> None:
    account = {"name": "Olga", "email": "olga@example.com", "password": PASSWORD, "team_name": "K", "locale": "de"}
    await secure(mailing, "/api/sign-up", account)
    stranger = mailing.somebody()
    answers = [
        await stranger.call("POST", "/api/password-resets", {"email": email})
        for email in ("olga@example.com", "nobody@example.com")
    ]
    assert [(one.status_code, one.text) for one in answers] == [(200, '{"ok":true}')] * 2
    [mail] = await mail_server.wait_for(1)
    assert (mail.recipients, mail.message["Subject"]) == (["olga@example.com"], "Neues Passwort für Moorage setzen")
    assert mail.message["Auto-Submitted"] == "auto-generated"
    token = link_in(mail.message.get_content(), "/reset#")
    assert (await stranger.post("/api/password-resets/peek", {"token": token}))["email"] == "olga@example.com"
    await stranger.post("/api/password-resets/finish", {"token": token, "password": NEW})
    assert (await code_of(stranger, "POST", "/api/password-resets/peek", {"token": token}))[0] == 404
    assert not stranger.client.cookies
    mails = await mail_server.wait_for(2)
    assert mails[1].message["Subject"] == "Ihr Passwort für Moorage wurde geändert"
    await secure(mailing, "/api/sign-in", {"email": "olga@example.com", "password": NEW})


async def test_an_invitation_goes_out_by_mail_and_no_name_reaches_the_headers(
    mailing: Harbour, mail_server: MailServerForTests
) -> None:
    account = {
        "name": 'Olga "Bcc: eve@example.com',
        "email": "olga@example.com",
        "password": PASSWORD,
        "team_name": "K",
    }
    olga = await secure(mailing, "/api/sign-up", account)
    await olga.post("/api/team/invitations", {"role": "member", "email": " Mia@Example.com "})
    [mail] = await mail_server.wait_for(1)
    assert mail.recipients == ["mia@example.com"]
    assert mail.message["Bcc"] is None
    token = link_in(mail.message.get_content(), "/invite#")
    assert (await olga.post("/api/invitations/peek", {"token": token}))["team_name"] == "K"
    before = len((await olga.get("/api/team"))["invitations"])
    for wrong in ("mia", "mia@example.com\r\nBcc: eve@example.com"):
        assert (await code_of(olga, "POST", "/api/team/invitations", {"email": wrong}))[1] == "email_invalid"
    assert len((await olga.get("/api/team"))["invitations"]) == before


async def test_a_refused_mail_is_tried_again_and_no_request_waits_for_it(
    mailing: Harbour, mail_server: MailServerForTests
) -> None:
    await secure(
        mailing, "/api/sign-up", {"name": "O", "email": "olga@example.com", "password": PASSWORD, "team_name": "K"}
    )
    mail_server.refusals = ["451 not now"]
    assert (
        await mailing.somebody().call("POST", "/api/password-resets", {"email": "olga@example.com"})
    ).status_code == 200
    await mail_server.wait_for(1)
    assert mail_server.refusals == []


async def test_the_owners_hear_of_every_use_of_a_break_glass_account(
    mailing: Harbour, mail_server: MailServerForTests
) -> None:
    account = {"name": "Olga", "email": "olga@example.com", "password": PASSWORD, "team_name": "K"}
    olga = await secure(mailing, "/api/sign-up", account)
    operator(mailing, "break-glass", "olga@example.com", "--on")
    await secure(mailing, "/api/sign-in", {"email": "olga@example.com", "password": PASSWORD})
    [mail] = await mail_server.wait_for(1)
    assert (mail.recipients, mail.message["Subject"]) == (["olga@example.com"], "Break-glass account used: Olga")
    actions = [entry["action"] for entry in (await olga.get("/api/audit"))["entries"]]
    assert actions[:2] == ["person.break_glass_used", "person.signed_in"]


def operator(harbour: Harbour, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the operator beside the running server."""
    url = harbour.built.parts.database.engine.url
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOORAGE_")}
    environment["MOORAGE_DATA"] = str(harbour.data)
    if not harbour.built.parts.database.is_sqlite:
        plain = url.render_as_string(hide_password=False).replace("+psycopg", "")
        environment |= {"MOORAGE_DATABASE_URL": plain}
    return subprocess.run(
        [sys.executable, "-m", "moorage", "person", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("wrong", [("show", "nobody@example.com"), ("reset-password", "no address")])
async def test_the_operator_is_told_what_is_wrong(harbour: Harbour, wrong: tuple[str, ...]) -> None:
    await harbour.olga()
    done = operator(harbour, *wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


async def test_the_operator_lists_resets_and_signs_out(harbour: Harbour) -> None:
    olga = await harbour.olga()
    assert operator(harbour, "list").stdout == "olga@example.com  Olga  Kanzlei Brandt (owner)  [operator]\n"
    assert "last seen" in operator(harbour, "show", "OLGA@example.com").stdout
    printed = operator(harbour, "reset-password", "olga@example.com").stdout
    token = printed.strip().rpartition("/reset#")[2]
    await harbour.somebody().post("/api/password-resets/finish", {"token": token, "password": NEW})
    assert (await olga.call("GET", "/api/team")).status_code == 401
    olga = await harbour.somebody().enter("/api/sign-in", {"email": "olga@example.com", "password": NEW})
    assert operator(harbour, "end-sign-ins", "olga@example.com").stdout == "Sign-ins ended: 1.\n"
    assert (await olga.call("GET", "/api/team")).status_code == 401
    olga = await harbour.somebody().enter("/api/sign-in", {"email": "olga@example.com", "password": NEW})
    actions = [entry["action"] for entry in (await olga.get("/api/audit"))["entries"]]
    assert actions[:5] == [
        "person.signed_in",
        "person.devices_ended",
        "person.signed_in",
        "person.password_reset",
        "person.reset_made",
    ]


async def test_a_team_is_handed_over_after_a_proof(harbour: Harbour) -> None:
    olga = await harbour.olga()
    mia = await harbour.invited_by(olga, "Mia", "member")
    await unprove(harbour)
    wish = {"user_id": mia.session["me"]["id"]}
    assert await code_of(olga, "POST", "/api/team/owner", wish) == (403, "proof_needed")
    parts = harbour.built.parts
    owner = await parts.people.find(next(iter(dict(olga.client.cookies).values())))
    assert owner is not None
    async with parts.database.write() as tx:
        await note_proof(tx, owner.sign_in.id)
    team = await olga.post("/api/team/owner", wish)
    assert {one["name"]: one["role"] for one in team["members"]} == {"Olga": "admin", "Mia": "owner"}
