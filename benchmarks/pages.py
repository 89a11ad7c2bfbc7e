"""`python -m benchmarks.pages [--quick] [--slow N]`: what a person waits for, and what an answer costs.

A real server, a model server behind TLS that writes 2,000 tokens of Markdown, 100 a second, and Chromium in front,
which draws without a graphics card. Each measure is taken in a new chat and below a thousand old messages, all of them
on the page. `--slow 4`: as on a machine with a quarter of the speed.
"""

import argparse
import asyncio
import json
import re
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import Page, Route, async_playwright, expect

from benchmarks.machine import describe
from benchmarks.stage import PASSWORD, QUESTION, Hub, run_endpoint, run_hub
from tests.support.model_server.report import TOKENS, report
from tests.support.old_messages import with_old_messages
from tests.support.page_probe import Meter, seen, until, watch
from tests.support.programs import find_chromium

ARTIFACT: Final = Path("artifacts/pages.json")
MODEL: Final = "report-100"
OLD: Final = 1_000
OLD_TOKENS: Final = 150
KEYS_A_S: Final = 8
AIMS: Final = {"script_share": 0.05, "key_p95_ms": 50.0, "sent_ms": 100.0}
_FIELD: Final = "textarea"
_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_GROWING: Final = "[data-turn][aria-busy=true]"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one answer cost: parts of the main thread's time, and ms from a key to the frame in which it is seen."""

    script_share: float
    tasks_share: float
    longest_task_ms: float
    sent_ms: float
    key_median_ms: float
    key_p95_ms: float


async def _sign_in(page: Page, hub: Hub) -> None:
    await page.goto(f"{hub.serving.url}/sign-in")
    await page.get_by_label("E-mail", exact=True).fill("olga@example.com")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("#destination")).not_to_be_empty()


async def _ask(page: Page, text: str) -> None:
    await page.locator(_FIELD).click()
    await page.keyboard.type(text)
    await page.evaluate("(text) => { window.probe.wanted = text; }", text)
    await page.keyboard.press("Enter")


async def _type_on(page: Page, until: asyncio.Event) -> None:
    """Type as people do, until the answer has ended; what was typed is taken away now and then."""
    field = page.locator(_FIELD)
    while not until.is_set():
        for letter in "and what of the birds ":
            await page.keyboard.press(letter if letter != " " else "Space")
            await asyncio.sleep(1 / KEYS_A_S)
        await field.fill("")


async def _one_answer(page: Page, text: str, *, typing: bool) -> Cost:
    await watch(page)
    ended = asyncio.Event()
    await _ask(page, text)
    await until(page, _GROWING)
    # Only keys that are pressed while the answer arrives.
    await page.evaluate("window.probe.keys = []")
    typist = asyncio.create_task(_type_on(page, ended)) if typing else None
    async with Meter(page) as meter:
        await until(page, _GROWING, gone=True)
    ended.set()
    if typist is not None:
        await typist
    told, spent = await seen(page), meter.spent
    keys = sorted(told["keys"]) or [0.0]
    return Cost(
        spent.script_s / spent.wall_s,
        spent.tasks_s / spent.wall_s,
        max(told["long"], default=0.0),
        told["sent"][0],
        statistics.median(keys),
        keys[int(len(keys) * 0.95)],
    )


async def _below_old_messages(page: Page) -> None:
    """Put a thousand messages before the first, each answer of some lines of Markdown, and show all of them."""
    text = "".join(report(OLD_TOKENS)).lstrip()

    async def tell_more(route: Route) -> None:
        answer = await route.fetch()
        if route.request.method != "GET":
            return await route.fulfill(response=answer)
        view = await answer.json()
        first = [{**one, "text": text} if one["role"] == "assistant" else one for one in view["messages"][:2]]
        old = with_old_messages({**view, "messages": [*first, *view["messages"][2:]]}, OLD)
        await route.fulfill(response=answer, json=old)
        return None

    await page.route(re.compile(r"/api/conversations/[0-9a-f-]{36}$"), tell_more)
    await page.reload()
    await page.get_by_role("button", name=re.compile("^Show [0-9,]+ earlier messages$")).click()
    await expect(page.locator("[data-turn]")).to_have_count(OLD + 2)


@asynccontextmanager
async def _page(hub: Hub, slow: int) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(find_chromium()), args=_FLAGS)
        page = await (await browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB")).new_page()
        await _sign_in(page, hub)
        if slow > 1:
            cdp = await page.context.new_cdp_session(page)
            await cdp.send("Emulation.setCPUThrottlingRate", {"rate": slow})
        yield page
        await browser.close()


async def _begin(page: Page, hub: Hub, place: str) -> None:
    """Open a new chat, or one with a thousand messages."""
    await page.goto(hub.serving.url)
    await expect(page.locator("#destination")).not_to_be_empty()
    if place == "new":
        return
    await watch(page)
    await _ask(page, QUESTION)
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_role("button", name="Regenerate")).to_be_visible()
    await _below_old_messages(page)


async def _run(rounds: int, slow: int, folder: Path) -> dict[str, list[Cost]]:
    found: dict[str, list[Cost]] = {}
    async with (
        run_endpoint(folder) as endpoint,
        run_hub(folder / "hub", endpoint, [MODEL]) as hub,
        _page(hub, slow) as page,
    ):
        for number in range(rounds):
            for place in ("new", "long"):
                await _begin(page, hub, place)
                for typing in (False, True):
                    name = f"{place}, typing" if typing else place
                    print(f"… round {number + 1}: {name}", file=sys.stderr, flush=True)
                    cost = await _one_answer(page, f"Round {number}, {name}: {QUESTION}", typing=typing)
                    found.setdefault(name, []).append(cost)
                await page.unroute_all(behavior="wait")
    return found


def _medians(costs: Sequence[Cost]) -> dict[str, float]:
    return {name: statistics.median(getattr(one, name) for one in costs) for name in Cost.__slots__}


def _lines(told: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    yield f"{'':14}{'script':>8}{'all tasks':>11}{'longest':>10}{'sent':>9}{'key median':>13}{'key p95':>10}"
    for place, one in told.items():
        keys = f"{one['key_median_ms']:10.0f} ms{one['key_p95_ms']:7.0f} ms" if one["key_median_ms"] else ""
        shares = f"{one['script_share']:8.1%}{one['tasks_share']:11.1%}"
        yield f"{place:14}{shares}{one['longest_task_ms']:7.0f} ms{one['sent_ms']:6.0f} ms{keys}"
        yield from (f"  ! {name} over {most:g}" for name, most in AIMS.items() if one[name] > most)


def main() -> None:
    """Measure, print and keep; medians over the rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round instead of three")
    parser.add_argument("--slow", type=int, default=1, metavar="N", help="a processor N times as slow")
    asked = parser.parse_args()
    machine = describe()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(_run(1 if asked.quick else 3, asked.slow, Path(folder)))
    told = {place: _medians(costs) for place, costs in found.items()}
    ARTIFACT.parent.mkdir(exist_ok=True)
    ARTIFACT.write_text(json.dumps({"machine": machine, "slow": asked.slow, "tokens": TOKENS, "found": told}, indent=2))
    print("\n".join(_lines(told)))


if __name__ == "__main__":
    main()
