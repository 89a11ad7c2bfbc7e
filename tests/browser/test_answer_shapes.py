"""Answers that are more than words, as people see them: by keyboard, in both languages, in both themes, on a phone."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_conversations import enter, olga_with, ref
from tests.support.model_server.shapes import REFUSAL, SOURCES
from tests.support.running import Person

LANGUAGES = ("en", "de")
NARROW = 320


async def talk(person: Person, *models: str) -> tuple[str, list[Any]]:
    """Ask each of these models one question, in one conversation."""
    which, before, exchanges = None, None, []
    for model in models:
        exchange = await person.ask(f"A question for {model}", await ref(person, model), which, before)
        await person.wait_for(exchange)
        which, before = exchange["conversation_id"], exchange["answer"]["id"]
        exchanges.append(exchange)
    return str(which), exchanges


def turn(desk: Desk, exchange: Any) -> Locator:
    return desk.page.locator(f"#m-{exchange['answer']['id']}")


async def fits(desk: Desk) -> None:
    """Nothing is wider than the window."""
    assert await desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("language", "dark"), [("en", False), ("de", True)])
async def test_a_tool_call_is_shown_as_one_and_unfolds_by_keyboard(
    open_desk: OpenDesk, language: str, dark: bool
) -> None:
    desk = await open_desk(language, dark=dark)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language, "calls-tools", "calls-as-before")
    which, (first, second) = await talk(olga, "calls-tools", "calls-as-before")
    await enter(desk, "olga", f"/c/{which}")
    answer = turn(desk, first)
    await expect(answer.get_by_text(words("chat.calls.notRun"))).to_be_visible()
    await expect(answer.get_by_text(words("chat.outcome.empty"))).to_have_count(0)
    fold = answer.locator("summary").filter(has_text=words("chat.calls.asked", name="search"))
    await expect(answer.get_by_text("harbour")).not_to_be_visible()
    await fold.focus()
    await page.keyboard.press("Enter")
    await expect(answer.locator("pre")).to_have_text('{\n  "place": "harbour",\n  "when": "tomorrow"\n}')
    await expect(answer.get_by_text(words("chat.calls.asked", name="read_page"))).to_be_visible()
    await expect(turn(desk, second)).to_contain_text("I look it up.")
    await desk.picture(f"answer-calls-{'dark' if dark else 'light'}")
    await page.set_viewport_size({"width": NARROW, "height": 720})
    await answer.scroll_into_view_if_needed()
    await fits(desk)
    await desk.picture("answer-calls-narrow")


@pytest.mark.parametrize(("language", "dark"), [("en", True), ("de", False)])
async def test_a_refusal_a_filter_and_a_stop_by_length_are_told_apart_and_the_last_is_continued(
    open_desk: OpenDesk, language: str, dark: bool
) -> None:
    desk = await open_desk(language, dark=dark, height=1400)
    page, words = desk.page, desk.words
    models = ("declines", "filtered-mid", "content-filter", "length-thinking", "paused", "length")
    olga = await olga_with(desk.harbour, language, *models)
    which, exchanges = await talk(olga, *models)
    await enter(desk, "olga", f"/c/{which}")
    declined, filtered, withheld, thought, paused, cut = (turn(desk, one) for one in exchanges)
    await expect(declined).to_contain_text(REFUSAL)
    go_on = words("chat.continue.action")
    for answer, key in (
        (declined, "chat.outcome.declined"),
        (filtered, "chat.outcome.filtered"),
        (thought, "chat.outcome.cutEmpty"),
        (paused, "chat.outcome.paused"),
        (cut, "chat.outcome.cut"),
    ):
        note = answer.get_by_role("note")
        await expect(note).to_contain_text(words(key))
        has_button = key in {"chat.outcome.paused", "chat.outcome.cut"}
        await expect(note.get_by_role("button", name=go_on)).to_have_count(int(has_button))
        await expect(answer.get_by_role("button", name=go_on)).to_have_count(int(has_button))
    # Nothing of it is an alarm, the answer that was withheld as a whole included.
    await expect(withheld.get_by_role("note")).to_be_visible()
    await expect(page.get_by_role("alert").filter(has_text="a")).to_have_count(0)
    await desk.picture(f"answer-endings-{'dark' if dark else 'light'}")
    await page.set_viewport_size({"width": NARROW, "height": 900})
    await fits(desk)
    await cut.get_by_role("note").scroll_into_view_if_needed()
    await desk.picture("answer-endings-narrow")
    await cut.get_by_role("note").get_by_role("button", name=go_on).press("Enter")
    await expect(page.get_by_text(words("chat.branch.count", at=2, of=2))).to_be_visible()


@pytest.mark.parametrize(("language", "dark"), [("en", False), ("de", True)])
async def test_thinking_can_be_opened_while_it_goes_on_and_is_folded_with_its_time(
    open_desk: OpenDesk, language: str, dark: bool
) -> None:
    desk = await open_desk(language, dark=dark)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language, "thinks-long")
    which, _ = await talk(olga, *["steady"] * 4)
    await enter(desk, "olga", f"/c/{which}")
    conversation = await olga.get(f"/api/conversations/{which}")
    await page.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
    await olga.ask("When is high water?", await ref(olga, "thinks-long"), which, conversation["head_id"])
    await page.reload()
    fold = page.locator("summary").filter(has_text=words("chat.reasoning.running"))
    await expect(fold).to_be_visible()
    await expect(page.locator("[aria-live=polite]")).to_contain_text(words("chat.live.thinking", name="thinks-long"))
    await fold.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Let me look at the tide.")).to_be_visible()
    await desk.picture(f"answer-thinking-{'dark' if dark else 'light'}")
    # The reader has unfolded it to read: what comes now must not pull the page away.
    await asyncio.sleep(1)
    before = await page.evaluate("scrollY")
    desk.harbour.models.release()
    await expect(page.get_by_text("High water.")).to_be_attached()
    done = page.locator("summary").filter(has_text=words.pattern("chat.reasoning.took"))
    await expect(done).to_be_visible()
    await expect(page.get_by_text("Let me look at the tide.")).to_be_visible()
    assert await page.evaluate("scrollY") == before
    await desk.picture(f"answer-thought-{'dark' if dark else 'light'}")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_sources_are_links_that_lead_outside_and_the_receipt_says_why_it_ended(
    open_desk: OpenDesk, language: str
) -> None:
    """P21."""
    desk = await open_desk(language, dark=language == "de")
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language, "cites", "paused")
    which, (cited, paused) = await talk(olga, "cites", "paused")
    await enter(desk, "olga", f"/c/{which}")
    answer = turn(desk, cited)
    await answer.locator("summary").filter(has_text=words("chat.sources.title_other", count=2)).press("Enter")
    for url, title in SOURCES:
        link = answer.get_by_role("link", name=title)
        assert await link.get_attribute("href") == url
        assert set((await link.get_attribute("rel") or "").split()) == {"noopener", "noreferrer", "nofollow"}
    await desk.picture("answer-sources")
    await turn(desk, paused).get_by_role("button", name=words("chat.receipt.open")).click()
    await expect(page.get_by_text(f"{words('receipt.finish.pause')} (pause_turn)")).to_be_visible()
    await desk.picture("answer-receipt")


async def test_readers_of_a_shared_conversation_see_calls_and_sources_and_no_button(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, "en", "calls-tools", "cites", "length")
    which, _ = await talk(olga, "calls-tools", "cites", "length")
    await olga.call("PUT", f"/api/conversations/{which}/sharing/team")
    await desk.harbour.invited_by(olga, "Mia", "member")
    await enter(desk, "mia", f"/shared/{which}")
    await expect(page.get_by_text(words("chat.calls.asked", name="search"))).to_be_visible()
    await expect(page.get_by_text(words("chat.sources.title_other", count=2))).to_be_visible()
    await expect(page.get_by_text(words("chat.outcome.cut"))).to_be_visible()
    await expect(desk.button("chat.continue.action")).to_have_count(0)
    await desk.picture("answer-shared")
