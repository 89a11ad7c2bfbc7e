"""What loads a moment later loses no press that came before it, and none that it comes into."""

import asyncio

from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_journeys import sign_up


async def held_back(desk: Desk) -> tuple[Locator, asyncio.Event]:
    """Sign up with the picker's panel still on its way; gives the picker's button and what lets the panel come."""
    arrived = asyncio.Event()

    async def hold(route: Route) -> None:
        await arrived.wait()
        await route.continue_()

    await desk.page.route("**/PopoverPopup*.js", hold)
    await sign_up(desk)
    return desk.page.get_by_role("button", name=desk.words.pattern("chat.composer.model")), arrived


async def has_arrived(desk: Desk, arrived: asyncio.Event) -> None:
    async with desk.page.expect_request_finished(lambda request: "PopoverPopup" in request.url):
        arrived.set()
    # Room for what would be exchanged at once.
    await desk.page.evaluate("() => new Promise((done) => setTimeout(done, 500))")


async def test_a_picker_that_is_still_loading_opens_when_it_has_arrived(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    button, arrived = await held_back(desk)
    await button.click()
    arrived.set()
    await expect(desk.page.get_by_role("combobox")).to_be_visible()


async def test_a_picker_that_arrives_within_a_press_opens_at_its_end(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    button, arrived = await held_back(desk)
    await button.hover()
    await desk.page.mouse.down()
    await has_arrived(desk, arrived)
    await desk.page.mouse.up()
    await expect(desk.page.get_by_role("combobox")).to_be_visible()


async def test_a_picker_that_arrives_leaves_the_keyboard_on_its_button(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    button, arrived = await held_back(desk)
    await button.focus()
    await has_arrived(desk, arrived)
    await expect(button).to_be_focused()
    await expect(button).to_have_attribute("aria-haspopup", "dialog")
    await desk.page.keyboard.press("Space")
    await expect(desk.page.get_by_role("combobox")).to_be_focused()
