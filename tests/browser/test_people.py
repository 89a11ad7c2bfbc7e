"""Passwords, devices, forgotten passwords by a real mail, and handing a team over, as people meet them."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect
from sqlalchemy import update

from moorage.accounts.sign_ins import PROOF_LASTS
from moorage.accounts.tables import SignInRow
from moorage.storage.types import db_after
from tests.browser.conftest import Desk, OpenDesk
from tests.support.authority import TestAuthority
from tests.support.mail_server import MailServerForTests
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, Harbour, Person, running, settings_for

LANGUAGES = ("en", "de")
NEW = "three grey gulls at noon"
ADDRESS = "http://moorage.test"


@pytest_asyncio.fixture
async def mail_server(models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[MailServerForTests]:
    """Give a mail server behind TLS."""
    async with MailServerForTests(models[0].server_context("localhost")) as server:
        yield server


@pytest_asyncio.fixture
async def demo_harbour(
    tmp_path: Path, models: tuple[TestAuthority, ModelServer], mail_server: MailServerForTests
) -> AsyncIterator[Harbour]:
    """Give a running Moorage that sends mails."""
    authority, server = models
    changes = {
        "smtp_url": f"smtps://moorage:mail-p%40ss%3Aword@localhost:{mail_server.port}",
        "mail_from": "moorage@example.org",
        "public_url": ADDRESS,
        "demo": True,
    }
    url = f"sqlite+aiosqlite:///{tmp_path}"
    async with running(settings_for(url, tmp_path, authority, server, **changes), server) as harbour:
        yield harbour


async def _olga(desk: Desk) -> Person:
    olga = await desk.harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": desk.words.language})
    return olga


async def _sign_in(desk: Desk, password: str = PASSWORD, *, email: str = "olga@example.com") -> None:
    page, words = desk.page, desk.words
    await page.get_by_label(words("accounts.field.email"), exact=True).fill(email)
    await page.get_by_label(words("accounts.field.password"), exact=True).fill(password)
    await desk.button("accounts.signIn.action").click()


async def _unprove(harbour: Harbour) -> None:
    async with harbour.built.parts.database.write() as tx:
        await tx.execute(update(SignInRow).values(proved_at=db_after(-PROOF_LASTS - timedelta(minutes=1))))


async def _prove(desk: Desk) -> None:
    dialog = desk.page.get_by_role("dialog")
    await expect(dialog).to_contain_text(desk.words("security.proof.title"))
    await desk.picture("proof")
    await dialog.get_by_label(desk.words("security.proof.password"), exact=True).fill("not it")
    await dialog.get_by_role("button", name=desk.words("security.proof.action"), exact=True).click()
    await expect(dialog.get_by_role("alert").or_(dialog.locator("[data-invalid] >> nth=0"))).to_be_visible()
    await dialog.get_by_label(desk.words("security.proof.password"), exact=True).fill(PASSWORD)
    await desk.page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_password_is_changed_with_a_live_word_on_its_strength(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language, dark=language == "de")
    page, words = desk.page, desk.words
    await _olga(desk)
    other = await desk.harbour.somebody().enter("/api/sign-in", {"email": "olga@example.com", "password": PASSWORD})
    await desk.open("/settings/security")
    await _sign_in(desk)
    present = page.get_by_label(words("security.password.present"), exact=True)
    new = page.get_by_label(words("security.password.new"), exact=True)
    await new.fill("short")
    await expect(page.get_by_text(words("accounts.strength.short", count=12))).to_be_visible()
    await new.fill("password1234")
    await expect(page.get_by_text(words("accounts.strength.1"))).to_be_visible()
    await present.fill("not the present one")
    await new.fill(NEW)
    await expect(page.get_by_text(words("accounts.strength.4"))).to_be_visible()
    await desk.picture("password-change")
    await desk.button("security.password.action").click()
    await expect(present).to_have_attribute("aria-invalid", "true")
    await present.fill(PASSWORD)
    await desk.button("security.password.action").click()
    await expect(page.get_by_text(words("security.password.changed")).last).to_be_visible()
    assert (await other.call("GET", "/api/team")).status_code == 401
    # The page goes on under its new token: the next act works.
    await expect(page.get_by_text(words("security.devices.no_others"))).to_be_visible()
    await desk.open("/settings/profile")
    await expect(page.get_by_role("heading", name=words("team.profile.title"))).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_forgotten_password_is_set_anew_by_a_real_mail(
    open_desk: OpenDesk, mail_server: MailServerForTests, language: str
) -> None:
    desk = await open_desk(language, width=390, dark=language == "en")
    page, words = desk.page, desk.words
    await _olga(desk)
    await desk.open("/sign-in")
    await page.get_by_role("link", name=words("accounts.signIn.forgot")).click()
    await expect(page.get_by_role("heading", name=words("accounts.forgot.title"))).to_be_visible()
    await page.get_by_label(words("accounts.field.email"), exact=True).fill("olga@example.com")
    await desk.picture("forgot")
    await desk.button("accounts.forgot.action").click()
    await expect(page.get_by_role("heading", name=words("accounts.forgot.sent_title"))).to_be_visible()
    await desk.picture("forgot-sent")
    [mail] = await mail_server.wait_for(1)
    found = re.search(re.escape(ADDRESS) + r"(/reset#[\w-]{43})", mail.message.get_content())
    assert found is not None
    await page.goto("about:blank")
    await desk.open(found[1])
    await expect(page.get_by_text("olga@example.com")).to_be_visible()
    assert "#" not in page.url
    password = page.get_by_label(words("accounts.reset.password"), exact=True)
    await password.fill("olga@example.com")
    await desk.button("accounts.reset.action").click()
    await expect(password).to_have_attribute("aria-invalid", "true")
    await desk.picture("reset-refused")
    await password.fill(NEW)
    await desk.button("accounts.reset.action").click()
    await page.get_by_role("link", name=words("accounts.reset.to_sign_in")).click()
    await _sign_in(desk, NEW)
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_be_visible()
    late = await open_desk(language)
    await late.open(found[1])
    await expect(late.page.get_by_role("heading", name=words("accounts.reset.dead_title"))).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_other_browsers_are_seen_and_signed_out(open_desk: OpenDesk, language: str) -> None:
    desk, other = await open_desk(language, dark=language == "en"), await open_desk(language)
    page, words = desk.page, desk.words
    await _olga(desk)
    for one in (other, desk):
        await one.open("/settings/security")
        await _sign_in(one)
        await expect(one.page.get_by_role("heading", name=words("security.devices.title"))).to_be_visible()
    rows = page.get_by_role("list", name=words("security.devices.title")).get_by_role("listitem")
    await expect(rows).to_have_count(3)  # the account was made in a browser of its own
    await expect(rows.first).to_contain_text(words("security.devices.this"))
    name = words("security.devices.browser_on", browser="Chrome", system="Linux")
    await expect(rows.nth(1)).to_contain_text(name)
    await desk.picture("devices")
    await _unprove(desk.harbour)
    await rows.nth(1).get_by_role("button", name=words("security.devices.end_name", name=name)).click()
    await _prove(desk)
    await expect(rows).to_have_count(2)
    await other.open("/settings/profile")
    await expect(other.button("accounts.signIn.action")).to_be_visible()
    await desk.button("security.devices.end_others").click()
    await expect(rows).to_have_count(1)
    await expect(page.get_by_text(words("security.devices.no_others"))).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_team_is_handed_over_after_a_proof(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language, dark=language == "de")
    page, words = desk.page, desk.words
    olga = await _olga(desk)
    await desk.harbour.invited_by(olga, "Mia", "member")
    await desk.open("/settings/team/members")
    await _sign_in(desk)
    await expect(desk.button("team.hand_over.action")).to_be_visible()
    await _unprove(desk.harbour)
    await desk.picture("hand-over")
    await desk.button("team.hand_over.action").click()
    await page.get_by_role("dialog").get_by_role("button", name=words("team.hand_over.action"), exact=True).click()
    await _prove(desk)
    await expect(page.get_by_text(words("team.hand_over.done", name="Mia")).last).to_be_visible()
    await expect(desk.button("team.hand_over.action")).to_have_count(0)
    await desk.open("/settings/team/sign-in")
    await expect(page.get_by_text(words("security.rules.owners_only"))).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_owner_shortens_sign_ins_and_signs_a_member_out(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language, width=390 if language == "de" else 1280)
    page, words = desk.page, desk.words
    olga = await _olga(desk)
    mia = await desk.harbour.invited_by(olga, "Mia", "member")
    await desk.open("/settings/team/sign-in")
    await _sign_in(desk)
    await page.get_by_role("combobox", name=words("security.limits.idle")).click()
    await page.get_by_role("option", name=re.compile("^30 ")).click()
    await _unprove(desk.harbour)
    await desk.picture("session-limits")
    limits = page.get_by_role("region", name=words("security.limits.title"))
    await limits.get_by_role("button", name=words("common.action.save")).click()
    await _prove(desk)
    await expect(page.get_by_text(words("security.limits.saved")).last).to_be_visible()
    assert (await olga.get("/api/team/session-limits"))["idle_limit_min"] == 30
    await desk.open("/settings/team/members")
    await page.get_by_role("button", name=words("team.members.sign_out_name", name="Mia")).click()
    await desk.picture("sign-member-out")
    await page.get_by_role("dialog").get_by_role("button", name=words("team.members.sign_out"), exact=True).click()
    await expect(page.get_by_text(words("team.members.signed_out", name="Mia")).last).to_be_visible()
    assert (await mia.call("GET", "/api/team")).status_code == 401
