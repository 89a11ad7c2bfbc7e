"""Titles: by the model that answered, within the seal, as a call of its own; the first words stay wherever it fails."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from moorage.accounts.tables import TeamRow
from moorage.audit.trail import Actor
from moorage.backups.miscounted import find_miscounted
from moorage.chat.facts import Asked
from moorage.chat.recover import close_orphans
from moorage.chat.tables import ConversationRow, TitleRunRow
from moorage.chat.titles import Titles, title_from
from moorage.storage.database import GroupWriter, Work
from moorage.storage.types import db_now
from moorage.usage.ledger import Ledger
from moorage.usage.tables import ByomCorrectionRow, ByomUsageRow, ReservationRow
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import Harbour, Person, running, settings_for

QUESTION = "What is the deadline for an objection against this notice, and what do I write to the client?"
FIRST_WORDS = "What is the deadline for an objection against this notice…"


@pytest_asyncio.fixture
async def titled(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> AsyncIterator[Harbour]:
    """Give a Moorage whose operator lets models make titles, as it is delivered."""
    authority, server = models
    async with running(settings_for(database_url, tmp_path, authority, server, titles="model"), server) as harbour:
        yield harbour


async def begin(harbour: Harbour, *model_ids: str) -> tuple[Person, dict[str, str]]:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", *model_ids])
    return olga, {line["model_id"]: line["ref"] for line in (await olga.get("/api/models"))["models"]}


async def row_of(harbour: Harbour, which: str) -> Any:
    async with harbour.built.parts.database.read() as tx:
        return (
            await tx.execute(
                select(ConversationRow.title, ConversationRow.title_by).where(ConversationRow.id == uuid.UUID(which))
            )
        ).one()


async def settled(harbour: Harbour, which: str) -> Any:
    """Wait until no title is being made; gives title and maker."""
    async with asyncio.timeout(20):
        while (await row_of(harbour, which)).title_by == "words" or harbour.built.parts.replies.titles_under_way:
            await asyncio.sleep(0.01)
    return await row_of(harbour, which)


async def purposes(harbour: Harbour) -> list[str]:
    async with harbour.built.parts.database.read() as tx:
        rows = await tx.execute(select(ByomUsageRow.purpose).where(ByomUsageRow.purpose != "test"))
    return sorted(row[0] for row in rows)


async def titles_found(person: Person, words: str) -> list[str]:
    """Give the titles of what a search finds."""
    results = (await person.post("/api/searches", {"text": words}))["results"]
    return ["".join(piece["text"] for piece in one["title"]) for one in results]


async def test_the_model_that_answered_makes_the_title_in_a_call_that_is_counted(titled: Harbour) -> None:
    olga, refs = await begin(titled)
    exchange = await olga.ask(QUESTION, refs["steady"])
    await olga.wait_for(exchange)
    which = exchange["conversation_id"]
    assert await settled(titled, which) == ("word1 word2 word3 word4 word5 word6 word7 word8 word9…", "model")
    asked = titled.models.last_chat
    assert asked["max_tokens"] == 32
    assert QUESTION in str(asked["messages"])
    assert await purposes(titled) == ["reply", "title"]
    [first, second] = (await olga.get(f"/api/conversations/{which}/receipts"))["receipts"]
    assert (first["purpose"], second["purpose"]) == ("reply", "title")
    assert (second["connection"], second["zone"], second["count_source"]) == ("Kanzlei GPU", "own_hardware", "reported")
    await olga.wait_for(await olga.ask("And then?", refs["steady"], which, exchange["answer"]["id"]))
    assert await purposes(titled) == ["reply", "reply", "title"]
    assert await titles_found(olga, "word7") == [(await row_of(titled, which)).title]


@pytest.mark.parametrize("way", ["error-429", "cut", "content-filter", "empty", "reasoning", "garbage"])
async def test_the_first_words_stay_where_no_title_comes(titled: Harbour, way: str) -> None:
    """Nothing is lost, nobody waits, and the call is settled with what is known of it."""
    olga, refs = await begin(titled)
    titled.models.short_as = way
    exchange = await olga.ask(QUESTION, refs["steady"])
    assert (await olga.wait_for(exchange))["state"] == "done"
    which = exchange["conversation_id"]
    title, maker = await settled(titled, which)
    assert (title, maker) == (FIRST_WORDS, "asked") or way in {"reasoning", "garbage"}
    assert await purposes(titled) == ["reply", "title"]
    async with titled.built.parts.database.read() as tx:
        assert (await tx.execute(select(ReservationRow.call_id))).all() == []
    # Asked once: a model that can't is not asked again after each answer.
    titled.models.short_as = None
    await olga.wait_for(await olga.ask("And then?", refs["steady"], which, exchange["answer"]["id"]))
    assert await purposes(titled) == ["reply", "reply", "title"]


async def test_a_title_that_never_comes_keeps_nobody_waiting_and_is_closed_with_the_server(titled: Harbour) -> None:
    olga, refs = await begin(titled)
    titled.models.short_as = "hang-before-headers"
    exchange = await olga.ask(QUESTION, refs["steady"])
    which = exchange["conversation_id"]
    await olga.wait_for(exchange)
    await olga.wait_for(await olga.ask("And then?", refs["steady"], which, exchange["answer"]["id"]))
    assert titled.built.parts.replies.titles_under_way == 1
    async with asyncio.timeout(10):
        await titled.built.parts.replies.drain(5)
    assert await row_of(titled, which) == (FIRST_WORDS, "asked")
    async with titled.built.parts.database.read() as tx:
        assert (await tx.execute(select(ReservationRow.call_id))).all() == []
        assert (await tx.execute(select(TitleRunRow.state))).scalars().all() == ["interrupted"]


async def test_who_renames_a_conversation_meanwhile_keeps_that_name(titled: Harbour) -> None:
    olga, refs = await begin(titled)
    titled.models.short_as = "held"
    exchange = await olga.ask(QUESTION, refs["steady"])
    path = f"/api/conversations/{exchange['conversation_id']}"
    await olga.wait_for(exchange)
    async with asyncio.timeout(10):
        while titled.built.parts.replies.titles_under_way == 0 or not titled.models.last_chat.get("max_tokens"):
            await asyncio.sleep(0.01)
    assert (await olga.call("PATCH", path, {"title": "Weber"})).status_code == 200
    titled.models.release()
    assert await settled(titled, exchange["conversation_id"]) == ("Weber", "person")
    assert await titles_found(olga, "weber") == ["Weber"]


async def test_a_title_takes_no_words_off_own_hardware_unasked(titled: Harbour) -> None:
    """P19: while it answered, somebody said that the connection leads elsewhere."""
    olga, refs = await begin(titled, "held")
    exchange = await olga.ask(QUESTION, refs["held"])
    await _relabel(olga, "router")
    titled.models.release()
    assert (await olga.wait_for(exchange))["state"] == "done"
    assert await settled(titled, exchange["conversation_id"]) == (FIRST_WORDS, "asked")
    assert await purposes(titled) == ["reply"]


@pytest.mark.parametrize("when", ["before it is announced", "after it"])
async def test_a_refused_title_is_in_the_trail_and_not_tried_again(harbour: Harbour, when: str) -> None:
    olga, refs = await begin(harbour)
    parts = harbour.built.parts
    which = (await olga.post("/api/conversations", {"sealed_to": ["own_hardware"]}))["id"]
    ids = uuid.UUID(olga.session["team"]["id"]), uuid.UUID(olga.session["me"]["id"]), uuid.UUID(which)
    actor = Actor(ids[1], "Olga", "a-request")
    decision = await parts.replies.ask(Asked(*ids, uuid.uuid4(), None, QUESTION, refs["steady"]), actor)
    async with asyncio.timeout(10):
        while parts.replies.running_count:
            await asyncio.sleep(0.01)
    writer: Any = parts.writer
    if when == "after it":
        writer = _Between(parts.writer, lambda: _relabel(olga, "router"))
    else:
        await _relabel(olga, "router")
    titles = Titles(writer, parts.ledger, parts.picker, parts.desk, parts.reports)
    for _ in range(2):
        titles.begin(decision, "An answer", actor)
        async with asyncio.timeout(10):
            while titles.under_way:
                await asyncio.sleep(0.01)
    assert await row_of(harbour, which) == (FIRST_WORDS, "asked")
    [entry] = (await olga.get("/api/audit?action=seal.refused"))["entries"]
    assert (entry["object_id"], entry["details"]["zone"]) == (which, "router")
    assert await purposes(harbour) == (["reply", "title"] if when == "after it" else ["reply"])
    assert harbour.models.last_chat.get("max_tokens") is None
    if when == "after it":
        assert set(writer.places) == {olga.session["team"]["id"]}, "it holds what is this team's, in its turn"


@pytest.mark.parametrize("why", ["sealed", "suspended", "left"])
async def test_what_ends_an_answer_ends_a_title_that_is_under_way(titled: Harbour, why: str) -> None:
    """P14, P19: not one word more is taken, and the call is settled."""
    olga, refs = await begin(titled)
    mia = await titled.invited_by(olga, "Mia", "member")
    titled.models.short_as = "hang-before-headers"
    exchange = await mia.ask(QUESTION, refs["steady"])
    await mia.wait_for(exchange)
    async with asyncio.timeout(10):
        while not titled.models.last_chat.get("max_tokens"):
            await asyncio.sleep(0.01)
    which = exchange["conversation_id"]
    if why == "sealed":
        assert (await mia.call("PUT", f"/api/conversations/{which}/seal", {"zones": ["router"]})).status_code == 200
    elif why == "left":
        assert (await olga.call("DELETE", f"/api/team/members/{mia.session['me']['id']}")).status_code == 200
    else:
        async with titled.built.parts.database.write() as tx:
            await tx.execute(update(TeamRow).values(standing="suspended"))
    async with asyncio.timeout(10):
        while titled.built.parts.replies.titles_under_way:
            await asyncio.sleep(0.01)
    async with titled.built.parts.database.read() as tx:
        assert (await tx.execute(select(ReservationRow.call_id))).all() == []
        [run] = (await tx.execute(select(TitleRunRow.state, TitleRunRow.problem_code))).all()
    assert run == ("interrupted", "access_suspended" if why == "suspended" else "reply_interrupted")
    assert await row_of(titled, which) == (FIRST_WORDS, "asked")


class _Between:
    """A writer after whose first work something happens. `places`: whose rows its works said that they hold."""

    def __init__(self, writer: GroupWriter, then: Callable[[], Awaitable[None]]) -> None:
        self._writer = writer
        self._then: Callable[[], Awaitable[None]] | None = then
        self.places: list[str] = []

    async def do(self, work: Work[Any], place: str = "") -> Any:
        self.places.append(place)
        done = await self._writer.do(work, place)
        then, self._then = self._then, None
        if then is not None:
            await then()
        return done


async def _relabel(person: Person, zone: str) -> None:
    """Say anew where the only connection runs."""
    connection = (await person.get("/api/connections"))["connections"][0]
    changed = await person.call("PATCH", f"/api/connections/{connection['id']}", {"zone": zone})
    assert changed.status_code == 200


async def test_a_named_conversation_and_a_team_that_wants_none_ask_no_model(titled: Harbour) -> None:
    olga, refs = await begin(titled)
    named = (await olga.post("/api/conversations", {"title": "Weber"}))["id"]
    await olga.wait_for(await olga.ask(QUESTION, refs["steady"], named))
    rules = {"sealed_to": None, "titles": "words"}
    assert (await olga.call("PUT", "/api/team/conversation-rules", rules)).json()["titles"] == "words"
    exchange = await olga.ask(QUESTION, refs["steady"])
    await olga.wait_for(exchange)
    await titled.built.parts.replies.drain(5)
    assert await purposes(titled) == ["reply", "reply"]
    assert await row_of(titled, exchange["conversation_id"]) == (FIRST_WORDS, "words")
    [entry] = (await olga.get("/api/audit?action=team.titles_changed"))["entries"]
    assert entry["sentence"] == "Olga decided who makes titles: the first words."


async def test_an_operator_who_wants_none_is_stronger_than_a_team(harbour: Harbour) -> None:
    olga, refs = await begin(harbour)
    rules = await olga.get("/api/team/conversation-rules")
    assert rules == {"sealed_to": None, "titles": "model", "titles_allowed": False}
    await olga.wait_for(await olga.ask(QUESTION, refs["steady"]))
    await harbour.built.parts.replies.drain(5)
    assert await purposes(harbour) == ["reply"]


async def test_a_title_that_a_killed_process_left_is_closed_by_the_next(titled: Harbour) -> None:
    olga, refs = await begin(titled)
    titled.models.short_as = "hang-before-headers"
    await olga.wait_for(await olga.ask(QUESTION, refs["steady"]))
    async with asyncio.timeout(10):
        while titled.models.last_chat.get("max_tokens") is None:
            await asyncio.sleep(0.01)
    database = titled.built.parts.database
    async with database.write() as tx:
        await tx.execute(update(ReservationRow).values(lease_until=db_now()))
        assert await close_orphans(tx, Ledger("another", "1")) == 1
    async with database.read() as tx:
        row = (await tx.execute(select(TitleRunRow.state, TitleRunRow.count_source))).one()
    assert row == ("interrupted", "orphan")
    assert await purposes(titled) == ["reply", "title"]


async def test_a_title_that_was_swept_by_mistake_says_what_the_ledger_says(titled: Harbour) -> None:
    """P16, P21: its process lives after all, and knows better: a correction says so, and so does the receipt."""
    olga, refs = await begin(titled)
    titled.models.short_as = "held"
    exchange = await olga.ask(QUESTION, refs["steady"])
    await olga.wait_for(exchange)
    async with asyncio.timeout(10):
        while titled.models.last_chat.get("max_tokens") is None:
            await asyncio.sleep(0.01)
    database = titled.built.parts.database
    async with database.write() as tx:
        await tx.execute(update(ReservationRow).values(lease_until=db_now()))
        assert await close_orphans(tx, Ledger("another", "1")) == 1
    titled.models.release()
    await settled(titled, exchange["conversation_id"])
    columns = ("tokens_in", "tokens_out", "count_source")
    async with database.read() as tx:
        said = (await tx.execute(select(*(getattr(TitleRunRow, name) for name in columns)))).one()
        corrected = (await tx.execute(select(*(getattr(ByomCorrectionRow, name) for name in columns)))).one()
        of_title = select(ByomUsageRow.count_source).where(ByomUsageRow.purpose == "title")
        assert await tx.scalar(of_title) == "orphan", "what was counted is never written over"
        assert (await find_miscounted(tx)).calls == 0
    assert tuple(said) == tuple(corrected)
    assert said.count_source == "reported"


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("Objection deadline", "Objection deadline"),
        ('"Objection deadline."', "Objection deadline"),
        ("## **Objection** deadline\n\nIt is two weeks.", "Objection deadline"),
        ("Title: Objection deadline", "Objection deadline"),
        ("„Frist für den Widerspruch“", "Frist für den Widerspruch"),
        ("Here is a title:\n\nObjection deadline", "Objection deadline"),
        ("<think>They want a title.</think>\nObjection deadline", "Objection deadline"),
        ("<think>They want a title, and I go on thinking", ""),
        ("Obj\u202eection\x00 dead\u2028line", "Objection dead"),
        ("\ud83d Objection", "? Objection"),
        ("  \n\t\n", ""),
        ("***", ""),
        ("word " * 300, ""),
    ],
)
def test_of_what_a_model_says_one_plain_line_is_taken(said: str, title: str) -> None:
    assert title_from(said) == title
