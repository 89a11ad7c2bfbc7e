"""A key is replaced while people write: nobody's call fails, and what runs ends on the key it began with (P10)."""

import asyncio

from moorage.connections.store import Wanted
from moorage.connections.tables import ConnectionRow
from tests.connections.quay import KEY, Quay, finish
from tests.support.model_server.server import ModelServer

NEW_KEY = "sk-new-4712"


async def _write_all_the_time(quay: Quay, ref: str, is_over: asyncio.Event) -> list[str]:
    answers = []
    while not is_over.is_set():
        answers.append(await quay.reply(ref))
    return answers


async def test_no_call_fails_while_a_key_is_replaced_and_none_uses_the_old_one_afterwards(
    quay: Quay, server: ModelServer
) -> None:
    """P10."""
    connection_id, ref = await quay.connect(), await quay.ref()
    server.also_takes = NEW_KEY
    is_over = asyncio.Event()
    writers = [asyncio.create_task(_write_all_the_time(quay, ref, is_over)) for _ in range(4)]
    for number in range(3):
        keys = (NEW_KEY, KEY)
        finished = await finish(
            quay.connections.replace_endpoint(quay.olga, connection_id, quay.entered(key=keys[number % 2]))
        )
        assert finished.findings.passed
    is_over.set()
    answers = [answer for answers in await asyncio.gather(*writers) for answer in answers]
    assert len(answers) > 8
    assert set(answers) == {"word1 word2 word3"}
    server.key = NEW_KEY
    server.also_takes = None
    assert await quay.reply(ref) == "word1 word2 word3"
    [row] = await quay.rows(ConnectionRow)
    assert (row.key_number, row.health, row.failures) == (4, "healthy", 0)


async def test_a_running_answer_ends_on_the_old_key_and_the_next_begins_on_the_new_one(
    quay: Quay, server: ModelServer
) -> None:
    """P10."""
    connection_id = await quay.connect(models=[Wanted("held", "", enabled=True), Wanted("steady", "", enabled=True)])
    running = asyncio.create_task(quay.reply(await quay.ref("held")))
    async with asyncio.timeout(10):
        while server.last_chat.get("model") != "held":
            await asyncio.sleep(0.01)
    server.also_takes = NEW_KEY
    await finish(quay.connections.replace_endpoint(quay.olga, connection_id, quay.entered(key=NEW_KEY)))
    server.key = NEW_KEY
    server.also_takes = None
    assert await quay.reply(await quay.ref("steady")) == "word1 word2 word3"
    assert server.last_headers["authorization"] == f"Bearer {NEW_KEY}"
    assert not running.done()
    server.release()
    assert (await running).startswith("word1")
