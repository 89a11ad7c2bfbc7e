"""What a long conversation costs, in counts, which don't vary with the machine: times are in benchmarks/pages.py."""

import re
from dataclasses import dataclass

from playwright.async_api import Route, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_conversations import enter
from tests.browser.test_seals import pick
from tests.browser.test_unsent_words import field_of
from tests.support.old_messages import with_old_messages
from tests.support.page_probe import Calls, seen, until, watch

FEW, MANY = 10, 1_000
MOST_CALLS = 600  # of sending, for each old message: to look at it is 180, to render it 4,000
MOST_CALLS_A_GROWTH = 10  # of an answer that grows, for each old message: less than to look at it
GROWING = "[data-turn][aria-busy=true]"
QUESTION = "And what about the neighbours"


async def _at_a_long_talk(desk: Desk, old: int) -> None:
    """Let Olga see a conversation with `old` messages, all of them on the page."""
    page = desk.page
    await desk.open("/")
    await pick(desk, "steady")
    await field_of(desk).fill("Hello")
    await page.keyboard.press("Enter")
    await expect(desk.button("chat.regenerate.same")).to_be_visible()

    async def tell_more(route: Route) -> None:
        answer = await route.fetch()
        if route.request.method == "GET":
            await route.fulfill(response=answer, json=with_old_messages(await answer.json(), old))
        else:
            await route.fulfill(response=answer)

    await page.route(re.compile(r"/api/conversations/[0-9a-f-]{36}$"), tell_more)
    await page.reload()
    await expect(page.locator("[data-turn]").last).to_be_visible()
    if old > FEW:
        await page.get_by_role("button", name=desk.words.pattern("chat.thread.earlier_other")).click()
    await expect(page.locator("[data-turn]")).to_have_count(old + 2)
    await pick(desk, "report-100")
    await watch(page)


@dataclass(frozen=True, slots=True)
class Cost:
    """Function calls of typing a question, of sending it until its answer begins, and of the same words of the answer.

    `growths`: how often the answer grew meanwhile, which is up to the machine. `touched`: changes to old messages.
    """

    typing: int
    sending: int
    reading: int
    growths: int
    touched_by_sending: int
    touched_by_reading: int


async def _work(desk: Desk) -> Cost:
    """Type a question, ask it, and let its answer grow as far as its table."""
    page, field = desk.page, field_of(desk)
    await field.click()
    # What an opened page does once is not what a key costs.
    await page.wait_for_load_state("networkidle")
    async with Calls(page) as typing:
        await page.keyboard.type(QUESTION)
        await expect(field).to_have_value(QUESTION)
    async with Calls(page) as sending:
        await page.keyboard.press("Enter")
        await until(page, f"{GROWING} strong")
    before = await seen(page)
    async with Calls(page) as reading:
        await until(page, f"{GROWING} table")
        after = await seen(page)
    await desk.button("chat.composer.stop").click()
    await until(page, GROWING, gone=True)
    return Cost(
        typing.count,
        sending.count,
        reading.count,
        max(1, after["growths"] - before["growths"]),
        before["elsewhere"],
        after["elsewhere"] - before["elsewhere"],
    )


async def test_a_thousand_old_messages_cost_neither_a_key_nor_a_word_of_the_answer(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    desk.harbour.models.models = ["steady", "report-100"]
    olga = await desk.harbour.olga()
    await olga.connect(desk.harbour.models.base_url, ["steady", "report-100"])
    await enter(desk, "olga")
    costs = []
    for old in (FEW, MANY):
        await _at_a_long_talk(desk, old)
        costs.append(await _work(desk))
        await desk.page.unroute_all(behavior="wait")
    few, many = costs
    assert many.typing < 1.5 * few.typing, costs
    assert (many.sending - few.sending) / MANY < MOST_CALLS, costs
    assert (many.reading / many.growths - few.reading / few.growths) / MANY < MOST_CALLS_A_GROWTH, costs
    assert many.touched_by_reading == 0, costs
    # Buttons that rest while an answer is written are told of it where somebody sees them, not on every old message.
    assert many.touched_by_sending < MANY / 2, costs
