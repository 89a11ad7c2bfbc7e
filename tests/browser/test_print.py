"""A conversation on paper: all of it, in light colours, with what each answer came from, and nothing to click."""

import io

import pytest
from playwright.async_api import Route, expect
from pypdf import PdfReader

from tests.browser.conftest import OpenDesk
from tests.browser.everywhere import sign_in
from tests.support.attaching import send
from tests.support.old_messages import with_old_messages
from tests.support.running import Harbour

OLD = 70


async def _tell_more(route: Route) -> None:
    answer = await route.fetch()
    await route.fulfill(response=answer, json=with_old_messages(await answer.json(), OLD))


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_whole_conversation_is_printed_without_what_is_to_be_clicked(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    olga = await demo_harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    talk = (await send(olga, "Frage"))["conversation_id"]
    desk = await open_desk(language, dark=True)
    page, words = desk.page, desk.words
    await page.route(f"**/api/conversations/{talk}", _tell_more)
    await sign_in(desk, "olga")
    await desk.open(f"/c/{talk}")
    await expect(page.get_by_text(f"Frage {OLD - 2}", exact=True)).to_be_visible()
    await expect(page.get_by_text("Frage 0", exact=True)).to_have_count(0)
    await page.emulate_media(media="print", color_scheme="dark")
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_be_hidden()
    await expect(page.get_by_role("navigation")).to_be_hidden()
    await expect(desk.button("chat.regenerate.same").last).to_be_hidden()
    await expect(page.locator("html")).to_have_css("background-color", "rgb(255, 255, 255)")
    await desk.picture("print-dark")
    pages = PdfReader(io.BytesIO(await page.pdf(format="A4"))).pages
    printed = "\n".join(one.extract_text() for one in pages)
    for number in range(0, OLD, 2):
        assert f"Frage {number}" in printed
    assert printed.count("Demo (scripted, no model)") >= OLD / 2
    assert words("chat.regenerate.same") not in printed
