"""A day's work with the keyboard alone: no pointer is used, and nobody is ever left at the top of the page."""

import re
from typing import Final

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_conversations import LANGUAGES
from tests.browser.test_seals import two_zones
from tests.browser.test_unsent_words import field_of
from tests.support.model_server.shapes import SOURCES
from tests.support.running import MODEL_KEY, PASSWORD

# Far more than any page here has stops; without an end a trap would be a test that hangs.
MOST_STOPS: Final = 90
# What somebody sees of where they are: an outline of it or of the box around it, or the bar at a line of a list.
IS_SEEN: Final = """(element) => {
  for (let one = element, up = 0; one && up < 3; one = one.parentElement, up += 1) {
    const { boxShadow, outlineStyle, outlineWidth } = getComputedStyle(one);
    if (up === 0 && boxShadow.includes("inset")) return true;
    if (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) return true;
  }
  return false;
}"""


async def reach(desk: Desk, wanted: Locator, *, key: str = "Tab") -> None:
    """Press a key until the focus is where it is wanted; fails where it can't be got to, or not be seen."""
    await expect(wanted).to_be_visible()
    for _ in range(MOST_STOPS):
        if await wanted.evaluate("element => element === document.activeElement"):
            assert await wanted.evaluate(IS_SEEN), "the focus is here, and nobody sees it"
            return
        await desk.page.keyboard.press(key)
    pytest.fail(f"{wanted} is not reached by {key}")


async def press(desk: Desk, wanted: Locator, *, key: str = "Enter", by: str = "Tab") -> None:
    """Go there and press it."""
    await reach(desk, wanted, key=by)
    await desk.page.keyboard.press(key)


async def come_in(desk: Desk) -> None:
    """Sign Olga in at the page, by keyboard."""
    await desk.open("/sign-in")
    page, words = desk.page, desk.words
    # The page puts the focus into its first field.
    await expect(page.get_by_label(words("accounts.field.email"), exact=True)).to_be_focused()
    await page.keyboard.type("olga@example.com")
    await reach(desk, page.get_by_label(words("accounts.field.password"), exact=True))
    await page.keyboard.type(PASSWORD)
    await press(desk, desk.button("accounts.signIn.action"))
    await expect(field_of(desk)).to_be_focused()
    await expect(page.locator("#destination")).not_to_be_empty()


def picker_button(desk: Desk) -> Locator:
    return desk.page.get_by_role("button", name=desk.words.pattern("chat.composer.model"))


async def pick(desk: Desk, name: str) -> None:
    """Choose a model; the focus is in the message field then."""
    await press(desk, picker_button(desk))
    await expect(desk.page.get_by_role("combobox")).to_be_focused()
    await desk.page.keyboard.type(name)
    await expect(desk.page.get_by_role("option")).to_have_count(1)
    await desk.page.keyboard.press("Enter")
    await expect(field_of(desk)).to_be_focused()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_from_sign_in_to_a_stopped_answer_and_its_receipt(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language, dark=language == "de")
    page, words = desk.page, desk.words
    desk.harbour.models.models = ["steady", "held"]
    olga = await desk.harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    await olga.connect(desk.harbour.models.base_url, ["steady", "held"])
    await come_in(desk)
    # Esc leaves the picker as it was, and the focus where it came from.
    await press(desk, picker_button(desk), key="Space")
    await expect(page.get_by_role("combobox")).to_be_focused()
    await desk.picture("keys-picker")
    await page.keyboard.press("Escape")
    await expect(picker_button(desk)).to_be_focused()
    await pick(desk, "held")
    await page.keyboard.type("Hold on")
    await press(desk, desk.button("chat.composer.send"))
    await expect(page.get_by_role("article").last).to_contain_text("held")
    # The button to send is gone; whoever pressed it goes on in the field.
    await expect(field_of(desk)).to_be_focused()
    await press(desk, desk.button("chat.composer.stop"), key="Space")
    await expect(page.get_by_text(words("chat.outcome.stopped"))).to_be_visible()
    await expect(field_of(desk)).to_be_focused()
    receipt = page.get_by_role("button", name=words("chat.receipt.open"))
    await press(desk, receipt, by="Shift+Tab")
    shown = page.get_by_role("dialog", name=words("chat.receipt.title"))
    await expect(shown).to_contain_text("held")
    await desk.picture("keys-receipt")
    await page.keyboard.press("Escape")
    await expect(shown).to_have_count(0)
    await expect(receipt).to_be_focused()


async def test_an_edit_that_is_left_and_an_answer_that_is_replaced_keep_the_place(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    olga = await desk.harbour.olga()
    await olga.connect(desk.harbour.models.base_url, ["steady"])
    await come_in(desk)
    await pick(desk, "steady")
    await page.keyboard.type("Hello")
    await page.keyboard.press("Enter")
    await expect(desk.button("chat.regenerate.same")).to_be_visible()
    await press(desk, desk.button("chat.edit.start"), by="Shift+Tab")
    await expect(page.get_by_label(words("chat.edit.label"), exact=True)).to_be_focused()
    await page.keyboard.press("Escape")
    turn = page.get_by_role("article", name=words("chat.turn.yours"))
    await expect(turn).to_be_focused()
    assert await turn.evaluate(IS_SEEN)
    # Asked again, the answer goes with the button that was pressed: from here the keys lead to the new one.
    await press(desk, desk.button("chat.regenerate.same"))
    await expect(page.get_by_text(words("chat.branch.count", at=2, of=2))).to_be_visible()
    await expect(desk.thread()).to_be_focused()
    await page.keyboard.press("Alt+ArrowUp")
    await expect(page.get_by_role("article").last).to_be_focused()


async def test_a_dialog_that_is_left_and_a_note_that_is_closed_leave_the_focus_where_it_was(
    open_desk: OpenDesk,
) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    olga = await desk.harbour.olga()
    await olga.post("/api/conversations", {"title": "Lease"})
    await come_in(desk)
    menu = page.get_by_role("button", name=words("chat.conversation.menu", title="Lease"))
    await press(desk, menu, by="Shift+Tab")
    await press(desk, page.get_by_role("menuitem", name=words("chat.rename.action")), by="ArrowDown")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("textbox")).to_be_focused()
    # Behind a dialog nothing is left to be read but what tells.
    await expect(page.get_by_role("navigation")).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(menu).to_be_focused()
    # A short note that is closed by keyboard; `last`: it stands at the end of the page.
    await page.keyboard.press("Enter")
    await press(desk, page.get_by_role("menuitem", name=words("chat.archive.action")), by="ArrowDown")
    close = desk.button("common.action.close")
    await reach(desk, close)
    # It waits for whoever is at it.
    await page.wait_for_timeout(7_000)
    await expect(close).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    before = await page.evaluate_handle("document.activeElement")
    await page.keyboard.press("Tab")
    await expect(close).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(close).to_have_count(0)
    assert await before.evaluate("element => element === document.activeElement")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_wizard_to_its_test_and_what_failed_is_mended(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language, dark=language == "en")
    page, words = desk.page, desk.words
    olga = await desk.harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    await come_in(desk)
    await press(desk, page.get_by_role("link", name=words("common.nav.settings")), by="Shift+Tab")
    await press(desk, page.get_by_role("link", name=words("common.settings.customModels")))
    await press(desk, page.get_by_role("link", name=words("connections.connect")).first)
    await reach(desk, page.get_by_label(words("connections.wizard.name"), exact=True))
    await page.keyboard.type("Kanzlei GPU")
    await reach(desk, page.get_by_label(words("connections.wizard.base_url"), exact=True))
    await page.keyboard.type(desk.harbour.models.base_url)
    await reach(desk, page.get_by_label(words("connections.wizard.api_key"), exact=True))
    await page.keyboard.type("sk-wrong")
    zone = page.get_by_role("radio", name=re.compile(re.escape(words("connections.wizard.zone_own_hardware"))))
    await press(desk, zone, key="Space")
    await expect(zone).to_be_checked()
    await press(desk, desk.button("connections.test.start"))
    stage = words("connections.stage.credential")
    await expect(page.get_by_role("heading", name=words("connections.test.failed_title", stage=stage))).to_be_visible()
    assert not await page.evaluate("document.activeElement === document.body")
    key = page.get_by_label(words("connections.wizard.api_key"), exact=True)
    await reach(desk, key)
    await page.keyboard.press("Control+a")
    await page.keyboard.type(MODEL_KEY)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=words("connections.test.passed_title"))).to_be_visible()
    await desk.picture("keys-wizard")
    await press(desk, desk.button("connections.action.next"))
    await expect(page.get_by_role("checkbox", name=re.compile("steady"))).to_be_checked()


async def test_a_link_shows_the_keyboard_where_it_leads(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    olga = await desk.harbour.olga()
    await olga.connect(desk.harbour.models.base_url, ["cites"])
    await come_in(desk)
    await pick(desk, "cites")
    await page.keyboard.type("When is high water?")
    await page.keyboard.press("Enter")
    fold = page.locator("summary").filter(has_text=words("chat.sources.title_other", count=2))
    await press(desk, fold, by="Shift+Tab")
    target = page.locator("[data-target]")
    for url, title in SOURCES:
        await reach(desk, page.get_by_role("link", name=title))
        await expect(target).to_have_text(url)
        await expect(target).to_be_in_viewport()
    await desk.picture("keys-link")
    await page.keyboard.press("Escape")
    await expect(target).to_have_count(0)
    await page.keyboard.press("Shift+Tab")
    await expect(target).to_have_text(SOURCES[0][0])
    # The pointer has it from the browser.
    await field_of(desk).focus()
    await expect(target).to_have_count(0)


async def test_the_one_of_a_list_that_the_keyboard_is_at_is_seen_in_both_themes(open_desk: OpenDesk) -> None:
    for dark in (False, True):
        desk = await open_desk("en", dark=dark)
        if not dark:
            await two_zones(desk.harbour, "en")
        await come_in(desk)
        await press(desk, picker_button(desk))
        await desk.page.keyboard.press("ArrowDown")
        which = await desk.page.get_by_role("combobox").get_attribute("aria-activedescendant")
        at = desk.page.locator(f'[id="{which}"]')
        await expect(at).to_have_css("box-shadow", re.compile(r"inset"))
