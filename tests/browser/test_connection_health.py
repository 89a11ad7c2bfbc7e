"""P9, P10, P22: what fell over is marked where people look, with cause and time; and what changed in a list."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.support.running import PASSWORD, Person

LOOKS = [("en", 1280, False), ("de", 1280, True), ("de", 320, False), ("en", 320, True)]


async def _sign_in(desk: Desk, name: str) -> None:
    page, words = desk.page, desk.words
    await desk.open()
    await page.get_by_label(words("accounts.field.email"), exact=True).fill(f"{name}@example.com")
    await page.get_by_label(words("accounts.field.password"), exact=True).fill(PASSWORD)
    await desk.button("accounts.signIn.action").click()
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_be_visible()


async def _fall_over(desk: Desk, made: dict[str, Any], maintainer: Person) -> None:
    """Let what is stored say that nobody has come through for two hours."""
    me = maintainer.session["me"]["id"]
    facts = '{"port": 443}'
    hour_us = 3_600_000_000
    async with desk.harbour.built.parts.database.write() as tx:
        await tx.exec_driver_sql(
            "UPDATE connection SET health = 'unreachable', health_code = 'connect_refused', health_by = 'check',"
            f" health_facts = '{facts}', failures = 5, maintainer_id = '{me}', key_expires_on = '2020-01-31',"
            f" failing_since = health_at - 2 * {hour_us}, opened_at = health_at - 2 * {hour_us},"
            f" health_since = health_at - 2 * {hour_us}, good_at = health_at - 3 * {hour_us}"
            f" WHERE id = '{made['id']}'"
        )


async def _is_told_before_sending(desk: Desk, told: str, look: str) -> None:
    """Look below the message field: of the one that is chosen, and of each of several."""
    page = desk.page
    below = page.locator("#destination")
    await expect(below).to_contain_text(told)
    await desk.picture(f"health-chosen-{look}")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await desk.button("chat.compare.switch").click()
    await desk.button("compare.bar.add").click()
    await page.get_by_role("combobox").fill("Reserve")
    await page.keyboard.press("Enter")
    await expect(below).to_contain_text(f"steady: {told}")
    await desk.picture(f"health-several-{look}")


@pytest.mark.parametrize(("language", "width", "dark"), LOOKS)
async def test_what_fell_over_is_marked_wherever_its_people_look(
    open_desk: OpenDesk, language: str, width: int, dark: bool
) -> None:
    desk = await open_desk(language, width=width, dark=dark)
    page, words, look = desk.page, desk.words, f"{width}{'-dark' if dark else ''}"
    olga = await desk.harbour.olga()
    mia = await desk.harbour.invited_by(olga, "Mia", "member")
    for person in (olga, mia):
        await person.call("PATCH", "/api/profile", {"locale": language})
    made = await olga.connect(desk.harbour.models.base_url, ["steady"])
    await olga.connect(desk.harbour.models.base_url, ["steady-2"], name="Reserve")
    await _fall_over(desk, made, mia)
    [line] = [one for one in (await olga.get("/api/models"))["models"] if one["model_id"] == "steady"]
    await _sign_in(desk, "olga")
    await page.get_by_role("button", name=re.compile("steady|Demo")).first.click()
    option = page.get_by_role("option", name=re.compile("Kanzlei GPU"))
    await expect(option.get_by_text(words("common.health.unreachable"), exact=True)).to_be_visible()
    if language == "en":
        await expect(option.get_by_text(line["health_cause"])).to_be_visible()
    await desk.picture(f"health-picker-{look}")
    since = words.pattern("chat.picker.since")
    told = next(one for one in (await option.inner_text()).splitlines() if since.search(one))
    await option.click()
    await _is_told_before_sending(desk, f"{words('common.health.unreachable')}: {told}", look)

    await desk.open("/settings/models/custom")
    matters = page.get_by_role("region", name=words("watch.matters.title"))
    await expect(matters.get_by_role("listitem")).to_have_count(2)
    await expect(matters.get_by_text(words("watch.matters.unreachable"))).to_be_visible()
    await desk.picture(f"health-list-{look}")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await matters.get_by_role("link", name="Kanzlei GPU").first.click()
    await expect(page.get_by_text(words("watch.meanwhile.unreachable"))).to_be_visible()
    await desk.picture(f"health-page-{look}")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def _never_comes(_route: Route) -> None:
    """Leave a request without an answer."""


async def _is_over(person: Person, chat: str) -> None:
    while True:
        turns = (await person.get(f"/api/conversations/{chat}"))["messages"]
        if all(turn["reply"] is None or turn["reply"]["state"] != "running" for turn in turns):
            return
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("reads_along", [True, False])
async def test_a_message_to_what_is_said_to_be_down_is_tried_and_the_page_takes_it_back(
    open_desk: OpenDesk, reads_along: bool
) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    if not reads_along:
        # Another tab says that the conversation changed; it is loaded before the end of the stream has come.
        await page.route("**/api/replies/*/events", _never_comes)
    olga = await desk.harbour.olga()
    await _fall_over(desk, await olga.connect(desk.harbour.models.base_url, ["steady"]), olga)
    await _sign_in(desk, "olga")
    await page.get_by_role("button", name=re.compile("steady|Demo")).first.click()
    await page.get_by_role("option", name=re.compile("Kanzlei GPU")).click()
    below = page.locator("#destination")
    await expect(below).to_contain_text(words("common.health.unreachable"))
    await page.get_by_label(words("chat.composer.label"), exact=True).fill("Good morning")
    await desk.button("chat.composer.send").click()
    if not reads_along:
        await page.wait_for_url("**/c/*")
        chat = page.url.rsplit("/", 1)[-1]
        await _is_over(olga, chat)
        await page.evaluate("id => new BroadcastChannel('moorage.conversations').postMessage(id)", chat)
    await expect(page.get_by_role("article").last).to_contain_text("word20")
    await expect(below).not_to_contain_text(words("common.health.unreachable"))


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("de", 320, True)])
async def test_a_member_who_looks_after_a_connection_learns_of_it_and_can_change_nothing(
    open_desk: OpenDesk, language: str, width: int, dark: bool
) -> None:
    desk = await open_desk(language, width=width, dark=dark)
    page, words, look = desk.page, desk.words, f"{width}{'-dark' if dark else ''}"
    olga = await desk.harbour.olga()
    mia = await desk.harbour.invited_by(olga, "Mia", "member")
    await mia.call("PATCH", "/api/profile", {"locale": language})
    made = await olga.connect(desk.harbour.models.base_url, ["steady"])
    await _fall_over(desk, made, mia)
    await _sign_in(desk, "mia")
    if width > 1000:
        settings = page.get_by_role("link", name=words("common.nav.settings"))
        await expect(settings).to_contain_text(words("common.attention.count_other", count=2))
        await desk.picture(f"health-mark-{look}")
    await desk.open("/settings/models/mine")
    matters = page.get_by_role("region", name=words("watch.matters.title"))
    await expect(matters.get_by_role("listitem")).to_have_count(2)
    await expect(matters.get_by_role("link")).to_have_count(0)
    await desk.picture(f"health-mine-{look}")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, True), ("de", 320, False)])
async def test_a_new_look_at_the_list_says_first_what_people_miss(
    open_desk: OpenDesk, language: str, width: int, dark: bool
) -> None:
    desk = await open_desk(language, width=width, dark=dark)
    page, words, look = desk.page, desk.words, f"{width}{'-dark' if dark else ''}"
    models = desk.harbour.models
    models.models[:] = ["steady-1", "steady-2", "steady-3"]
    olga = await desk.harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    made = await olga.connect(models.base_url, ["steady-1"])
    await olga.wait_for(await olga.ask("Hello", made["models"][0]["ref"]))
    models.models[:] = ["steady-3", *(f"steady-{number}" for number in range(10, 25))]
    models.context_length = 32_768
    await _sign_in(desk, "olga")
    await desk.open(f"/settings/models/custom/{made['id']}#models")
    await desk.button("connections.models.rediscover").click()
    status = page.get_by_role("region", name=words("connections.page.models")).get_by_role("status").first
    gone = status.get_by_role("listitem").first
    await expect(gone).to_contain_text("steady-1")
    await expect(gone).to_contain_text(words("watch.diff.was_on"))
    await expect(gone).to_contain_text(words("watch.diff.used_one", formatted=1))
    await status.scroll_into_view_if_needed()
    await desk.picture(f"health-diff-{look}")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
