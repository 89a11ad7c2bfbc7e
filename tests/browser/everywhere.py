"""What journeys do again and again: sign in at the page, see that nothing hangs out of it, keep a picture of it."""

import asyncio
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.conftest import Desk
from tests.support.running import PASSWORD


async def sign_in(desk: Desk, name: str) -> None:
    """Sign in at the page."""
    await desk.open("/sign-in")
    page, words = desk.page, desk.words
    await page.get_by_label(words("accounts.field.email"), exact=True).fill(f"{name}@example.com")
    await page.get_by_label(words("accounts.field.password"), exact=True).fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name=words("chat.composer.send"), exact=True)).to_be_visible()


async def fits(page: Page) -> bool:
    """Tell whether nothing hangs out of the page sideways."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def keep(desk: Desk, name: str) -> None:
    """Keep a picture of the whole page."""
    folder = Path(__file__).parents[2] / "artifacts" / "screenshots"
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    await desk.page.screenshot(path=folder / f"{name}-{desk.words.language}.png", full_page=True)
    await desk.judge(name)
