"""Asking again below an answer: what would not go is told before, and several models can answer side by side."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenDesk
from tests.browser.test_conversations import asked, enter, olga_with, ref
from tests.support.attaching import attach, send
from tests.support.files import photo
from tests.support.running import Person

LANGUAGES = ("en", "de")
NARROW = 320


async def takes(olga: Person, model_id: str, *inputs: str, window: int = 32_768) -> None:
    """Let a model of the team's connection take these, and so many tokens."""
    (line,) = (await olga.get("/api/connections"))["connections"]
    connection = await olga.get(f"/api/connections/{line['id']}")
    model = next(one for one in connection["models"] if one["model_id"] == model_id)
    path = f"/api/connections/{line['id']}/models/{model['id']}"
    answer = await olga.call("PATCH", path, {"inputs": inputs, "context_length": window})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_continue_and_regenerate_tell_before_what_the_receipt_does_not_say(
    open_desk: OpenDesk, language: str
) -> None:
    """P2: the model's window is smaller than it was, and nobody has read yet what that means here."""
    desk = await open_desk(language, dark=language == "de")
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language, "length")
    await takes(olga, "length", "text")
    first = await send(olga, "Frist " * 1000, ref=await ref(olga, "length"))
    await send(olga, "Und dann?", after=first, ref=await ref(olga, "length"))
    await takes(olga, "length", "text", window=2048)
    await enter(desk, "olga", f"/c/{first['conversation_id']}")
    told = page.get_by_role("alertdialog", name=words("attachments.ask.title", model="length"))
    names: dict[str, str | int] = {"count": 2, "model": "length", "window": "2k"}
    before = desk.harbour.models.counts.chat_requests
    for key in ("chat.continue.action", "chat.regenerate.same"):
        await desk.button(key).last.focus()
        await page.keyboard.press("Enter")
        await expect(told).to_contain_text(words("attachments.before.messages_other", **names))
        await desk.picture(f"told-before-{key.split('.')[1]}")
        await page.keyboard.press("Escape")
        await expect(told).to_have_count(0)
        await expect(desk.button(key).last).to_be_focused()
    assert desk.harbour.models.counts.chat_requests == before
    await desk.button("chat.regenerate.same").last.click()
    await told.get_by_role("button", name=words("chat.composer.send")).click()
    await expect(page.get_by_text(words("chat.branch.count", at=2, of=2))).to_be_visible()
    await expect(page.get_by_role("note", name=words("attachments.after.label"))).to_be_visible()
    # What stands below the answer is not asked about.
    for key, at in (("chat.regenerate.same", 3), ("chat.continue.action", 4)):
        await desk.button(key).last.click()
        await expect(page.get_by_text(words("chat.branch.count", at=at, of=at))).to_be_visible()
        await expect(desk.button("chat.continue.action").last).to_be_visible()
        await expect(page.get_by_role("alertdialog")).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_where_nothing_is_lost_an_answer_is_asked_for_at_once(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language)
    which, _ = await asked(olga, "Welche Frist gilt?")
    await enter(desk, "olga", f"/c/{which}")
    await desk.button("chat.regenerate.same").last.click()
    await expect(page.get_by_text(words("chat.branch.count", at=2, of=2))).to_be_visible()
    await expect(page.get_by_role("alertdialog")).to_have_count(0)


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("de", NARROW)])
async def test_a_question_that_was_asked_goes_to_several_models(open_desk: OpenDesk, language: str, width: int) -> None:
    """P3: by keyboard, blind; what is there stays, and the dialog says that it is no part of it."""
    desk = await open_desk(language, width=width, dark=language == "de")
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language, "crlf")
    which, _ = await asked(olga, "Welche Frist gilt?")
    await enter(desk, "olga", f"/c/{which}")
    button = desk.button("chat.compare.again")
    await button.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=words("compare.again.title"))
    await expect(dialog).to_contain_text(words("compare.again.text"))
    await expect(dialog).to_contain_text("Welche Frist gilt?")
    go = dialog.get_by_role("button", name=words("chat.compare.switch"), exact=True)
    await expect(dialog.get_by_text(words("compare.bar.few"))).to_be_visible()
    await expect(go).to_have_attribute("aria-disabled", "true")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(button).to_be_focused()
    await page.keyboard.press("Enter")
    await dialog.get_by_role("button", name=words("compare.bar.add")).press("Enter")
    await page.get_by_role("combobox").fill("crlf")
    await desk.picture("compare-again-picker")
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_role("listitem").filter(has_text="crlf")).to_be_visible()
    await dialog.get_by_role("checkbox", name=words("compare.bar.blind")).press("Space")
    await desk.picture("compare-again")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await go.press("Enter")
    await expect(dialog).to_have_count(0)
    region = page.get_by_role("region", name=words("compare.region", count=2))
    await expect(region).to_be_focused()
    await desk.button("compare.verdict.tie").press("Enter")
    await expect(page.get_by_text(words("compare.told.counted"))).to_be_visible()
    await desk.picture("compare-again-told")
    (question, *answers) = (await olga.get(f"/api/conversations/{which}"))["messages"]
    assert sorted(one["reply"]["model_id"] for one in answers) == ["crlf", "steady", "steady"]
    assert {one["parent_id"] for one in answers} == {question["id"]}


async def test_what_one_of_them_would_not_get_is_told_in_the_dialog_and_a_closed_one_is_named(
    open_desk: OpenDesk,
) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, "en", "steady-sees")
    await takes(olga, "steady-sees", "text", "image")
    picture = await attach(olga, "Baustelle.png", photo(kind="PNG"))
    first = await send(olga, "Was steht darin?", picture, ref=await ref(olga, "steady-sees"))
    await enter(desk, "olga", f"/c/{first['conversation_id']}")
    await desk.button("chat.compare.again").click()
    dialog = page.get_by_role("dialog", name=words("compare.again.title"))
    await dialog.get_by_role("button", name=words("compare.bar.add")).click()
    await page.get_by_role("combobox").fill("steady")
    await page.get_by_role("option", name=re.compile("^steady(?!-)")).click()
    await expect(dialog.get_by_text(words("attachments.before.filesOf_one", model="steady"))).to_be_visible()
    await desk.picture("compare-again-withheld")
    connection = (await olga.get("/api/connections"))["connections"][0]
    off = [
        {"model_id": one["model_id"], "name": one["name"], "enabled": one["model_id"] != "steady"}
        for one in connection["models"]
    ]
    assert (await olga.call("PUT", f"/api/connections/{connection['id']}/models", {"models": off})).is_success
    await dialog.get_by_role("button", name=words("chat.compare.switch"), exact=True).click()
    await expect(dialog.get_by_role("alert")).to_contain_text("steady: ")
    assert len((await olga.get(f"/api/conversations/{first['conversation_id']}"))["messages"]) == 2
