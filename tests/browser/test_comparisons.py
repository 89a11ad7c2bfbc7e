"""Comparing in a browser: several real streams side by side, chosen, judged blind, and counted for the team (P3)."""

import asyncio
import contextlib
import re

import pytest
from playwright.async_api import Error, Locator, Response, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_conversations import enter
from tests.support.comparing import all_ended, compare, judge
from tests.support.running import Harbour, Person

LANGUAGES = ("en", "de")
DEMO = "Demo (scripted, no model)"
MEASURED = ("tokens", "first", "total")


async def olga_with(harbour: Harbour, language: str, *models: str) -> Person:
    """Give Olga, whose team has one connection."""
    olga = await harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    await olga.connect(harbour.models.base_url, list(models))
    return olga


async def pick(desk: Desk, *names: str) -> None:
    """Turn comparing on and let exactly these be chosen."""
    page, words = desk.page, desk.words
    await desk.button("chat.compare.switch").click()
    chips = page.get_by_role("list", name=words("compare.bar.label"))
    await expect(desk.button("compare.bar.add")).to_be_visible()
    there = [await one.inner_text() for one in await chips.get_by_role("listitem").all()]
    for name in names:
        if name not in there:
            await desk.button("compare.bar.add").click()
            await page.get_by_role("combobox").fill(name)
            await page.keyboard.press("Enter")
            await expect(desk.button("compare.bar.drop", name=name)).to_be_visible()
    for name in set(there) - set(names) - {words("compare.bar.add")}:
        await desk.button("compare.bar.drop", name=name).click()


async def ask(desk: Desk, text: str) -> None:
    await desk.page.get_by_role("textbox", name=desk.words("chat.composer.label")).fill(text)
    await desk.page.keyboard.press("Enter")


def answer(desk: Desk, name: str) -> Locator:
    return desk.page.get_by_role("article", name=re.compile(re.escape(name) + "$"))


async def measured(desk: Desk, column: Locator) -> list[str]:
    """Read what stands below an answer: its tokens, the time to the first and the time in all."""
    rows = column.locator("footer dl > div")
    await expect(rows.locator("dt")).to_have_text([desk.words(f"compare.column.{one}") for one in MEASURED])
    return await rows.locator("dd").all_inner_texts()


async def go_on_from_the_demo(desk: Desk, slow: Locator, demo: Locator) -> None:
    """Choose it; then each is an answer like any other, and the comparison can be seen again."""
    page, words = desk.page, desk.words
    for column in (slow, demo):
        await expect(column.get_by_role("button", name=words("chat.receipt.title"))).to_be_visible()
        assert all(re.search(r"\d", figure) for figure in await measured(desk, column))
    await page.get_by_role("button", name=words("compare.column.goOnNamed", name=DEMO)).click()
    chosen = page.get_by_role("article", name=words("chat.turn.answer", name=DEMO), exact=True)
    await expect(chosen.get_by_text("2 / 2")).to_be_visible()
    await expect(page.get_by_role("textbox", name=words("chat.composer.label"))).to_be_focused()
    await expect(desk.button("chat.regenerate.same")).to_be_visible()
    await desk.picture("compare-chosen")
    # What was stopped can be continued.
    await desk.button("chat.branch.previous").click()
    await expect(desk.button("chat.continue.action")).to_be_visible()
    await desk.button("chat.branch.next").click()
    await expect(chosen).to_be_visible()
    await page.reload()
    await expect(chosen).to_be_visible()
    await desk.button("chat.compare.show").click()
    await expect(page.get_by_role("region", name=words("compare.region", count=2))).to_be_focused()
    await expect(demo.get_by_text(words("compare.column.goesOn"))).to_be_visible()
    await desk.picture("compare-unfolded")
    await desk.button("compare.fold").click()
    await expect(chosen).to_be_focused()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_two_models_answer_side_by_side_and_one_is_chosen(open_desk: OpenDesk, language: str) -> None:
    """P3: without leaving the conversation; a real model behind TLS and the scripted one."""
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language, "paced-20")
    await enter(desk, "olga")
    await pick(desk, "paced-20", DEMO)
    await desk.picture("compare-composer")
    await ask(desk, "Welche Frist gilt?")
    slow, demo = answer(desk, "paced-20"), answer(desk, DEMO)
    await expect(slow).to_contain_text("word word word")
    await expect(demo.get_by_role("button", name=words("compare.column.goOnNamed", name=DEMO))).to_be_visible()
    await desk.picture("compare-streaming")
    boxes = [await one.bounding_box() for one in (slow, demo)]
    assert boxes[0]
    assert boxes[1]
    assert abs(boxes[0]["y"] - boxes[1]["y"]) < 2, "not beside each other"
    assert boxes[0]["width"] > 300
    # A stop of one is a stop of that one.
    await page.get_by_role("button", name=words("compare.column.stopNamed", name="paced-20")).click()
    await expect(slow.get_by_text(words("chat.outcome.stopped"))).to_be_visible()
    await expect(demo).not_to_contain_text(words("chat.outcome.stopped"))
    await page.get_by_role("textbox", name=words("chat.composer.label")).fill("Und dann?")
    send = page.get_by_role("button", name=words("chat.composer.send"))
    await expect(send).to_be_disabled()
    await expect(page.get_by_text(words("chat.destination.choose_answer"))).to_be_visible()
    await desk.picture("compare-ended")
    await go_on_from_the_demo(desk, slow, demo)
    await page.get_by_role("textbox", name=words("chat.composer.label")).press("Enter")
    await expect(page.get_by_text("2 / 2")).to_be_visible()
    lines = (await olga.get("/api/conversations"))["conversations"]
    shown = await olga.get(f"/api/conversations/{lines[0]['id']}")
    for _ in range(100):
        shown = await olga.get(f"/api/conversations/{lines[0]['id']}")
        if len(shown["messages"]) == 5 and shown["messages"][4]["reply"]["state"] == "done":
            break
        await asyncio.sleep(0.1)
    assert [one["role"] for one in shown["messages"]] == ["user", "assistant", "assistant", "user", "assistant"]
    await desk.picture("compare-gone-on")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_blind_comparison_names_its_models_after_the_verdict(open_desk: OpenDesk, language: str) -> None:
    """P3, by keyboard; what the page got from the server before the verdict names neither."""
    desk = await open_desk(language, dark=language == "de")
    page, words = desk.page, desk.words
    await olga_with(desk.harbour, language, "steady", "held")
    await enter(desk, "olga")
    await pick(desk, "steady", "held")
    await page.get_by_role("checkbox", name=words("compare.bar.blind")).press("Space")
    bodies: list[str] = []

    async def keep(response: Response) -> None:
        url = response.url
        if "/api/" in url and "/api/models" not in url and "events" not in url:
            with contextlib.suppress(Error):  # the page went on before it was read
                bodies.append(await response.text())

    await ask(desk, "Which is better?")
    await expect(page).to_have_url(re.compile("/c/"))
    page.on("response", lambda response: asyncio.ensure_future(keep(response)))
    first, second = (page.get_by_role("article", name=words("compare.column.answer", letter=one)) for one in "AB")
    await expect(first.get_by_text(words("compare.column.hidden"))).to_be_visible()
    await expect(second.get_by_text(words("compare.column.hidden"))).to_be_visible()
    await desk.picture("compare-blind-waiting")
    await page.reload()
    await expect(second.get_by_text(words("compare.column.hidden"))).to_be_visible()
    desk.harbour.models.release()
    await expect(first).to_contain_text("word20")
    await expect(second).to_contain_text("word20")
    await expect(page.get_by_text(words("chat.destination.judge_first"))).to_be_visible()
    await desk.picture("compare-blind-judging")
    bodies.clear()
    await page.reload()
    await expect(second).to_contain_text("word20")
    while not bodies:
        await asyncio.sleep(0.05)  # they are read beside what is looked at here
    assert not [text for text in bodies if '"steady"' in text or '"held"' in text]
    for one in ("steady", "held"):
        await expect(desk.thread()).not_to_contain_text(one)
    better = page.get_by_role("button", name=words("compare.verdict.better", name="B"))
    await better.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text(words("compare.told.counted"))).to_be_visible()
    log = desk.thread()
    await expect(log).to_contain_text("steady")
    await expect(log).to_contain_text("held")
    await desk.picture("compare-blind-told")
    # To be read as long as one likes; then the better one is an answer like any other.
    await desk.button("compare.fold").click()
    await expect(desk.button("chat.regenerate.same")).to_be_visible()
    await page.reload()
    await desk.button("chat.compare.show").click()
    await page.get_by_role("link", name=words("compare.told.tally")).click()
    await expect(page.get_by_role("heading", name=words("oversight.tally.title"))).to_be_visible()
    await expect(page.get_by_text(re.compile(re.escape(words("oversight.tally.tooFew", count=10))))).to_be_visible()
    await desk.picture("tally-few")


async def test_an_answer_that_is_judged_blind_shows_its_readers_no_receipt(open_desk: OpenDesk) -> None:
    """It would say that there was no seal; nothing is told before the verdict."""
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, "en", "steady", "crlf")
    refs = [line["ref"] for line in (await olga.get("/api/models"))["models"] if line["name"] != DEMO]
    made = await compare(olga, refs, blind=True)
    await all_ended(olga, made)
    which = made["conversation_id"]
    assert (await olga.call("PUT", f"/api/conversations/{which}/sharing/team")).is_success
    await enter(desk, "olga", f"/shared/{which}")
    await expect(page.get_by_role("main")).to_contain_text("word20")
    receipt = page.get_by_role("button", name=words("chat.receipt.open"))
    await expect(receipt).to_have_count(0)
    assert (await judge(olga, made, "tie")).is_success
    await page.reload()
    await expect(receipt).to_have_count(1)


async def test_for_the_ear_several_begin_and_end_as_one(open_desk: OpenDesk) -> None:
    """Thinking in a column is not told aloud, and what failed or was stopped is not called complete."""
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await olga_with(desk.harbour, "en", "reasoning", "thinks-long")
    await enter(desk, "olga")
    await pick(desk, "thinks-long", "reasoning")
    await page.evaluate(
        """() => {
            const region = document.querySelector('[aria-live=polite]');
            window.said = [];
            new MutationObserver(() => window.said.push(region.textContent.trim())).observe(
                region, { childList: true, characterData: true, subtree: true });
        }"""
    )
    await ask(desk, "Which is better?")
    column = answer(desk, "thinks-long")
    await expect(column.get_by_text(words("chat.reasoning.running"))).to_be_visible()
    await expect(answer(desk, "reasoning").get_by_role("button", name=words("chat.receipt.title"))).to_be_visible()
    await page.wait_for_timeout(900)  # longer than it takes until thinking is told
    await desk.button("chat.composer.stop").click()
    await expect(page.locator("[aria-live=polite]")).to_contain_text(words("compare.live.done", count=2))
    assert await page.evaluate("window.said") == [words(f"compare.live.{one}", count=2) for one in ("started", "done")]


async def test_one_after_the_other_on_a_phone(open_desk: OpenDesk) -> None:
    desk = await open_desk("de", width=320, height=640)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, "de", "steady", "crlf")
    await enter(desk, "olga")
    await pick(desk, "steady", "crlf")
    await desk.picture("compare-phone-composer")
    await ask(desk, "Welche Frist gilt?")
    shown = page.get_by_role("tablist", name=words("compare.pick.label"))
    await expect(shown).to_be_visible()
    await expect(answer(desk, "steady")).to_contain_text("word20")
    await expect(answer(desk, "crlf")).not_to_be_in_viewport()
    await shown.get_by_role("tab", name="steady").press("ArrowRight")
    await expect(shown.get_by_role("tab", name="crlf")).to_be_focused()
    await expect(answer(desk, "crlf")).to_contain_text("word20")
    await expect(answer(desk, "crlf")).to_be_in_viewport()
    await expect(answer(desk, "steady")).not_to_be_in_viewport()
    await expect(desk.button("compare.verdict.tie")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await desk.picture("compare-phone")
    # What a swipe leaves behind: the strip, scrolled to another answer.
    await page.locator(".compare-columns").evaluate("strip => strip.scrollTo({ left: 0 })")
    await expect(shown.get_by_role("tab", name="steady", selected=True)).to_be_visible()
    await expect(answer(desk, "steady")).to_be_in_viewport()
    await expect(answer(desk, "crlf")).not_to_be_in_viewport()
    assert (await olga.get("/api/conversations"))["conversations"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_one_of_several_is_made_large_and_the_others_come_back(open_desk: OpenDesk, language: str) -> None:
    """While they are written, blind as well; Esc puts them back before it stops anything."""
    desk = await open_desk(language, dark=language == "de")
    page, words = desk.page, desk.words
    # Five words a second: still at it when the journey ends.
    await olga_with(desk.harbour, language, "paced-5", "steady")
    await enter(desk, "olga")
    await pick(desk, "paced-5", "steady")
    stops: list[str] = []
    page.on("request", lambda request: stops.append(request.url) if request.url.endswith("/stop") else None)
    if language == "de":
        await page.get_by_role("checkbox", name=words("compare.bar.blind")).check()
    await ask(desk, "Welche Frist gilt?")
    names = ["paced-5", "steady"] if language == "en" else [words("compare.column.answer", letter=x) for x in "AB"]
    large = desk.button("compare.column.large", name=names[0])
    other = desk.button("compare.column.large", name=names[1])
    await expect(other).to_have_attribute("aria-pressed", "false")
    await large.press("Enter")
    await expect(large).to_have_attribute("aria-pressed", "true")
    await expect(large).to_be_focused()
    await expect(other).not_to_be_in_viewport()
    width = await page.get_by_role("tabpanel").first.evaluate("one => one.getBoundingClientRect().width")
    assert width > 800, "not large"
    await desk.picture("compare-large")
    await page.get_by_role("tab", name=names[1]).click()
    await expect(other).to_be_in_viewport()
    await expect(large).not_to_be_in_viewport()
    await page.keyboard.press("Escape")
    await expect(other).to_be_focused()
    await expect(large).to_be_in_viewport()
    await expect(page.get_by_role("tab")).to_have_count(0)
    stop = desk.button("chat.composer.stop")
    await expect(stop).to_be_visible()
    assert not stops, "Esc had one thing to do"
    await large.click()
    await large.click()
    await expect(large).to_have_attribute("aria-pressed", "false")
    await expect(other).to_be_visible()
    await large.click()
    await page.emulate_media(media="print")
    for place in (0, 1):
        await expect(page.locator(".compare-place").nth(place)).to_have_css("overflow", "visible")
        assert await page.locator(".compare-text").nth(place).evaluate("one => one.getBoundingClientRect().height > 20")
    await expect(large).to_be_hidden()
    await page.emulate_media(media="screen")
    await stop.click()


async def test_a_model_that_cannot_be_used_is_named_and_the_words_stay(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, "en", "steady", "crlf")
    await enter(desk, "olga")
    await pick(desk, "steady", "crlf")
    await page.get_by_role("textbox", name=words("chat.composer.label")).fill("Keep these words")
    connection = (await olga.get("/api/connections"))["connections"][0]
    models = [
        {"model_id": one["model_id"], "name": one["name"], "enabled": one["model_id"] != "crlf"}
        for one in connection["models"]
    ]
    assert (await olga.call("PUT", f"/api/connections/{connection['id']}/models", {"models": models})).is_success
    await page.get_by_role("textbox", name=words("chat.composer.label")).press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("crlf")
    await expect(page.get_by_role("textbox", name=words("chat.composer.label"))).to_have_value("Keep these words")


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("de", 320)])
async def test_the_team_looks_at_its_tally(open_desk: OpenDesk, language: str, width: int) -> None:
    desk = await open_desk(language, width=width, height=900, dark=language == "de")
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language, "steady", "crlf", "bom")
    refs = {line["model_id"]: line["ref"] for line in (await olga.get("/api/models"))["models"]}
    for number in range(13):
        some = [refs["steady"], refs["crlf"], *([refs["bom"]] if number % 3 == 0 else [])]
        made = await compare(olga, some, blind=number < 11)
        await all_ended(olga, made)
        shown = await olga.get(f"/api/conversations/{made['conversation_id']}")
        del shown
        told = await judge(olga, made, "tie" if number == 4 else "better", None if number == 4 else 0)
        assert told.is_success
    await enter(desk, "olga", "/settings/oversight/comparisons")
    blind = page.get_by_role("region", name=words("oversight.tally.blind"))
    await expect(blind.get_by_role("region", name=words("oversight.tally.models"))).to_be_visible()
    await expect(blind.get_by_role("row", name=re.compile("steady"))).not_to_have_count(0)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await desk.picture(f"tally-{width}")
