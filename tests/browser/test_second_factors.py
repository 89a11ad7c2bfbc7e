"""Second factors as people meet them in Chromium: an app by its secret, a passkey by a virtual authenticator."""

import asyncio
import json
import re
from typing import Any

import pytest
from playwright.async_api import CDPSession, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_journeys import LANGUAGES, sign_up
from tests.support.running import PASSWORD
from tests.support.second_factors import code_of, next_code_of

# Chromium's own device: present, and verifying its user as a fingerprint reader would.
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(autouse=True)
def at_localhost(demo_harbour: Any) -> None:
    """Open the pages at a name: browsers allow no passkeys at 127.0.0.1."""
    demo_harbour.url = demo_harbour.url.replace("127.0.0.1", "localhost")


async def plug_in(desk: Desk, **facts: Any) -> tuple[CDPSession, str]:
    """Give the window an authenticator."""
    devtools = await desk.page.context.new_cdp_session(desk.page)
    await devtools.send("WebAuthn.enable")
    made = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {**DEVICE, **facts}})
    return devtools, made["authenticatorId"]


async def add_app(desk: Desk) -> tuple[str, list[str]]:
    """Set an app up by its text secret; gives the secret and the recovery codes."""
    page, words = desk.page, desk.words
    await desk.open("/settings/security")
    await desk.button("factors.app.add").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("img", name=words("factors.app.qr_label"))).to_be_visible()
    await desk.picture("second-factor-app")
    secret = (await dialog.locator("code").first.inner_text()).replace(" ", "")
    await dialog.get_by_label(words("factors.app.first_code")).fill("12")
    await dialog.get_by_role("button", name=words("factors.app.confirm")).click()
    await expect(dialog.get_by_role("alert").or_(dialog.locator("[aria-invalid=true]")).first).to_be_visible()
    await dialog.get_by_label(words("factors.app.first_code")).fill(code_of(secret))
    await dialog.get_by_role("button", name=words("factors.app.confirm")).click()
    return secret, await keep_codes(desk)


async def keep_codes(desk: Desk) -> list[str]:
    """Read the recovery codes, save them as a file, and say that they are kept."""
    page, words = desk.page, desk.words
    dialog = page.get_by_role("dialog", name=words("factors.recovery.new_title"))
    await expect(dialog).to_be_visible()
    codes = await dialog.get_by_role("listitem").all_inner_texts()
    assert len(codes) == 10
    await desk.picture("recovery-codes")
    async with page.expect_download() as saving:
        await dialog.get_by_role("button", name=words("factors.recovery.download")).click()
    saved = await (await saving.value).path()
    text = await asyncio.to_thread(saved.read_text, "utf-8")
    assert all(code in text for code in codes)
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("checkbox").click()
    await dialog.get_by_role("button", name=words("factors.recovery.done")).click()
    await expect(dialog).to_be_hidden()
    return codes


async def sign_out(desk: Desk) -> None:
    """Leave, and stand at the sign-in page."""
    await desk.page.context.clear_cookies()
    await desk.open("/sign-in")


async def type_password(desk: Desk) -> None:
    page, words = desk.page, desk.words
    await page.get_by_label(words("accounts.field.email"), exact=True).fill("olga@example.com")
    await page.get_by_label(words("accounts.field.password"), exact=True).fill(PASSWORD)
    await desk.button("accounts.signIn.action").click()
    await expect(page.get_by_role("heading", name=words("factors.step.title"))).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_app_from_its_secret_to_the_second_step(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await sign_up(desk)
    secret, codes = await add_app(desk)
    await expect(page.get_by_text(words("factors.recovery.left_other", count=10))).to_be_visible()
    await desk.picture("security")
    await sign_out(desk)
    await type_password(desk)
    await desk.picture("second-step")
    await page.get_by_label(words("factors.step.code")).fill("000")
    await desk.button("factors.step.go_on").click()
    await expect(page.locator("[aria-invalid=true]")).to_be_focused()
    # A reload loses nothing.
    await page.reload()
    await page.get_by_label(words("factors.step.code")).fill(next_code_of(secret))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=words("chat.first.hello", name="Olga"))).to_be_visible()
    await sign_out(desk)
    await type_password(desk)
    await desk.button("factors.step.use_recovery").click()
    await page.get_by_label(words("factors.step.recovery"), exact=True).fill(codes[0].upper())
    await desk.button("factors.step.go_on").click()
    await expect(page.get_by_text(words("factors.step.recovery_used_other", count=9)).first).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_passkey_from_making_it_to_signing_in_with_it_alone(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await sign_up(desk)
    devtools, device = await plug_in(desk)
    await desk.open("/settings/security")
    await desk.button("factors.passkey.add").click()
    await page.get_by_label(words("factors.passkey.name")).fill("Laptop")
    await desk.button("factors.passkey.continue").click()
    await keep_codes(desk)
    row = page.get_by_role("listitem").filter(has_text="Laptop")
    await expect(row).to_contain_text(words("factors.passkey.one_device"))
    held = (await devtools.send("WebAuthn.getCredentials", {"authenticatorId": device}))["credentials"]
    assert [one["isResidentCredential"] for one in held] == [True]
    # The same device again: the browser says no before anything is sent.
    await desk.button("factors.passkey.add").click()
    await desk.button("factors.passkey.continue").click()
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(words("factors.trouble.known"))
    # By the button alone, without a password, as in a browser that has no autofill of passkeys.
    await page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
    await sign_out(desk)
    await desk.button("factors.signIn.passkey").click()
    await expect(page.get_by_role("heading", name=words("chat.first.hello", name="Olga"))).to_be_visible()
    # As the second step after a password.
    await sign_out(desk)
    await type_password(desk)
    await desk.button("factors.step.passkey").click()
    await expect(page.get_by_role("heading", name=words("chat.first.hello", name="Olga"))).to_be_visible()


async def test_the_mail_field_offers_the_passkey(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await sign_up(desk)
    await plug_in(desk)
    await desk.open("/settings/security")
    await desk.button("factors.passkey.add").click()
    await desk.button("factors.passkey.continue").click()
    await keep_codes(desk)
    # With its user present, Chromium's virtual device answers what the mail field offers as if it was chosen there.
    await sign_out(desk)
    assert await page.get_by_label(words("accounts.field.email"), exact=True).get_attribute("autocomplete") == (
        "username webauthn"
    )
    await expect(page.get_by_role("heading", name=words("chat.first.hello", name="Olga"))).to_be_visible()


async def test_a_device_that_can_not_check_its_user_is_told_and_refused(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await sign_up(desk)
    await plug_in(desk, hasUserVerification=False, isUserVerified=False)
    await desk.open("/settings/security")
    await desk.button("factors.passkey.add").click()
    await desk.button("factors.passkey.continue").click()
    told = page.get_by_role("dialog").get_by_role("alert")
    await expect(told).to_have_text(
        re.compile("|".join(re.escape(words(f"factors.trouble.{one}")) for one in ("unable", "cancelled")))
    )


async def test_a_rule_leads_a_member_to_a_factor_and_opens_everything_after(open_desk: OpenDesk) -> None:
    olga = await open_desk("en")
    page, words = olga.page, olga.words
    await sign_up(olga)
    await olga.open("/settings/team/sign-in")
    await olga.button("factors.rule.ask").click()
    await page.get_by_role("dialog").get_by_role("button", name=words("factors.rule.ask"), exact=True).click()
    await page.get_by_role("link", name=words("factors.rule.to_own")).click()
    await add_app(olga)
    made = await page.evaluate(
        """async (token) => (await (await fetch("/api/team/invitations", {method: "POST", body: '{"role":"member"}',
           headers: {"Content-Type": "application/json", "X-CSRF-Token": token}})).json()).path""",
        await page.evaluate("async () => (await (await fetch('/api/session')).json()).csrf_token"),
    )
    mia = await open_desk("en", width=390)
    await mia.open(made)
    await mia.page.get_by_label(words("accounts.field.name"), exact=True).fill("Mia")
    await mia.page.get_by_label(words("accounts.field.email"), exact=True).fill("mia@example.com")
    await mia.page.get_by_label(words("accounts.field.password"), exact=True).fill(PASSWORD)
    await mia.button("accounts.invite.accept").click()
    await expect(mia.page.get_by_role("heading", name=words("chat.first.hello", name="Mia"))).to_be_visible()
    await olga.open("/settings/team/sign-in")
    await expect(page.get_by_text(words("factors.rule.without_one"))).to_be_visible()
    await olga.button("factors.rule.ask").click()
    await page.get_by_role("dialog").get_by_role("button", name=words("factors.rule.ask"), exact=True).click()
    await expect(page.get_by_text(words("factors.rule.state_on"))).to_be_visible()
    await olga.picture("sign-in-rules")
    await mia.open("/")
    await expect(mia.page.get_by_text(words("security.own.must_add"))).to_be_visible()
    await mia.picture("must-add-factor")
    # The palette offers what is left, and asks for no models, which would be refused.
    asked: list[str] = []
    mia.page.on("request", lambda request: asked.append(request.url))
    await mia.page.keyboard.press("Control+k")
    palette = mia.page.get_by_role("dialog", name=words("common.nav.palette"))
    await expect(palette.get_by_role("option", name=words("common.account.signOut"), exact=True)).to_be_visible()
    await mia.page.keyboard.press("Escape")
    await expect(palette).to_have_count(0)
    assert [url for url in asked if "/api/models" in url] == []
    await add_app(mia)
    await expect(mia.page.get_by_text(words("security.own.must_add"))).to_be_hidden()
    await mia.open("/")
    await expect(mia.page.get_by_role("heading", name=words("chat.first.hello", name="Mia"))).to_be_visible()
    await olga.open("/settings/team/members")
    row = page.get_by_role("listitem").filter(has_text="mia@example.com")
    await expect(row).to_contain_text(words("team.members.second_factor"))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 1440])
async def test_the_pages_fit_from_small_to_wide(open_desk: OpenDesk, width: int, dark: bool) -> None:
    desk = await open_desk("de" if dark else "en", width=width, dark=dark)
    page, name = desk.page, f"{width}-{'dark' if dark else 'light'}"
    await sign_up(desk)
    await desk.open("/settings/security")
    await desk.button("factors.app.add").click()
    await expect(page.get_by_role("img", name=desk.words("factors.app.qr_label"))).to_be_visible()
    await desk.picture(f"second-factor-app-{name}")
    await page.keyboard.press("Escape")
    secret, _ = await add_app(desk)
    await expect(page.get_by_text(desk.words("factors.recovery.left_other", count=10))).to_be_visible()
    await desk.picture(f"security-{name}")
    assert json.loads(await page.evaluate(WIDER)) == []
    await sign_out(desk)
    await desk.picture(f"sign-in-{name}")
    await type_password(desk)
    await desk.picture(f"second-step-{name}")
    assert json.loads(await page.evaluate(WIDER)) == []
    await page.get_by_label(desk.words("factors.step.code")).fill(next_code_of(secret))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=desk.words("chat.first.hello", name="Olga"))).to_be_visible()
    await desk.open("/settings/team/sign-in")
    await expect(page.get_by_text(desk.words("factors.rule.state_off"))).to_be_visible()
    await desk.picture(f"sign-in-rules-{name}")
    assert json.loads(await page.evaluate(WIDER)) == []


# What sticks out of the window to the right.
WIDER = """() => JSON.stringify(document.documentElement.scrollWidth > innerWidth
  ? [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
      .map(e => e.tagName + ' ' + e.className).slice(0, 5) : [])"""
