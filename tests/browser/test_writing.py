"""At the desk all day: keys that send or don't, what is seen at once, code, the picker, and ways without a mouse."""

import re
from html import unescape

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_conversations import LANGUAGES, enter
from tests.browser.test_seals import pick, two_zones
from tests.browser.test_unsent_words import field_of, held
from tests.support.running import Harbour

COMPOSES = """(keys) => {
  const field = document.querySelector("textarea");
  const enter = { key: "Enter", bubbles: true, cancelable: true };
  for (const more of keys) field.dispatchEvent(new KeyboardEvent("keydown", { ...enter, ...more }));
}"""
OF_AN_INPUT_METHOD = [{"isComposing": True}, {"keyCode": 229}]


async def at_work(desk: Desk, model: str) -> None:
    """Let Olga sit at a new chat with one of her own models; `held` writes half and waits."""
    desk.harbour.models.models = ["steady", "echo", "held"]
    olga = await desk.harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": desk.words.language})
    await olga.connect(desk.harbour.models.base_url, ["steady", "held"])
    await enter(desk, "olga")
    await pick(desk, model)


def asked(desk: Desk) -> Locator:
    return desk.page.get_by_role("article", name=desk.words("chat.turn.yours"))


async def test_enter_sends_a_line_break_does_not_and_an_input_method_is_left_alone(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    await at_work(desk, "steady")
    page, field = desk.page, field_of(desk)
    await field.press_sequentially("Dear")
    one_line = await field.evaluate("field => field.offsetHeight")
    await field.press("Shift+Enter")
    await field.press("Shift+Enter")
    await field.press_sequentially("Mia")
    await expect(field).to_have_value("Dear\n\nMia")
    assert await field.evaluate("field => field.offsetHeight") > one_line
    await page.evaluate(COMPOSES, OF_AN_INPUT_METHOD)
    await expect(desk.thread()).to_have_count(0)
    await expect(field).to_have_value("Dear\n\nMia")
    await field.press("Enter")
    await expect(field).to_have_value("")
    await expect(asked(desk)).to_contain_text("Mia")


async def test_what_one_writes_is_seen_at_once_and_typing_goes_on(open_desk: OpenDesk) -> None:
    """Before the server has answered, and while the answer arrives."""
    desk = await open_desk("en")
    await at_work(desk, "held")
    page, words = desk.page, desk.words
    may_go = await held(desk, "**/api/conversations/*/messages")
    await field_of(desk).fill("Hold on")
    await page.keyboard.press("Enter")
    log = desk.thread()
    await expect(log).to_contain_text("Hold on")
    await expect(log).to_contain_text(words("chat.wait.model", name="held"))
    may_go.set()
    await expect(desk.button("chat.composer.stop")).to_be_visible()
    await expect(page.get_by_role("img", name=words("chat.list.running"))).to_be_visible()
    await field_of(desk).press_sequentially("and then")
    desk.harbour.models.release()
    await expect(page.get_by_role("button", name=words("chat.regenerate.same"))).to_be_visible()
    await expect(field_of(desk)).to_have_value("and then")
    await expect(page.get_by_role("img", name=words("chat.list.running"))).to_have_count(0)


async def test_code_is_coloured_copied_and_wrapped(open_desk: OpenDesk, demo_harbour: Harbour) -> None:
    desk = await open_desk("en")
    await demo_harbour.olga()
    await enter(desk, "olga")
    page = desk.page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await field_of(desk).fill("Show me code")
    await page.keyboard.press("Enter")
    await expect(desk.button("chat.regenerate.same")).to_be_visible()
    code = page.locator("pre").first
    await expect(code.locator("[class^=hl-]").first).to_be_visible()
    await desk.button("chat.code.copy").first.click()
    assert await page.evaluate("navigator.clipboard.readText()") == await code.inner_text()
    await desk.button("chat.code.wrap").first.click()
    await expect(code).to_have_css("white-space-collapse", "preserve")
    await expect(code).to_have_css("text-wrap-mode", "wrap")
    await desk.button("chat.copy.answer").click()
    await expect(desk.button("chat.copy.done").first).to_be_visible()
    assert re.search(r"^```\w+$", await page.evaluate("navigator.clipboard.readText()"), re.MULTILINE)


async def test_regions_and_turns_are_reached_by_keyboard(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    await at_work(desk, "steady")
    page = desk.page
    await field_of(desk).fill("Hello")
    await page.keyboard.press("Enter")
    await expect(desk.button("chat.regenerate.same")).to_be_visible()
    await expect(field_of(desk)).to_be_focused()
    await page.keyboard.press("F6")
    await expect(page.locator("nav[data-region] :focus")).to_have_count(1)
    await page.keyboard.press("F6")
    await expect(page.locator("#main")).to_be_focused()
    await desk.thread().focus()
    await page.keyboard.press("Alt+ArrowUp")
    await expect(page.locator("[data-turn]").last).to_be_focused()
    await page.keyboard.press("Alt+ArrowUp")
    await expect(asked(desk)).to_be_focused()
    await page.keyboard.press("F6")
    await expect(field_of(desk)).to_be_focused()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_model_is_found_by_name_connection_and_id_in_the_group_of_its_origin(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    await two_zones(demo_harbour, language)
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await enter(desk, "olga")
    await page.get_by_role("button", name=words.pattern("chat.composer.model")).click()
    search = page.get_by_role("combobox", name=words("picker.search"))
    await expect(search).to_be_focused()
    for looked_for, found in (("echo", "echo"), ("relay", "echo"), ("kanzlei stea", "steady")):
        await search.fill(looked_for)
        await expect(page.get_by_role("option")).to_have_count(1)
        await expect(page.get_by_role("option")).to_contain_text(found)
    await search.fill("no such model")
    await expect(page.get_by_text(words("picker.noMatch"))).to_be_visible()
    await search.fill("")
    own = page.get_by_role("group", name=words("common.origin.own_hardware")).get_by_role("option")
    await expect(own).to_have_count(1)
    await expect(own).to_contain_text(words("picker.billed.team"))
    relay = page.get_by_role("group", name=words("common.origin.router")).get_by_role("option")
    await expect(relay).to_contain_text("Frankfurt")


async def test_the_look_is_chosen_and_stays(open_desk: OpenDesk, demo_harbour: Harbour) -> None:
    await demo_harbour.olga()
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await enter(desk, "olga")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    whole = page.locator("html")
    await desk.open("/settings/appearance")
    light = await page.evaluate(ground)
    await page.get_by_role("radio", name=words("team.appearance.dark")).check()
    await expect(whole).not_to_have_css("background-color", light)
    await desk.open("/")
    await expect(desk.button("chat.composer.send")).to_be_visible()
    dark = await page.evaluate(ground)
    assert dark != light
    await page.emulate_media(color_scheme="light")
    assert await page.evaluate(ground) == dark
    await desk.open("/settings/appearance")
    await page.get_by_role("radio", name=words("team.appearance.system")).check()
    await expect(whole).to_have_css("background-color", light)


async def lists_no_model(route: Route) -> None:
    answer = await route.fetch()
    await route.fulfill(response=answer, json={**await answer.json(), "models": []})


@pytest.mark.parametrize("language", LANGUAGES)
async def test_without_models_an_owner_is_led_to_one_and_a_member_told_whom_to_ask(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    olga = await demo_harbour.olga()
    mia = await demo_harbour.invited_by(olga, "Mia", "member")
    for person in (olga, mia):
        await person.call("PATCH", "/api/profile", {"locale": language})
    hers, desk = await open_desk(language, width=390), await open_desk(language)
    for one in (hers, desk):
        await one.page.route("**/api/models", lists_no_model)
    await enter(hers, "mia")
    await expect(hers.page.get_by_text(hers.words("chat.first.askNames", names="Olga"))).to_be_visible()
    await expect(hers.page.get_by_role("link", name=hers.words("chat.first.connect"))).to_have_count(0)
    await expect(hers.page.locator("#destination")).to_contain_text(hers.words("chat.destination.none"))
    await enter(desk, "olga")
    await desk.page.get_by_role("link", name=desk.words("chat.first.connect")).click()
    await expect(desk.page).to_have_url(re.compile("/settings/models/custom/new$"))


READ_FORMATTED = """async () => {
  const [item] = await navigator.clipboard.read();
  return (await item.getType("text/html")).text();
}"""


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_answer_is_copied_as_markdown_and_as_it_looks_and_a_failure_is_said(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    desk = await open_desk(language)
    olga = await demo_harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    await enter(desk, "olga")
    page, words = desk.page, desk.words
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await field_of(desk).fill("Show me code")
    await page.keyboard.press("Enter")
    await expect(desk.button("chat.regenerate.same")).to_be_visible()
    await expect(page.locator("pre [class^=hl-]").first).to_be_visible()
    await desk.button("chat.copy.answer").click()
    await expect(desk.button("chat.copy.done")).to_be_visible()
    markdown = await page.evaluate("navigator.clipboard.readText()")
    await desk.button("chat.copy.formatted").click()
    await expect(desk.button("chat.copy.formatted")).to_have_count(0)
    html = await page.evaluate(READ_FORMATTED)
    # Programs that take no formatting get the Markdown.
    assert await page.evaluate("navigator.clipboard.readText()") == markdown
    code = await page.locator("pre").first.inner_text()
    assert code.splitlines()[0].strip() in unescape(html)
    assert re.search("<pre[^>]*><code", html)
    assert re.search("<(button|svg|span|div)|class=", html) is None
    await page.evaluate("""() => {
      navigator.clipboard.write = () => Promise.reject(new Error("no"));
      document.execCommand = () => false;
    }""")
    await expect(desk.button("chat.copy.formatted")).to_be_visible()
    await desk.button("chat.copy.formatted").click()
    failed = page.locator("[data-toast]", has_text=words("common.copyFailed"))
    await expect(failed).to_have_count(1)
    # No other copy is silent either.
    await page.evaluate("() => void (navigator.clipboard.writeText = () => Promise.reject(new Error('no')))")
    await desk.button("chat.copy.question").click()
    await expect(failed).to_have_count(2)
