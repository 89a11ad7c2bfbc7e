"""What is written while something else is on its way stays, and what somebody left does nothing behind their back."""

import asyncio
import re

from playwright.async_api import Locator, Request, Route, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_attachments import DROP, waiting
from tests.browser.test_conversations import asked, enter, olga_with

# The next letters come right after the words moved to the conversation that they began, before its field is there.
TYPE_AFTER_THE_MOVE = """([moved, next]) => {
  const put = Storage.prototype.setItem;
  Storage.prototype.setItem = function (key, text) {
    put.call(this, key, text);
    if (!key.startsWith("moorage.draft.") || key.includes(".new.") || text !== moved) return;
    Storage.prototype.setItem = put;
    queueMicrotask(() => {
      const field = document.querySelector("textarea");
      Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(field, next);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  };
}"""
# Room for what would be asked for at once.
A_MOMENT = "() => new Promise((done) => setTimeout(done, 400))"


def field_of(desk: Desk) -> Locator:
    return desk.page.get_by_label(desk.words("chat.composer.label"), exact=True)


async def sent_by_key(desk: Desk) -> None:
    """Press Enter when it sends: before the models are known it leaves the words where they are."""
    await expect(desk.button("chat.composer.send")).not_to_be_disabled()
    await desk.page.keyboard.press("Enter")
    await expect(field_of(desk)).to_have_value("")


async def held(desk: Desk, path: str, *, refused: bool = False) -> asyncio.Event:
    """Let nothing through to these addresses until the event is set; then everything, or nothing."""
    may_go = asyncio.Event()

    async def hold(route: Route) -> None:
        await may_go.wait()
        await (route.fulfill(status=503, body="down") if refused else route.continue_())

    await desk.page.route(path, hold)
    return may_go


async def test_words_typed_as_the_first_message_arrives_are_all_there(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    await olga_with(desk.harbour, "en")
    await enter(desk, "olga")
    may_go = await held(desk, "**/messages")
    field = field_of(desk)
    await field.fill("First words")
    await sent_by_key(desk)
    await field.press_sequentially("Hel")
    await desk.page.evaluate(TYPE_AFTER_THE_MOVE, ["Hel", "Hello"])
    may_go.set()
    await expect(desk.page).to_have_url(re.compile("/c/"))
    await expect(field).to_have_value("Hello")
    await expect(field).to_be_focused()
    await desk.page.keyboard.type(" there")
    await expect(field).to_have_value("Hello there")
    await desk.page.reload()
    await expect(field).to_have_value("Hello there")


async def _sent_and_left(desk: Desk, *, refused: bool = False) -> asyncio.Event:
    """Send a first message with a file on a slow server, look at another conversation, begin anew."""
    page = desk.page
    olga = await olga_with(desk.harbour, "en")
    await asked(olga, "Earlier")
    await enter(desk, "olga")
    await page.evaluate(DROP, ["drop", "first.md", "text/markdown", "first"])
    await expect(waiting(desk)).to_have_text(["first.md1 KB"])
    may_go = await held(desk, "**/messages", refused=refused)
    await field_of(desk).fill("First words")
    await sent_by_key(desk)
    await page.get_by_role("link", name="Earlier", exact=True).click()
    await expect(desk.thread()).to_contain_text("word20")
    await page.get_by_role("link", name=desk.words("common.nav.newChat"), exact=True).first.click()
    await expect(desk.thread()).to_have_count(0)
    return may_go


async def test_a_late_first_message_leaves_the_next_draft_and_its_writer_alone(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, field = desk.page, field_of(desk)
    may_go = await _sent_and_left(desk)
    await field.fill("Second words")
    await page.evaluate(DROP, ["drop", "second.md", "text/markdown", "second"])
    await expect(waiting(desk).filter(has_text="second.md1 KB")).to_have_count(1)
    may_go.set()
    await expect(page.get_by_role("link", name=re.compile("^First words"))).to_be_visible()
    await page.evaluate(A_MOMENT)
    assert page.url == f"{desk.harbour.url}/"
    for _ in range(2):
        await expect(field).to_have_value("Second words")
        await expect(waiting(desk)).to_have_text(["second.md1 KB"])
        await page.reload()


async def test_what_was_sent_after_all_does_not_wait_in_the_next_field(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    may_go = await _sent_and_left(desk)
    # Until it is stored it may yet fail: nothing is lost before.
    await expect(field_of(desk)).to_have_value("First words")
    await expect(waiting(desk)).to_have_text(["first.md1 KB"])
    may_go.set()
    for _ in range(2):
        await expect(field_of(desk)).to_have_value("")
        await expect(waiting(desk)).to_have_count(0)
        await desk.page.reload()


async def test_a_late_refusal_leaves_the_next_draft_alone(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, field = desk.page, field_of(desk)
    may_go = await _sent_and_left(desk, refused=True)
    await field.fill("Second words")
    async with page.expect_response("**/messages"):
        may_go.set()
    await page.evaluate(A_MOMENT)
    await page.reload()
    await expect(field).to_have_value("Second words")


async def test_who_left_is_not_given_another_answer(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page = desk.page
    olga = await olga_with(desk.harbour, "en")
    which, _ = await asked(olga, "Which term?")
    await asked(olga, "Elsewhere")
    await enter(desk, "olga", f"/c/{which}")
    may_tell = await held(desk, "**/api/message-previews")
    paid: list[str] = []

    def see(request: Request) -> None:
        if request.url.endswith("/regenerate"):
            paid.append(request.url)

    page.on("request", see)
    async with page.expect_request(lambda request: "again_id" in (request.post_data or "")):
        await desk.button("chat.regenerate.same").click()
    await page.get_by_role("link", name="Elsewhere", exact=True).click()
    await expect(desk.thread()).to_contain_text("Elsewhere")
    async with page.expect_response(lambda response: "again_id" in (response.request.post_data or "")):
        may_tell.set()
    await page.evaluate(A_MOMENT)
    assert paid == []
    assert len((await olga.get(f"/api/conversations/{which}"))["messages"]) == 2


async def test_a_press_that_is_dropped_for_something_else_is_told(open_desk: OpenDesk) -> None:
    desk = await open_desk("de")
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, "de")
    which, _ = await asked(olga, "Welche Frist?")
    await enter(desk, "olga", f"/c/{which}")
    may_tell = await held(desk, "**/api/message-previews")
    may_go = await held(desk, "**/messages")
    async with page.expect_request(lambda request: "again_id" in (request.post_data or "")):
        await desk.button("chat.regenerate.same").click()
    await field_of(desk).fill("Und dann?")
    await sent_by_key(desk)
    may_tell.set()
    await expect(page.get_by_role("status").filter(has_text=words("chat.regenerate.dropped"))).to_have_count(1)
    may_go.set()
    await expect(desk.thread()).to_contain_text("Und dann?")
    await expect(desk.button("chat.regenerate.same")).to_have_count(2)
    assert len((await olga.get(f"/api/conversations/{which}"))["messages"]) == 4
