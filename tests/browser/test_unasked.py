"""A question that is changed and saved without asking: it goes nowhere until somebody says "Ask now"."""

import io

import pytest
from playwright.async_api import Locator, expect
from pypdf import PdfReader

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_conversations import LANGUAGES, enter, olga_with, ref
from tests.browser.test_unsent_words import field_of
from tests.support.attaching import send
from tests.support.running import Person


async def _at_a_question(desk: Desk, *earlier: str) -> tuple[Person, str]:
    """Let Olga open a chat whose last question is "Erste Fassung"; gives her and its id."""
    olga = await olga_with(desk.harbour, desk.words.language, "echo")
    exchange = None
    for words in (*earlier, "Erste Fassung"):
        exchange = await send(olga, words, after=exchange, ref=await ref(olga))
    assert exchange is not None
    await enter(desk, "olga", f"/c/{exchange['conversation_id']}")
    await expect(desk.button("chat.regenerate.same").last).to_be_visible()
    return olga, exchange["conversation_id"]


def _turn(desk: Desk) -> Locator:
    return desk.page.get_by_role("article", name=desk.words("chat.turn.yours")).last


async def _only_save(desk: Desk, text: str) -> None:
    """By keyboard alone, from the pencil."""
    await desk.button("chat.edit.start").last.focus()
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.get_by_label(desk.words("chat.edit.label"), exact=True)).to_be_focused()
    await desk.page.keyboard.press("Control+A")
    await desk.page.keyboard.type(text)
    await desk.page.keyboard.press("Tab")
    await expect(desk.button("chat.edit.askAgain")).to_be_focused()
    await desk.page.keyboard.press("Tab")
    await expect(desk.button("chat.edit.onlySave")).to_be_focused()
    await desk.page.keyboard.press("Enter")
    await expect(_turn(desk)).to_contain_text(text)
    await expect(_turn(desk)).to_contain_text(desk.words("unasked.line.mark"))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_edited_question_is_only_saved_and_asked_when_somebody_says_so(
    open_desk: OpenDesk, language: str
) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    olga, which = await _at_a_question(desk)
    asked = desk.harbour.models.counts.requests
    await desk.button("chat.edit.start").click()
    await desk.picture("edit-with-two-ways")
    await desk.button("chat.edit.cancel").click()
    await _only_save(desk, "Zweite Fassung")
    # Whoever presses once more sends nothing.
    await expect(_turn(desk)).to_be_focused()
    await page.keyboard.press("Enter")
    log = desk.thread()
    await expect(log).not_to_contain_text("word20")
    await expect(page.get_by_text(words("chat.branch.count", at=2, of=2))).to_be_visible()
    await desk.picture("unasked")
    await page.reload()
    await expect(_turn(desk)).to_contain_text(words("unasked.line.mark"))
    await desk.button("chat.branch.previous").click()
    await expect(log).to_contain_text("Erste Fassung")
    await expect(log).to_contain_text("word20")
    await expect(desk.button("unasked.line.ask", name="steady")).to_have_count(0)
    await desk.button("chat.branch.next").click()
    assert desk.harbour.models.counts.requests == asked
    await desk.button("unasked.line.ask", name="steady").focus()
    await page.keyboard.press("Enter")
    await expect(desk.button("chat.regenerate.same")).to_be_visible()
    await expect(log).to_contain_text("word20")
    await expect(_turn(desk)).to_contain_text("Zweite Fassung")
    await expect(log).not_to_contain_text(words("unasked.line.mark"))
    await expect(page.get_by_text(words("chat.branch.count", at=2, of=2))).to_be_visible()
    await desk.picture("asked-after-all")
    stored = (await olga.get(f"/api/conversations/{which}"))["messages"]
    assert [one["text"] for one in stored if one["role"] == "user"] == ["Erste Fassung", "Zweite Fassung"]


async def test_what_is_written_below_takes_its_place_and_neither_is_lost(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    olga, which = await _at_a_question(desk, "Davor")
    await _only_save(desk, "Nicht gefragt")
    await field_of(desk).fill("Etwas anderes")
    await page.keyboard.press("Enter")
    log = desk.thread()
    await expect(desk.button("chat.regenerate.same")).to_have_count(2)
    await expect(log).to_contain_text("Etwas anderes")
    await expect(log).not_to_contain_text("Nicht gefragt")
    await expect(page.get_by_text(words("chat.branch.count", at=3, of=3))).to_be_visible()
    await desk.button("chat.branch.previous").click()
    await expect(_turn(desk)).to_contain_text("Nicht gefragt")
    # Changed once more, it stays as well; the same words are no new version.
    await _only_save(desk, "Wieder nicht")
    await desk.button("chat.edit.start").last.click()
    await desk.button("chat.edit.onlySave").click()
    await expect(desk.button("chat.edit.onlySave")).to_have_count(0)
    stored = (await olga.get(f"/api/conversations/{which}"))["messages"]
    assert [(one["text"], one["unasked"]) for one in stored if one["role"] == "user"] == [
        ("Davor", False),
        ("Erste Fassung", False),
        ("Nicht gefragt", True),
        ("Etwas anderes", False),
        ("Wieder nicht", True),
    ]


async def test_what_could_not_be_saved_stays_in_the_form(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await _at_a_question(desk)
    await page.route("**/versions", lambda route: route.abort())
    await desk.button("chat.edit.start").click()
    field = page.get_by_label(words("chat.edit.label"), exact=True)
    await field.fill("Zweite Fassung")
    await desk.button("chat.edit.onlySave").click()
    await expect(page.get_by_text(words("common.error.offline")).first).to_be_visible()
    await expect(field).to_have_value("Zweite Fassung")
    await page.unroute("**/versions")
    await desk.button("chat.edit.onlySave").click()
    await expect(_turn(desk)).to_contain_text(words("unasked.line.mark"))
    await expect(page.get_by_text(words("chat.branch.count", at=2, of=2))).to_be_visible()


async def test_readers_and_paper_are_told_that_it_went_nowhere(open_desk: OpenDesk) -> None:
    desk = await open_desk("de")
    page, words = desk.page, desk.words
    olga, which = await _at_a_question(desk)
    await _only_save(desk, "Zweite Fassung")
    pages = PdfReader(io.BytesIO(await page.pdf(format="A4"))).pages
    printed = " ".join("\n".join(one.extract_text() for one in pages).split())
    assert words("unasked.line.mark") in printed
    assert words("unasked.line.nowhere") in printed
    assert words("unasked.line.ask", name="steady") not in printed
    await olga.call("PUT", f"/api/conversations/{which}/sharing/team")
    await desk.open(f"/shared/{which}")
    await expect(page.get_by_text(words("unasked.line.nowhere"))).to_be_visible()
    await expect(desk.button("unasked.line.ask", name="steady")).to_have_count(0)
    await desk.picture("unasked-shared")
