"""The index of words: written in the transaction that stores a text, asked by one function on both engines.

An entry holds the folded words and marks of whose it is; the marks begin with @, which no word has. They make a search
as small as what one person has. Who may read is decided by the conversation's own rows, never by the index.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, TextClause, bindparam, delete, exists, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.tables import ConversationRow, MessageRow, ReplyRow, SearchEntryRow, ShareRow, share_is_live
from moorage.chat.words import Wanted, words_of
from moorage.storage.soon import soon
from moorage.storage.types import Id, UtcTime

_TITLE: Final = "@title"
_INSERT: Final = {
    "sqlite": text(
        "INSERT INTO search_entry (conversation_id, message_id, words) VALUES (:conversation, :message, :words)"
    ),
    "postgresql": text(
        "INSERT INTO search_entry (conversation_id, message_id, words) "
        "VALUES (:conversation, :message, array_to_tsvector(string_to_array(:words, ' ')))"
    ),
}
_FORGET: Final = delete(SearchEntryRow).where(
    SearchEntryRow.conversation_id == bindparam("of_conversation"), SearchEntryRow.message_id == bindparam("of_message")
)
_FORGET_TITLE: Final = delete(SearchEntryRow).where(
    SearchEntryRow.conversation_id == bindparam("of_conversation"), SearchEntryRow.message_id.is_(None)
)
# Newest first: what was written last is what people look for, and reading can stop at the limit.
_FOUND: Final = select(text("e.conversation_id"), text("e.message_id"))
_FIND: Final = {
    "sqlite": _FOUND.select_from(text("search_index AS i JOIN search_entry AS e ON e.number = i.rowid"))
    .where(text("search_index MATCH :query"))
    .order_by(text("i.rowid DESC")),
    "postgresql": _FOUND.select_from(text("search_entry AS e"))
    .where(text("e.words @@ CAST(:query AS tsquery)"))
    .order_by(text("e.number DESC")),
}
# Narrowed in the statement itself: what is cut off at the limit would hide the older ones that fit.
_ANSWERED_BY: Final = text(
    "EXISTS (SELECT 1 FROM reply AS r WHERE r.conversation_id = e.conversation_id"
    " AND (r.model_ref = :model_ref OR r.target_ref = :model_ref))"
)
_SHARED_WITH: Final = exists().where(
    ShareRow.conversation_id == literal_column("e.conversation_id", Id),
    (ShareRow.user_id == bindparam("person", type_=Id)) | ShareRow.user_id.is_(None),
    share_is_live(),
)
_IN_DAYS: Final = text(
    "(EXISTS (SELECT 1 FROM message AS m WHERE m.id = e.message_id"
    " AND m.created_at >= :since AND m.created_at < :until)"
    " OR e.message_id IS NULL AND EXISTS (SELECT 1 FROM conversation AS c WHERE c.id = e.conversation_id"
    " AND c.updated_at >= :since AND c.created_at < :until))"
).bindparams(bindparam("since", type_=UtcTime), bindparam("until", type_=UtcTime))
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9990, 12, 31, tzinfo=UTC)
_MERGE: Final = text("INSERT INTO search_index(search_index, rank) VALUES ('merge', :pages)")
# Of a small deployment that is all, of a large one what a deletion can wait for.
_MERGED_PAGES: Final = 500
_MIGRATED_AT_ONCE: Final = 50
# Longer ones are folded in a thread: others are answered meanwhile.
_FOLDED_AT_ONCE_CHARS: Final = 20_000
_TEXTS: Final = select(MessageRow.id, MessageRow.conversation_id, MessageRow.text).where(
    MessageRow.id.in_(bindparam("ids", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Found:
    """One entry that fits. `message_id` is None for a title."""

    conversation_id: UUID
    message_id: UUID | None


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a search is narrowed to; None: to nothing.

    `model_ref`: conversations in which that model, or name of the team's own, was asked. `shared_with`: those that this
    person may read now, alone or as one of the team. `since`, `until` (not included): messages written then, and titles
    of conversations that were written in.
    """

    model_ref: str | None = None
    shared_with: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Whose conversation an entry belongs to."""

    team_id: UUID
    owner_id: UUID
    conversation_id: UUID


async def index_message(tx: AsyncConnection, place: Place, message_id: UUID, written: str, *, is_new: bool) -> None:
    """Make a message's words findable, or replace them; belongs in the transaction that stores its text.

    `is_new`: it was never indexed before.
    """
    if not is_new:
        await soon(tx, _FORGET, {"of_conversation": place.conversation_id, "of_message": message_id})
    if len(written) > _FOLDED_AT_ONCE_CHARS:
        entry = await asyncio.to_thread(_entry, place, message_id, written)
    else:
        entry = _entry(place, message_id, written)
    await soon(tx, _INSERT[tx.dialect.name], entry)


async def index_title(tx: AsyncConnection, place: Place, title: str) -> None:
    """Make a title's words findable, in place of the title before."""
    await soon(tx, _FORGET_TITLE, {"of_conversation": place.conversation_id})
    await soon(tx, _INSERT[tx.dialect.name], _entry(place, None, title))


async def erase_forgotten(tx: AsyncConnection) -> None:
    """Take forgotten words out of what FTS5 keeps, as far as a moment allows; GIN has no such way.

    They are not found any more before that, but they stand in the file until their segment is merged with others.
    """
    if tx.dialect.name == "sqlite":
        await tx.execute(_MERGE, {"pages": -_MERGED_PAGES})


async def find(
    tx: AsyncConnection,
    wanted: Sequence[Wanted],
    team_id: UUID,
    owner_id: UUID,
    most: int,
    *,
    titles: bool,
    narrowed: Narrowed,
) -> list[Found]:
    """Find what one person wrote or was answered: entries with all wanted words, newest first, at most `most`.

    `titles`: only these.
    """
    if not wanted:
        return []
    marks = [_mark_of_owner(team_id, owner_id), *([_TITLE] if titles else [])]
    write = _sqlite_query if tx.dialect.name == "sqlite" else _postgresql_query
    statement, values = _FIND[tx.dialect.name], {"query": write(wanted, marks), **_values(narrowed)}
    for clause in _clauses(narrowed):
        statement = statement.where(clause)
    rows = await tx.execute(statement.limit(most), values)
    return [Found(UUID(row[0]), None if row[1] is None else UUID(row[1])) for row in rows]


def _clauses(narrowed: Narrowed) -> Iterator[TextClause | ColumnElement[bool]]:
    if narrowed.model_ref is not None:
        yield _ANSWERED_BY
    if narrowed.shared_with is not None:
        yield _SHARED_WITH
    if narrowed.since is not None or narrowed.until is not None:
        yield _IN_DAYS


def _values(narrowed: Narrowed) -> dict[str, Any]:
    return {
        "model_ref": narrowed.model_ref,
        "person": narrowed.shared_with,
        "since": narrowed.since or _FIRST,
        "until": narrowed.until or _LAST,
    }


def _mark_of_owner(team_id: UUID, owner_id: UUID) -> str:
    return f"@o{team_id.hex}{owner_id.hex}"


def index_everything(connection: Connection) -> None:
    """Index what was stored before there was an index: titles, questions, and answers that are over."""
    insert = _INSERT[connection.dialect.name]
    places: dict[UUID, Place] = {}
    of_titles = select(ConversationRow.id, ConversationRow.team_id, ConversationRow.owner_id, ConversationRow.title)
    for row in connection.execute(of_titles):
        places[row.id] = Place(row.team_id, row.owner_id, row.id)
    for batch in connection.execute(of_titles).partitions(_MIGRATED_AT_ONCE):
        connection.execute(insert, [_entry(places[row.id], None, row.title) for row in batch])
    over = (
        select(MessageRow.id)
        .outerjoin(ReplyRow, ReplyRow.message_id == MessageRow.id)
        .where(ReplyRow.state.is_(None) | (ReplyRow.state != "running"))
        .order_by(MessageRow.created_at)
    )
    # Ids first: a driver reads all rows of an answer at once, and all texts of a database don't fit into memory.
    ids = connection.execute(over).scalars().all()
    for begin in range(0, len(ids), _MIGRATED_AT_ONCE):
        wanted = ids[begin : begin + _MIGRATED_AT_ONCE]
        rows = connection.execute(_TEXTS, {"ids": wanted})
        messages = {row.id: row for row in rows}
        connection.execute(
            insert, [_entry(places[messages[one].conversation_id], one, messages[one].text) for one in wanted]
        )


def _entry(place: Place, message_id: UUID | None, written: str) -> dict[str, str | None]:
    marks = [_mark_of_owner(place.team_id, place.owner_id)]
    if message_id is None:
        marks.append(_TITLE)
    return {
        "conversation": str(place.conversation_id),
        "message": None if message_id is None else str(message_id),
        "words": " ".join((*marks, *words_of(written))),
    }


def _sqlite_query(wanted: Sequence[Wanted], marks: Sequence[str]) -> str:
    parts = [f'"{mark}"' for mark in marks]
    for one in wanted:
        ending = "" if one.is_whole else " *"
        parts.append("(" + " OR ".join(f'"{word}"{ending}' for word in one.spellings) + ")")
    return " AND ".join(parts)


def _postgresql_query(wanted: Sequence[Wanted], marks: Sequence[str]) -> str:
    parts = [f"'{mark}'" for mark in marks]
    for one in wanted:
        ending = "" if one.is_whole else ":*"
        parts.append("(" + " | ".join(f"'{word}'{ending}" for word in one.spellings) + ")")
    return " & ".join(parts)
