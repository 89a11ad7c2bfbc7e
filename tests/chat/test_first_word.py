"""What stands between a question and its first word is counted: statements, transactions, trips to the database.

Never how long it takes: that is of the machine (docs/performance.md). What the process does beside it, its watch and
its keepers, can only add to a count, so the least of several questions is the question's own.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, event

from moorage.storage.database import Database
from moorage.storage.one_hop import OneHopConnection
from tests.support.running import Harbour, Person

_QUESTIONS: Final = 5
# Who asks; the conversation, its messages, the team, the model; nine that store; the judgement before it is sent.
MOST_STATEMENTS: Final = 15
# One that decides and stores. Who asks, and the last judgement, are a single SELECT each.
MOST_TRANSACTIONS: Final = 1
# On SQLite each is a hand-over to its thread: six that read, and all that is stored goes with its commit.
MOST_VISITS: Final = 7


@dataclass
class Counted:
    """What was asked of a database. `visits`: how often a thread of SQLite's was, in all."""

    statements: list[str] = field(default_factory=list)
    transactions: int = 0
    visits: int = 0
    seen: dict[OneHopConnection, int] = field(default_factory=dict)

    def end(self) -> None:
        """Count the visits up to now."""
        self.visits = sum(connection.visits - before for connection, before in self.seen.items())

    def note(self, connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        """Count a statement, and the connection from its first on."""
        self.statements.append(statement)
        raw = connection.connection.driver_connection
        if isinstance(raw, OneHopConnection):
            self.seen.setdefault(raw, raw.visits)

    def note_begin(self, connection: Connection) -> None:
        """Count a transaction; a glance is none."""
        self.transactions += not connection.info.get("glances")


@contextlib.contextmanager
def counted(database: Database) -> Iterator[Counted]:
    count, engine = Counted(), database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count.note)
    event.listen(engine, "begin", count.note_begin)
    try:
        yield count
        count.end()
    finally:
        event.remove(engine, "before_cursor_execute", count.note)
        event.remove(engine, "begin", count.note_begin)


async def ask(harbour: Harbour, olga: Person, ref: str) -> Counted:
    """Ask the first question of a conversation; gives what was counted until it reached the endpoint."""
    conversation_id = (await olga.post("/api/conversations", {}))["id"]
    reached = harbour.models.counts.chat_requests
    body = {"client_id": str(uuid.uuid4()), "text": "How long does a permit take?", "model_ref": ref}
    with counted(harbour.built.parts.database) as count:
        exchange = await olga.post(f"/api/conversations/{conversation_id}/messages", body)
        async with asyncio.timeout(20):
            while harbour.models.counts.chat_requests == reached:
                await asyncio.sleep(0.002)
    await olga.post(f"/api/replies/{exchange['answer']['reply']['reply_id']}/stop", {})
    return count


async def test_a_question_costs_the_database_no_more_than_it_did(harbour: Harbour) -> None:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "hang-before-text"])
    lines = (await olga.get("/api/models"))["models"]
    [ref] = [line["ref"] for line in lines if line["model_id"] == "hang-before-text"]
    counts = [await ask(harbour, olga, ref) for _ in range(_QUESTIONS)]
    fewest = min((one.statements for one in counts), key=len)
    assert len(fewest) <= MOST_STATEMENTS, "\n".join(fewest)
    assert min(one.transactions for one in counts) <= MOST_TRANSACTIONS
    assert min(one.visits for one in counts) <= MOST_VISITS
