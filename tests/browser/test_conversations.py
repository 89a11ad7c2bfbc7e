"""Conversations as people keep them: found, pinned, put away, taken along, continued, and shown to others."""

import asyncio
import json
import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.support.running import PASSWORD, Harbour, Person

LANGUAGES = ("en", "de")


async def olga_with(harbour: Harbour, language: str, *models: str) -> Person:
    """Give Olga, whose team has one connection."""
    olga = await harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    await olga.connect(harbour.models.base_url, ["steady", *models])
    return olga


async def ref(person: Person, model_id: str = "steady") -> str:
    lines = (await person.get("/api/models"))["models"]
    return str(next(line["ref"] for line in lines if line["model_id"] == model_id))


async def asked(person: Person, *questions: str) -> tuple[str, list[Any]]:
    """Ask one after the other in one conversation; gives its id and the exchanges."""
    exchanges: list[Any] = []
    for question in questions:
        before = exchanges[-1] if exchanges else None
        where = (before["conversation_id"], before["answer"]["id"]) if before else (None, None)
        exchanges.append(await person.ask(question, await ref(person), *where))
        await person.wait_for(exchanges[-1])
    return exchanges[0]["conversation_id"], exchanges


async def enter(desk: Desk, name: str, path: str = "/") -> None:
    await desk.open(path)
    page, words = desk.page, desk.words
    await page.get_by_label(words("accounts.field.email"), exact=True).fill(f"{name}@example.com")
    await page.get_by_label(words("accounts.field.password"), exact=True).fill(PASSWORD)
    await desk.button("accounts.signIn.action").click()
    await expect(page.get_by_role("main")).to_be_visible()
    await expect(page.get_by_label(words("accounts.field.password"), exact=True)).to_have_count(0)
    if path == "/":
        # Before the models are known, Enter leaves the words where they are.
        await expect(page.locator("#destination")).not_to_be_empty()


async def choose(desk: Desk, title: str, *keys: str) -> None:
    """Choose from the menu of a conversation in the list."""
    page, words = desk.page, desk.words
    # In the list and, where it is open, in the header: the same menu.
    await page.get_by_role("button", name=words("chat.conversation.menu", title=title)).first.click()
    for key in keys:
        await page.get_by_role("menuitem", name=words(key), exact=True).click()


def group(desk: Desk, name: str) -> Locator:
    return desk.page.locator("section").filter(has=desk.page.get_by_role("heading", name=name, exact=True))


async def to_search(desk: Desk) -> None:
    """Go to the search field by keyboard: the palette leads there."""
    await desk.page.keyboard.press("Control+k")
    await desk.page.keyboard.type(desk.words("common.nav.search"))
    await expect(desk.page.get_by_role("dialog").get_by_role("option").first).to_have_text(
        desk.words("common.nav.search")
    )
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.get_by_label(desk.words("common.nav.search"), exact=True)).to_be_focused()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_word_is_found_by_keyboard_and_leads_to_the_very_message(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language)
    which, exchanges = await asked(olga, "Wer vertritt Frau Müller?", "Und was gilt für die Kündigungsfrist?", "Danke")
    # Another version of the second question is what is shown: the first one has to be brought back.
    edited = await olga.ask("Etwas anderes", await ref(olga), which, exchanges[0]["answer"]["id"])
    await olga.wait_for(edited)
    await asked(olga, "Ganz anderes")
    await enter(desk, "olga")
    await expect(page.get_by_role("link", name="Wer vertritt Frau Müller?")).to_be_visible()
    await to_search(desk)
    await page.keyboard.type("kündigungsf")
    results = page.get_by_role("region", name=words("search.results"))
    await expect(results.locator("mark")).to_have_text("Kündigungsfrist")
    await expect(results.get_by_role("link")).to_have_count(2)
    await desk.picture("search")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    # The page shows the version before the server has it.
    async with page.expect_response(f"**/api/conversations/{which}/head"):
        await page.keyboard.press("Enter")
    turn = page.locator(f"#m-{exchanges[1]['question']['id']}")
    await expect(turn).to_be_focused()
    await expect(turn).to_be_in_viewport()
    await expect(desk.thread()).to_contain_text("Danke")
    assert (await olga.get(f"/api/conversations/{which}"))["head_id"] == exchanges[2]["answer"]["id"]
    await to_search(desk)
    await page.keyboard.type("mueller -- ' \" *")
    await expect(results.locator("mark")).to_have_text(["Müller", "Müller"])
    await page.keyboard.press("Control+a")
    await page.keyboard.type("zzz")
    await expect(results.get_by_text(words("search.none"))).to_be_visible()
    await desk.picture("search-nothing")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("link", name="Ganz anderes")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_chats_are_renamed_pinned_and_put_away_and_taken_back(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language)
    for title in ("Mietvertrag", "Reisekosten", "Speisekarte"):
        await olga.post("/api/conversations", {"title": title})
    await enter(desk, "olga")
    await choose(desk, "Reisekosten", "chat.pin.action")
    pinned = group(desk, words("chat.list.pinned"))
    await expect(pinned.get_by_role("link")).to_have_text(["Reisekosten"])
    await choose(desk, "Speisekarte", "chat.archive.action")
    await expect(page.get_by_role("link", name="Speisekarte")).to_have_count(0)
    await desk.button("chat.list.archive").click()
    archive = page.get_by_role("list", name=words("chat.list.archive"))
    await expect(archive.get_by_role("link")).to_have_text(["Speisekarte"])
    await desk.picture("pinned-and-archived")
    await choose(desk, "Speisekarte", "chat.archive.undo")
    await expect(page.get_by_text(words("chat.list.archiveEmpty"))).to_be_visible()
    await choose(desk, "Reisekosten", "chat.pin.undo")
    await expect(pinned).to_have_count(0)
    await expect(group(desk, words("chat.day.today")).get_by_role("link")).to_have_count(3)
    await choose(desk, "Mietvertrag", "chat.rename.action")
    dialog = page.get_by_role("dialog", name=words("chat.rename.title"))
    await dialog.get_by_label(words("chat.rename.label"), exact=True).fill("Mietvertrag Weber")
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(group(desk, words("chat.day.today")).get_by_role("link", name="Mietvertrag Weber")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_chat_is_taken_along_as_a_file(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language)
    olga = await olga_with(desk.harbour, language)
    await asked(olga, "Größe?")
    await enter(desk, "olga")
    files = []
    for key in ("chat.export.markdown", "chat.export.json"):
        async with desk.page.expect_download() as download:
            await choose(desk, "Größe?", key)
        file = await download.value
        files.append((file.suggested_filename, await asyncio.to_thread((await file.path()).read_text, "utf-8")))
    assert [name for name, _ in files] == ["groesse.md", "groesse.json"]
    assert files[0][1].startswith("# Größe?\n")
    assert json.loads(files[1][1])["title"] == "Größe?"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_answer_that_was_stopped_is_continued_beside_itself(open_desk: OpenDesk, language: str) -> None:
    """P2."""
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await olga_with(desk.harbour, language, "held")
    await enter(desk, "olga")
    await page.get_by_role("button", name=words.pattern("chat.composer.model")).click()
    await page.get_by_role("option", name=re.compile("held")).click()
    await page.get_by_label(words("chat.composer.label"), exact=True).fill("Zähle bis zwanzig")
    await desk.button("chat.composer.send").click()
    answer = page.get_by_role("article").last
    await expect(answer).to_contain_text("word1")
    await desk.button("chat.composer.stop").click()
    await expect(answer).to_contain_text(words("chat.outcome.stopped"))
    begun = await answer.locator(".answer").inner_text()
    assert "word20" not in begun
    await desk.picture("continue-offered")
    desk.harbour.models.release()
    await desk.button("chat.continue.action").click()
    await expect(answer).to_contain_text("word20")
    await expect(desk.button("chat.regenerate.same")).to_be_visible()
    assert (await answer.locator(".answer").inner_text()).startswith(begun.strip())
    await expect(page.get_by_text(words("chat.branch.count", at=2, of=2))).to_be_visible()
    await expect(desk.button("chat.continue.action")).to_have_count(0)
    await desk.picture("continued")
    await desk.button("chat.branch.previous").click()
    await expect(answer).to_contain_text(words("chat.outcome.stopped"))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_chat_is_shared_read_and_taken_back(open_desk: OpenDesk, language: str) -> None:
    desk, reader = await open_desk(language), await open_desk(language)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language)
    which, exchanges = await asked(olga, "Was kostet der Umzug?")
    mia = await desk.harbour.invited_by(olga, "Mia", "member")
    await mia.call("PATCH", "/api/profile", {"locale": language})
    await enter(reader, "mia", "/shared")
    await expect(reader.page.get_by_role("heading", name=words("sharing.shared.emptyTitle"))).to_be_visible()
    await reader.picture("shared-empty")

    await enter(desk, "olga", f"/c/{which}")
    await choose(desk, "Was kostet der Umzug?", "chat.share.action")
    dialog = page.get_by_role("dialog", name=words("sharing.share.title"))
    await dialog.get_by_role("checkbox", name="Mia").click()
    await expect(dialog.get_by_text(words("sharing.share.whole"))).to_be_visible()
    await desk.picture("share-dialog")
    await dialog.get_by_role("button", name=words("sharing.share.done"), exact=True).click()
    await expect(desk.button("chat.share.isShared")).to_be_visible()

    await reader.page.reload()
    await reader.page.get_by_role("link", name=re.compile("Was kostet der Umzug")).click()
    main = reader.page.get_by_role("main")
    await expect(main.get_by_role("article")).to_have_count(2)
    await expect(main).to_contain_text(words("sharing.shared.readOnly", name="Olga"))
    await expect(main.get_by_role("textbox")).to_have_count(0)
    await reader.picture("shared-page")

    later = await olga.ask("Und privat?", await ref(olga), which, exchanges[0]["answer"]["id"])
    await olga.wait_for(later)
    await reader.page.reload()
    await expect(main.get_by_role("article")).to_have_count(2)
    await page.reload()
    await desk.button("chat.share.isShared").click()
    await expect(dialog.get_by_role("button", name=words("sharing.share.more"), exact=True)).to_be_visible()
    await desk.picture("share-behind")
    await dialog.get_by_role("button", name=words("sharing.share.more"), exact=True).click()
    await expect(dialog.get_by_text(words("sharing.share.whole"))).to_be_visible()
    await reader.page.reload()
    await expect(main.get_by_role("article")).to_have_count(4)

    await dialog.get_by_role("button", name=words("sharing.share.end"), exact=True).click()
    await expect(dialog.get_by_role("checkbox", name="Mia")).not_to_be_checked()
    await reader.page.reload()
    await expect(reader.page.get_by_role("heading", name=words("sharing.shared.missingTitle"))).to_be_visible()
    await reader.picture("shared-missing")


@pytest.mark.parametrize(("width", "dark"), [(320, False), (320, True), (1280, True)])
async def test_the_new_parts_fit_a_phone_and_a_dark_room(open_desk: OpenDesk, width: int, dark: bool) -> None:
    desk = await open_desk("de", width=width, height=700 if width == 320 else 860, dark=dark)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, "de")
    which, _ = await asked(olga, "Donaudampfschifffahrtsgesellschaftskapitänspatent: wer stellt es aus?")
    for name in ("Mia", "Maximiliane-Alexandra von Hohenlohe"):
        await desk.harbour.invited_by(olga, name.partition("-")[0], "member")
    await olga.call("PUT", f"/api/conversations/{which}/sharing/team")
    await olga.call("PATCH", f"/api/conversations/{which}", {"pinned": True})
    await enter(desk, "olga", f"/shared/{which}")
    look = f"{width}-{'dark' if dark else 'light'}"
    await expect(page.get_by_text(words("sharing.shared.ownView"))).to_be_visible()
    await desk.picture(f"shared-own-{look}")
    await desk.open(f"/c/{which}")
    await desk.button("chat.share.isShared").click()
    await expect(page.get_by_role("checkbox", name="Maximiliane")).to_be_visible()
    await desk.picture(f"share-dialog-{look}")
    await page.keyboard.press("Escape")
    if width == 320:
        await desk.button("common.nav.open").click()
    field = page.get_by_label(words("common.nav.search"), exact=True).locator("visible=true")
    await field.fill("donaudampf")
    await expect(page.get_by_role("region", name=words("search.results")).locator("mark").first).to_be_visible()
    await desk.picture(f"search-{look}")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
