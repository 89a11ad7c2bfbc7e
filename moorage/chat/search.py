"""Search: one question to the titles and messages of a person's own conversations, answered with marked snippets.

Every version of a message is found, and what is archived too. What others share is not searched.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.blind import untold_messages
from moorage.chat.search_index import Found, Narrowed, find
from moorage.chat.tables import ConversationRow, MessageRow
from moorage.chat.words import Piece, Query, has_phrases, mark, read_query, snippet_of
from moorage.storage.database import Database

MAX_CONVERSATIONS: Final = 30
MAX_HITS_EACH: Final = 3
# A longer message is found by each of its words, but a phrase, and what is shown of it, is looked for in its beginning.
LOOKED_AT_CHARS: Final = 50_000
# All of that takes half a second of a processor that others wait for.
_LOOKED_AT_ALTOGETHER_CHARS: Final = 3_000_000
_MAX_TITLES: Final = 60
MAX_HITS: Final = 300


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that fits."""

    message_id: UUID
    role: Literal["user", "assistant"]
    snippet: list[Piece]


@dataclass(frozen=True, slots=True)
class Result:
    """A conversation with hits; `more_hits` says how many of its messages are not shown."""

    conversation_id: UUID
    title: list[Piece]
    archived: bool
    updated_at: datetime
    hits: list[Hit]
    more_hits: int


@dataclass(frozen=True, slots=True)
class Results:
    """What was found, last changed conversation first; `more` says that there is more than is shown."""

    results: list[Result]
    more: bool


@dataclass(slots=True)
class _Candidate:
    title_fits: bool = False
    messages: list[UUID] = field(default_factory=list)


class _Head(NamedTuple):
    title: str
    archived: bool
    updated_at: datetime


class _Message(NamedTuple):
    role: Literal["user", "assistant"]
    text: str


async def search(
    database: Database, team_id: UUID, user_id: UUID, typed: str, narrowed: Narrowed | None = None
) -> Results:
    """Find conversations in whose title, or in one of whose messages, every word that was typed begins a word.

    In quotes: whole words, one after the other.
    """
    query, narrowed = read_query(typed), narrowed or Narrowed()
    async with database.read() as tx:
        titles = await find(tx, query.words, team_id, user_id, _MAX_TITLES, titles=True, narrowed=narrowed)
        found = await find(tx, query.words, team_id, user_id, MAX_HITS, titles=False, narrowed=narrowed)
        candidates = _by_conversation([*titles, *found])
        heads = await _heads(tx, team_id, user_id, list(candidates))
        # Newest first, and without phrases only as many as can be shown: a text is long, an id is not.
        newest = sorted(heads, key=lambda one: (heads[one].updated_at, one), reverse=True)
        wanted = newest if query.phrases else newest[:MAX_CONVERSATIONS]
        each = MAX_HITS if query.phrases else MAX_HITS_EACH
        untold = set(await tx.scalars(untold_messages(team_id, user_id)))
        asked_at = await _moments(tx, [one for id_ in wanted for one in candidates[id_].messages if one not in untold])
        for candidate in candidates.values():
            # The index has answers in the order in which they became findable, which is not the order of asking.
            candidate.messages = sorted(
                asked_at.keys() & candidate.messages, key=lambda one: asked_at[one], reverse=True
            )
        texts = await _texts(tx, [one for id_ in wanted for one in candidates[id_].messages[:each]])
    more = len(found) == MAX_HITS or len(wanted) < len(newest)
    # Reading long texts takes a while, and others are answered meanwhile.
    return await asyncio.to_thread(_tell, query, {one: heads[one] for one in wanted}, candidates, texts, more=more)


def _by_conversation(found: list[Found]) -> dict[UUID, _Candidate]:
    candidates: dict[UUID, _Candidate] = {}
    for one in found:
        candidate = candidates.setdefault(one.conversation_id, _Candidate())
        if one.message_id is None:
            candidate.title_fits = True
        else:
            candidate.messages.append(one.message_id)
    return candidates


async def _heads(tx: AsyncConnection, team_id: UUID, user_id: UUID, ids: list[UUID]) -> dict[UUID, _Head]:
    # The index may say what it likes: only conversations that are this person's get through.
    rows = await tx.execute(
        select(
            ConversationRow.id, ConversationRow.title, ConversationRow.archived_at, ConversationRow.updated_at
        ).where(ConversationRow.id.in_(ids), ConversationRow.team_id == team_id, ConversationRow.owner_id == user_id)
    )
    return {row.id: _Head(row.title, row.archived_at is not None, row.updated_at) for row in rows}


async def _moments(tx: AsyncConnection, ids: list[UUID]) -> dict[UUID, tuple[datetime, UUID]]:
    """Give what messages are sorted by: when they were made, and of those made in one moment, in which order."""
    rows = await tx.execute(select(MessageRow.id, MessageRow.created_at).where(MessageRow.id.in_(ids)))
    return {row.id: (row.created_at, row.id) for row in rows}


async def _texts(tx: AsyncConnection, ids: list[UUID]) -> dict[UUID, _Message]:
    looked_at = func.substr(MessageRow.text, 1, LOOKED_AT_CHARS)
    rows = await tx.execute(select(MessageRow.id, MessageRow.role, looked_at).where(MessageRow.id.in_(ids)))
    return {row[0]: _Message(row[1], row[2]) for row in rows}


def _tell(
    query: Query,
    heads: Mapping[UUID, _Head],
    candidates: Mapping[UUID, _Candidate],
    texts: Mapping[UUID, _Message],
    *,
    more: bool,
) -> Results:
    results: list[Result] = []
    left_chars = _LOOKED_AT_ALTOGETHER_CHARS
    for conversation_id, head in heads.items():
        candidate = candidates[conversation_id]
        fitting = candidate.messages
        if query.phrases:
            if left_chars < 0:
                return Results(results, more=True)
            left_chars -= sum(len(texts[one].text) for one in fitting if one in texts)
            fitting = [one for one in fitting if one in texts and has_phrases(texts[one].text, query)]
            candidate.title_fits = candidate.title_fits and has_phrases(head.title, query)
        if not fitting and not candidate.title_fits:
            continue
        if len(results) == MAX_CONVERSATIONS:
            return Results(results, more=True)
        shown = [one for one in fitting[:MAX_HITS_EACH] if one in texts]
        hits = [Hit(one, texts[one].role, snippet_of(texts[one].text, query)) for one in shown]
        title = mark(head.title, query)
        left = len(fitting) - len(hits)
        results.append(Result(conversation_id, title, head.archived, head.updated_at, hits, left))
    return Results(results, more)
