"""How long a team keeps what it writes: a rule of its owners, and the deletion of what is older, in bounded batches.

A conversation's age counts from its last change, pinned or archived or shared; a file's from its upload. What was used
stays as counts. What is younger than the rule is never touched: the statement that deletes asks again.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.acting import lock_and_require
from moorage.accounts.permissions import Permission
from moorage.accounts.principal import Principal, require_proof
from moorage.audit.pruning import RETENTION
from moorage.audit.trail import Act, Detail, record
from moorage.chat.search_index import erase_forgotten
from moorage.chat.tables import AttachmentRow, ConversationRow, MessageAttachmentRow, MessageRow, ReplyRow
from moorage.errors import Invalid
from moorage.privacy.tables import RetentionRow
from moorage.storage.database import Database
from moorage.storage.types import db_now

MIN_DAYS: Final = 1
MAX_DAYS: Final = 3650
CONVERSATIONS_AT_ONCE: Final = 50
FILES_AT_ONCE: Final = 50
_BREATH_S: Final = 0.05

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """After how many days conversations and files go; None: never."""

    conversation_days: int | None = None
    attachment_days: int | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """What a rule would delete now."""

    conversations: int
    attachments: int


async def read_rule(tx: AsyncConnection, team_id: UUID) -> RetentionRule:
    """Give a team's rule; without one, everything is kept."""
    row = (
        await tx.execute(
            select(RetentionRow.conversation_days, RetentionRow.attachment_days).where(RetentionRow.team_id == team_id)
        )
    ).one_or_none()
    return RetentionRule() if row is None else RetentionRule(*row)


async def set_rule(tx: AsyncConnection, who: Principal, request_id: str, rule: RetentionRule) -> None:
    """Set it; the next run deletes by it. Raises NotAllowed (not_allowed, proof_needed), Invalid("days_invalid")."""
    await lock_and_require(tx, who, Permission.RULE_PRIVACY)
    require_proof(who)
    require_days("conversation_days", rule.conversation_days)
    require_days("attachment_days", rule.attachment_days)
    before = await read_rule(tx, who.team_id)
    if before == rule:
        return
    values = {"conversation_days": rule.conversation_days, "attachment_days": rule.attachment_days}
    changed = await tx.execute(
        update(RetentionRow).where(RetentionRow.team_id == who.team_id).values(**values, changed_at=db_now())
    )
    if not changed.rowcount:
        await tx.execute(insert(RetentionRow).values(team_id=who.team_id, **values, changed_at=db_now()))
    details: dict[str, Detail] = {
        "conversation_days": rule.conversation_days,
        "attachment_days": rule.attachment_days,
        "conversation_days_before": before.conversation_days,
        "attachment_days_before": before.attachment_days,
    }
    await record(
        tx,
        who.team_id,
        who.actor(request_id),
        Act("team.retention_changed", "team", str(who.team_id), "", details=details),
    )


def require_days(field: str, days: int | None) -> None:
    """Raise Invalid("days_invalid") for what is no number of days that a rule can have."""
    if days is not None and not MIN_DAYS <= days <= MAX_DAYS:
        raise Invalid("days_invalid", field=field, least=MIN_DAYS, most=MAX_DAYS)


async def count_due(tx: AsyncConnection, team_id: UUID, rule: RetentionRule) -> Due:
    """Count what a rule would delete now; changes nothing."""
    now = await _now(tx)
    talks = attached = 0
    if rule.conversation_days is not None:
        talks = await _count(tx, ConversationRow, _old_conversations(team_id, now, rule.conversation_days))
    if rule.attachment_days is not None:
        attached = await _count(tx, AttachmentRow, _old_files(team_id, now, rule.attachment_days))
    return Due(talks, attached)


class Retention:
    """Deletes by the rules of all teams."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self, *, now: datetime | None = None) -> int:
        """Delete what is older than each team's rule. `now` stands for the database's time. Gives how much went."""
        async with self._database.read() as tx:
            rows = await tx.execute(
                select(RetentionRow.team_id, RetentionRow.conversation_days, RetentionRow.attachment_days).order_by(
                    RetentionRow.team_id
                )
            )
            rules = [(row.team_id, RetentionRule(row.conversation_days, row.attachment_days)) for row in rows]
        total = 0
        for team_id, _rule in rules:
            gone = await self._run_for(team_id, now)
            total += gone.conversations + gone.attachments
        if total:
            log.info("retention_deleted", count=total)
        return total

    async def _run_for(self, team_id: UUID, now: datetime | None) -> Due:
        talks = attached = 0
        while True:
            async with self._database.write() as tx:
                # Read anew for each batch: an owner may have taken it back meanwhile.
                rule, moment = await read_rule(tx, team_id), now or await _now(tx)
                gone = await _delete_conversations(tx, team_id, rule, moment)
                lost = 0 if gone else await _delete_files(tx, team_id, rule, moment)
                talks, attached = talks + gone, attached + lost
                if not gone and not lost:
                    await _record(tx, team_id, Due(talks, attached))
                    return Due(talks, attached)
            await asyncio.sleep(_BREATH_S)  # the others want to write, too


async def _record(tx: AsyncConnection, team_id: UUID, gone: Due) -> None:
    if gone.conversations or gone.attachments:
        details: dict[str, Detail] = {"conversations": gone.conversations, "attachments": gone.attachments}
        await record(tx, team_id, RETENTION, Act("team.retention_ran", "team", str(team_id), "", details=details))


async def _delete_conversations(tx: AsyncConnection, team_id: UUID, rule: RetentionRule, now: datetime) -> int:
    if rule.conversation_days is None:
        return 0
    old = _old_conversations(team_id, now, rule.conversation_days)
    some = select(ConversationRow.id).where(old).order_by(ConversationRow.updated_at).limit(CONVERSATIONS_AT_ONCE)
    # Asked again: somebody may have written in one of them since it was found.
    gone = await tx.execute(delete(ConversationRow).where(ConversationRow.id.in_(some), old))
    if gone.rowcount:
        await erase_forgotten(tx)
    return gone.rowcount


async def _delete_files(tx: AsyncConnection, team_id: UUID, rule: RetentionRule, now: datetime) -> int:
    if rule.attachment_days is None:
        return 0
    old = _old_files(team_id, now, rule.attachment_days)
    some = select(AttachmentRow.id, AttachmentRow.name).where(old).order_by(AttachmentRow.created_at)
    found = {row.id: row.name for row in await tx.execute(some.limit(FILES_AT_ONCE))}
    if found:
        await _name_in_bare_messages(tx, found)
    gone = await tx.execute(delete(AttachmentRow).where(AttachmentRow.id.in_(found), old))
    return gone.rowcount


async def _name_in_bare_messages(tx: AsyncConnection, names: dict[UUID, str]) -> None:
    # A message that was files alone would be empty, and no model takes an empty one: their names stay in their place.
    rows = await tx.execute(
        select(MessageRow.id, MessageAttachmentRow.attachment_id)
        .join(MessageAttachmentRow, MessageAttachmentRow.message_id == MessageRow.id)
        .where(MessageAttachmentRow.attachment_id.in_(names), func.trim(MessageRow.text) == "")
        .order_by(MessageRow.id, MessageAttachmentRow.position)
    )
    left: dict[UUID, list[str]] = {}
    for row in rows:
        left.setdefault(row.id, []).append(names[row.attachment_id])
    for message_id, theirs in left.items():
        text = f"({', '.join(theirs)})"
        await tx.execute(update(MessageRow).where(MessageRow.id == message_id).values(text=text))


def _old_conversations(team_id: UUID, now: datetime, days: int) -> Any:
    # A reply that is being written has changed it, whatever its row says.
    running = select(ReplyRow.conversation_id).where(ReplyRow.state == "running", ReplyRow.team_id == team_id)
    before = now - timedelta(days=days)
    return and_(
        ConversationRow.team_id == team_id, ConversationRow.updated_at < before, ConversationRow.id.not_in(running)
    )


def _old_files(team_id: UUID, now: datetime, days: int) -> Any:
    return and_(AttachmentRow.team_id == team_id, AttachmentRow.created_at < now - timedelta(days=days))


async def _now(tx: AsyncConnection) -> datetime:
    now: datetime = (await tx.execute(select(db_now()))).scalar_one()
    return now


async def _count(tx: AsyncConnection, table: Any, which: Any) -> int:
    return int(await tx.scalar(select(func.count()).select_from(table).where(which)) or 0)
