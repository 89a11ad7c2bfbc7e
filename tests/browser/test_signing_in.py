"""Between the right password and the first page lies what that page needs: the button says so until it is there."""

from playwright.async_api import expect

from tests.browser.conftest import OpenDesk
from tests.support.running import PASSWORD

WATCH_BUTTON = """() => {
  const button = document.querySelector("button[type=submit]");
  window.heard = [];
  new MutationObserver(() => window.heard.push(button.getAttribute("aria-busy"))).observe(button, { attributes: true });
}"""


async def test_the_button_is_busy_until_the_next_page_is_there(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    await desk.harbour.olga()
    await desk.open("/sign-in")
    await desk.page.get_by_label(desk.words("accounts.field.email"), exact=True).fill("olga@example.com")
    await desk.page.get_by_label(desk.words("accounts.field.password"), exact=True).fill(PASSWORD)
    await desk.page.evaluate(WATCH_BUTTON)
    await desk.button("accounts.signIn.action").click()
    await expect(desk.page.get_by_label(desk.words("chat.composer.label"), exact=True)).to_be_visible()
    assert set(await desk.page.evaluate("window.heard")) == {"true"}
