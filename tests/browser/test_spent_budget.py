"""A spent budget in the browser: the picker says why and until when, statistics say it too, an own model goes on."""

import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.everywhere import fits, keep, sign_in
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.plans import write_plans
from tests.support.running import MODEL_KEY, Harbour, Person, running, settings_for

STANDARD, OWN = "Mistral Large", "steady"
CATALOGUE = """
[mistral]
name = "Mistral"
base_url = "{url}"
data_location = "France"
zone = "included"
models = [{{ id = "burst-400", name = "Mistral Large" }}]
"""


@pytest_asyncio.fixture
async def demo_harbour(
    request: pytest.FixtureRequest, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> AsyncIterator[Harbour]:
    """Give a running Moorage whose plans include one answer of a standard model, or as many tokens as are asked for."""
    authority, server = models
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(CATALOGUE.format(url=server.base_url), encoding="utf-8")
    settings = settings_for(
        f"sqlite+aiosqlite:///{tmp_path}",
        tmp_path,
        authority,
        server,
        catalogue=catalogue,
        standard_keys=f"mistral={MODEL_KEY}",
        plans=write_plans(tmp_path, tokens_per_month=getattr(request, "param", 600), answer_tokens=512),
    )
    async with running(settings, server) as harbour:
        yield harbour


async def prepare(harbour: Harbour, language: str) -> Person:
    """Let Olga's team have an endpoint of its own, and Mia write in it; gives Mia."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, [OWN])
    mia = await harbour.invited_by(olga, "Mia", "member")
    assert (await mia.call("PATCH", "/api/profile", {"locale": language})).is_success
    return mia


async def ask(desk: Desk, model: str, text: str) -> None:
    """Choose a model, ask it, and wait until it has answered."""
    page, words = desk.page, desk.words
    await page.get_by_role("button", name=words.pattern("chat.composer.model")).click()
    await page.get_by_role("option", name=re.compile(model)).click()
    await page.get_by_label(words("chat.composer.label"), exact=True).fill(text)
    await desk.button("chat.composer.send").click()
    answer = page.get_by_role("article").last
    await expect(answer).to_contain_text(model)
    await expect(answer.get_by_role("button", name=words("chat.regenerate.same"))).to_be_visible()


def written(day: date, language: str) -> str:
    """Write a day as the pages do."""
    return f"{day:%d.%m.%Y}" if language == "de" else f"{day:%b} {day.day}, {day.year}"


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("de", 390, True)])
async def test_a_spent_budget_says_until_when_and_an_own_model_goes_on(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str, width: int, *, dark: bool
) -> None:
    """P15."""
    mia = await prepare(demo_harbour, language)
    desk = await open_desk(language, width=width, dark=dark)
    page, words = desk.page, desk.words
    await sign_in(desk, "mia")
    await ask(desk, STANDARD, "Wie lange ist die Frist?")
    spent = (await mia.get("/api/usage"))["budget"]
    assert spent["is_spent"], spent

    # Beside the message field, and in the picker, where the model can't be chosen any more.
    told = page.locator("#destination")
    await expect(told).to_contain_text(spent["resets_on"])
    await page.get_by_label(words("chat.composer.label"), exact=True).fill("Und wenn sie abläuft?")
    await expect(desk.button("chat.composer.send")).to_have_attribute("aria-disabled", "true")
    await page.get_by_role("button", name=words.pattern("chat.composer.model")).click()
    line = page.get_by_role("option", name=re.compile(STANDARD))
    await expect(line).to_have_attribute("aria-disabled", "true")
    await expect(line).to_contain_text(spent["resets_on"])
    await expect(page.get_by_role("option", name=re.compile(OWN))).not_to_have_attribute("aria-disabled", "true")
    assert await fits(page)
    await desk.picture("budget-spent-picker")
    await page.keyboard.press("Escape")
    await desk.picture("budget-spent-chat")

    await desk.open("/settings/oversight/usage")
    day = written(date.fromisoformat(spent["resets_on"]), language)
    await expect(page.get_by_text(words("oversight.budget.spent", day=day))).to_be_visible()
    await expect(page.locator("figure .recharts-bar-rectangle path").first).to_be_visible()
    assert await fits(page)
    await keep(desk, "budget-spent-usage")
    await page.go_back()

    await desk.open("/settings/team/plan")
    await expect(page.get_by_text(words("team.plan.tokens_told", tokens="600"))).to_be_visible()
    await expect(page.get_by_text(words("team.plan.answer_told", tokens="512"))).to_be_visible()
    await expect(page.get_by_text(words("team.plan.models_all"))).to_be_visible()
    assert await fits(page)
    await keep(desk, "plan-included")
    await page.go_back()

    await ask(desk, OWN, "Und wenn sie abläuft?")
    await expect(told).not_to_contain_text(spent["resets_on"])
    await expect(page.get_by_text(words.pattern("chat.switch.line"))).to_be_visible()
    await desk.picture("budget-spent-own-answer")
    usage = await mia.get("/api/usage")
    assert usage["budget"] == spent, "what an own model answers touches no budget"
    assert (usage["byom"]["calls"], usage["standard"]["calls"]) == (1, 1)


@pytest.mark.parametrize("demo_harbour", [0], indirect=True)
async def test_a_plan_without_standard_models_has_own_ones_all_the_same(
    open_desk: OpenDesk, demo_harbour: Harbour
) -> None:
    """P7: nothing of a budget stands in the way of an own model, and the pages say so."""
    await prepare(demo_harbour, "en")
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await sign_in(desk, "mia")
    await page.get_by_role("button", name=words.pattern("chat.composer.model")).click()
    await expect(page.get_by_role("option", name=re.compile(STANDARD))).to_have_attribute("aria-disabled", "true")
    await desk.picture("budget-none-picker")
    await page.keyboard.press("Escape")
    await ask(desk, OWN, "How long is the notice?")
    await desk.open("/settings/team/plan")
    await expect(page.get_by_text(words("team.plan.models_none"))).to_be_visible()
    await keep(desk, "plan-none-included")
