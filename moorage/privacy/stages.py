"""The parts of an export, stage by stage. A stage reads what comes after a cursor, and says where to go on.

What it read is written down afterwards, in a thread: JSON and pages of a large team take seconds, and others wait.

Own data are one person's in one team and nobody else's; a team's are what it decided and set up (team_data.py).
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import TeamRow, UserRow
from moorage.audit.tables import AuditRow
from moorage.chat.attachments import contents_of
from moorage.chat.blind import count_untold_calls, untold_calls
from moorage.chat.context import branch_to
from moorage.chat.conversations import ConversationStore
from moorage.chat.export import json_of
from moorage.chat.facts import ConversationFacts
from moorage.chat.sharing import reaches_readers
from moorage.chat.tables import AttachmentRow, ConversationRow
from moorage.errors import NotFound
from moorage.privacy import readable
from moorage.privacy.own_data import as_json, plain, read_own
from moorage.privacy.team_data import read_team, shared_with_team
from moorage.usage.day_rows import DAY_TABLES, Scope, hidden_parts, read_figures
from moorage.usage.rollups import FIGURES, EventKind, Figures, date_of
from moorage.usage.tables import (
    ByomCorrectionRow,
    ByomUsageRow,
    StandardCorrectionRow,
    StandardUsageRow,
)

ROWS_AT_ONCE: Final = 1000
DAYS_AT_ONCE: Final = 31
_USAGE: Final = (
    "call_id", "at", "purpose", "model_id", "tokens_in", "tokens_out", "count_source", "ended",
    "ttft_ms", "duration_ms",
)  # fmt: skip
_CORRECTION: Final = ("at", "reason", "tokens_in", "tokens_out", "count_source", "ended", "ttft_ms")
_BUDGET: Final = ("period_start", "held_tokens", "charged_tokens", "overrun")
_TRAIL: Final = (
    "seq", "at", "actor_name", "action", "object_type", "object_id", "object_name", "outcome", "client", "details",
)  # fmt: skip

Parts = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class About:
    """Whose export it is. `person_id` is whoever asked; `of_team`: the team's instead of theirs."""

    team_id: UUID
    person_id: UUID
    of_team: bool
    whole_account: bool
    language: str
    tell: readable.Tell


@dataclass(frozen=True, slots=True)
class Step:
    """What makes some parts of what was read, and where the stage goes on; `after` None: it is through."""

    make: Callable[[], Parts]
    after: str | None


Stage = Callable[[AsyncConnection, About, str], Awaitable[Step]]


async def facts(tx: AsyncConnection, about: About, _after: str) -> Step:
    """Give the facts, as data and as a page that leads to the rest."""
    if about.of_team:
        found = await read_team(tx, about.team_id)
    else:
        found = await read_own(tx, about.team_id, about.person_id, whole_account=about.whole_account)
    found["calls_held_back"] = await count_untold_calls(tx, about.team_id, about.person_id)
    team = await tx.scalar(select(TeamRow.name).where(TeamRow.id == about.team_id))
    talks = await tx.execute(
        select(ConversationRow.id, ConversationRow.title, ConversationRow.updated_at)
        .where(_conversations(about))
        .order_by(ConversationRow.updated_at.desc(), ConversationRow.id)
    )
    return Step(partial(_write_facts, about, str(team), found, talks.all()), None)


def _write_facts(about: About, team: str, found: Mapping[str, Any], talks: Sequence[Any]) -> Parts:
    found = as_json(found)
    told = {"format": "moorage-data", "version": 1, "made_at": plain(datetime.now(UTC)), "team": team, **found}
    untitled, code = about.tell("export.untitled"), "data.of_team" if about.of_team else "data.of_person"
    links = [(f"conversations/{row.id}.html", f"{row.title or untitled} ({row.updated_at:%Y-%m-%d})") for row in talks]
    body = [f"<p>{about.tell(code)}</p>", readable.links(links)]
    for name, value in found.items():
        body += readable.section(about.tell(f"data.section.{name}"), value, about.tell)
    title = f"{about.tell('data.title')} – {team}"
    page = readable.page(title, about.language, body)
    return [("data.json", _json(told)), ("index.html", page)]


async def conversations(tx: AsyncConnection, about: About, after: str) -> Step:
    """Give the next conversation whole: every version of every question and answer, with its receipts.

    For the team: what its readers see of it, and not a word that was written since or beside it.
    """
    wanted = select(ConversationRow.id, ConversationRow.owner_id, ConversationRow.shared_head_id, UserRow.name).join(
        UserRow, UserRow.id == ConversationRow.owner_id
    )
    later = wanted.where(_conversations(about), *([ConversationRow.id > UUID(after)] if after else []))
    row = (await tx.execute(later.order_by(ConversationRow.id).limit(1))).one_or_none()
    if row is None:
        return Step(_nothing, None)
    try:
        found = await ConversationStore(tx, about.team_id, row.owner_id).get(row.id)
    except NotFound:
        return Step(_nothing, str(row.id))  # deleted at this moment
    if about.of_team:
        found = _as_readers_see(found, row.shared_head_id)
    return Step(partial(_write_conversation, about, found, row.name), str(row.id))


def _write_conversation(about: About, found: ConversationFacts, author: str) -> Parts:
    text = json_of(found, author, datetime.now(UTC))
    page = readable.conversation(found, author, about.language, about.tell)
    name = f"conversations/{found.id}"
    return [(f"{name}.json", text.encode("utf-8", "replace")), (f"{name}.html", page)]


def _as_readers_see(found: ConversationFacts, head_id: UUID | None) -> ConversationFacts:
    shown = branch_to({message.id: message for message in found.messages}, head_id)
    return replace(found, messages=shown, head_id=head_id)


async def files(tx: AsyncConnection, about: About, after: str) -> Step:
    """Give the next attachment as it was uploaded; for the team one that readers see."""
    of_whom = AttachmentRow.owner_id == about.person_id
    if about.of_team:
        of_whom = AttachmentRow.conversation_id.in_(select(ConversationRow.id).where(_conversations(about)))
    wanted = select(AttachmentRow.id, AttachmentRow.conversation_id).where(
        AttachmentRow.team_id == about.team_id, of_whom
    )
    later = wanted.where(*([AttachmentRow.id > UUID(after)] if after else []))
    row = (await tx.execute(later.order_by(AttachmentRow.id).limit(1))).one_or_none()
    if row is None:
        return Step(_nothing, None)
    file_id = row.id
    if about.of_team and not await reaches_readers(tx, file_id, row.conversation_id):
        return Step(_nothing, str(file_id))
    try:
        content = (await contents_of(tx, [file_id]))[file_id]
    except NotFound:
        return Step(_nothing, str(file_id))
    return Step(lambda: [(f"files/{file_id}", content.data or content.text.encode())], str(file_id))


async def own_usage(tx: AsyncConnection, about: About, after: str) -> Step:
    """Give the next calls of own models, each with what became known of it later.

    Without those that would tell whoever asks who wrote what in a blind comparison; so are all figures of an export.
    """
    return await _usage(tx, about, after, (ByomUsageRow, ByomCorrectionRow), "usage-own-models", ("connection_id",))


async def standard_usage(tx: AsyncConnection, about: About, after: str) -> Step:
    """Give the next calls of standard models, with what each took of a month's budget."""
    tables, more = (StandardUsageRow, StandardCorrectionRow), ("provider", *_BUDGET)
    return await _usage(tx, about, after, tables, "usage-standard-models", more)


async def _usage(
    tx: AsyncConnection, about: About, after: str, tables: tuple[Any, Any], name: str, more: Sequence[str]
) -> Step:
    table, correction = tables
    wanted = select(*(getattr(table, one) for one in (*_USAGE, "user_id", *more))).where(
        table.team_id == about.team_id,
        *([] if about.of_team else [table.user_id == about.person_id]),
        *([table.call_id > UUID(after)] if after else []),
    )
    rows = (await tx.execute(wanted.order_by(table.call_id).limit(ROWS_AT_ONCE))).mappings().all()
    if not rows:
        return Step(_nothing, None)
    untold = set(await tx.scalars(untold_calls(about.team_id, about.person_id)))
    columns = (*_CORRECTION, *(["charged_delta"] if correction is StandardCorrectionRow else []))
    known = select(correction.call_id, *(getattr(correction, one) for one in columns))
    found = await tx.execute(known.where(correction.call_id.in_([row["call_id"] for row in rows])))
    later: dict[UUID, list[dict[str, Any]]] = {}
    for row in found.mappings():
        later.setdefault(row["call_id"], []).append({one: plain(row[one]) for one in columns})
    told = [{**row, "corrections": later.get(row["call_id"], [])} for row in rows if row["call_id"] not in untold]
    return Step(partial(_write_lines, f"{name}/{rows[0]['call_id']}.ndjson", told), str(rows[-1]["call_id"]))


async def own_days(tx: AsyncConnection, about: About, after: str) -> Step:
    """Give the next days of own models, as sums."""
    return await _days(tx, about, after, "byom", "usage-own-models-by-day")


async def standard_days(tx: AsyncConnection, about: About, after: str) -> Step:
    """Give the next days of standard models, as sums."""
    return await _days(tx, about, after, "standard", "usage-standard-models-by-day")


async def _days(tx: AsyncConnection, about: About, after: str, kind: EventKind, name: str) -> Step:
    table, source = DAY_TABLES[kind], "connection_id" if kind == "byom" else "provider"
    mine = (table.team_id == about.team_id,) + (() if about.of_team else (table.user_id == about.person_id,))
    later = (table.day > int(after),) if after else ()
    some = select(table.day).where(*mine, *later).distinct().order_by(table.day).limit(DAYS_AT_ONCE)
    days = (await tx.scalars(some)).all()
    if not days:
        return Step(_nothing, None)
    key = ("day", "user_id", "model_id", source)
    wanted = select(*(getattr(table, one) for one in (*key, *FIGURES))).where(*mine, table.day.in_(days))
    rows = (await tx.execute(wanted.order_by(*(getattr(table, one) for one in key)))).mappings().all()
    untold = untold_calls(about.team_id, about.person_id)
    scope = Scope(about.team_id, None if about.of_team else about.person_id, untold)
    hidden: dict[Any, Figures] = {}
    for part in await hidden_parts(tx, kind, scope, date_of(days[0]), date_of(days[-1])):
        hidden[part.key] = hidden.get(part.key, Figures()) + part.figures
    told = []
    for row in rows:
        key = (row["day"], str(row[source]), row["model_id"], row["user_id"])
        figures = read_figures(row[one] for one in FIGURES) - hidden.get(key, Figures())
        if figures.calls:
            told.append({**row, "day": date_of(row["day"]).isoformat(), **asdict(figures)})
    return Step(partial(_write_lines, f"{name}/{date_of(days[0])}.ndjson", told), str(days[-1]))


async def trail(tx: AsyncConnection, about: About, after: str) -> Step:
    """Give the next entries of the trail: the team's, or those of what this person did and what was done to them."""
    mine = (AuditRow.actor_id == about.person_id) | (AuditRow.object_id == str(about.person_id))
    wanted = select(*(getattr(AuditRow, one) for one in _TRAIL)).where(
        AuditRow.team_id == about.team_id, AuditRow.seq > int(after or 0), *([] if about.of_team else [mine])
    )
    rows = (await tx.execute(wanted.order_by(AuditRow.seq).limit(ROWS_AT_ONCE))).mappings().all()
    if not rows:
        return Step(_nothing, None)
    return Step(partial(_write_lines, f"trail/{rows[0]['seq']:010}.ndjson", rows), str(rows[-1]["seq"]))


# What is new comes last: an export that is under way stores how many it is through with.
STAGES: Final[Sequence[Stage]] = (
    facts, conversations, files, own_usage, standard_usage, trail, own_days, standard_days,
)  # fmt: skip


async def count_steps(tx: AsyncConnection, about: About) -> int:
    """Give how many steps an export will take, about: what is written meanwhile comes as well."""
    talks = len((await tx.scalars(select(ConversationRow.id).where(_conversations(about)))).all())
    attached = select(AttachmentRow.id).where(AttachmentRow.team_id == about.team_id)
    in_them = AttachmentRow.conversation_id.in_(select(ConversationRow.id).where(_conversations(about)))
    its = in_them if about.of_team else AttachmentRow.owner_id == about.person_id
    return talks + len((await tx.scalars(attached.where(its))).all()) + len(STAGES)


def _conversations(about: About) -> Any:
    if about.of_team:
        return shared_with_team(about.team_id)
    return (ConversationRow.team_id == about.team_id) & (ConversationRow.owner_id == about.person_id)


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


def _nothing() -> Parts:
    return ()


def _write_lines(name: str, rows: Iterable[Mapping[Any, Any]]) -> Parts:
    lines = (json.dumps({name: plain(one) for name, one in row.items()}, ensure_ascii=False) for row in rows)
    return [(name, "".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))]
