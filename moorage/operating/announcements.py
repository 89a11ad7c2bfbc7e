"""Short texts of the operator's, in both languages, that everybody who is signed in sees between two moments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast
from uuid import UUID

from sqlalchemy import delete, func, insert, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.deployment import begin_if_needed
from moorage.audit.trail import Act, Actor, record
from moorage.errors import Conflict, Invalid, NotFound
from moorage.operating.tables import AnnouncementRow
from moorage.storage.types import DEPLOYMENT, UtcTime, db_now, new_id

Kind = Literal["info", "warning"]
MOST_CHARS: Final = 500
MOST_AT_ONCE: Final = 20
LONGEST: Final = timedelta(days=366)
_SHOWN: Final = 100
_NAMED_BY: Final = 80


@dataclass(frozen=True, slots=True)
class Draft:
    """What the operator writes."""

    kind: Kind
    text_en: str
    text_de: str
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Announcement:
    """One that is stored. `edition` counts its changes."""

    id: UUID
    edition: int
    draft: Draft


async def list_current(tx: AsyncConnection) -> Sequence[Announcement]:
    """Give those that are shown now, the newest first."""
    row, now = AnnouncementRow, db_now()
    return await _read(tx, (row.from_at <= now) & (row.until_at > now))


async def list_all(tx: AsyncConnection) -> Sequence[Announcement]:
    """Give those that are or will be shown, and the latest of those that were: 100 at most."""
    return await _read(tx, AnnouncementRow.id.is_not(None))


async def make(tx: AsyncConnection, actor: Actor, draft: Draft) -> UUID:
    """Keep a new one, with an entry in the deployment's trail. Raises Invalid; Conflict("announcements_full")."""
    _require_sound(draft, await _now(tx))
    waiting = select(func.count()).select_from(AnnouncementRow).where(AnnouncementRow.until_at > db_now())
    if (await tx.scalar(waiting) or 0) >= MOST_AT_ONCE:
        raise Conflict("announcements_full", most=MOST_AT_ONCE)
    announcement_id = new_id()
    await tx.execute(
        insert(AnnouncementRow).values(id=announcement_id, edition=1, created_at=db_now(), **_columns(draft))
    )
    await _record(tx, actor, "announcement.made", announcement_id, draft.text_en)
    return announcement_id


async def change(tx: AsyncConnection, actor: Actor, announcement_id: UUID, draft: Draft) -> None:
    """Put another in its place; whoever has closed it sees it again. Raises as `make`, NotFound."""
    _require_sound(draft, await _now(tx))
    done = await tx.execute(
        update(AnnouncementRow)
        .where(AnnouncementRow.id == announcement_id)
        .values(edition=AnnouncementRow.edition + 1, **_columns(draft))
    )
    if done.rowcount != 1:
        raise NotFound("announcement_gone")
    await _record(tx, actor, "announcement.changed", announcement_id, draft.text_en)


async def remove(tx: AsyncConnection, actor: Actor, announcement_id: UUID) -> None:
    """Take one away. Raises NotFound("announcement_gone")."""
    text = await tx.scalar(select(AnnouncementRow.text_en).where(AnnouncementRow.id == announcement_id))
    if text is None:
        raise NotFound("announcement_gone")
    await tx.execute(delete(AnnouncementRow).where(AnnouncementRow.id == announcement_id))
    await _record(tx, actor, "announcement.removed", announcement_id, text)


def _require_sound(draft: Draft, now: datetime) -> None:
    for field in ("text_en", "text_de"):
        if not getattr(draft, field):
            raise Invalid("field_empty", field=field)
    if draft.until_at <= draft.from_at:
        raise Invalid("announcement_reversed", field="until_at")
    if draft.until_at <= now:
        raise Invalid("announcement_over", field="until_at")
    if draft.until_at - draft.from_at > LONGEST:
        raise Invalid("announcement_too_long", field="until_at", days=LONGEST.days)


async def _now(tx: AsyncConnection) -> datetime:
    now: datetime = (await tx.execute(select(type_coerce(db_now(), UtcTime)))).scalar_one()
    return now


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        "kind": draft.kind,
        "text_en": draft.text_en,
        "text_de": draft.text_de,
        "from_at": draft.from_at,
        "until_at": draft.until_at,
    }


async def _read(tx: AsyncConnection, wanted: Any) -> Sequence[Announcement]:
    order = (AnnouncementRow.until_at.desc(), AnnouncementRow.id.desc())
    rows = await tx.execute(select(AnnouncementRow.__table__).where(wanted).order_by(*order).limit(_SHOWN))
    return [
        Announcement(
            row.id, row.edition, Draft(cast("Kind", row.kind), row.text_en, row.text_de, row.from_at, row.until_at)
        )
        for row in rows
    ]


async def _record(tx: AsyncConnection, actor: Actor, action: str, announcement_id: UUID, text: str) -> None:
    await begin_if_needed(tx)
    named = " ".join(text.split())[:_NAMED_BY]
    await record(tx, DEPLOYMENT, actor, Act(action, "announcement", str(announcement_id), named))
