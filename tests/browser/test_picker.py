"""Favourites in the picker by pointer and by keyboard; of 500 models the page never holds 500 at once unasked."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.everywhere import fits
from tests.browser.test_conversations import LANGUAGES, enter
from tests.browser.test_seals import pick, two_zones
from tests.support.running import Harbour

MANY = 500
AT_ONCE = 60


async def open_picker(desk: Desk) -> Locator:
    await desk.page.get_by_role("button", name=desk.words.pattern("chat.composer.model")).click()
    search = desk.page.get_by_role("combobox", name=desk.words("picker.search"))
    await expect(search).to_be_focused()
    return search


def options_of(desk: Desk, group: str) -> Locator:
    return desk.page.get_by_role("group", name=desk.words(group)).get_by_role("option")


def chosen(desk: Desk) -> Locator:
    """The option that Enter would pick."""
    return desk.page.locator("[role=option].picked")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_favourite_stands_first_and_is_kept_for_its_person(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    await two_zones(demo_harbour, language)
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await enter(desk, "olga")
    search = await open_picker(desk)
    favourites = options_of(desk, "picker.favourites")
    await expect(favourites).to_have_count(0)
    # By keyboard, in the middle of a search: the field keeps the focus and the words.
    await search.fill("relay")
    async with page.expect_response("**/api/favourites"):
        await search.press("Shift+Enter")
    await expect(favourites).to_have_count(1)
    await expect(favourites).to_contain_text(words("common.origin.router"))
    await expect(search).to_be_focused()
    await expect(search).to_have_value("relay")
    await expect(page.get_by_text(words("picker.starred", name="echo"))).to_be_attached()
    await search.fill("")
    # By pointer; the model isn't picked by it, and stands once.
    steady = page.get_by_role("option", name=re.compile("steady"))
    async with page.expect_response("**/api/favourites"):
        await steady.locator("[data-star]").click()
    await expect(favourites).to_have_count(2)
    await expect(page.get_by_role("option")).to_have_count(3)
    await expect(search).to_be_focused()
    assert [re.search("echo|steady", text) is not None for text in await favourites.all_inner_texts()] == [True, True]
    await desk.picture("picker-favourites")
    await page.reload()
    await expect(page.locator("#destination")).not_to_be_empty()
    search = await open_picker(desk)
    await expect(favourites).to_have_count(2)
    await expect(page.get_by_role("option").first).to_contain_text("echo")
    await expect(page.get_by_role("option").nth(1)).to_contain_text("steady")
    # What is a favourite no more is back in the group of its origin.
    async with page.expect_response("**/api/favourites?ref=*"):
        await favourites.first.locator("[data-star]").click()
    await expect(favourites).to_have_count(1)
    await expect(options_of(desk, "common.origin.router")).to_have_count(1)
    await search.fill("steady")
    await search.press("Enter")
    await expect(page.get_by_role("button", name=words("chat.composer.model", name="steady"))).to_be_visible()


async def test_on_a_touch_screen_the_chosen_model_has_a_button_for_its_star(
    open_desk: OpenDesk, demo_harbour: Harbour
) -> None:
    """A screen reader there reaches no star within the list, and has no Shift and Enter."""
    await two_zones(demo_harbour, "de")
    desk = await open_desk("de", width=390)
    page, words = desk.page, desk.words
    await enter(desk, "olga")
    await pick(desk, "echo")
    await open_picker(desk)
    star = page.get_by_role("button", name=words("picker.favourite", name="echo"), exact=True)
    await expect(star).to_have_count(0)
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    await expect(star).to_have_attribute("aria-pressed", "false")
    async with page.expect_response("**/api/favourites"):
        await star.click()
    await expect(star).to_have_attribute("aria-pressed", "true")
    await expect(options_of(desk, "picker.favourites")).to_have_count(1)
    await desk.picture("picker-touch")
    async with page.expect_response("**/api/favourites?ref=*"):
        await star.click()
    await expect(star).to_have_attribute("aria-pressed", "false")


async def test_a_star_that_is_refused_is_taken_back_and_says_why(open_desk: OpenDesk, demo_harbour: Harbour) -> None:
    await two_zones(demo_harbour, "en")
    desk = await open_desk("en")
    page = desk.page

    async def refuse(route: Route) -> None:
        error = {"code": "too_many_favourites", "message": "At most 50."}
        await route.fulfill(status=409, json={"error": error, "request_id": "r"})

    await page.route("**/api/favourites", refuse)
    await enter(desk, "olga")
    search = await open_picker(desk)
    await search.fill("relay")
    await search.press("Shift+Enter")
    await expect(page.locator("span").filter(has_text="At most 50.")).to_be_visible()
    await expect(options_of(desk, "picker.favourites")).to_have_count(0)
    await expect(options_of(desk, "common.origin.router")).to_have_count(1)


async def lists_many(route: Route) -> None:
    answer = await route.fetch()
    told: dict[str, Any] = await answer.json()
    line = next(one for one in told["models"] if one["ref"].startswith("byom:"))
    many = [{**line, "ref": f"byom:{n:08}-0000-7000-8000-000000000000", "name": f"model {n:03}"} for n in range(MANY)]
    await route.fulfill(response=answer, json={**told, "models": many, "starred": [many[-1]["ref"]]})


@pytest.mark.parametrize("language", LANGUAGES)
async def test_of_five_hundred_models_the_page_holds_what_is_looked_at(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    """Counted in elements, which are what costs: milliseconds of a busy machine say nothing."""
    await two_zones(demo_harbour, language)
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await page.route("**/api/models", lists_many)
    await enter(desk, "olga")
    before = await page.locator("*").count()
    search = await open_picker(desk)
    options = page.get_by_role("option")
    await expect(options).to_have_count(AT_ONCE)
    # A favourite stands first, wherever it stood.
    await expect(options.first).to_contain_text(f"model {MANY - 1}")
    await expect(options.first).to_have_attribute("aria-setsize", str(MANY))
    opened = await page.locator("*").count() - before
    assert opened < AT_ONCE * 25
    await desk.picture("picker-many")
    for typed in ("model 4", "model", ""):
        await search.fill(typed)
        await expect(options).to_have_count(AT_ONCE)
        assert await page.locator("*").count() - before <= opened + 10
    await search.fill("model 417")
    await expect(options).to_have_count(1)
    await search.fill("")
    # By keyboard to the last: the list grows with the way.
    for _ in range(MANY // 8 + 1):
        await search.press("PageDown")
    await expect(chosen(desk)).to_contain_text(f"model {MANY - 2}")
    await expect(chosen(desk)).to_be_in_viewport()
    await expect(search).to_be_focused()
    # Another search begins with a short list again.
    await search.fill("model")
    await expect(options).to_have_count(AT_ONCE)
    await search.press("Tab")
    await desk.button("picker.showAll_other", count=MANY).press("Enter")
    await expect(options).to_have_count(MANY)
    await expect(options.first).not_to_have_attribute("aria-setsize", str(MANY))
    assert words("picker.keys") in await page.get_by_role("dialog").inner_text()
    assert await fits(page)
