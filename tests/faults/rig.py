"""A deployment to be broken: real processes on a real database, the operator's provider, people who keep asking."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from sqlalchemy import text

from moorage.storage.database import Database
from tests.faults.truth import QUESTION, Books, Told, TruthfulServer, ledger_is_true
from tests.process.people import follow_move
from tests.support.authority import TestAuthority
from tests.support.deploying import SettingsOf, offering, plain, reaching, stored_in
from tests.support.nursery import Nursery
from tests.support.plans import write_plans
from tests.support.running import MODEL_KEY, PASSWORD, TRUSTS_NOBODY, Person
from tests.support.serving import Serving

LIMIT = 10**9
ANSWER = 8000
WAIT_S = 60.0
# Standard models of the one provider; the same server is connected as an own endpoint, too.
LIES = ("lies-more", "lies-nothing", "lies-negative", "lies-words", "lies-endless", "lies-free", "lies-huge")
BREAKS = ("cut", "reset-mid", "error-in-stream", "error-503")
STANDARD = ("steady", "held", "burst-300", "burst-2000", "paced-200", "no-usage", "talks-on-600", *LIES, *BREAKS)
OWN = ("steady", "held", "burst-2000", "burst-20000", "paced-200", "no-usage", *LIES, *BREAKS)


@dataclass
class Rig:
    """One database, any number of processes; `truth` is the provider's own count, `told` what people were told."""

    truth: TruthfulServer
    database: Database
    folder: Path
    settings: SettingsOf
    nursery: Nursery
    stack: AsyncExitStack
    told: Told = field(default_factory=Told)
    refs: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def process(self, name: str = "one", wrapper: Sequence[str] = (), **changes: str | Path | float) -> Serving:
        """Give a process that does not run yet. One with a wrapper is started in the ordinary way."""
        launch = None if wrapper else self.nursery.launch
        serving = Serving(self.folder / name, self.settings | changes, wrapper=wrapper, launch=launch)
        self.stack.push_async_callback(serving.close)
        return serving

    async def sign_up(self, serving: Serving) -> Person:
        """Sign Olga up, and connect the provider's server once more as her team's own endpoint."""
        olga = await self._browser(serving).enter(
            "/api/sign-up",
            {"name": "Olga", "email": "olga@example.com", "password": PASSWORD, "team_name": "Kanzlei"},
        )
        made = await olga.connect(self.truth.base_url, list(OWN))
        own = {f"own/{model['model_id']}": model["ref"] for model in made["models"]}
        self.refs = own | {f"standard/{model_id}": f"standard:vendor/{model_id}" for model_id in STANDARD}
        return olga

    async def sign_in(self, person: Person) -> None:
        """Sign Olga in again: a sign-in ends when nobody was seen for long, by the clock."""
        person.csrf = None
        await person.enter("/api/sign-in", {"email": "olga@example.com", "password": PASSWORD})

    def beside(self, person: Person, serving: Serving) -> Person:
        """Give the same person, as another process sees them."""
        other = self._browser(serving)
        other.client.cookies = person.client.cookies
        return Person(other.client, person.csrf)

    def _browser(self, serving: Serving) -> Person:
        client = httpx2.AsyncClient(base_url=serving.url, timeout=60, trust_env=False, verify=TRUSTS_NOBODY)
        self.stack.push_async_callback(client.aclose)
        return Person(client)

    async def ask(self, person: Person, model: str, conversation_id: str | None = None) -> httpx2.Response:
        """Ask a question that nobody asked before; what comes of it is noted in `told`."""
        self.asked += 1
        question = f"{QUESTION}{self.asked}"
        if conversation_id is None:
            made = await person.call("POST", "/api/conversations", {})
            if made.status_code >= 400:
                self.told.refused[made.json()["error"]["code"]] += 1
                return made
            conversation_id = str(made.json()["id"])
        body = {"client_id": str(uuid.uuid4()), "parent_id": None, "text": question, "model_ref": self.refs[model]}
        said = await person.call("POST", f"/api/conversations/{conversation_id}/messages", body)
        if said.status_code == 201:
            self.told.accepted.append(UUID(said.json()["answer"]["reply"]["reply_id"]))
        else:
            self.told.refused[said.json()["error"]["code"]] += 1
        return said

    async def follow(self, person: Person, said: httpx2.Response) -> dict[str, Any]:
        """Read an answer to its end; gives the receipt."""
        reply_id = said.json()["answer"]["reply"]["reply_id"]
        events = [one async for one in person.events("GET", f"/api/replies/{reply_id}/events")]
        receipt: dict[str, Any] = events[-1].data["receipt"]
        self.told.ends[UUID(reply_id)] = receipt
        return receipt

    async def keep_asking(self, person: Person, models: Sequence[str], until: Callable[[], bool]) -> None:
        """Ask one thing after the other, reading every answer, until there is no server any more, or `until`."""
        number = 0
        with contextlib.suppress(httpx2.TransportError):
            while not until():
                said = await self.ask(person, models[number % len(models)])
                number += 1
                if said.status_code == 201:
                    with contextlib.suppress(AssertionError, IndexError, KeyError):
                        # A stream that a fault has cut tells no end: the ledger has to know it all the same.
                        await self.follow(person, said)
                else:
                    await asyncio.sleep(0.05)

    async def start_again(self, serving: Serving, *people: Person) -> None:
        """Start a process that ended, and send people where it listens now."""
        await serving.start()
        for person in people:
            follow_move(person, serving)

    async def rows(self, sql: str) -> list[Any]:
        """Ask the database itself."""
        async with self.database.read() as tx:
            return [tuple(row) for row in await tx.execute(text(sql))]

    async def until_settled(self, wait_s: float = WAIT_S) -> None:
        """Wait until nothing is reserved any more."""
        async with asyncio.timeout(wait_s):
            while await self.rows("SELECT 1 FROM reservation LIMIT 1"):
                await asyncio.sleep(0.05)

    async def until_sent(self, number: int) -> None:
        """Wait until so many questions have reached the provider."""
        async with asyncio.timeout(WAIT_S):
            while len(self.truth.sent) < number:
                await asyncio.sleep(0.02)

    async def is_true(self) -> Books:
        """Compare the ledger with what the provider knows."""
        return await ledger_is_true(self.database, self.truth, self.told)


@contextlib.asynccontextmanager
async def make_rig(
    url: str, folder: Path, nursery: Nursery, *, by_way_of: str | None = None, data: Path | None = None, **plan: Any
) -> AsyncIterator[Rig]:
    """Make a rig over an empty database. `by_way_of`: the URL that processes get instead; `data`: their folder."""
    authority = TestAuthority(folder / "ca")
    async with AsyncExitStack() as stack:
        server = TruthfulServer(authority.server_context("localhost"), key=MODEL_KEY)
        truth = await stack.enter_async_context(server)
        stored, url = stored_in(url, folder, data=data)
        settings = {
            **reaching(authority, truth),
            **offering(folder, truth, STANDARD),
            **stored,
            "PLANS": write_plans(folder, **{"tokens_per_month": LIMIT, "answer_tokens": ANSWER, **plan}),
            "TITLES": "words",
            "CHECK_EVERY_S": 0,
            "DRAIN_S": 20,
            "LOG_LEVEL": "error",
        }
        if by_way_of is not None:
            settings["DATABASE_URL"] = plain(by_way_of)
        database = Database(url)
        stack.push_async_callback(database.close)
        yield Rig(truth, database, folder, settings, nursery, stack)
