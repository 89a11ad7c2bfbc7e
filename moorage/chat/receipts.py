"""The receipts of one conversation for whoever must show where words went: every run of a model, no word of content.

Names, zone, location and seal are those of the moment when it was asked (P21). Titles are runs too and have receipts.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.acting import require_now
from moorage.accounts.permissions import Permission
from moorage.accounts.principal import Principal
from moorage.accounts.tables import UserRow
from moorage.audit.formats import csv_line, tell_time
from moorage.audit.trail import Act, record
from moorage.chat.blind import veils_in
from moorage.chat.facts import Withheld
from moorage.chat.tables import ConversationRow, ReplyRow, TitleRunRow
from moorage.connections.zones import read_zones
from moorage.errors import NotFound

ReceiptFormat = Literal["json", "csv"]

FORMAT: Final = "moorage-receipts"
VERSION: Final = 1
MEDIA_TYPES: Final[Mapping[ReceiptFormat, str]] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8; header=present",
}
_SHARED: Final = (
    "id",
    "state",
    "model_ref",
    "model_name",
    "model_id",
    "model_reported",
    "connection_id",
    "connection_name",
    "origin",
    "zone",
    "data_location",
    "sealed_to",
    "asked_by",
    "tokens_in",
    "tokens_out",
    "count_source",
    "ttft_ms",
    "duration_ms",
    "finish_reason",
    "problem_code",
    "created_at",
    "ended_at",
)
COLUMNS: Final = (
    "receipt_id",
    "purpose",
    "asked_at",
    "ended_at",
    "asked_by_id",
    "asked_by_name",
    "state",
    "asked_for",
    "alias",
    "model",
    "model_id",
    "model_reported",
    "connection_id",
    "connection",
    "origin",
    "zone",
    "data_location",
    "sealed_to",
    "tokens_in",
    "tokens_out",
    "count_source",
    "ttft_ms",
    "duration_ms",
    "finish_reason",
    "problem",
    "withheld",
    "message_id",
    "continues_id",
)
# Other versions and what models thought are never sent; these are what is held back of a branch beside that.
_WITHHELD_BY_ENDPOINT: Final = {"context_trimmed": "earlier_messages_by_endpoint"}


@dataclass(frozen=True, slots=True)
class Receipts:
    """All receipts of a conversation, oldest first, in the order of COLUMNS by name.

    `undecided`: how many are held back, because a blind comparison was not judged yet.
    """

    conversation_id: UUID
    sealed_to: frozenset[str] | None
    rows: Sequence[Mapping[str, Any]]
    undecided: int


async def receipts_of(tx: AsyncConnection, principal: Principal, conversation_id: UUID) -> Receipts:
    """Give those of a conversation of one's own. Raises NotFound."""
    return await _read(tx, principal.team_id, conversation_id, principal.user_id)


async def export_for_team(
    tx: AsyncConnection, principal: Principal, request_id: str, conversation_id: UUID
) -> Receipts:
    """Give those of any conversation of the team, and record that it was done. For owners.

    Raises NotAllowed("not_allowed"), NotFound.
    """
    await require_now(tx, principal, Permission.EXPORT_RECEIPTS)
    receipts = await _read(tx, principal.team_id, conversation_id, None)
    act = Act("receipts.exported", "conversation", str(conversation_id), "", details={"receipts": len(receipts.rows)})
    await record(tx, principal.team_id, principal.actor(request_id), act)
    return receipts


def json_of(receipts: Receipts, exported_at: datetime) -> str:
    """Write them as one JSON document."""
    sealed = receipts.sealed_to
    content = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": tell_time(exported_at),
        "conversation_id": str(receipts.conversation_id),
        "sealed_to": None if sealed is None else sorted(sealed),
        "undecided": receipts.undecided,
        "receipts": [dict(row) for row in receipts.rows],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def csv_of(receipts: Receipts) -> str:
    """Write them as a table; lists are separated by blanks, and no cell is read as a formula."""
    lines = [csv_line(COLUMNS)]
    for row in receipts.rows:
        cells = (row[name] for name in COLUMNS)
        lines.append(csv_line(" ".join(cell) if isinstance(cell, list) else cell for cell in cells))
    return "".join(lines)


async def _read(tx: AsyncConnection, team_id: UUID, conversation_id: UUID, owner_id: UUID | None) -> Receipts:
    wanted = (ConversationRow.id == conversation_id) & (ConversationRow.team_id == team_id)
    if owner_id is not None:
        wanted &= ConversationRow.owner_id == owner_id
    found = (await tx.execute(select(ConversationRow.id, ConversationRow.sealed_to).where(wanted))).one_or_none()
    if found is None:
        raise NotFound("conversation_gone")
    replies = await tx.execute(
        _select(ReplyRow, ReplyRow.message_id, ReplyRow.continues_id, ReplyRow.withheld, ReplyRow.alias_name).where(
            ReplyRow.conversation_id == conversation_id
        )
    )
    titles = await tx.execute(_select(TitleRunRow).where(TitleRunRow.conversation_id == conversation_id))
    # Whoever judges blind must not learn from here who wrote what; once it is judged, these are told too.
    untold = await veils_in(tx, conversation_id)
    rows = [_tell(row, "reply") for row in replies if row.message_id not in untold]
    rows += [_tell(row, "title") for row in titles]
    rows.sort(key=lambda row: (row["asked_at"], row["receipt_id"]))
    return Receipts(conversation_id, read_zones(found.sealed_to), rows, len(untold))


def _select(table: Any, *more: Any) -> Any:
    named = [getattr(table, name) for name in _SHARED]
    return select(*named, *more, UserRow.name.label("asked_by_name")).outerjoin(UserRow, UserRow.id == table.asked_by)


def _withheld(stored: Mapping[str, Any] | None) -> list[str]:
    """Tell what was held back of the branch, without the names of files: people typed those."""
    held = Withheld.from_json(stored)
    messages = [f"messages:{held.messages}"] if held.messages else []
    return messages + sorted(f"file:{file.id}:{file.why}" for file in held.files)


def _tell(row: Row[*tuple[Any, ...]], purpose: Literal["reply", "title"]) -> dict[str, Any]:
    sealed = read_zones(row.sealed_to)
    answers = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    continues_id = answers.get("continues_id")
    by_endpoint = _WITHHELD_BY_ENDPOINT.get(row.problem_code or "")
    return {
        "receipt_id": str(row.id),
        "purpose": purpose,
        "asked_at": tell_time(row.created_at),
        "ended_at": None if row.ended_at is None else tell_time(row.ended_at),
        "asked_by_id": None if row.asked_by is None else str(row.asked_by),
        "asked_by_name": row.asked_by_name,
        "state": row.state,
        "asked_for": row.model_ref,
        "alias": answers.get("alias_name"),
        "model": row.model_name,
        "model_id": row.model_id,
        "model_reported": row.model_reported,
        "connection_id": None if row.connection_id is None else str(row.connection_id),
        "connection": row.connection_name,
        "origin": row.origin,
        "zone": row.zone,
        "data_location": row.data_location,
        "sealed_to": None if sealed is None else sorted(sealed),
        "tokens_in": row.tokens_in,
        "tokens_out": row.tokens_out,
        "count_source": row.count_source,
        "ttft_ms": row.ttft_ms,
        "duration_ms": row.duration_ms,
        "finish_reason": row.finish_reason,
        "problem": row.problem_code,
        "withheld": [*_withheld(answers.get("withheld")), *([by_endpoint] if by_endpoint else [])],
        "message_id": str(answers["message_id"]) if "message_id" in answers else None,
        "continues_id": None if continues_id is None else str(continues_id),
    }
