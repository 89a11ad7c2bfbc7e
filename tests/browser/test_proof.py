"""One dialog asks who somebody is, whatever the act, and offers every way that they have."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from sqlalchemy import update

from moorage.accounts.tables import SignInRow
from tests.api.provider_journeys import forget_proof, settings_with
from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_identity_provider import take_seat
from tests.browser.test_journeys import LANGUAGES, sign_up
from tests.browser.test_second_factors import add_app, keep_codes, plug_in
from tests.support.authority import TestAuthority
from tests.support.identity_provider import IdentityProvider
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, Harbour, running
from tests.support.second_factors import next_code_of


@pytest_asyncio.fixture
async def deployment(
    tmp_path: Path, models: tuple[TestAuthority, ModelServer], identity_provider: IdentityProvider
) -> AsyncIterator[Harbour]:
    """Give a Moorage where people come in by the operator's provider."""
    settings = settings_with(
        f"sqlite+aiosqlite:///{tmp_path}",
        tmp_path,
        models,
        identity_provider,
        oidc_issuer=identity_provider.issuer,
        oidc_client_id="basic",
        oidc_client_secret=identity_provider.secret("basic"),
        oidc_name="Brandt",
        public_url="http://127.0.0.1:1",
    )
    # The port is known only when it runs; without a public address, one's own machine is believed.
    async with running(settings, models[1], change=lambda parts: replace(parts, public_url="")) as harbour:
        yield harbour


async def _press_new_codes(desk: Desk) -> None:
    await desk.button("factors.recovery.renew").click()
    dialog = desk.page.get_by_role("dialog", name=desk.words("factors.recovery.renew_title"))
    await dialog.get_by_role("button", name=desk.words("factors.recovery.renew"), exact=True).click()
    await expect(dialog).to_have_count(0)  # it steps aside


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_way_that_somebody_has_proves_who_they_are(
    demo_harbour: Harbour, open_desk: OpenDesk, language: str
) -> None:
    demo_harbour.url = demo_harbour.url.replace("127.0.0.1", "localhost")  # browsers allow no passkeys at a number
    desk = await open_desk(language, width=320 if language == "de" else 1280, dark=language == "en")
    page, words = desk.page, desk.words
    dialog = page.get_by_role("dialog", name=words("security.proof.title"))
    await sign_up(desk)
    await plug_in(desk)
    secret, _ = await add_app(desk)
    await desk.button("factors.passkey.add").click()
    await desk.button("factors.passkey.continue").click()
    await expect(page.get_by_role("button", name=words("factors.row.rename_name", name="Passkey"))).to_be_visible()

    await forget_proof(desk.harbour)
    await _press_new_codes(desk)
    await expect(dialog.get_by_role("button", name=words("security.proof.passkey"))).to_be_focused()
    await desk.picture("proof-ways")
    await dialog.get_by_role("button", name=words("security.proof.use.code")).click()
    await dialog.get_by_label(words("factors.step.code")).fill("12")
    await page.keyboard.press("Enter")
    await expect(dialog.locator("[aria-invalid=true]")).to_be_focused()
    await dialog.get_by_label(words("factors.step.code")).fill(next_code_of(secret))
    await page.keyboard.press("Enter")
    await keep_codes(desk)

    await forget_proof(desk.harbour)
    await _press_new_codes(desk)
    await dialog.get_by_role("button", name=words("security.proof.passkey")).click()
    await keep_codes(desk)

    # A password is a proof, but no second factor: that is asked for right after it.
    async with desk.harbour.built.parts.database.write() as tx:
        await tx.execute(update(SignInRow).values(second_factor_at=None))
    await forget_proof(desk.harbour)
    await _press_new_codes(desk)
    await dialog.get_by_role("button", name=words("security.proof.use.password")).click()
    await dialog.get_by_label(words("security.proof.password"), exact=True).fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(dialog).to_contain_text(words("security.proof.why.second_factor"))
    await expect(dialog.get_by_role("button", name=words("security.proof.use.password"))).to_have_count(0)
    await dialog.get_by_role("button", name=words("security.proof.passkey")).click()
    await keep_codes(desk)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_who_declines_is_told_why_nothing_happened(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await sign_up(desk)
    await forget_proof(desk.harbour)
    await desk.open("/settings/security")
    await desk.button("factors.app.add").click()
    dialog = page.get_by_role("dialog", name=words("security.proof.title"))
    await expect(dialog.get_by_label(words("security.proof.password"), exact=True)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(desk.button("factors.app.add")).to_be_focused()


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("de", 320)])
async def test_somebody_without_a_password_proves_it_at_the_provider(
    browser: Browser, deployment: Harbour, language: str, width: int
) -> None:
    seat = await take_seat(browser, deployment, language, width=width, dark=width == 320)
    page, words = seat.page, seat.words
    await deployment.olga()
    await seat.open("/sign-in")
    await seat.picture("sign-in-by-provider")
    await seat.button("accounts.provider.by", name="Brandt").click()
    await seat.at_provider("mia-at-brandt")
    await expect(page).to_have_url(f"{deployment.url}/")
    await seat.open("/settings/security")
    await expect(page.get_by_text(words("security.password.none"))).to_be_visible()
    await expect(page.get_by_label(words("security.password.present"), exact=True)).to_have_count(0)
    await seat.picture("security-without-password")
    await seat.open("/settings/team/sign-in")
    await page.get_by_role("combobox", name=words("security.limits.idle")).click()
    await page.get_by_role("option", name=re.compile("^30 ")).click()
    await forget_proof(deployment)
    limits = page.get_by_role("region", name=words("security.limits.title"))
    await limits.get_by_role("button", name=words("common.action.save")).click()
    dialog = page.get_by_role("dialog", name=words("security.proof.title"))
    await expect(dialog.get_by_label(words("security.proof.password"))).to_have_count(0)
    await expect(dialog.get_by_text(words("security.proof.provider_leaves", name="Brandt"))).to_be_visible()
    await seat.picture("proof-by-provider")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await dialog.get_by_role("button", name=words("security.proof.provider", name="Brandt")).click()
    await seat.at_provider("mia-at-brandt", is_known=True)
    await expect(page.get_by_text(words("identity.return.proved")).last).to_be_visible()
    await expect(page).to_have_url(f"{deployment.url}/settings/team/sign-in")
    await page.get_by_role("combobox", name=words("security.limits.idle")).click()
    await page.get_by_role("option", name=re.compile("^30 ")).click()
    await limits.get_by_role("button", name=words("common.action.save")).click()
    await expect(page.get_by_text(words("security.limits.saved")).last).to_be_visible()
    assert not seat.complaints, "\n".join(seat.complaints)
