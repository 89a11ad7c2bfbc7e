"""Two real processes on one database race for the last tokens; one that is killed leaves nothing reserved (P15)."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import text

from moorage.storage.database import Database
from moorage.usage.drift import find_drift
from tests.process.people import SignUp, follow_move
from tests.support.authority import TestAuthority
from tests.support.deploying import offering, reaching, stored_in
from tests.support.model_server import ModelServer
from tests.support.plans import write_plans
from tests.support.running import MODEL_KEY, Person
from tests.support.serving import Serving

LIMIT = 30_000
ANSWER = 2000
WORDS = 300
# Questions at once on each side.
EACH = 40


@dataclass
class Race:
    """Two processes over one database, the operator's provider, and its own count of what it wrote."""

    server: ModelServer
    processes: list[Serving]
    database: Database

    async def ask(self, sql: str) -> list[Any]:
        async with self.database.read() as tx:
            return [tuple(row) for row in await tx.execute(text(sql))]

    async def drift(self) -> list[Any]:
        async with self.database.read() as tx:
            return list(await find_drift(tx))


@pytest_asyncio.fixture
async def race(empty_database_url: str, tmp_path: Path) -> AsyncIterator[Race]:
    authority = TestAuthority(tmp_path / "ca")
    stored, url = stored_in(empty_database_url, tmp_path)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ModelServer(authority.server_context("localhost"), key=MODEL_KEY))
        settings = {
            **reaching(authority, server),
            **offering(tmp_path, server, (f"burst-{WORDS}", "held")),
            **stored,
            "PLANS": write_plans(tmp_path, tokens_per_month=LIMIT, answer_tokens=ANSWER),
            "TITLES": "words",
            "DRAIN_S": 0,
        }
        processes = [Serving(tmp_path / name, settings) for name in ("first", "second")]
        for process in processes:
            stack.push_async_callback(process.close)
        await processes[0].start()
        await processes[1].start()
        database = Database(url)
        stack.push_async_callback(database.close)
        yield Race(server, processes, database)


async def _send(person: Person, ref: str, which: str | None = None) -> httpx2.Response:
    which = which or (await person.post("/api/conversations", {}))["id"]
    body = {"client_id": str(uuid.uuid4()), "parent_id": None, "text": "Go", "model_ref": ref}
    return await person.call("POST", f"/api/conversations/{which}/messages", body)


@pytest.mark.timeout(180)
async def test_two_processes_that_race_for_the_last_tokens_never_take_more(race: Race, sign_up: SignUp) -> None:
    """Forty on each side want far more than there is. Whoever is let in is answered, whoever is not is told why."""
    olga = await sign_up(race.processes[0])
    beside = Person(
        httpx2.AsyncClient(
            base_url=race.processes[1].url, timeout=60, trust_env=False, cookies=dict(olga.client.cookies)
        ),
        olga.csrf,
    )
    # Made one after the other: the race is about the budget, not about connections to the database.
    places = [
        (person, str((await person.post("/api/conversations", {}))["id"]))
        for _ in range(EACH)
        for person in (olga, beside)
    ]
    over, most = asyncio.Event(), [0]

    async def watch() -> None:
        while not over.is_set():
            for (used,) in await race.ask("SELECT settled + reserved FROM budget_period"):
                most[0] = max(most[0], used)
            await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    try:
        answers = await asyncio.gather(
            *(_send(person, f"standard:vendor/burst-{WORDS}", which) for person, which in places)
        )
        async with asyncio.timeout(60):
            while await race.ask("SELECT 1 FROM reservation"):
                await asyncio.sleep(0.05)
    finally:
        over.set()
        await watching
        await beside.client.aclose()
    codes = {answer.json()["error"]["code"] for answer in answers if answer.status_code != 201}
    begun = sum(answer.status_code == 201 for answer in answers)
    assert codes <= {"budget_spent", "budget_held"}
    assert 0 < begun < len(answers)
    assert LIMIT // 2 < most[0] <= LIMIT
    [(settled, reserved)] = await race.ask("SELECT settled, reserved FROM budget_period")
    assert (reserved, await race.drift()) == (0, [])
    # The provider kept its own count of what it wrote.
    [(written,)] = await race.ask("SELECT SUM(tokens_out) FROM standard_usage_event")
    assert written == race.server.counts.tokens
    [(events,)] = await race.ask("SELECT COUNT(*) FROM standard_usage_event")
    assert (events, settled <= LIMIT) == (begun, True)


async def test_what_a_killed_process_held_is_settled_and_nothing_stays_reserved(race: Race, sign_up: SignUp) -> None:
    olga = await sign_up(race.processes[0])
    for _ in range(3):
        assert (await _send(olga, "standard:vendor/held")).status_code == 201
    async with asyncio.timeout(20):
        while race.server.counts.chat_requests < 3:
            await asyncio.sleep(0.05)
    await race.processes[0].kill()
    [(held,)] = await race.ask("SELECT reserved FROM budget_period")
    assert held > 3 * ANSWER
    await race.processes[0].start()
    follow_move(olga, race.processes[0])
    async with asyncio.timeout(20):
        while await race.ask("SELECT 1 FROM reservation"):
            await asyncio.sleep(0.05)
    [(settled, reserved)] = await race.ask("SELECT settled, reserved FROM budget_period")
    assert (reserved, await race.drift()) == (0, [])
    assert 0 < settled <= held
    sources = await race.ask("SELECT DISTINCT count_source, ended FROM standard_usage_event")
    assert sources == [("orphan", "crashed")]
    assert (await _send(olga, f"standard:vendor/burst-{WORDS}")).status_code == 201


async def test_a_file_of_plans_that_can_not_be_used_stops_the_start_with_its_line(
    tmp_path: Path, deployment: Serving
) -> None:
    file = write_plans(tmp_path, plans=("free",), members=0)
    code, said = await deployment.refuse_to_start(PLANS=file)
    assert code != 0
    assert "Line 5 of the file of plans: “free.members” must be a whole number from 1 to" in said
    assert "Traceback" not in said
