"""A search is narrowed by model, person and days; the address keeps it, and where nothing fits the page says why."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, Request, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.everywhere import fits
from tests.browser.test_conversations import LANGUAGES, enter
from tests.browser.test_seals import two_zones
from tests.browser.test_unsent_words import field_of
from tests.support.running import Harbour


async def two_chats(harbour: Harbour, language: str) -> tuple[dict[str, str], str]:
    """Let Olga ask two models the same, and show the second chat to Mia; gives the models' references and Mia's id."""
    olga, refs = await two_zones(harbour, language)
    mia = (await harbour.invited_by(olga, "Mia", "member")).session["me"]["id"]
    conversation_id = ""
    for model in ("steady", "echo"):
        conversation_id = (await olga.post("/api/conversations", {"title": f"of {model}"}))["id"]
        await olga.wait_for(await olga.ask("kraniche", refs[model], conversation_id))
    share = f"/api/conversations/{conversation_id}/sharing/people/{mia}"
    assert (await olga.call("PUT", share)).status_code == 200
    return refs, str(mia)


@dataclass
class Looking:
    """Somebody at the search, and what their page has asked."""

    desk: Desk
    results: Locator
    asked: list[dict[str, str]] = field(default_factory=list)

    async def finds(self, *titles: str) -> None:
        chats = self.results.locator("a[href^='/c/']:not([href*='#'])")
        await expect(chats).to_have_count(len(titles))
        await expect(chats).to_contain_text(list(titles))

    async def look_for(self, text: str) -> None:
        await expect(self.desk.page.locator("#destination")).not_to_be_empty()
        await self.to_field()
        await self.desk.page.keyboard.insert_text(text)

    async def to_field(self) -> None:
        await self.desk.page.get_by_label(self.desk.words("common.nav.search"), exact=True).focus()

    def filter(self, name: str) -> Locator:
        label = self.desk.words(f"search.by.{name}")
        if name in {"model", "with"}:
            return self.results.get_by_role("combobox", name=label, exact=True)
        return self.results.get_by_label(label, exact=True)

    async def take_away(self, name: str, told: str) -> None:
        words = self.desk.words
        await expect(self.results.get_by_text(words("search.noneNarrow"))).to_be_visible()
        named = re.compile(f"^{words(f'search.by.{name}')}: {told}")
        await self.results.get_by_role("button", name=named).press("Enter")


async def sit_down(desk: Desk) -> Looking:
    looking = Looking(desk, desk.page.get_by_role("region", name=desk.words("search.results")))

    def see(request: Request) -> None:
        if request.url.endswith("/api/searches"):
            looking.asked.append(json.loads(request.post_data or "{}"))

    desk.page.on("request", see)
    await enter(desk, "olga")
    await looking.look_for("kranich")
    await looking.finds("of echo", "of steady")
    assert looking.asked == [{"text": "kranich"}]
    return looking


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_search_is_narrowed_and_the_address_keeps_it(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    refs, mia = await two_chats(demo_harbour, language)
    desk = await open_desk(language)
    page = desk.page
    looking = await sit_down(desk)
    # By keyboard: from the field over its button to what narrows.
    for key in ("Tab", "Tab", "Enter", "Tab"):
        await page.keyboard.press(key)
    await expect(looking.filter("model")).to_be_focused()
    await looking.filter("model").select_option(refs["steady"])
    await looking.finds("of steady")
    assert "kranich" not in page.url
    assert "find_model=" in page.url
    await desk.picture("search-narrowed")
    # Each fits something, both together nothing: the page says which to take away.
    await looking.filter("with").select_option("Mia")
    await expect(looking.results.get_by_text(desk.words("search.noneNarrow"))).to_be_visible()
    await desk.picture("search-narrowed-to-nothing")
    await looking.take_away("model", "steady")
    await looking.finds("of echo")
    await expect(looking.filter("model")).to_have_value("")
    # A reload keeps what narrows; the words are in no address.
    await page.reload()
    await looking.look_for("kranich")
    await looking.finds("of echo")
    await expect(looking.filter("with")).to_have_value(mia)
    await looking.filter("with").select_option("")
    await looking.finds("of echo", "of steady")
    assert "find_" not in page.url
    await looking.to_field()
    await page.keyboard.press("ArrowDown")
    await expect(looking.results.get_by_role("link").first).to_be_focused()
    assert await fits(page)


async def test_a_day_is_typed_digit_by_digit(open_desk: OpenDesk, demo_harbour: Harbour) -> None:
    await two_chats(demo_harbour, "en")
    desk = await open_desk("en")
    looking = await sit_down(desk)
    await looking.results.locator("summary").click()
    # The same whether the day or the month comes first.
    await looking.filter("from").press_sequentially("05052026", delay=30)
    await expect(looking.filter("from")).to_have_value("2026-05-05")
    await expect(desk.page).to_have_url(re.compile("find_from=2026-05-05"))
    await expect(looking.filter("from")).to_be_focused()
    await looking.finds("of echo", "of steady")
    assert [one["since"][:10] for one in looking.asked if "since" in one] == ["2026-05-04"]
    await looking.filter("from").press("Backspace")
    await expect(desk.page).not_to_have_url(re.compile("find_from"))
    await desk.open("/?find_to=2026-05-05")
    await looking.look_for("kranich")
    await looking.take_away("to", "")
    await expect(looking.filter("to")).to_have_value("")


async def test_a_day_ends_where_its_reader_is(open_desk: OpenDesk, demo_harbour: Harbour) -> None:
    await two_chats(demo_harbour, "en")
    desk = await open_desk("en", width=1024)
    looking = await sit_down(desk)
    await looking.results.locator("summary").click()
    before = (datetime.now(UTC) - timedelta(days=2)).strftime("%Y-%m-%d")
    await looking.filter("to").fill(before)
    await expect(looking.results.get_by_text(desk.words("search.noneNarrow"))).to_be_visible()
    assert looking.asked[-1].keys() == {"text", "until"}
    # Berlin's midnight after that day, in summer or winter.
    assert looking.asked[-1]["until"][:10] == before
    assert looking.asked[-1]["until"].endswith(("T22:00:00.000Z", "T23:00:00.000Z"))
    await looking.take_away("to", "")
    await looking.finds("of echo", "of steady")
    await looking.filter("from").fill(before)
    await looking.finds("of echo", "of steady")
    await desk.open("/?find_with=nobody&find_from=never")
    await looking.look_for("kranich")
    await looking.finds("of echo", "of steady")


async def test_narrowing_leaves_the_keyboard_where_it_is(open_desk: OpenDesk, demo_harbour: Harbour) -> None:
    """Neither the message that the address names takes it, nor the field of a chat that was just begun."""
    refs, _ = await two_chats(demo_harbour, "en")
    desk = await open_desk("en")
    page = desk.page
    looking = await sit_down(desk)

    async def narrow() -> None:
        await looking.results.locator("summary").click()
        await looking.filter("model").focus()
        await looking.filter("model").select_option(refs["steady"])
        await expect(page).to_have_url(re.compile("find_model="))
        await looking.finds("of steady")
        await expect(looking.filter("model")).to_be_focused()

    await looking.results.locator("a[href*='#']").first.click()
    await expect(page.locator("[data-turn]:focus")).to_have_count(1)
    await looking.look_for("kranich")
    await narrow()
    await desk.open("/")
    await looking.look_for("kranich")
    await page.keyboard.press("Escape")
    await field_of(desk).fill("Hello")
    await field_of(desk).press("Enter")
    await expect(page).to_have_url(re.compile("/c/"))
    await expect(desk.button("chat.regenerate.same")).to_be_visible()
    await page.reload()
    await looking.look_for("kranich")
    await narrow()
