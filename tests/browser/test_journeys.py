"""What a user can do, from the empty page to the statistics, in Chromium and in both languages."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk, OpenDesk
from tests.support.running import MODEL_KEY, PASSWORD

LANGUAGES = ("en", "de")


async def sign_up(desk: Desk) -> None:
    """Set the deployment up as Olga."""
    await desk.open()
    page, words = desk.page, desk.words
    await expect(page.get_by_role("heading", name=words("accounts.setup.title"))).to_be_visible()
    await page.get_by_label(words("accounts.field.name"), exact=True).fill("Olga Brandt")
    await page.get_by_label(words("accounts.field.email"), exact=True).fill("olga@example.com")
    await page.get_by_label(words("accounts.field.password"), exact=True).fill(PASSWORD)
    await page.get_by_label(words("accounts.field.team"), exact=True).fill("Kanzlei Brandt & Partner")
    await desk.picture("sign-up")
    await desk.button("accounts.setup.action").click()
    await expect(page.get_by_role("heading", name=words("chat.first.hello", name="Olga"))).to_be_visible()


async def _fill_wizard(desk: Desk, base_url: str, key: str) -> None:
    page, words = desk.page, desk.words
    await page.get_by_label(words("connections.wizard.name"), exact=True).fill("Kanzlei GPU")
    await page.get_by_label(words("connections.wizard.base_url"), exact=True).fill(base_url)
    await page.get_by_label(words("connections.wizard.api_key"), exact=True).fill(key)
    await page.get_by_role("radio", name=re.compile(re.escape(words("connections.wizard.zone_own_hardware")))).check()
    await desk.button("connections.test.start").click()


async def _expect_duties(desk: Desk) -> None:
    """P18: what is ours, what is the team's, that it is no air gap, and when an own model is not worth it."""
    said = desk.page.get_by_role("region", name=desk.words("connections.duty.title"))
    for part in ("moorage", "team", "gap", "worth"):
        await expect(said).to_contain_text(desk.words(f"connections.duty.{part}.title"))
        await expect(said).to_contain_text(desk.words(f"connections.duty.{part}.text"))


async def _connect(desk: Desk) -> None:
    page, words = desk.page, desk.words
    await desk.open("/settings/models/custom/new")
    await _fill_wizard(desk, desk.harbour.models.base_url, MODEL_KEY)
    await expect(page.get_by_role("heading", name=words("connections.test.passed_title"))).to_be_visible()
    await desk.picture("wizard-test")
    await desk.button("connections.action.next").click()
    await expect(page.get_by_role("checkbox", name=re.compile("steady"))).to_be_checked()
    await desk.picture("wizard-models")
    await desk.button("connections.action.next").click()
    await _expect_duties(desk)
    await desk.picture("wizard-summary")
    await desk.button("connections.wizard.save").click()
    await expect(
        page.get_by_role("heading", name=words("connections.wizard.ready", name="Kanzlei GPU"))
    ).to_be_visible()
    await desk.picture("wizard-ready")
    await page.get_by_role("link", name=words("connections.wizard.try")).first.click()


async def _send(desk: Desk, text: str) -> None:
    await desk.page.get_by_label(desk.words("chat.composer.label"), exact=True).fill(text)
    await desk.button("chat.composer.send").click()


async def _choose(desk: Desk, model: str) -> None:
    await desk.page.get_by_role("button", name=desk.words.pattern("chat.composer.model")).click()
    await desk.page.get_by_role("combobox").fill(model)
    await desk.page.get_by_role("option", name=re.compile(model)).first.click()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_from_the_empty_page_to_the_first_answer_and_its_figures(open_desk: OpenDesk, language: str) -> None:
    """P2, P8, P9, P15, P18, P21."""
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await sign_up(desk)
    await _connect(desk)
    await _choose(desk, "steady")
    await _send(desk, "Wie lange ist die Frist?")
    answer = page.get_by_role("article").last
    await expect(answer).to_contain_text("steady")
    await expect(page.get_by_role("button", name=words("chat.regenerate.same"))).to_be_visible()
    await desk.picture("chat")

    await _choose(desk, "Demo")
    await _send(desk, "Show me code")
    await expect(page.locator("pre code").last).to_be_visible()
    await expect(page.get_by_text(words.pattern("chat.switch.line"))).to_be_visible()
    await desk.picture("chat-switched")

    await page.get_by_role("button", name=words("chat.regenerate.same")).last.click()
    await expect(page.get_by_text(words("chat.branch.count", at=2, of=2))).to_be_visible()

    await page.reload()
    await expect(page.get_by_role("article").last).to_be_visible()
    await expect(page.get_by_role("link", name=re.compile("Frist")).first).to_be_visible()

    await desk.open("/settings/oversight/usage")
    await expect(page.get_by_role("row", name=re.compile("steady")).first).to_be_visible()
    # The chart is loaded late and measures its place before it draws.
    await expect(page.locator("figure .recharts-bar-rectangle path").first).to_be_visible()
    await desk.picture("usage")
    await desk.open("/settings/oversight/audit")
    await expect(page.get_by_text("Kanzlei GPU").first).to_be_visible()
    await desk.picture("audit")
    await desk.open("/settings/models/custom")
    await expect(page.get_by_text("Kanzlei GPU").first).to_be_visible()
    await _expect_duties(desk)
    await desk.picture("custom-models")
    await desk.open("/settings/team/members")
    await expect(page.get_by_text("Olga Brandt").first).to_be_visible()
    await desk.picture("members")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_reload_in_the_middle_of_an_answer_goes_on_where_it_was(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    desk.harbour.models.models = ["steady", "held"]
    await sign_up(desk)
    await _connect(desk)
    await _choose(desk, "held")
    await _send(desk, "Hold on")
    answer = page.get_by_role("article").last
    await expect(answer).to_contain_text("held")
    await expect(desk.button("chat.composer.stop")).to_be_visible()
    await page.reload()
    await expect(desk.button("chat.composer.stop")).to_be_visible()
    half = await page.get_by_role("article").last.inner_text()
    await desk.picture("chat-running")
    desk.harbour.models.release()
    await expect(page.get_by_role("button", name=words("chat.regenerate.same"))).to_be_visible()
    whole = await page.get_by_role("article").last.inner_text()
    assert len(whole) > len(half)


async def test_stop_by_escape_keeps_the_half_answer_and_says_so(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    desk.harbour.models.models = ["steady", "held"]
    await sign_up(desk)
    await _connect(desk)
    await _choose(desk, "held")
    await _send(desk, "Hold on")
    await expect(page.get_by_role("article").last).to_contain_text("held")
    await page.keyboard.press("Escape")
    await expect(page.get_by_text(words("chat.outcome.stopped"))).to_be_visible()
    await desk.picture("chat-stopped")


WIZARD_FAILURES = [
    ("http://llm.example.com/v1", "connections.hint.http_plain"),
    ("http://localhost:11434", "connections.hint.ollama_local"),
]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_wrong_key_stops_the_test_at_sign_in_and_nothing_is_saved(open_desk: OpenDesk, language: str) -> None:
    """P8."""
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await sign_up(desk)
    await desk.open("/settings/models/custom/new")
    await _fill_wizard(desk, desk.harbour.models.base_url, "sk-wrong")
    stage = words("connections.stage.credential")
    await expect(page.get_by_role("heading", name=words("connections.test.failed_title", stage=stage))).to_be_visible()
    await desk.picture("wizard-wrong-key")
    await desk.open("/settings/models/custom")
    await expect(page.get_by_text(words("connections.empty.title"))).to_be_visible()
    await desk.picture("custom-models-empty")


@pytest.mark.parametrize(("address", "hint"), WIZARD_FAILURES)
async def test_an_address_that_can_not_work_is_explained_before_anything_is_sent(
    open_desk: OpenDesk, address: str, hint: str
) -> None:
    """P6."""
    desk = await open_desk("en")
    await sign_up(desk)
    await desk.open("/settings/models/custom/new")
    field = desk.page.get_by_label(desk.words("connections.wizard.base_url"), exact=True)
    await field.fill(address)
    await field.blur()
    await expect(desk.page.get_by_text(desk.words(hint))).to_be_visible()


async def test_the_phone_in_german_and_in_the_dark_shows_the_whole_conversation(open_desk: OpenDesk) -> None:
    desk = await open_desk("de", width=390, height=844, dark=True)
    page = desk.page
    await sign_up(desk)
    await _send(desk, "Zeigen Sie mir Code")
    await expect(page.locator("pre code").last).to_be_visible()
    await expect(page.get_by_role("button", name=desk.words("chat.regenerate.same"))).to_be_visible()
    await desk.picture("chat-phone-dark")
    wider = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wider
