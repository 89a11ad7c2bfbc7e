"""P7: who keeps nothing is seen before a model is ticked; what would be refused is warned of, in both languages."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import OpenDesk
from tests.browser.test_conversations import enter
from tests.support.routed import connect_router, routed_harbour
from tests.support.running import Harbour

DEAR = "Maker: Dear"


@pytest_asyncio.fixture
async def demo_harbour(tmp_path: Path) -> AsyncIterator[Harbour]:
    """Stand in for the ordinary one: windows open at a deployment with a router."""
    async with routed_harbour(f"sqlite+aiosqlite:///{tmp_path}", tmp_path) as harbour:
        yield harbour


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("de", 1280, True), ("de", 320, False)])
async def test_a_model_that_would_be_refused_is_warned_of_before_it_is_switched_on(
    open_desk: OpenDesk, language: str, width: int, dark: bool
) -> None:
    desk = await open_desk(language, width=width, dark=dark)
    page, words, look = desk.page, desk.words, f"{width}{'-dark' if dark else ''}"
    olga = await desk.harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    made = await connect_router(olga, "maker/one", "maker/dear")
    await enter(desk, "olga")
    await desk.open(f"/settings/models/custom/{made['id']}#models")

    models = page.get_by_role("region", name=words("connections.page.models"))
    one, dear, auto = (
        models.get_by_role("listitem").filter(has_text=id_) for id_ in ("maker/one", "maker/dear", "openrouter/auto")
    )
    await expect(one).to_contain_text(words("connections.hosts.some_other", count=2))
    await expect(dear).to_contain_text(words("connections.hosts.none"))
    await expect(auto).to_contain_text(words("connections.hosts.unknown"))
    await expect(models.get_by_text(words("connections.hosts.unmet"))).to_have_count(0)
    await dear.scroll_into_view_if_needed()
    await desk.picture(f"router-models-{look}")

    habits = page.get_by_role("region", name=words("connections.page.habits"))
    await expect(
        habits.get_by_text(words("connections.hosts.named_some", list="DeepHarbour, Quay Compute"))
    ).to_be_visible()
    await habits.get_by_role("button", name=words("connections.habits.edit", name=DEAR)).focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    warning = dialog.get_by_role("status").get_by_text(words("connections.hosts.unmet"))
    await expect(dialog.get_by_text(words("connections.hosts.named_none"))).to_be_visible()
    await expect(warning).to_have_count(0)
    await dialog.get_by_label(words("connections.habits.data_policy"), exact=True).click()
    await page.get_by_role("option", name=words("connections.habits.data_policy_no_retention")).click()
    await expect(warning).to_be_visible()
    await desk.picture(f"router-dialog-{look}")
    await dialog.get_by_role("button", name=words("common.action.save"), exact=True).click()
    await expect(dialog).to_have_count(0)
    await expect(habits.get_by_text(words("connections.hosts.unmet"))).to_be_visible()
    await habits.scroll_into_view_if_needed()
    await desk.picture(f"router-habits-{look}")

    # Off, and on again: the warning names it before anything is saved.
    tick = dear.get_by_role("checkbox")
    await expect(dear).to_contain_text(words("connections.hosts.unmet"))
    await tick.press("Space")
    refused = models.get_by_text(words("connections.hosts.unmet_ticked", list=DEAR))
    await expect(refused).to_have_count(0)
    await tick.press("Space")
    await expect(refused).to_be_visible()
    await refused.scroll_into_view_if_needed()
    await desk.picture(f"router-ticked-{look}")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    # Who writes sees what is asked of whoever runs it.
    await desk.open()
    await page.get_by_role("button", name=words.pattern("chat.composer.model")).click()
    line = page.get_by_role("option").filter(has_text=DEAR)
    await expect(line).to_contain_text(words("picker.policy.no_retention"))
    await desk.picture(f"router-picker-{look}")
