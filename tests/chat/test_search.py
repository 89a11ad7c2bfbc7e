"""Search finds the same on both engines, only one's own, and follows every change of what is stored."""

import functools
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import MembershipRow, TeamRow, UserRow
from moorage.chat.conversations import ConversationStore
from moorage.chat.search import MAX_CONVERSATIONS, MAX_HITS_EACH, Results, search
from moorage.chat.search_index import Place, index_everything, index_message
from moorage.chat.tables import MessageRow, SearchEntryRow
from moorage.storage.database import Database
from moorage.storage.types import db_now, new_id


@dataclass
class Desk:
    """One person with conversations."""

    database: Database
    team_id: UUID
    user_id: UUID = field(default_factory=new_id)

    async def writes(self, title: str, *messages: str) -> list[UUID]:
        """Store a conversation; gives its id and those of its messages."""
        async with self.database.write() as tx:
            conversation_id = await ConversationStore(tx, self.team_id, self.user_id).make(title)
            ids = [conversation_id]
            for written in messages:
                ids.append(new_id())
                values = {"id": ids[-1], "conversation_id": conversation_id, "parent_id": None, "role": "user"}
                await tx.execute(insert(MessageRow).values(**values, text=written, reasoning="", created_at=db_now()))
                await index_message(tx, self.place(conversation_id), ids[-1], written, is_new=True)
        return ids

    def place(self, conversation_id: UUID) -> Place:
        return Place(self.team_id, self.user_id, conversation_id)

    async def finds(self, typed: str) -> Results:
        return await search(self.database, self.team_id, self.user_id, typed)

    async def titles(self, typed: str) -> set[str]:
        """The whole titles of what is found."""
        return {"".join(piece.text for piece in one.title) for one in (await self.finds(typed)).results}


@pytest_asyncio.fixture
async def olga(database: Database) -> AsyncIterator[Desk]:
    olga = Desk(database, new_id())
    async with database.write() as tx:
        await tx.execute(
            insert(TeamRow).values(id=olga.team_id, name="Kanzlei", plan="free", standing="active", created_at=db_now())
        )
    await join(olga, "Olga")
    yield olga


async def join(desk: Desk, name: str) -> None:
    person = {"id": desk.user_id, "email": f"{name}@example.com", "name": name, "password_hash": "-", "locale": "en"}
    member = {"team_id": desk.team_id, "user_id": desk.user_id, "role": "member"}
    async with desk.database.write() as tx:
        await tx.execute(insert(UserRow).values(**person, is_operator=False, created_at=db_now()))
        await tx.execute(insert(MembershipRow).values(**member, joined_at=db_now()))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("müller", {"Mahnung", "Anruf"}),
        ("MUELLER", {"Mahnung", "Anruf"}),
        ("muller", {"Mahnung"}),
        ("frist", {"Mahnung", "Steuern"}),
        ("fris müll", {"Mahnung"}),
        ("frist zebra", set()),
        ("strasse", {"Steuern"}),
        ('"Frist läuft"', {"Mahnung"}),
        ('"läuft Frist"', set()),
        ('"Frist"', {"Mahnung"}),
        ("mahnung", {"Mahnung"}),
        ("привет", {"Ахой"}),
        ("ахой", {"Ахой"}),
        ("𞤀𞤁", {"Adlam"}),
        ("a", {"Anruf"}),
        ("日本", {"Adlam"}),
    ],
)
async def test_both_engines_find_the_same(olga: Desk, typed: str, found: set[str]) -> None:
    await olga.writes("Mahnung", "Die Frist läuft für Herrn Müller am Freitag ab.", "Eine kurze Antwort")
    await olga.writes("Anruf", "Frau Mueller bittet um a) Rückruf")
    await olga.writes("Steuern", "Fristverlängerung in der Langen Straße 3")
    await olga.writes("Ахой", "привет, мир")
    await olga.writes("Adlam", "𞤀𞤁𞤂 日本語")
    assert await olga.titles(typed) == found


@pytest.mark.parametrize(
    "typed",
    [
        "'", '"', "''; DROP TABLE search_entry; --", "NEAR(a b)", "a AND", "OR", "NOT x", "words:a", "^a", "a*", "* *",
        "(((", "a:*", "a <-> b", "!a", "|", "&", "\\", "\\'", "%", "_", "@o", "@title", "-a", "{a b}:c", "\u0000",
        "\ud800", "\u202e", "🚢", " ", "\n\t", '"""', "„“", "x" * 5000, "a " * 500, "'a':*|'b'", "ﬁn", "İ", "ẞ", "²",
    ],
)  # fmt: skip
async def test_no_query_is_an_error_or_opens_a_door(olga: Desk, typed: str) -> None:
    mia = Desk(olga.database, olga.team_id)
    await join(mia, "Mia")
    await mia.writes("Mia's words", "drop table words title near not or and a b c x fin i ss 2")
    assert (await olga.finds(typed)).results == []


async def test_only_ones_own_conversations_are_found(olga: Desk) -> None:
    mia, elsewhere = Desk(olga.database, olga.team_id), Desk(olga.database, new_id(), olga.user_id)
    await join(mia, "Mia")
    async with olga.database.write() as tx:
        team = {"id": elsewhere.team_id, "name": "Elsewhere", "plan": "free", "standing": "active"}
        await tx.execute(insert(TeamRow).values(**team, created_at=db_now()))
    await olga.writes("Olga's", "harbour")
    await mia.writes("Mia's", "harbour")
    await elsewhere.writes("Olga's in another team", "harbour")
    assert await olga.titles("harbour") == {"Olga's"}
    assert await mia.titles("harbour") == {"Mia's"}
    assert await elsewhere.titles("harbour") == {"Olga's in another team"}


async def test_a_result_names_the_very_message_and_marks_what_was_looked_for(olga: Desk) -> None:
    conversation_id, _, second = await olga.writes("A harbour", "something else", "the Harbour master")
    (result,) = (await olga.finds("harb")).results
    assert (result.conversation_id, [hit.message_id for hit in result.hits]) == (conversation_id, [second])
    assert [(piece.text, piece.marked) for piece in result.title] == [("A ", False), ("harbour", True)]
    assert [piece.text for piece in result.hits[0].snippet if piece.marked] == ["Harbour"]


async def test_what_is_renamed_rewritten_or_deleted_is_found_as_it_is_now(olga: Desk) -> None:
    conversation_id, message_id = await olga.writes("Old title", "old words")
    async with olga.database.write() as tx:
        await ConversationStore(tx, olga.team_id, olga.user_id).rename(conversation_id, "New title")
        await index_message(tx, olga.place(conversation_id), message_id, "new words", is_new=False)
    assert await olga.titles("old") == set()
    assert await olga.titles("new") == {"New title"}
    async with olga.database.write() as tx:
        await ConversationStore(tx, olga.team_id, olga.user_id).delete(conversation_id)
    assert await olga.titles("new") == set()
    async with olga.database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(SearchEntryRow)) == 0
        if olga.database.is_sqlite:
            matching = text("SELECT count(*) FROM search_index WHERE search_index MATCH 'new OR old'")
            assert await tx.scalar(matching) == 0


async def test_words_of_what_is_deleted_do_not_stay_in_the_file(olga: Desk) -> None:
    """FTS5 marks them as gone and keeps them, in a small team for months."""
    if not olga.database.is_sqlite:
        pytest.skip("a GIN index keeps its keys until REINDEX (docs/conversations.md)")
    store_of = functools.partial(ConversationStore, team_id=olga.team_id, owner_id=olga.user_id)
    for number in range(20):
        await olga.writes(f"Chat {number}", "harbour")
    named, _ = await olga.writes("Kreuzverhoer", "harbour")
    secret, _ = await olga.writes("Mandant", "Geheimprozess")
    async with olga.database.read() as tx:
        assert {b"reuzverhoer", b"eheimprozess"} == await _kept(tx)
    async with olga.database.write() as tx:
        await store_of(tx).rename(named, "Plain")
    async with olga.database.write() as tx:
        await store_of(tx).delete(secret)
    async with olga.database.read() as tx:
        assert await _kept(tx) == set()
    assert len(await olga.titles("harbour")) == 21


async def _kept(tx: AsyncConnection) -> set[bytes]:
    """Which of the telling words stand in what FTS5 stores; a first letter may be shared with the word before."""
    blocks = (await tx.execute(text("SELECT block FROM search_index_data"))).scalars().all()
    return {word for word in (b"reuzverhoer", b"eheimprozess") if any(word in block for block in blocks)}


async def test_much_is_cut_and_it_is_said(olga: Desk) -> None:
    for number in range(MAX_CONVERSATIONS + 2):
        await olga.writes(f"Chat {number}", *["harbour"] * (MAX_HITS_EACH + 2 if number == MAX_CONVERSATIONS else 1))
    found = await olga.finds("harbour")
    assert (len(found.results), found.more) == (MAX_CONVERSATIONS, True)
    most = next(one for one in found.results if one.more_hits)
    assert (len(most.hits), most.more_hits) == (MAX_HITS_EACH, 2)
    assert not (await olga.finds('"Chat 1"')).more
    assert await olga.titles('"Chat 1"') == {"Chat 1"}


async def test_what_was_stored_before_there_was_an_index_is_found_after_the_migration(olga: Desk) -> None:
    await olga.writes("Old title", "harbour")
    async with olga.database.write() as tx:
        await tx.execute(text("DELETE FROM search_entry"))
    assert await olga.titles("harbour") == set()
    async with olga.database.write() as tx:
        await tx.run_sync(index_everything)
    assert await olga.titles("harbour") == await olga.titles("title") == {"Old title"}


async def test_a_migration_does_not_hold_all_texts_at_once(olga: Desk) -> None:
    """A firm's whole past may be larger than the memory of its server."""
    await olga.writes("Past", *[f"harbour {number} " * 1000 for number in range(400)])
    async with olga.database.write() as tx:
        size = await tx.scalar(select(func.sum(func.length(MessageRow.text)))) or 0
        await tx.execute(text("DELETE FROM search_entry"))
        tracemalloc.start()
        try:
            await tx.run_sync(index_everything)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak_bytes < size / 2
    assert await olga.titles("harbour") == {"Past"}


async def test_a_phrase_is_looked_for_in_so_much_and_it_is_said(olga: Desk) -> None:
    """Somebody may have a million words, and all others wait for the same processors."""
    for number in range(5):
        await olga.writes(f"Chat {number}", *["first second " + "x " * 24_000] * 20)
    found = await olga.finds('"second first"')
    assert (found.results, found.more) == ([], True)
    assert len((await olga.finds('"first second"')).results) < 5


async def test_a_text_of_the_greatest_length_is_stored_and_found(olga: Desk) -> None:
    await olga.writes("Long", " ".join(f"wörter{number:06}" for number in range(28_000)))
    assert await olga.titles("woerter000123") == {"Long"}
