"""The operator's desk in the browser: a plan changed, a key tested, an announcement that Eve reads and closes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.everywhere import fits, keep, sign_in
from tests.support.attaching import send
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.operating import operator_of
from tests.support.running import MODEL_KEY, Harbour, Person, running, settings_for

CATALOGUE = """
[openai]
name = "OpenAI"
base_url = "{url}"
data_location = "United States"
zone = "included"
models = [
  {{ id = "steady", name = "Steady", context_length = 128000, price_in = 1.5, price_out = 6.0 }},
  {{ id = "gone", name = "Long gone", price_in = 0.1 }},
]

[mistral]
name = "Mistral"
base_url = "{url}"
data_location = "France"
models = [{{ id = "steady", name = "Steady" }}]
"""


@pytest_asyncio.fixture
async def demo_harbour(tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[Harbour]:
    """Give a running Moorage with a key that works and one that does not."""
    authority, server = models
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(CATALOGUE.format(url=server.base_url), encoding="utf-8")
    keys = f"openai={MODEL_KEY},mistral=sk-withdrawn-0123456789"
    url = f"sqlite+aiosqlite:///{tmp_path}"
    settings = settings_for(url, tmp_path, authority, server, catalogue=catalogue, standard_keys=keys)
    async with running(settings, server) as harbour:
        yield harbour


async def prepare(harbour: Harbour, language: str) -> Person:
    """Let Olga operate, and Eve's team use a standard model and one of its own."""
    olga, eve = await operator_of(harbour), await harbour.eve()
    made = await eve.connect(harbour.models.base_url, ["steady"])
    own = next(one["ref"] for one in made["models"] if one["enabled"])
    standard = next(one["ref"] for one in (await eve.get("/api/models"))["models"] if one["origin"] == "included")
    for ref in (own, standard):
        await send(eve, "What do goldammern eat?", ref=ref)
    for person in (olga, eve):
        await person.call("PATCH", "/api/profile", {"locale": language})
    return olga


async def enter_as(desk: Desk, person: Person) -> None:
    """Take the sign-in that a person has over into the browser: it had a second factor, which takes a while."""
    cookies = [
        {"name": one.name, "value": str(one.value), "url": desk.harbour.url} for one in person.client.cookies.jar
    ]
    await desk.page.context.add_cookies(cookies)  # type: ignore[arg-type]


async def choose(page: Page, label: str, option: str) -> None:
    await page.get_by_role("dialog").get_by_role("combobox", name=label).click()
    await page.get_by_role("option", name=option, exact=True).click()


@pytest.mark.parametrize("language", ["en", "de"])
async def test_an_operator_changes_a_plan_tests_keys_and_tells_everybody(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    olga = await prepare(demo_harbour, language)
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await enter_as(desk, olga)
    await desk.open("/settings/profile")
    await page.get_by_role("link", name=words("common.settings.operator")).click()
    await expect(page.get_by_role("heading", name=words("operator.page.teams"), level=1)).to_be_visible()
    await expect(page.get_by_role("link", name="Elsewhere")).to_be_visible()
    await page.get_by_label(words("operator.teams.find")).fill("nobody of this name")
    await expect(page.get_by_role("heading", name=words("operator.teams.none"))).to_be_visible()
    await page.get_by_label(words("operator.teams.find")).fill("else")
    await expect(page.get_by_text(words("operator.teams.count_one", formatted=1))).to_be_visible()
    await page.get_by_label(words("operator.teams.find")).fill("")
    await expect(page.get_by_role("link", name="Kanzlei Brandt")).to_be_visible()
    await keep(desk, "desk-teams")

    await page.get_by_role("link", name="Elsewhere").click()
    await expect(page.get_by_role("heading", name="Elsewhere")).to_be_visible()
    await desk.button("operator.change.action").click()
    await choose(page, words("operator.plan"), words("team.plan_name.business_pro"))
    await choose(page, words("operator.standing"), words("team.standing.suspended"))
    save = page.get_by_role("dialog").get_by_role("button", name=words("operator.change.save"), exact=True)
    await save.click()
    reason = page.get_by_role("dialog").get_by_label(words("operator.change.reason"))
    await expect(reason).to_have_attribute("aria-invalid", "true")
    await reason.fill("Rechnung 4711 ist offen")
    await keep(desk, "desk-change")
    await save.click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_text("Rechnung 4711 ist offen")).to_be_visible()
    await keep(desk, "desk-team")

    await page.get_by_role("link", name=words("operator.page.providers")).click()
    await expect(page.get_by_role("heading", name="OpenAI")).to_be_visible()
    for name, state in (("openai", "works"), ("mistral", "refused")):
        section = page.locator(f"section[aria-labelledby=provider-{name}]")
        await section.get_by_role("button", name=words("operator.providers.test")).click()
        await expect(section.get_by_text(words(f"operator.state.{state}"), exact=True)).to_be_visible()
    await page.get_by_text(words("operator.providers.models_other", count=2)).first.click()
    await keep(desk, "desk-providers")

    await page.get_by_role("link", name=words("operator.page.plans"), exact=True).click()
    await expect(page.get_by_role("cell", name=words("team.plan_name.enterprise"))).to_be_visible()
    await keep(desk, "desk-plans")
    await page.get_by_role("link", name=words("operator.page.health")).click()
    await expect(page.get_by_role("heading", name=words("operator.health.findings"))).to_be_visible()
    await keep(desk, "desk-health")


@pytest.mark.parametrize("language", ["en", "de"])
async def test_what_is_announced_is_read_by_everybody_and_stays_closed_where_it_was_closed(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    olga = await prepare(demo_harbour, language)
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await enter_as(desk, olga)
    await desk.open("/operator/announcements")
    await desk.button("operator.announce.new").click()
    dialog = page.get_by_role("dialog")
    publish = dialog.get_by_role("button", name=words("operator.announce.publish"))
    await dialog.get_by_label(words("common.language.en")).fill("Maintenance on Saturday at 20:00, for ten minutes.")
    await publish.click()
    await expect(dialog.get_by_label(words("common.language.de"))).to_have_attribute("aria-invalid", "true")
    await dialog.get_by_label(words("common.language.de")).fill("Wartung am Samstag um 20:00 Uhr, zehn Minuten lang.")
    await dialog.get_by_label(words("operator.announce.kind.warning")).check()
    await keep(desk, "desk-announcing")
    await publish.click()
    await expect(dialog).to_have_count(0)
    told = "Wartung am Samstag" if language == "de" else "Maintenance on Saturday"
    await expect(page.get_by_text(words("operator.announce.state.shown"), exact=True)).to_be_visible()
    await keep(desk, "desk-announcements")

    eves = await open_desk(language, width=390)
    await sign_in(eves, "eve")
    note = eves.page.locator("section").filter(has_text=told)
    await expect(note).to_be_visible()
    await keep(eves, "announcement-chat")
    await note.get_by_role("button", name=words("common.action.close")).press("Enter")
    await expect(note).to_have_count(0)
    await eves.page.reload()
    await expect(eves.page.locator("#main")).to_be_visible()
    async with eves.page.expect_response("**/api/announcements"):
        await eves.page.reload()
    await expect(note).to_have_count(0)

    await desk.button("operator.announce.edit").click()
    await dialog.get_by_label(words("common.language.de")).fill("Wartung am Samstag um 21:00 Uhr.")
    await dialog.get_by_label(words("common.language.en")).fill("Maintenance on Saturday at 21:00.")
    await dialog.get_by_role("button", name=words("operator.announce.save")).click()
    await expect(dialog).to_have_count(0)
    await eves.page.reload()
    await expect(note).to_contain_text("21:00")


async def test_without_a_second_factor_or_the_mark_the_desk_says_what_to_do(
    open_desk: OpenDesk, demo_harbour: Harbour
) -> None:
    await demo_harbour.olga()
    await demo_harbour.eve()
    desk = await open_desk("en")
    await sign_in(desk, "olga")
    await desk.open("/operator/teams")
    await expect(desk.page.get_by_role("link", name=desk.words("operator.to_security"))).to_be_visible()
    await keep(desk, "desk-closed")
    eves = await open_desk("en")
    await sign_in(eves, "eve")
    await eves.open("/settings/profile")
    await expect(eves.page.get_by_role("heading", name=eves.words("team.profile.title"))).to_be_visible()
    await expect(eves.page.get_by_role("link", name=eves.words("common.settings.operator"))).to_have_count(0)
    await eves.open("/operator/health")
    await expect(eves.page.get_by_text(eves.words("operator.closed"))).to_be_visible()


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_desk_fits_from_a_phone_to_a_wide_screen_in_the_dark_too(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    olga = await prepare(demo_harbour, language)
    team = (await olga.get("/api/operator/teams?text=Elsewhere"))["teams"][0]
    for width, dark in ((320, False), (1600, True)):
        desk = await open_desk(language, width=width, dark=dark)
        await enter_as(desk, olga)
        for name in ("teams", f"teams/{team['id']}", "providers", "plans", "announcements", "health"):
            await desk.open(f"/operator/{name}")
            await expect(desk.page.get_by_role("heading", level=1)).to_be_visible()
            await expect(desk.page.get_by_role("status", name=desk.words("common.loading"))).to_have_count(0)
            assert await fits(desk.page), name
            await keep(desk, f"desk-{name.split('/')[0]}{'-one' if '/' in name else ''}-{width}")
