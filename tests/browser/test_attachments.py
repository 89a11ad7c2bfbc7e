"""Attaching in the browser: by the paperclip, by pasting, by dropping; what won't go is said before it is sent."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_conversations import asked, enter, olga_with, ref
from tests.support.attaching import attach, send
from tests.support.files import pdf, photo
from tests.support.model_server.parts import files_in
from tests.support.running import Person

LANGUAGES = ("en", "de")
DROP = """async ([kind, name, type, text]) => {
  const field = document.querySelector("textarea");
  const data = new DataTransfer();
  data.items.add(new File([text], name, { type }));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
  field.dispatchEvent(event);
}"""


async def seeing(olga: Person) -> None:
    """Let one of the connection's two models take pictures and PDF."""
    (line,) = (await olga.get("/api/connections"))["connections"]
    connection = await olga.get(f"/api/connections/{line['id']}")
    model = next(one for one in connection["models"] if one["model_id"] == "steady-sees")
    path = f"/api/connections/{line['id']}/models/{model['id']}"
    answer = await olga.call("PATCH", path, {"inputs": ["text", "image", "file"], "context_length": 32_768})
    assert answer.status_code == 200, answer.text


async def pick(desk: Desk, before: str, name: str) -> None:
    await desk.page.get_by_role("button", name=desk.words("chat.composer.model", name=before)).click()
    await desk.page.get_by_role("option", name=re.compile(rf"^{name}(?!-)")).click()


async def choose(page: Page, *files: Path) -> None:
    await page.locator("input[type=file]").set_input_files([str(one) for one in files])


def written(folder: Path, **files: bytes) -> list[Path]:
    paths = []
    for name, data in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(data)
        paths.append(path)
    return paths


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_picture_and_a_pdf_are_attached_and_a_blind_model_is_named_before(
    open_desk: OpenDesk, tmp_path: Path, language: str
) -> None:
    """P2."""
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language, "steady-sees")
    await seeing(olga)
    await enter(desk, "olga")
    await choose(page, *written(tmp_path, Baustelle__jpg=photo(), Vertrag__pdf=pdf("Kaufvertrag", "Frist")))
    tray = page.get_by_role("list", name=words("attachments.list"))
    await expect(tray.get_by_role("listitem")).to_have_count(2)
    await expect(tray).to_contain_text(words("attachments.why.no_images", model="steady"))
    await expect(tray).to_contain_text(words("attachments.why.as_text"))
    await page.get_by_label(words("chat.composer.label"), exact=True).fill("Was steht darin?")
    await desk.picture("attachments-blind")
    await page.reload()
    await expect(tray.get_by_role("listitem")).to_have_count(2)
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_have_value("Was steht darin?")
    await pick(desk, "steady", "steady-sees")
    await expect(tray).not_to_contain_text(words("attachments.why.as_text"))
    await desk.picture("attachments-seeing")
    await desk.button("chat.composer.send").click()
    question = page.get_by_role("article", name=words("chat.turn.yours"))
    await expect(question.get_by_role("img", name="Baustelle.jpg")).to_be_visible()
    await expect(question.get_by_role("link", name=words("attachments.saveIt"))).to_contain_text("Vertrag.pdf")
    answer = page.get_by_role("article", name=words("chat.turn.answer", name="steady-sees"))
    await expect(answer.locator(".answer")).to_contain_text("word20")
    assert [kind for kind, _ in files_in(desk.harbour.models.last_chat)] == ["image/jpeg", "application/pdf"]
    await expect(tray).to_have_count(1)  # that of the message: the field's own is empty again
    # Back to the model that sees nothing: said above the field before, below the answer after.
    await pick(desk, "steady-sees", "steady")
    before = page.get_by_role("status", name=words("attachments.before.label"))
    await expect(before).to_contain_text(words("attachments.before.files_other", count=2))
    await before.locator("summary").click()
    await expect(before).to_contain_text(f"Baustelle.jpg: {words('attachments.why.no_images', model='steady')}")
    await desk.picture("attachments-switched")
    await page.get_by_label(words("chat.composer.label"), exact=True).fill("Und jetzt?")
    await desk.button("chat.composer.send").click()
    after = page.get_by_role("note", name=words("attachments.after.label"))
    await expect(after).to_contain_text(words("attachments.after.files_other", count=2))
    await after.locator("summary").click()
    await expect(after).to_contain_text(f"Vertrag.pdf: {words('attachments.was.as_text')}")
    await desk.picture("attachments-after")
    await question.first.get_by_role("button", name=words("attachments.open", name="Baustelle.jpg")).click()
    shown = page.get_by_role("dialog", name="Baustelle.jpg")
    await expect(shown.get_by_role("img")).to_be_visible()
    await desk.picture("attachments-picture")
    await page.keyboard.press("Escape")
    await expect(shown).to_have_count(0)
    # Readers of a shared conversation are told, too.
    which = page.url.rpartition("/")[2]
    assert (await olga.call("PUT", f"/api/conversations/{which}/sharing/team")).is_success
    await desk.open(f"/shared/{which}")
    await expect(after).to_contain_text(words("attachments.after.files_other", count=2))


async def test_dropped_and_pasted_files_are_attached_and_a_bad_one_says_why(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await olga_with(desk.harbour, "en")
    await enter(desk, "olga")
    tray = page.get_by_role("list", name=words("attachments.list"))
    await page.evaluate(DROP, ["dragover", "notes.md", "text/markdown", "# Frist"])
    await expect(page.get_by_text(words("chat.composer.drop"))).to_be_visible()
    await page.evaluate(DROP, ["drop", "notes.md", "text/markdown", "# Frist"])
    await expect(tray.get_by_role("listitem")).to_contain_text("notes.md")
    await page.evaluate(DROP, ["paste", "broken.png", "image/png", "\u0001 no picture"])
    refused = tray.get_by_role("listitem").nth(1)
    await expect(refused).to_contain_text("Pictures (PNG, JPEG, WebP, GIF)")
    await page.get_by_label(words("chat.composer.label"), exact=True).press_sequentially("What")
    await page.keyboard.press("Enter")
    await expect(page.locator("#destination")).to_have_text(words("chat.composer.failed"))
    await expect(desk.button("chat.composer.send")).to_have_attribute("aria-disabled", "true")
    await desk.picture("attachments-failed")
    await expect(page.locator(".answer")).to_have_count(0)
    await desk.button("attachments.remove", name="broken.png").click()
    await expect(tray.get_by_role("listitem")).to_have_count(1)
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_be_focused()
    await page.keyboard.type(" is the deadline?")
    await page.keyboard.press("Enter")
    await expect(page.locator(".answer")).to_contain_text("word20")
    said: Any = desk.harbour.models.last_chat["messages"]
    assert said[0]["content"] == '<file name="notes.md">\n# Frist\n</file>\n\nWhat is the deadline?'


@pytest.mark.parametrize(("width", "dark"), [(320, False), (320, True), (1280, True)])
async def test_attachments_fit_a_narrow_page_in_both_themes(
    open_desk: OpenDesk, tmp_path: Path, width: int, dark: bool
) -> None:
    desk = await open_desk("de", width=width, dark=dark)
    page, words = desk.page, desk.words
    await olga_with(desk.harbour, "de")
    await enter(desk, "olga")
    name = "Ein sehr langer Name einer Datei, wie ihn Scanner vergeben 2026-11-27 Seite 1.pdf"
    (path,) = written(tmp_path, x=pdf("Text"))
    await choose(page, path.rename(tmp_path / name), *written(tmp_path, Foto__jpg=photo()))
    tray = page.get_by_role("list", name=words("attachments.list"))
    await expect(tray.get_by_role("listitem")).to_have_count(2)
    await expect(tray).to_contain_text(words("attachments.why.as_text"))
    # A message waits for what is on its way.
    await expect(tray).to_contain_text(words("attachments.why.no_images", model="steady"))
    await desk.picture(f"attachments-{width}-{'dark' if dark else 'light'}")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.get_by_label(words("chat.composer.label"), exact=True).fill("Was steht darin?")
    await page.keyboard.press("Enter")
    await expect(page.locator(".answer")).to_contain_text("word20")
    await desk.picture(f"attachments-sent-{width}-{'dark' if dark else 'light'}")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


def waiting(desk: Desk) -> Locator:
    """Find the files of the message that is being written."""
    form = desk.page.get_by_role("form", name=desk.words("chat.composer.region"))
    return form.get_by_role("list", name=desk.words("attachments.list")).get_by_role("listitem")


async def test_a_waiting_file_outlives_a_server_that_fails(open_desk: OpenDesk) -> None:
    """P2."""
    desk = await open_desk("de")
    page, words = desk.page, desk.words
    await olga_with(desk.harbour, "de")
    await enter(desk, "olga")
    await page.evaluate(DROP, ["drop", "notes.md", "text/markdown", "# Frist"])
    await expect(waiting(desk)).to_contain_text("notes.md")

    async def fail(route: Route) -> None:
        await route.fulfill(status=503, body="down")

    await page.route("**/api/attachments/*", fail)
    for _ in range(2):
        await page.reload()
        await expect(desk.button("attachments.retry", name="…")).to_be_visible()
        await expect(page.locator("#destination")).to_have_text(words("chat.composer.failed"))
    await desk.picture("attachments-kept")
    async with page.expect_response("**/api/attachments/*"):
        await desk.button("attachments.retry", name="…").click()
    await expect(desk.button("attachments.retry", name="…")).to_be_visible()
    await page.unroute("**/api/attachments/*")
    await desk.button("attachments.retry", name="…").click()
    await expect(waiting(desk)).to_contain_text("notes.md")
    # A file is a message; no words are needed.
    await desk.button("chat.composer.send").click()
    await expect(page.locator(".answer")).to_contain_text("word20")
    await expect(page.get_by_role("heading", name="notes.md")).to_be_visible()
    await expect(waiting(desk)).to_have_count(0)
    said: Any = desk.harbour.models.last_chat["messages"]
    assert said[0]["content"] == '<file name="notes.md">\n# Frist\n</file>'


async def test_a_file_that_is_added_while_a_message_goes_out_stays_for_the_next(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, "en")
    which, _ = await asked(olga, "First")
    await enter(desk, "olga", f"/c/{which}")
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_be_visible()
    await page.evaluate(DROP, ["drop", "first.md", "text/markdown", "first"])
    await expect(waiting(desk)).to_contain_text("first.md")
    may_go = asyncio.Event()

    async def hold(route: Route) -> None:
        await may_go.wait()
        await route.continue_()

    await page.route("**/messages", hold)
    await page.get_by_label(words("chat.composer.label"), exact=True).fill("With the first")
    await page.keyboard.press("Enter")
    await page.evaluate(DROP, ["drop", "second.md", "text/markdown", "second"])
    await expect(waiting(desk)).to_have_count(2)
    await expect(waiting(desk).nth(1)).to_have_text("second.md1 KB")
    may_go.set()
    await expect(page.get_by_role("article", name=words("chat.turn.yours")).last).to_contain_text("first.md")
    await expect(waiting(desk)).to_have_count(1)
    await page.reload()
    await expect(waiting(desk)).to_contain_text("second.md")


async def test_what_is_added_while_the_first_message_goes_out_goes_along(open_desk: OpenDesk) -> None:
    """A file that is there, one that is still being uploaded, and words: none stays with the new chat's field."""
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await olga_with(desk.harbour, "en")
    await enter(desk, "olga")
    field = page.get_by_label(words("chat.composer.label"), exact=True)
    await page.evaluate(DROP, ["drop", "first.md", "text/markdown", "first"])
    await expect(waiting(desk)).to_have_text("first.md1 KB")
    may_go = asyncio.Event()
    uploads = 0

    async def hold(route: Route) -> None:
        await may_go.wait()
        await route.continue_()

    async def hold_the_second(route: Route) -> None:
        nonlocal uploads
        uploads += 1
        if uploads == 2:
            # Left on the way: the next field brings it again.
            return
        await route.continue_()

    await page.route("**/messages", hold)
    await page.route("**/api/attachments", hold_the_second)
    await field.fill("With the first")
    await page.keyboard.press("Enter")
    await page.evaluate(DROP, ["drop", "second.md", "text/markdown", "second"])
    await expect(waiting(desk).nth(1)).to_have_text("second.md1 KB")
    await page.evaluate(DROP, ["drop", "third.md", "text/markdown", "third"])
    await expect(waiting(desk)).to_have_count(3)
    await field.press_sequentially("And")
    may_go.set()
    await expect(page).to_have_url(re.compile("/c/"))
    await expect(waiting(desk)).to_have_count(2)
    await expect(field).to_be_focused()
    await page.keyboard.type(" then?")
    await expect(field).to_have_value("And then?")
    await expect(waiting(desk).nth(1)).to_have_text("third.md1 KB")
    assert uploads == 3
    where = page.url
    await page.reload()
    await expect(field).to_have_value("And then?")
    await expect(waiting(desk)).to_contain_text(["second.md", "third.md"])
    await desk.open("/")
    await expect(field).to_have_value("")
    await expect(waiting(desk)).to_have_count(0)
    await desk.open(where.removeprefix(desk.harbour.url))
    await expect(waiting(desk)).to_have_count(2)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_another_model_would_not_get_is_told_before_it_is_asked(open_desk: OpenDesk, language: str) -> None:
    """P2: in a comparison, for another answer, and for a message that is changed."""
    desk = await open_desk(language, dark=language == "de")
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language, "steady-sees")
    await seeing(olga)
    picture = await attach(olga, "Baustelle.png", photo(kind="PNG"))
    first = await send(olga, "Was steht darin?", picture, ref=await ref(olga, "steady-sees"))
    await enter(desk, "olga", f"/c/{first['conversation_id']}")
    blind = page.get_by_text(words("attachments.before.filesOf_one", model="steady"), exact=True)
    seen = page.get_by_text(words("attachments.before.filesOf_one", model="steady-sees"), exact=True)
    await desk.button("chat.compare.switch").click()
    await desk.button("compare.bar.add").click()
    await page.get_by_role("combobox").fill("steady")
    await page.get_by_role("option", name=re.compile(r"^steady(?!-)")).click()
    await expect(blind).to_be_visible()
    await expect(seen).to_have_count(0)
    await desk.picture("attachments-compared")
    await desk.button("chat.compare.switch").click()
    await expect(blind).to_have_count(0)

    async def other(name: str) -> None:
        await desk.button("chat.regenerate.other").click()
        await page.get_by_role("option", name=re.compile(rf"^{name}(?!-)")).click()

    told = page.get_by_role("alertdialog", name=words("attachments.ask.title", model="steady"))
    before = desk.harbour.models.counts.chat_requests
    await other("steady")
    await expect(told).to_contain_text(f"Baustelle.png: {words('attachments.why.no_images', model='steady')}")
    await desk.picture("attachments-other-model")
    await told.get_by_role("button", name=words("common.action.cancel")).click()
    await expect(told).to_have_count(0)
    assert desk.harbour.models.counts.chat_requests == before
    await other("steady")
    await told.get_by_role("button", name=words("chat.composer.send")).click()
    await expect(page.get_by_text(words("chat.branch.count", at=2, of=2))).to_be_visible()
    await expect(page.get_by_role("note", name=words("attachments.after.label"))).to_be_visible()
    # Whatever answered last is what a changed message goes to.
    await expect(desk.button("chat.edit.start")).not_to_have_attribute("aria-disabled", "true")
    await desk.button("chat.edit.start").click()
    await expect(blind).to_be_visible()
    await desk.picture("attachments-edited")
    await desk.button("chat.edit.cancel").click()
    # The one that gets everything is asked at once.
    await other("steady-sees")
    await expect(page.get_by_text(words("chat.branch.count", at=3, of=3))).to_be_visible()
    await expect(page.get_by_role("alertdialog")).to_have_count(0)
