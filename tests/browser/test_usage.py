"""Statistics in the browser: both logs apart, broken down, priced, exported, in both languages, at all widths."""

import asyncio
import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.everywhere import fits, keep, sign_in
from tests.support.days_used import day_used, put_days
from tests.support.running import Harbour

DAYS = 40
MODELS = ("steady", "qwen3-235b-a22b-instruct-2507-awq-int4", "kimi")


async def prepare(harbour: Harbour, language: str = "en") -> None:
    """Let Olga's team have used three models of two connections, and a standard one, for some weeks."""
    olga = await harbour.olga()
    people = [olga, await harbour.invited_by(olga, "Adam", "admin"), await harbour.invited_by(olga, "Mia", "member")]
    made = [await olga.connect(harbour.models.base_url, ["steady"], name=name) for name in ("Kanzlei GPU", "Werk Süd")]
    places = [one["id"] for one in made]
    today, team = datetime.now(UTC).date(), olga.session["team"]["id"]
    rows: list[dict[str, Any]] = []
    for back in range(DAYS):
        day = today - timedelta(days=back)
        for number, person in enumerate(people):
            me = person.session["me"]["id"]
            busy = 3 + (back * 7 + number * 5) % 11
            for place, model in enumerate(MODELS):
                calls = busy + place
                own: dict[str, Any] = {
                    "calls": calls,
                    "failed_calls": calls // 6 if place == 1 else 0,
                    "reported_calls": calls - 1 if place == 1 else calls,
                    "missing_calls": 1 if place == 1 else 0,
                    "reported_in": calls * 1900,
                    "reported_out": calls * 420,
                    "ttft_calls": calls,
                    "ttft_ms_sum": calls * (240.0 + 900 * (place == 1)),
                }
                rows.append(day_used(team, me, places[place % 2], model, day, **own))
            standard = {"calls": busy, "reported_calls": busy, "reported_in": busy * 900, "reported_out": busy * 200}
            rows.append(day_used(team, me, "mistral", "mistral-large", day, kind="standard", **standard))
    await put_days(harbour.built.parts.database, rows)
    for person in people:
        assert (await person.call("PATCH", "/api/profile", {"locale": language})).is_success


async def charts_are_drawn(desk: Desk) -> None:
    """Wait until the charts, which are loaded late and measure their place first, have drawn: days and bars of both."""
    figures = desk.page.locator("figure").filter(has=desk.page.locator(".recharts-bar-rectangle path"))
    await expect(figures).to_have_count(4)


async def _enter_price(desk: Desk) -> None:
    page, words = desk.page, desk.words
    await page.get_by_role("button", name=words("usage.price.enter_for", model="steady"), exact=True).click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.get_by_label(words("usage.price.in"), exact=True).fill("zwei")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text(words("usage.price.wrong")).first).to_be_visible()
    await page.get_by_label(words("usage.price.in"), exact=True).fill("0,15")
    await page.get_by_label(words("usage.price.out"), exact=True).fill("0.6")
    await expect(page.get_by_text(words.pattern("usage.price.read")).first).to_be_visible()
    await keep(desk, "usage-price")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_text(words("usage.price.saved", model="steady")).first).to_be_visible()


@pytest.mark.parametrize("language", ["en", "de"])
async def test_an_owner_breaks_usage_down_enters_a_price_and_exports(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    """P15, P16."""
    await prepare(demo_harbour, language)
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await sign_in(desk, "olga")
    await desk.open("/settings/oversight/usage")
    sides = page.get_by_role("region", name=words("usage.sides.title")).get_by_role("article")
    await expect(sides).to_have_count(2)
    await expect(sides.first).to_contain_text(words("usage.sides.no_prices"))
    await charts_are_drawn(desk)
    await keep(desk, "usage-model")

    # By keyboard: the breakdown is pressed, and stands in the address.
    await page.get_by_role("button", name=words("usage.by.connection"), exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("by=connection"))
    await expect(page.get_by_role("row", name=re.compile("Werk Süd"))).to_be_visible()
    await charts_are_drawn(desk)
    await keep(desk, "usage-connection")
    await page.get_by_role("button", name=words("usage.by.person"), exact=True).click()
    await expect(page.get_by_role("row", name=re.compile("mia@example.com")).first).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("row", name=re.compile("mia@example.com")).first).to_be_visible()
    await charts_are_drawn(desk)
    await keep(desk, "usage-person")

    await page.get_by_role("button", name=words("usage.by.model"), exact=True).click()
    await _enter_price(desk)
    amount = {"en": "€0.15 / €0.60", "de": "0,15 € / 0,60 €"}[language]
    told = page.get_by_role("row", name=re.compile("steady")).first
    await expect(told).to_contain_text(re.compile(amount.replace(" ", r"\s")))
    await expect(sides.first).not_to_contain_text(words("usage.sides.no_prices"))
    await expect(sides.nth(1)).to_contain_text(words("usage.sides.no_prices"))
    await keep(desk, "usage-priced")

    own = words("oversight.usage.byom.title")
    async with page.expect_download() as coming:
        await page.get_by_role("button", name=words("usage.export.label", title=own), exact=True).click()
        await page.get_by_role("menuitem", name=words("usage.export.csv"), exact=True).click()
    file = await (await coming.value).path()
    lines = list(csv.DictReader(io.StringIO(await asyncio.to_thread(file.read_text, "utf-8"))))
    assert len(lines) == 30 * 3 * len(MODELS), "thirty days, three people, three models: the days in sight"
    assert {line["currency"] for line in lines if line["model_id"] == "steady"} == {"EUR"}

    await page.get_by_role("button", name=words("oversight.range.week"), exact=True).click()
    await expect(page).to_have_url(re.compile("from=.*to=.*by=model"))


@pytest.mark.parametrize(
    ("language", "width", "dark", "by"),
    [
        ("en", 320, True, "model"),
        ("de", 320, False, "connection"),
        ("de", 820, True, "person"),
        ("en", 1600, True, "model"),
    ],
)
async def test_statistics_fit_every_window(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str, width: int, by: str, *, dark: bool
) -> None:
    await prepare(demo_harbour, language)
    desk = await open_desk(language, width=width, dark=dark)
    await sign_in(desk, "olga")
    await desk.open(f"/settings/oversight/usage?by={by}")
    await charts_are_drawn(desk)
    assert await fits(desk.page)
    await keep(desk, f"usage-{by}-{width}-{'dark' if dark else 'light'}")


async def test_a_member_sees_their_own_without_people_and_prices(open_desk: OpenDesk, demo_harbour: Harbour) -> None:
    await prepare(demo_harbour)
    desk = await open_desk("en", width=900)
    page, words = desk.page, desk.words
    await sign_in(desk, "mia")
    await desk.open("/settings/oversight/usage?by=person")
    await expect(page.get_by_text(words("oversight.usage.intro_own"))).to_be_visible()
    await charts_are_drawn(desk)
    await expect(page.get_by_role("button", name=words("usage.by.person"), exact=True)).to_have_count(0)
    for hidden in ("usage.price.enter", "usage.sides.cost", "usage.column.cost"):
        await expect(page.get_by_text(words(hidden), exact=True)).to_have_count(0)
    await keep(desk, "usage-member")


async def test_nothing_used_and_nothing_to_be_had_are_told_apart(open_desk: OpenDesk, demo_harbour: Harbour) -> None:
    await demo_harbour.olga()
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await sign_in(desk, "olga")
    await desk.open("/settings/oversight/usage")
    await expect(page.get_by_text(words("oversight.usage.byom.empty"))).to_be_visible()
    await keep(desk, "usage-empty")

    async def fail(route: Route) -> None:
        await route.fulfill(
            status=503, json={"error": {"code": "database_gone", "message": "Not now."}, "request_id": "r"}
        )

    await page.route("**/api/usage?**", fail)
    await page.reload()
    await expect(page.get_by_role("alert")).to_contain_text("Not now.")
    await keep(desk, "usage-error")
    await page.unroute("**/api/usage?**")
    await page.get_by_role("button", name=words("common.action.tryAgain"), exact=True).click()
    await expect(page.get_by_text(words("oversight.usage.byom.empty"))).to_be_visible()
