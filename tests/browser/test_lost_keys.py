"""P12, P20: what people see of a connection whose address and key can't be opened any more, and how it works again."""

import re

import pytest
from playwright.async_api import expect

from moorage.vault.check import make_check_value
from moorage.vault.keyring import KeyRing
from moorage.vault.loss import accept_loss, find_loss
from moorage.vault.sources import LocalSource, Sources
from tests.browser.conftest import OpenDesk
from tests.browser.test_conversations import enter
from tests.support.running import MODEL_KEY, Harbour


async def lose_the_ring(harbour: Harbour) -> None:
    """Do what `moorage keys accept-loss` does after the ring is gone, and go on with a new one."""
    parts = harbour.built.parts
    sources = Sources(LocalSource(KeyRing({"new": b"n" * 32}, "new")))
    loss = await find_loss(parts.database, sources)
    check_value = await make_check_value(sources)
    async with parts.database.write() as tx:
        await accept_loss(tx, loss, check_value)
    parts.vault.sources = sources


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("de", 1280, True), ("de", 320, False)])
async def test_a_connection_that_lost_its_key_says_so_and_takes_both_again(
    open_desk: OpenDesk, language: str, width: int, dark: bool
) -> None:
    desk = await open_desk(language, width=width, dark=dark)
    page, words, look = desk.page, desk.words, f"{width}{'-dark' if dark else ''}"
    olga = await desk.harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    made = await olga.connect(desk.harbour.models.base_url, ["steady"])
    await lose_the_ring(desk.harbour)
    await enter(desk, "olga")

    await page.get_by_role("button", name=words.pattern("chat.composer.model")).click()
    await expect(page.get_by_role("option", name=re.compile("steady"))).to_contain_text("Kanzlei GPU")
    await expect(page.get_by_role("option", name=re.compile("steady"))).to_be_disabled()
    await desk.picture(f"lost-picker-{look}")

    await desk.open("/settings/models/custom")
    await expect(page.get_by_text(words("common.health.needs_key"), exact=True)).to_be_visible()
    await desk.picture(f"lost-list-{look}")
    await page.get_by_role("link", name=words("connections.list.key_lost"), exact=True).click()

    await expect(page.get_by_text(words("connections.page.key_lost_title"))).to_be_visible()
    await expect(page.get_by_role("region", name=words("connections.page.test"))).to_have_count(0)
    section = page.get_by_role("region", name=words("connections.page.key"))
    await page.evaluate("window.scrollTo(0, 0)")
    await desk.picture(f"lost-page-{look}")
    await section.scroll_into_view_if_needed()
    await desk.picture(f"lost-form-{look}")
    await section.get_by_label(words("connections.page.new_url"), exact=True).fill(desk.harbour.models.base_url)
    await section.get_by_label(words("connections.page.new_key"), exact=True).fill(MODEL_KEY)
    await section.get_by_role("button", name=words("connections.page.test_and_swap"), exact=True).click()
    await expect(page.get_by_text(words("connections.page.key_lost_title"))).to_have_count(0)
    await expect(page.get_by_role("region", name=words("connections.page.test"))).to_be_visible()
    assert (await olga.get(f"/api/connections/{made['id']}"))["health"] == "healthy"
