"""An owner's first steps on the empty page: ticked by what is there, each with its way, gone when nothing is left."""

import re

import pytest
from playwright.async_api import Locator, Request, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.everywhere import fits
from tests.browser.test_conversations import LANGUAGES, asked, enter, olga_with
from tests.browser.test_second_factors import add_app
from tests.support.running import Harbour, Person

STEPS = ("answer", "colleague", "factor")


def steps_at(desk: Desk) -> Locator:
    return desk.page.get_by_role("region", name=desk.words("steps.title"))


def step(desk: Desk, name: str) -> Locator:
    words = desk.words
    act = words("chat.first.connect") if name == "model" else words(f"steps.act.{name}")
    return steps_at(desk).get_by_role("listitem").filter(has_text=act)


async def expect_ticked(desk: Desk, *names: str) -> None:
    words = desk.words
    progress = words("steps.progress", done=len(names), all=4)
    await expect(steps_at(desk).get_by_text(progress, exact=True)).to_be_visible()
    for name in ("model", *STEPS):
        await expect(step(desk, name)).to_contain_text(words("steps.done" if name in names else "steps.open"))


async def speaking(person: Person, language: str) -> Person:
    await person.call("PATCH", "/api/profile", {"locale": language})
    return person


@pytest.mark.parametrize("language", LANGUAGES)
async def test_first_steps_are_ticked_by_what_is_and_go_away_when_done(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    """Everything is done at the API: the ticks come from what is there, not from what was pressed."""
    olga = await speaking(await demo_harbour.olga(), language)
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await enter(desk, "olga")
    # The prepared answers of the demo are no model of the team's.
    await expect_ticked(desk)
    await desk.picture("first-steps")
    for name, leads_to in (("model", "/models/custom/new"), ("colleague", "/team/members"), ("factor", "/security")):
        await step(desk, name).get_by_role("link").click()
        await expect(page).to_have_url(re.compile(f"/settings{leads_to}$"))
        await desk.open()
    await desk.button("steps.act.answer").press("Enter")
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_be_focused()

    demo_harbour.models.models = ["steady", "held"]
    await olga.connect(demo_harbour.models.base_url, ["steady", "held"])
    await page.reload()
    await expect_ticked(desk, "model")
    models = (await olga.get("/api/models"))["models"]
    ref_of = {model["name"]: model["ref"] for model in models}
    # A question without an answer is not the first answer.
    waiting = await olga.ask("Wie lange ist die Frist?", ref_of["held"])
    await page.reload()
    await expect_ticked(desk, "model")
    demo_harbour.models.release()
    await olga.wait_for(waiting)
    await page.reload()
    await expect_ticked(desk, "model", "answer")
    await desk.picture("first-steps-half")
    await demo_harbour.invited_by(olga, "Mia", "member")
    await page.reload()
    await expect_ticked(desk, "model", "answer", "colleague")
    await add_app(desk)
    await desk.open()
    await expect(page.get_by_text(words("chat.first.write"))).to_be_visible()
    await expect(steps_at(desk)).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_step_is_left_out_for_one_person_in_this_browser(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    olga = await speaking(await demo_harbour.olga(), language)
    await speaking(await demo_harbour.invited_by(olga, "Adam", "admin"), language)
    await speaking(await demo_harbour.invited_by(olga, "Mia", "member"), language)
    desk = await open_desk(language, width=390)
    page, words = desk.page, desk.words
    await enter(desk, "olga")
    await expect_ticked(desk, "colleague")
    assert await fits(page)
    await desk.picture("first-steps-phone")
    await desk.button("steps.leaveOut", step=words("steps.act.factor")).press("Enter")
    await expect(step(desk, "factor")).to_have_count(0)
    await expect(steps_at(desk).get_by_role("heading")).to_be_focused()
    await page.reload()
    await expect(step(desk, "model")).to_be_visible()
    await expect(step(desk, "factor")).to_have_count(0)
    await desk.button("steps.leave").press("Enter")
    await expect(steps_at(desk)).to_have_count(0)
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_be_focused()
    await page.reload()
    await expect(page.get_by_text(words("chat.first.write"))).to_be_visible()
    await expect(steps_at(desk)).to_have_count(0)
    # In the same browser: what Olga left out is not left out for others, and no member is asked to do any of it.
    await page.context.clear_cookies()
    await enter(desk, "adam")
    await expect_ticked(desk, "colleague")
    await page.context.clear_cookies()
    await enter(desk, "mia")
    await expect(page.get_by_text(words("chat.first.write"))).to_be_visible()
    await expect(steps_at(desk)).to_have_count(0)


async def test_no_more_chats_are_loaded_for_a_step_than_it_needs(open_desk: OpenDesk, demo_harbour: Harbour) -> None:
    olga = await olga_with(demo_harbour, "en")
    for question in ("One", "Two", "Three"):
        await asked(olga, question)
    desk = await open_desk("en")
    loaded: list[str] = []

    def see(request: Request) -> None:
        if re.search(r"/api/conversations/[\da-f-]{36}$", request.url):
            loaded.append(request.url)

    desk.page.on("request", see)
    await enter(desk, "olga")
    await expect(step(desk, "answer")).to_contain_text(desk.words("steps.done"))
    # The newest has an answer.
    assert len(loaded) == 1
    key = f"moorage.firstSteps.{olga.session['me']['id']}"
    await desk.page.evaluate("key => localStorage.setItem(key, JSON.stringify(['answer']))", key)
    await desk.page.reload()
    await expect(step(desk, "colleague")).to_be_visible()
    await expect(step(desk, "answer")).to_have_count(0)
    assert len(loaded) == 1
