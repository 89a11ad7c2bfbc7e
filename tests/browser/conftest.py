"""A real Chromium in front of the real server. Console errors, CSP violations and foreign requests fail a journey."""

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright, expect

from tests.browser.rules import violations
from tests.browser.words import Words
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.programs import find_chromium
from tests.support.running import Harbour, running, settings_for

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# A password is hashed, a route's parts are loaded: on a machine with much else to do a page is slow, not broken.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)
PICTURES = Path(__file__).parents[2] / "artifacts" / "screenshots"
WATCH_VIOLATIONS = (
    "document.addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
)


@dataclass
class Desk:
    """A browser window with somebody in front of it."""

    page: Page
    words: Words
    harbour: Harbour
    complaints: list[str] = field(default_factory=list)

    async def open(self, path: str = "/") -> None:
        """Open a page of this deployment."""
        await self.page.goto(self.harbour.url + path)

    async def picture(self, name: str) -> None:
        """Keep a picture for people to look at."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=PICTURES / f"{name}-{self.words.language}.png")
        await self.judge(name)

    async def judge(self, name: str) -> None:
        """Note what of the page as it stands breaks a rule of WCAG; the journey fails with all of it at its end."""
        where = f"{name}-{self.words.language} ({urlsplit(self.page.url).path})"
        self.complaints += [f"{where}: {breach}" for breach in await violations(self.page)]

    def button(self, key: str, **values: str | int) -> Any:
        """Find a button by the key of its text."""
        return self.page.get_by_role("button", name=self.words(key, **values), exact=True)

    def thread(self) -> Any:
        """Find the conversation on the page."""
        return self.page.get_by_role("region", name=self.words("chat.thread.label"), exact=True)


OpenDesk = Callable[..., Coroutine[Any, Any, Desk]]


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    """Give the system's Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(find_chromium()), args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def demo_harbour(tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[Harbour]:
    """Give a running Moorage on SQLite with the scripted model offered: what `make run DEMO=1` starts."""
    authority, server = models
    url = f"sqlite+aiosqlite:///{tmp_path}"
    settings = settings_for(url, tmp_path, authority, server, demo=True, demo_pause_ms=5)
    async with running(settings, server) as harbour:
        yield harbour


@pytest_asyncio.fixture
async def open_desk(browser: Browser, demo_harbour: Harbour) -> AsyncIterator[OpenDesk]:
    """Give a function that opens a window: `await open_desk("de", width=390)`; checks all of them at the end."""
    desks: list[Desk] = []

    async def make(language: str, *, width: int = 1280, height: int = 860, dark: bool = False) -> Desk:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            locale={"en": "en-GB", "de": "de-DE"}[language],
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            timezone_id="Europe/Berlin",
        )
        await context.add_init_script(WATCH_VIOLATIONS)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        desk = Desk(page, Words(language), demo_harbour)
        _watch(desk, context)
        desks.append(desk)
        return desk

    yield make
    for desk in desks:
        await desk.page.context.close()
        assert not desk.complaints, "\n".join(desk.complaints)


def _watch(desk: Desk, context: BrowserContext) -> None:
    own = urlsplit(desk.harbour.url).netloc

    def hear(message: ConsoleMessage) -> None:
        # A refused request is a console error in Chromium; journeys that provoke one expect its status.
        if message.type == "error" and "Failed to load resource" not in message.text:
            desk.complaints.append(f"console: {message.text}")

    def see(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.netloc != own:
            desk.complaints.append(f"foreign request: {request.url}")

    context.on("console", hear)
    context.on("request", see)
    context.on("weberror", lambda error: desk.complaints.append(f"page error: {error.error}"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
