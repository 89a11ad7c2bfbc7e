"""While one process stores a question, another changes the same conversation: neither change is lost (PostgreSQL)."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from moorage.chat.announcing import Announcer
from moorage.chat.attachments import AttachmentLimits
from moorage.chat.decide import Decider
from moorage.chat.facts import Asked
from moorage.chat.tables import ConversationRow
from moorage.connections.picker import Picker
from tests.support.running import Harbour

# As long as a change that nothing holds up takes at most; one that waits for us waits until we are done.
LONG_ENOUGH_S = 0.7


class Meanwhile:
    """A picker that chooses when somebody else has had their chance."""

    def __init__(self, picker: Picker, act: Callable[[], Awaitable[Any]]) -> None:
        self._picker = picker
        self._act = act
        self.acting: asyncio.Future[Any] | None = None

    async def choose(self, *asked: Any) -> Any:
        self.acting = asyncio.ensure_future(self._act())
        await asyncio.wait([self.acting], timeout=LONG_ENOUGH_S)
        return await self._picker.choose(*asked)


@pytest.mark.parametrize("change", ["a name", "own hardware"])
async def test_what_changes_while_a_question_is_stored_stays(harbour: Harbour, change: str) -> None:
    """P19 for the second: what own hardware has had is asked about, whoever came first."""
    olga = await harbour.olga()
    for name, zone in (("gpu", "own_hardware"), ("relay", "router")):
        await olga.connect(harbour.models.base_url, ["steady"], name=name, zone=zone)
    refs = {line["connection_name"]: line["ref"] for line in (await olga.get("/api/models"))["models"]}
    which = (await olga.post("/api/conversations", {}))["id"]

    async def act() -> Any:
        if change == "a name":
            return await olga.call("PATCH", f"/api/conversations/{which}", {"title": "Weber"})
        return await olga.wait_for(await olga.ask("And you?", refs["gpu"], which))

    parts = harbour.built.parts
    ids = uuid.UUID(olga.session["team"]["id"]), uuid.UUID(olga.session["me"]["id"]), uuid.UUID(which)
    picker: Any = Meanwhile(parts.picker, act)
    decider = Decider(picker, Announcer(parts.ledger, AttachmentLimits()))
    async with parts.database.write() as tx:
        await decider.ask(tx, Asked(*ids, uuid.uuid4(), None, "How long do I have?", refs["relay"]))
    await picker.acting
    async with parts.database.read() as tx:
        row = (
            await tx.execute(
                select(ConversationRow.title, ConversationRow.leaving).where(ConversationRow.id == uuid.UUID(which))
            )
        ).one()
    assert row == (("Weber", "none") if change == "a name" else ("How long do I have?", "asks"))
