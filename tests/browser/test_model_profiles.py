"""P5: what is particular about a model is seen and set by hand, with the keyboard; the wizard knows kinds of server."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import PICTURES, Desk, OpenDesk
from tests.browser.test_conversations import enter


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("de", 1280, True), ("de", 320, False)])
async def test_somebody_who_knows_better_sets_it_by_hand(
    open_desk: OpenDesk, language: str, width: int, dark: bool
) -> None:
    desk = await open_desk(language, width=width, dark=dark)
    page, words, look = desk.page, desk.words, f"{width}{'-dark' if dark else ''}"
    olga = await desk.harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    made = await olga.connect(desk.harbour.models.base_url, ["steady"])
    await enter(desk, "olga")
    await desk.open(f"/settings/models/custom/{made['id']}#habits")

    section = page.get_by_role("region", name=words("connections.page.habits"))
    await section.get_by_role("button", name=words("connections.habits.edit", name="steady")).focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    context = dialog.get_by_label(words("connections.habits.context"), exact=True)
    await context.fill("32k")
    await expect(dialog.get_by_text(words("connections.habits.context_wrong"))).to_be_visible()
    await context.fill("32.768")
    await dialog.get_by_label(words("connections.habits.takes_system"), exact=True).click()
    await page.get_by_role("option", name=words("connections.habits.takes_system_false")).click()
    await desk.picture(f"profile-dialog-{look}")
    await context.press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(section.get_by_text(words("connections.habits.no_system"))).to_be_visible()
    await expect(section.get_by_text(words("connections.habits.by_hand"))).to_have_count(2)
    await section.scroll_into_view_if_needed()
    await desk.picture(f"profile-{look}")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    stored = await olga.get(f"/api/connections/{made['id']}")
    [model] = [one for one in stored["models"] if one["model_id"] == "steady"]
    assert (model["context_length"], model["profile"]["habits"]["takes_system"]) == (32768, False)
    assert model["profile"]["found_context_length"] == 8192


async def _read_the_guide(desk: Desk, look: str) -> None:
    """P6: from the refusal to what can be copied, in a window of its own."""
    links = desk.page.get_by_role("link", name=desk.words("connections.guide.link"))
    await expect(links).to_have_count(2)  # beside the kind, and below the address
    async with desk.page.expect_popup() as opened:
        await links.last.click()
    guide = await opened.value
    title = desk.words("connections.guide.title")
    await expect(guide.get_by_role("heading", name=title, exact=True)).to_be_visible()
    for name in ("Caddy", "nginx"):
        await expect(guide.get_by_role("heading", name=name, exact=True)).to_be_visible()
    await expect(guide.get_by_text("reverse_proxy 127.0.0.1:11434")).to_be_visible()
    assert await guide.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await guide.screenshot(path=PICTURES / f"ollama-guide-{look}.png")
    await guide.close()


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, True), ("de", 320, False)])
async def test_the_wizard_asks_for_what_each_kind_needs(
    open_desk: OpenDesk, language: str, width: int, dark: bool
) -> None:
    desk = await open_desk(language, width=width, dark=dark)
    page, words, look = desk.page, desk.words, f"{width}{'-dark' if dark else ''}"
    olga = await desk.harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    await enter(desk, "olga")
    await desk.open("/settings/models/custom/new")
    await page.get_by_role("radio", name=words("connections.wizard.provider_ollama")).check()
    address = page.get_by_label(words("connections.wizard.base_url"), exact=True)
    await address.fill("http://localhost:11434")
    await expect(page.get_by_text(words("connections.hint.ollama_local"))).to_be_visible()
    await desk.picture(f"wizard-ollama-{look}")
    await _read_the_guide(desk, look)
    await page.get_by_role("radio", name=words("connections.wizard.provider_openrouter"), exact=True).check()
    await expect(address).to_have_count(0)
    router = re.compile(re.escape(words("connections.wizard.zone_router")))
    await expect(page.get_by_role("radio", name=router)).to_be_checked()
    await desk.picture(f"wizard-openrouter-{look}")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
