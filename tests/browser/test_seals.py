"""Sealing as people do it: before the first word, lifted by an office, asked before words leave (P19)."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_conversations import LANGUAGES, enter
from tests.support.running import Harbour, Person

LOCATION = "Frankfurt"


async def two_zones(harbour: Harbour, language: str) -> tuple[Person, dict[str, str]]:
    """Give Olga, whose team has a machine of its own and a router."""
    olga = await harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    await olga.connect(harbour.models.base_url, ["steady"])
    made = await olga.connect(harbour.models.base_url, ["echo"], name="Relay", zone="router")
    await olga.call("PATCH", f"/api/connections/{made['id']}", {"data_location": LOCATION})
    return olga, {line["model_id"]: line["ref"] for line in (await olga.get("/api/models"))["models"]}


def mark(desk: Desk) -> Locator:
    """Find the mark of a seal to own hardware only."""
    return desk.page.get_by_role("button", name=desk.words("seals.mark.change", mark=said(desk)), exact=True)


def said(desk: Desk) -> str:
    """Give the words of that mark."""
    zone = desk.words("seals.zone.own_hardware")
    return desk.words("seals.mark.only", zone=zone[0].lower() + zone[1:])


async def pick(desk: Desk, name: str) -> None:
    page, words = desk.page, desk.words
    await page.get_by_role("button", name=words.pattern("chat.composer.model")).click()
    await page.get_by_role("option", name=name).click()


async def send(desk: Desk, text: str) -> None:
    await desk.page.get_by_label(desk.words("chat.composer.label"), exact=True).fill(text)
    await desk.button("chat.composer.send").click()


async def turns(desk: Desk, count: int) -> None:
    await expect(desk.page.locator("[data-turn]")).to_have_count(count)
    await expect(desk.button("chat.composer.send")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_chat_is_sealed_before_its_first_word_and_lifted_with_a_reason(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    """P19: what is outside stays listed and says why; the mark stands where one writes; lifting asks for a reason."""
    await two_zones(demo_harbour, language)
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await enter(desk, "olga")
    await desk.button("seals.mark.open").click()
    dialog = page.get_by_role("dialog", name=words("sealing.dialog.title"))
    await expect(dialog.get_by_role("checkbox", name=words("seals.zone.own_hardware"))).to_be_checked()
    await desk.picture("seal-dialog")
    await dialog.get_by_role("button", name=words("sealing.dialog.act"), exact=True).click()
    await expect(mark(desk)).to_be_visible()
    await pick(desk, "steady")
    await send(desk, "How long do I have?")
    await turns(desk, 2)
    await expect(mark(desk)).to_be_visible()
    await page.get_by_role("button", name=words.pattern("chat.composer.model")).click()
    outside = page.get_by_role("option", name="echo")
    await expect(outside).to_have_attribute("aria-disabled", "true")
    await expect(outside).to_contain_text(words("seals.out.outside"))
    await desk.picture("seal-picker")
    await page.keyboard.press("Escape")
    await mark(desk).click()
    await page.get_by_role("dialog").get_by_role("button", name=words("sealing.lift.open"), exact=True).click()
    lifting = page.get_by_role("dialog", name=words("sealing.lift.title"))
    await lifting.get_by_role("button", name=words("sealing.lift.act"), exact=True).click()
    await expect(lifting.get_by_role("textbox")).to_have_attribute("aria-invalid", "true")
    await lifting.get_by_role("textbox").fill("The case is public")
    await desk.picture("seal-lift")
    await lifting.get_by_role("button", name=words("sealing.lift.act"), exact=True).click()
    await expect(mark(desk)).to_have_count(0)
    await expect(desk.button("seals.mark.open")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_before_words_leave_own_hardware_the_page_asks_once(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    """It names both models, where the words go and how many go along; staying keeps what was typed."""
    await two_zones(demo_harbour, language)
    desk = await open_desk(language, dark=True)
    page, words = desk.page, desk.words
    await enter(desk, "olga")
    await pick(desk, "steady")
    await send(desk, "How long do I have?")
    await turns(desk, 2)
    await pick(desk, "echo")
    await send(desk, "And what do I write?")
    question = page.get_by_role("alertdialog", name=words("sealing.leave.title"))
    await expect(question).to_contain_text(words("sealing.leave.earlier_other", count=2))
    for told in ("steady", "echo", "Relay", LOCATION, words("seals.zone.router")):
        await expect(question).to_contain_text(told)
    await desk.picture("seal-leave-dark")
    await question.get_by_role("button", name=words("sealing.leave.stay"), exact=True).click()
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_have_value("And what do I write?")
    await turns(desk, 2)
    await desk.button("chat.composer.send").click()
    await question.get_by_role("button", name=words("sealing.leave.act"), exact=True).click()
    await turns(desk, 4)
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_have_value("")
    await send(desk, "Thank you")
    await turns(desk, 6)
    await expect(question).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "width", "dark"), [("en", 1280, False), ("de", 1280, True), ("de", 320, False), ("en", 320, True)]
)
async def test_a_sealed_conversation_is_known_by_its_title_and_in_the_lists(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str, width: int, dark: bool
) -> None:
    """P19: for its owner and for whom it is shared with; one without a seal has no mark."""
    olga, refs = await two_zones(demo_harbour, language)
    mia = await demo_harbour.invited_by(olga, "Mia", "member")
    await mia.call("PATCH", "/api/profile", {"locale": language})
    open_one = await olga.ask("What is a lien?", refs["steady"])
    exchange = await olga.ask("How long does Weber have for the objection to the notice?", refs["steady"])
    await olga.wait_for(open_one)
    await olga.wait_for(exchange)
    which, look = exchange["conversation_id"], f"{width}{'-dark' if dark else ''}"
    assert (await olga.call("PUT", f"/api/conversations/{which}/seal", {"zones": ["own_hardware"]})).is_success
    assert (await olga.call("PUT", f"/api/conversations/{which}/sharing/team")).is_success
    desk = await open_desk(language, width=width, dark=dark)
    page = desk.page
    await enter(desk, "olga", f"/c/{which}")
    title = page.get_by_role("heading", level=1).filter(visible=True)
    await expect(title.locator("..").get_by_text(said(desk), exact=True)).to_be_visible()
    await desk.picture(f"seal-header-{look}")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if width < 1024:
        await desk.button("common.nav.open").click()
    line = page.get_by_role("link", name=re.compile("Weber"))
    await expect(line.get_by_role("img", name=said(desk), exact=True)).to_be_visible()
    unsealed = page.get_by_role("link", name="What is a lien?", exact=True)
    await expect(unsealed).to_be_visible()
    await desk.picture(f"seal-list-{look}")
    await unsealed.click()
    await expect(title).to_have_text("What is a lien?")
    await expect(title.locator("..").get_by_text(said(desk), exact=True)).to_have_count(0)
    hers = await open_desk(language, width=width, dark=dark)
    await enter(hers, "mia", "/shared")
    await expect(hers.page.get_by_role("img", name=said(hers), exact=True)).to_be_visible()
    await hers.picture(f"seal-shared-list-{look}")
    await hers.page.get_by_role("link", name=re.compile("Weber")).click()
    await expect(hers.page.get_by_text(said(hers), exact=True)).to_be_visible()
    await hers.picture(f"seal-shared-{look}")
    assert await hers.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_a_seal_chosen_after_a_failed_try_holds_for_the_same_words(
    open_desk: OpenDesk, demo_harbour: Harbour
) -> None:
    """P19: the first try made the conversation without one."""
    olga, _ = await two_zones(demo_harbour, "en")
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await enter(desk, "olga")
    await pick(desk, "steady")
    tries: list[Route] = []

    async def lose(route: Route) -> None:
        tries.append(route)
        await (route.abort() if len(tries) == 1 else route.continue_())

    await page.route(re.compile("/api/conversations/[^/]+/messages$"), lose)
    await send(desk, "Secret of Weber")
    await expect(page.get_by_text(words("chat.send.kept"))).to_be_visible()
    await desk.button("seals.mark.open").click()
    await page.get_by_role("dialog").get_by_role("button", name=words("sealing.dialog.act"), exact=True).click()
    await expect(mark(desk)).to_be_visible()
    await desk.button("common.action.tryAgain").click()
    await turns(desk, 2)
    lines = (await olga.get("/api/conversations"))["conversations"]
    assert len(lines) == 1
    shown = await olga.get(f"/api/conversations/{lines[0]['id']}")
    assert shown["sealed_to"] == ["own_hardware"]
    assert shown["messages"][1]["reply"]["sealed_to"] == ["own_hardware"]


async def test_a_yes_before_words_leave_names_every_model_they_go_to(
    open_desk: OpenDesk, demo_harbour: Harbour
) -> None:
    """Of several models each that is elsewhere; staying leaves the model that was chosen."""
    olga, refs = await two_zones(demo_harbour, "en")
    await olga.connect(demo_harbour.models.base_url, ["crlf"], name="Contract", zone="own_contract")
    exchange = await olga.ask("How long do I have?", refs["steady"])
    await olga.wait_for(exchange)
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await enter(desk, "olga", f"/c/{exchange['conversation_id']}")
    await desk.button("chat.regenerate.other").click()
    await page.get_by_role("option", name="echo").click()
    question = page.get_by_role("alertdialog", name=words("sealing.leave.title"))
    await question.get_by_role("button", name=words("sealing.leave.stay"), exact=True).click()
    await expect(desk.button("chat.composer.model", name="steady")).to_be_visible()
    await desk.button("chat.compare.switch").click()
    for name in ("echo", "crlf"):
        await desk.button("compare.bar.add").click()
        await page.get_by_role("combobox").fill(name)
        await page.keyboard.press("Enter")
        await expect(desk.button("compare.bar.drop", name=name)).to_be_visible()
    await send(desk, "And what do I write?")
    for told in ("steady", "echo", "Relay", LOCATION, "crlf", "Contract", words("seals.zone.own_contract")):
        await expect(question).to_contain_text(told)
    await desk.picture("seal-leave-several")
    await question.get_by_role("button", name=words("sealing.leave.act"), exact=True).click()
    await expect(page.get_by_role("region", name=words("compare.region", count=3))).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_member_asks_by_a_link_and_an_owner_lifts_what_they_can_not_read(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    """P19, at 320 px, in the dark, by keyboard."""
    olga, refs = await two_zones(demo_harbour, language)
    rules = {"sealed_to": ["own_hardware"], "titles": "words"}
    assert (await olga.call("PUT", "/api/team/conversation-rules", rules)).status_code == 200
    mia = await demo_harbour.invited_by(olga, "Mia", "member")
    await mia.call("PATCH", "/api/profile", {"locale": language})
    exchange = await mia.ask("Secret of Weber", refs["steady"])
    await mia.wait_for(exchange)
    which = exchange["conversation_id"]
    hers = await open_desk(language, width=320, height=640, dark=True)
    await enter(hers, "mia", f"/c/{which}")
    await expect(mark(hers)).to_be_visible()
    await hers.picture("seal-mark-320-dark")
    await mark(hers).focus()
    await hers.page.keyboard.press("Enter")
    dialog = hers.page.get_by_role("dialog", name=hers.words("sealing.dialog.titleSealed"))
    await expect(dialog).to_contain_text(hers.words("sealing.lift.askOthers"))
    await expect(dialog.get_by_role("button", name=hers.words("sealing.lift.open"), exact=True)).to_have_count(0)
    await hers.picture("seal-ask-320-dark")
    theirs = await open_desk(language)
    await enter(theirs, "olga", f"/settings/team/conversations?id={which}")
    page, words = theirs.page, theirs.words
    await expect(page.get_by_text(words("sealing.find.owner", name="Mia"))).to_be_visible()
    await expect(page.get_by_text("Weber")).to_have_count(0)
    await theirs.picture("seal-settings")
    await page.get_by_role("textbox", name=words("sealing.lift.reason")).fill("Mia asked")
    await theirs.button("sealing.lift.act").click()
    await expect(page.get_by_text(words("sealing.find.open"))).to_be_visible()
    async with page.expect_download() as started:
        receipts = page.get_by_role("region", name=words("sealing.receipts.title"))
        await receipts.get_by_role("textbox").fill(which)
        await receipts.get_by_role("button", name=words("sealing.receipts.csv"), exact=True).click()
    file: Any = await (await started.value).path()
    assert "Weber" not in file.read_text(encoding="utf-8")
    await page.set_viewport_size({"width": 320, "height": 640})
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 320
    await theirs.picture("seal-settings-320")
