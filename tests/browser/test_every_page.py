"""Every page that an owner reaches keeps the rules of WCAG 2.2 AA, light and wide, and dark at 400 % zoom."""

from playwright.async_api import Page, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.everywhere import fits, sign_in
from tests.browser.test_usage import prepare

BEFORE_SIGN_IN = ("/sign-in", "/sign-up", "/forgot-password", "/reset", "/invite", "/sign-in/team")
SETTINGS = (
    "profile",
    "security",
    "appearance",
    "team/members",
    "team/plan",
    "team/conversations",
    "team/sign-in",
    "models/custom",
    "models/mine",
    "models/custom/new",
    "models/ollama",
    "models/standard",
    "models/aliases",
    "oversight/usage",
    "oversight/comparisons",
    "oversight/audit",
    "oversight/privacy",
)
WIDE = {"width": 1280, "height": 860}
# A window of 1280 by 1024, at 400 %.
ZOOMED = {"width": 320, "height": 256}


async def has_come(page: Page) -> None:
    """Wait until a page and what it asks for is there."""
    await expect(page.get_by_role("heading", level=1).first).to_be_attached()
    await page.wait_for_load_state("networkidle")


async def judge_in_both(desk: Desk, path: str) -> None:
    """Judge a page in both themes, at both ends of the widths; what hangs out of it is a breach, too."""
    page = desk.page
    await has_come(page)
    for scheme, size in (("light", WIDE), ("dark", ZOOMED)):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        await desk.judge(f"{scheme} {size['width']}")
        if not await fits(page):
            desk.complaints.append(f"{path} hangs out of {size['width']} px")
    await page.set_viewport_size(WIDE)  # type: ignore[arg-type]


async def test_the_pages_before_sign_in_keep_the_rules(open_desk: OpenDesk) -> None:
    desk = await open_desk("de")
    await desk.open("/sign-up")
    await judge_in_both(desk, "the first /sign-up")
    await desk.harbour.olga()
    for path in BEFORE_SIGN_IN:
        await desk.open(path)
        await judge_in_both(desk, path)


async def test_every_page_of_the_settings_keeps_the_rules(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    await prepare(desk.harbour)
    await sign_in(desk, "olga")
    for path in (*(f"/settings/{one}" for one in SETTINGS), "/", "/shared", "/operator", "/nowhere"):
        await desk.open(path)
        await judge_in_both(desk, path)
    await desk.open("/settings/models/custom")
    await desk.page.get_by_role("link", name="Kanzlei GPU").first.click()
    await expect(desk.page.get_by_role("heading", level=1, name="Kanzlei GPU")).to_be_visible()
    await judge_in_both(desk, "/settings/models/custom/…")
