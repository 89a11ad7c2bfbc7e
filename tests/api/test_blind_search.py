"""What is found of a blind comparison, and what is cut when too much is found, does not tell who was fast (P3)."""

import asyncio
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from moorage.chat.conversations import ConversationStore
from moorage.chat.findable import index_ended
from moorage.chat.search import MAX_HITS
from moorage.chat.search_index import Place, index_message
from moorage.chat.tables import MessageRow, ReplyRow, SearchEntryRow
from moorage.storage.types import db_now, new_id
from tests.support.comparing import all_ended, compare, refs_of
from tests.support.running import Harbour, Person

# Either order of ending had half a chance each time.
ROUNDS = 6


async def _running(harbour: Harbour, count: int) -> None:
    for _ in range(400):
        if harbour.built.parts.replies.running_count == count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(harbour.built.parts.replies.running_count)


def _who(person: Person) -> tuple[UUID, UUID]:
    return UUID(person.session["team"]["id"]), UUID(person.session["me"]["id"])


async def _write_much(harbour: Harbour, person: Person, count: int) -> None:
    """Store so many newer messages that are found as well, in a conversation of their own."""
    team_id, user_id = _who(person)
    async with harbour.built.parts.database.write() as tx:
        conversation_id = await ConversationStore(tx, team_id, user_id).make("Much")
        place = Place(team_id, user_id, conversation_id)
        of = {"conversation_id": conversation_id, "parent_id": None, "role": "user", "text": "word7", "reasoning": ""}
        for message_id in [new_id() for _ in range(count)]:
            await tx.execute(insert(MessageRow).values(id=message_id, created_at=db_now(), **of))
            await index_message(tx, place, message_id, "word7", is_new=True)


async def _indexed(harbour: Harbour, made: Any) -> list[str]:
    """The answers of a comparison that can be found, oldest entry first."""
    ids = [UUID(one) for one in made["comparison"]["answer_ids"]]
    wanted = select(SearchEntryRow.message_id).where(SearchEntryRow.message_id.in_(ids))
    async with harbour.built.parts.database.read() as tx:
        return [str(one) for one in await tx.scalars(wanted.order_by(SearchEntryRow.number))]


async def test_which_answer_is_cut_does_not_follow_which_ended_first(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "held")
    for _ in range(ROUNDS):
        made = await compare(olga, refs, blind=True)
        await _running(harbour, 1)
        harbour.models.release()
        await all_ended(olga, made)
        await _write_much(harbour, olga, MAX_HITS - 1)
        found = (await olga.post("/api/searches", {"text": "word7"}))["results"]
        hits = [hit["message_id"] for one in found for hit in one["hits"]]
        answers = made["comparison"]["answer_ids"]
        assert [one for one in answers if one in hits] == answers[1:], "the one on the right, which chance put there"
        harbour.models.released.clear()


async def test_nothing_is_in_the_index_before_all_may_be_read(harbour: Harbour) -> None:
    """Else a fast answer would take the place of an old hit, and tell that it has come and what is in it."""
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "held")
    made = await compare(olga, refs, blind=True)
    await _running(harbour, 1)
    assert await _indexed(harbour, made) == []
    harbour.models.release()
    await all_ended(olga, made)
    assert await _indexed(harbour, made) == made["comparison"]["answer_ids"]


async def _two_held(harbour: Harbour, olga: Person) -> list[str]:
    for name in ("Kanzlei GPU", "Reserve"):
        await olga.connect(harbour.models.base_url, ["steady", "held"], name=name)
    return [line["ref"] for line in (await olga.get("/api/models"))["models"] if line["model_id"] == "held"]


async def test_answers_that_end_shortly_after_each_other_are_all_found(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await _two_held(harbour, olga)
    made = [await compare(olga, refs, blind=True) for _ in range(8)]
    harbour.models.release()
    for one in made:
        await all_ended(olga, one)
    assert [await _indexed(harbour, one) for one in made] == [one["comparison"]["answer_ids"] for one in made]


async def test_of_two_that_end_in_one_moment_none_takes_the_other_for_unfinished(harbour: Harbour) -> None:
    """The second one ends while the end of the first is not committed yet, as two processes may have it."""
    olga = await harbour.olga()
    made = await compare(olga, await _two_held(harbour, olga), blind=True)
    await _running(harbour, 2)
    place = Place(*_who(olga), UUID(made["conversation_id"]))
    has_ended, commits = asyncio.Event(), asyncio.Event()

    async def end(message_id: str) -> None:
        async with harbour.built.parts.database.write() as tx:
            await index_ended(tx, place, UUID(message_id), "word7")
            done = update(ReplyRow).where(ReplyRow.message_id == UUID(message_id)).values(state="done")
            await tx.execute(done)
            has_ended.set()
            await commits.wait()

    first, second = made["comparison"]["answer_ids"]
    under_way = [asyncio.create_task(end(first))]
    await has_ended.wait()
    under_way.append(asyncio.create_task(end(second)))
    await asyncio.sleep(0.3)
    commits.set()
    await asyncio.gather(*under_way)
    assert await _indexed(harbour, made) == [first, second]
    harbour.models.release()
    await all_ended(olga, made)
