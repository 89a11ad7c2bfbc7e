"""People sign in by their company's provider in a real Chromium, through the provider's own pages and back."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from sqlalchemy import update

from moorage.accounts.tables import UserRow
from tests.api.provider_journeys import linked, ready, set_up, settings_with, switched, team_of
from tests.browser.conftest import PATIENCE_MS, PICTURES, WATCH_VIOLATIONS
from tests.browser.rules import violations
from tests.browser.words import Words
from tests.support.authority import TestAuthority
from tests.support.identity_provider import IdentityProvider
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, Harbour, running

LANGUAGES = ("en", "de")


@pytest_asyncio.fixture
async def brandt(
    tmp_path: Path, models: tuple[TestAuthority, ModelServer], identity_provider: IdentityProvider
) -> AsyncIterator[Harbour]:
    """Give a Moorage that knows the provider as a team's and as the operator's."""
    url = f"sqlite+aiosqlite:///{tmp_path}"
    settings = settings_with(url, tmp_path, models, identity_provider)
    async with running(settings, models[1]) as harbour:
        yield harbour


class Seat:
    """A browser window that may leave for the provider; complaints of our own pages fail the journey."""

    def __init__(self, page: Page, language: str, harbour: Harbour) -> None:
        self.page = page
        self.words = Words(language)
        self.harbour = harbour
        self.complaints: list[str] = []

    async def open(self, path: str) -> None:
        await self.page.goto(self.harbour.url + path)

    def button(self, key: str, **values: Any) -> Any:
        return self.page.get_by_role("button", name=self.words(key, **values), exact=True)

    def field(self, key: str) -> Any:
        return self.page.get_by_label(self.words(key), exact=True)

    async def sign_in(self, email: str) -> None:
        await self.field("accounts.field.email").fill(email)
        await self.field("accounts.field.password").fill(PASSWORD)
        await self.button("accounts.signIn.action").click()

    async def save_provider(self) -> None:
        section = self.page.get_by_role("region", name=self.words("identity.team.title"), exact=True)
        await section.get_by_role("button", name=self.words("identity.form.save")).click()

    async def at_provider(self, login: str, *, is_known: bool = False) -> None:
        """Sign in on the provider's own page, and consent; who is known there consented before."""
        await self.page.locator("input[name=login]").fill(login)
        await self.page.locator("input[name=password]").fill("any")
        await self.page.get_by_role("button", name="Sign-in").click()
        if not is_known:
            await self.page.get_by_role("button", name="Continue").click()

    async def picture(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=PICTURES / f"{name}-{self.words.language}.png", full_page=True)
        self.complaints += [f"{name}: {breach}" for breach in await violations(self.page)]


async def take_seat(
    browser: Browser, harbour: Harbour, language: str, *, width: int = 1280, dark: bool = False
) -> Seat:
    """Open a window. Only the browser overlooks who signed the provider's certificate; Moorage never does."""
    context = await browser.new_context(
        viewport={"width": width, "height": 900},
        locale={"en": "en-GB", "de": "de-DE"}[language],
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        ignore_https_errors=True,
    )
    await context.add_init_script(WATCH_VIOLATIONS)
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    seat = Seat(page, language, harbour)
    context.on("weberror", lambda error: seat.complaints.append(str(error.error)))
    context.on(
        "console",
        lambda message: (
            seat.complaints.append(message.text) if message.type == "error" and "CSP" in message.text else None
        ),
    )
    return seat


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_owner_sets_a_provider_up_tests_it_by_signing_in_and_makes_it_the_only_way(
    browser: Browser, brandt: Harbour, identity_provider: IdentityProvider, language: str
) -> None:
    olga = await brandt.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    seat = await take_seat(browser, brandt, language)
    page, words = seat.page, seat.words
    await seat.open("/settings/team/sign-in")
    await seat.sign_in("olga@example.com")
    await seat.button("identity.team.set_up").click()
    await expect(page.get_by_text(f"/sign-in/return/{team_of(olga)}")).to_be_visible()
    await seat.field("identity.form.name").fill("Brandt SSO")
    await seat.field("identity.form.issuer").fill(f"{identity_provider.issuer}/")
    await seat.field("identity.form.client_id").fill("basic")
    await seat.field("identity.form.secret").fill(identity_provider.secret("basic"))
    await seat.save_provider()
    # A slash too many, and the test says so.
    await seat.button("identity.test.start").click()
    rows = page.get_by_role("list", name=words("identity.test.title")).get_by_role("listitem")
    await expect(rows.filter(has_text=words("identity.state.failed"))).to_have_count(1)
    await seat.picture("provider-test-failed")
    await seat.button("identity.team.edit").click()
    await seat.field("identity.form.issuer").fill(identity_provider.issuer)
    await seat.save_provider()
    # The secret belongs to the other issuer.
    await expect(seat.field("identity.form.secret")).to_be_focused()
    await seat.field("identity.form.secret").fill(identity_provider.secret("basic"))
    await seat.save_provider()
    await seat.button("identity.test.start").click()
    await expect(rows.filter(has_text=words("identity.state.passed"))).to_have_count(7)
    await seat.picture("provider-test-passed")
    await seat.button("identity.test.sign_in").click()
    await seat.at_provider("olga-at-brandt")
    await expect(page.get_by_role("heading", name=words("identity.trial.passed"))).to_be_visible()
    assert "code=" not in page.url
    await seat.picture("provider-trial")
    await page.get_by_role("link", name=words("identity.trial.go_on")).click()
    await seat.button("identity.switch.on").click()
    await expect(seat.button("identity.switch.off")).to_be_visible()
    await seat.picture("provider-on")

    await seat.open("/settings/security")
    await seat.button("identity.own.link").click()
    await expect(seat.button("identity.own.unlink")).to_be_visible()  # she is signed in there already
    await seat.picture("identities")
    await seat.open("/settings/team/sign-in")
    await seat.button("identity.switch.only").click()
    await page.get_by_role("dialog").get_by_role("button", name=words("identity.switch.only")).click()
    # Her own sign-in was by password.
    await expect(seat.button("accounts.signIn.action")).to_be_visible()
    await seat.sign_in("olga@example.com")
    await expect(page.get_by_role("alert")).to_be_visible()
    await seat.picture("provider-only-refused")
    await seat.open(f"/sign-in/team/{team_of(olga)}")
    await page.get_by_role("button", name=words("identity.company.by", name="Brandt SSO")).click()
    await expect(seat.field("chat.composer.label")).to_be_visible()
    assert not seat.complaints, "\n".join(seat.complaints)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_mia_finds_her_team_by_its_link_and_comes_in_for_the_first_time(
    browser: Browser, brandt: Harbour, identity_provider: IdentityProvider, language: str
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    seat = await take_seat(browser, brandt, language, width=390)
    page, words = seat.page, seat.words
    await seat.open("/sign-in")
    await seat.picture("sign-in-ways")
    await page.get_by_role("link", name=words("accounts.provider.company")).click()
    await seat.field("identity.company.link").fill("brandt")
    await seat.button("identity.company.go_on").click()
    await expect(page.get_by_text(words("identity.company.no_link"))).to_be_visible()
    await seat.field("identity.company.link").fill(f"{brandt.url}/sign-in/team/{team_id}")
    await page.keyboard.press("Enter")
    await expect(
        page.get_by_role("heading", name=words("identity.company.to_team", team="Kanzlei Brandt"))
    ).to_be_visible()
    await seat.picture("company")
    await page.get_by_role("button", name=words("identity.company.by", name="Brandt SSO")).click()
    await seat.at_provider("mia-at-brandt")
    await expect(seat.field("chat.composer.label")).to_be_visible()
    await seat.open("/settings/security")
    await expect(page.get_by_text(words("identity.own.bound"))).to_be_visible()
    await expect(page.get_by_role("button", name=words("common.action.tryAgain"))).to_have_count(0)
    await seat.picture("identities-bound")
    assert len((await olga.get("/api/team"))["members"]) == 2
    assert not seat.complaints, "\n".join(seat.complaints)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_somebody_who_is_not_let_in_reads_why_and_where_to_go(
    browser: Browser, brandt: Harbour, identity_provider: IdentityProvider, language: str
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    seat = await take_seat(browser, brandt, language, width=320, dark=True)
    page, words = seat.page, seat.words
    await seat.open(f"/sign-in/team/{team_id}")
    await page.get_by_role("button", name=words("identity.company.by", name="Brandt SSO")).click()
    await seat.at_provider("adam-at-brandt")
    await expect(page.get_by_role("heading", name=words("identity.return.failed"))).to_be_visible()
    await seat.picture("return-refused")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await page.reload()  # what was brought is used up, and nothing of it is in the address
    await expect(page.get_by_role("heading", name=words("identity.return.failed"))).to_be_visible()
    await page.get_by_role("link", name=words("identity.return.again")).click()
    await expect(
        page.get_by_role("heading", name=words("identity.company.to_team", team="Kanzlei Brandt"))
    ).to_be_visible()
    assert not seat.complaints, "\n".join(seat.complaints)


async def test_a_break_glass_owner_comes_in_by_password_when_only_the_provider_opens_the_team(
    browser: Browser, brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    await linked(brandt, olga, identity_provider, "olga-at-brandt", team_id)
    assert (await switched(olga, only=True)).status_code == 200
    async with brandt.built.parts.database.write() as tx:
        await tx.execute(update(UserRow).values(break_glass=True))
    seat = await take_seat(browser, brandt, "en")
    await seat.open("/sign-in")
    await seat.sign_in("olga@example.com")
    await expect(seat.field("chat.composer.label")).to_be_visible()
    assert not seat.complaints, "\n".join(seat.complaints)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("width", "dark"), [(320, True), (1280, False)])
async def test_the_forms_fit_every_width_and_theme(
    browser: Browser, brandt: Harbour, identity_provider: IdentityProvider, language: str, width: int, dark: bool
) -> None:
    olga = await brandt.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    await set_up(olga, identity_provider, roles=[{"group": "cn=staff,ou=groups,dc=brandt", "role": "admin"}])
    seat = await take_seat(browser, brandt, language, width=width, dark=dark)
    await seat.open("/settings/team/sign-in")
    await seat.sign_in("olga@example.com")
    await expect(seat.button("identity.team.edit")).to_be_visible()
    await seat.picture(f"provider-{width}")
    await seat.button("identity.team.edit").click()
    await seat.page.get_by_text(seat.words("identity.form.more"), exact=True).click()
    await seat.picture(f"provider-form-{width}")
    assert await seat.page.evaluate("document.documentElement.scrollWidth") <= width
    assert not seat.complaints, "\n".join(seat.complaints)
