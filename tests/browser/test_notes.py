"""Short notes float where they cover neither the message field nor the newest words, however long the conversation."""

from typing import Any

import pytest
from playwright.async_api import expect

from moorage.chat.conversations import MAX_PINNED
from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_conversations import asked, enter, olga_with
from tests.support.running import Person

LOOKS = [("en", 1280, 860, False), ("de", 1024, 700, True), ("de", 390, 780, False), ("en", 320, 640, True)]


async def _fill_the_pins(olga: Person) -> None:
    for at in range(MAX_PINNED):
        made = await olga.post("/api/conversations", {"title": f"Akte {at}"})
        assert (await olga.call("PATCH", f"/api/conversations/{made['id']}", {"pinned": True})).is_success


async def _pin(desk: Desk, title: str) -> Any:
    """Pin the conversation that is open, from its title's menu: one too many. Gives where the note stands."""
    page, words = desk.page, desk.words
    menu = page.get_by_role("button", name=words("chat.conversation.menu", title=title)).filter(visible=True)
    await menu.last.click()
    await page.get_by_role("menuitem", name=words("chat.pin.action"), exact=True).click()
    note = page.locator(".z-60 > div")
    await expect(note).to_contain_text(str(MAX_PINNED))
    return await note.bounding_box()


def _overlap(one: Any, other: Any) -> bool:
    beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
    above = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
    return not (beside or above)


@pytest.mark.parametrize(("language", "width", "height", "dark"), LOOKS)
@pytest.mark.parametrize("questions", [1, 5], ids=["short", "long"])
async def test_a_note_covers_neither_the_field_nor_the_newest_words(
    open_desk: OpenDesk, language: str, width: int, height: int, dark: bool, questions: int
) -> None:
    desk = await open_desk(language, width=width, height=height, dark=dark)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language)
    which, _ = await asked(olga, "Frist", *["Und was gilt dann?"] * (questions - 1))
    await _fill_the_pins(olga)
    await enter(desk, "olga", f"/c/{which}")
    await expect(page.get_by_role("article").last).to_contain_text("word20")
    note = await _pin(desk, "Frist")
    field = await page.get_by_role("form", name=words("chat.composer.region")).bounding_box()
    newest = await page.get_by_role("article").last.bounding_box()
    await desk.picture(f"note-{width}-{questions}{'-dark' if dark else ''}")
    assert not _overlap(note, field)
    assert not _overlap(note, newest)
    if width < 1024:
        drawer = await page.get_by_role("button", name=words("common.nav.open")).bounding_box()
        assert not _overlap(note, drawer), "the way to the list stays free"
