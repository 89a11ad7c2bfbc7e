"""Every list says that it loads, is empty, failed, or is not for this person, and what to do then."""

import asyncio
from dataclasses import dataclass

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import OpenDesk
from tests.browser.test_conversations import LANGUAGES, enter
from tests.support.running import Harbour


@dataclass(frozen=True)
class Listed:
    """A list: its page, what it is loaded from, and the text that says that it is empty; None: it never is."""

    path: str
    source: str
    empty: str | None


LISTS = {
    "chats": Listed("/", "**/api/conversations?limit=60", "chat.list.empty"),
    "shared with me": Listed("/shared", "**/api/shared-conversations", "sharing.shared.emptyTitle"),
    "connections": Listed("/settings/models/custom", "**/api/connections", "connections.empty.title"),
    "aliases": Listed("/settings/models/aliases", "**/api/aliases", "access.alias.none"),
    "standard models": Listed("/settings/models/standard", "**/api/standard-models", "access.standard.none"),
    "what to look after": Listed("/settings/models/mine", "**/api/attention", "watch.mine.nothing"),
    "verdicts": Listed("/settings/oversight/comparisons", "**/api/comparisons/tally?*", "oversight.tally.emptyTitle"),
    "trail": Listed(
        "/settings/oversight/audit?from_day=2020-01-01&to_day=2020-01-02",
        "**/api/audit?*",
        "oversight.audit.empty_title",
    ),
    "members": Listed("/settings/team/members", "**/api/team", None),
    "sign-ins": Listed("/settings/security", "**/api/profile/sign-ins", None),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_says_that_it_loads_is_empty_or_failed(
    open_desk: OpenDesk, demo_harbour: Harbour, name: str
) -> None:
    await demo_harbour.olga()
    desk = await open_desk("en")
    page, words, listed = desk.page, desk.words, LISTS[name]
    await enter(desk, "olga")
    may_go, fails = asyncio.Event(), False

    async def hold(route: Route) -> None:
        await may_go.wait()
        if not fails:
            await route.continue_()
            return
        error = {"code": "database_gone", "message": "Not now."}
        await route.fulfill(status=503, json={"error": error, "request_id": "r"})

    async def expect_there() -> None:
        await expect(page.get_by_role("status", name=words("common.loading"))).to_have_count(0)
        if listed.empty:
            await expect(page.get_by_text(words(listed.empty), exact=True)).to_be_visible()

    await page.route(listed.source, hold)
    await desk.open(listed.path)
    await expect(page.get_by_role("status", name=words("common.loading")).first).to_be_visible()
    if listed.empty:
        await expect(page.get_by_text(words(listed.empty), exact=True)).to_have_count(0)
    may_go.set()
    await expect_there()
    fails = True
    await desk.open(listed.path)
    failed = page.get_by_role("alert")
    again = failed.get_by_role("button", name=words("common.action.tryAgain"))
    await expect(again.first).to_be_visible()
    fails = False
    await again.first.press("Enter")
    await expect(failed).to_have_count(0)
    await expect_there()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_member_reads_why_a_list_is_not_for_them(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    olga = await demo_harbour.olga()
    mia = await demo_harbour.invited_by(olga, "Mia", "member")
    await mia.call("PATCH", "/api/profile", {"locale": language})
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await enter(desk, "mia")
    for name in ("connections", "aliases", "standard models"):
        await desk.open(LISTS[name].path)
        await expect(page.get_by_text(words("connections.denied.title"))).to_be_visible()
        await expect(page.get_by_role("link", name="olga@example.com")).to_be_visible()
    await desk.open(LISTS["trail"].path)
    await expect(page.get_by_text(words("common.noPermission.title"))).to_be_visible()
    await expect(page.get_by_text(words("common.noPermission.text"))).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_picker_waits_and_is_empty_in_words(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    olga = await demo_harbour.olga()
    mia = await demo_harbour.invited_by(olga, "Mia", "member")
    await mia.call("PATCH", "/api/profile", {"locale": language})
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    may_go = asyncio.Event()

    async def hold(route: Route) -> None:
        await may_go.wait()
        answer = await route.fetch()
        await route.fulfill(response=answer, json={**await answer.json(), "models": []})

    await enter(desk, "mia")
    await page.route("**/api/models", hold)
    await desk.open()
    await page.locator("form button[aria-haspopup]").first.click()
    picker = page.get_by_role("dialog", name=words("chat.picker.title"))
    await expect(picker.get_by_role("status", name=words("common.loading"))).to_be_visible()
    await expect(picker.get_by_text(words("picker.none"))).to_have_count(0)
    may_go.set()
    await expect(picker).to_contain_text(words("picker.none"))
    await expect(picker).to_contain_text(words("picker.noneAsk"))
    await desk.picture("picker-empty")
