"""What loads a moment later loses no press that came before it."""

import asyncio

from playwright.async_api import Route, expect

from tests.browser.conftest import OpenDesk
from tests.browser.test_journeys import sign_up


async def test_a_picker_that_is_still_loading_opens_when_it_has_arrived(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    arrived = asyncio.Event()

    async def hold(route: Route) -> None:
        await arrived.wait()
        await route.continue_()

    await desk.page.route("**/PopoverPopup*.js", hold)
    await sign_up(desk)
    await desk.page.get_by_role("button", name=desk.words.pattern("chat.composer.model")).click()
    arrived.set()
    await expect(desk.page.get_by_role("combobox")).to_be_visible()
