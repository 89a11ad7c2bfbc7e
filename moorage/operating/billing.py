"""Events of a billing system set plan and standing: signed, of now, once each, and never an older one over a newer.

The sender may repeat an event as long as it likes: it is applied once, and answered alike. `docs/billing.md` is for who
writes the sender.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, cast
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import func, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import TeamRow
from moorage.audit.deployment import BILLING
from moorage.errors import Conflict, Invalid, NotAllowed, NotFound
from moorage.operating.changes import Changed, PlanWish, change_team, read_reason
from moorage.operating.tables import BillingEventRow
from moorage.storage.database import Database
from moorage.storage.types import UtcTime, db_now
from moorage.usage.budgets import Budgets
from moorage.vault.shared_keys import SharedKeys
from moorage.vault.tokens import hash_token, same

WINDOW_S: Final = 300
_MOST_DIGITS: Final = 12

Outcome = Literal["applied", "unchanged", "superseded"]


@dataclass(frozen=True, slots=True)
class Sent:
    """What arrived: the moment of sending in seconds since 1970 as it was written, the signatures, the bytes."""

    timestamp: str
    signatures: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an event. `is_repeat`: it had been taken before, and this was its outcome then."""

    event_id: str
    team_id: UUID
    outcome: Outcome
    plan: str
    standing: str
    is_repeat: bool = False


class BillingEvent(BaseModel):
    """What a billing system says. `occurred_at`: when it happened there; an older event never undoes a newer one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[!-~]{1,100}$")
    team_id: UUID
    plan: str | None = Field(default=None, max_length=40)
    standing: str | None = Field(default=None, max_length=40)
    reason: str = Field(max_length=1000)
    # What is older than any billing system could not be told in UTC.
    occurred_at: AwareDatetime = Field(ge=datetime(1970, 1, 1, tzinfo=UTC))

    def digest(self) -> bytes:
        """Give what tells this event from another of the same id, however the two are written down."""
        said = self.model_dump(mode="json") | {"occurred_at": self.occurred_at.astimezone(UTC).isoformat()}
        return hash_token(json.dumps(said, sort_keys=True))


class Billing:
    """Takes events; without a key there is nothing to take them with."""

    def __init__(self, database: Database, keys: SharedKeys | None, budgets: Budgets) -> None:
        self._database = database
        self._keys = keys
        self._budgets = budgets

    @property
    def is_on(self) -> bool:
        """Whether events are taken at all."""
        return self._keys is not None

    async def take(self, sent: Sent, request_id: str) -> Taken:
        """Judge and apply one event.

        Raises NotFound("not_found") without a key; NotAllowed: "billing_not_signed", "billing_signature_wrong",
        "billing_out_of_time"; Invalid("billing_event_invalid", field), and as `change_team`;
        Conflict("billing_event_differs") where another event was taken under the id.
        """
        if self._keys is None:
            raise NotFound("not_found")
        _require_signed(self._keys, sent)
        async with self._database.read() as tx:
            now = (await tx.execute(select(type_coerce(db_now(), UtcTime)))).scalar_one()
        _require_of_now(sent.timestamp, now)
        event = read_event(sent.body, now)
        async with self._database.write() as tx:
            return await self._apply(tx, event, request_id)

    async def _apply(self, tx: AsyncConnection, event: BillingEvent, request_id: str) -> Taken:
        team = await tx.execute(
            select(TeamRow.plan, TeamRow.standing).where(TeamRow.id == event.team_id).with_for_update(key_share=True)
        )
        held = team.one_or_none()
        if held is None:
            raise NotFound("team_unknown", field="team_id")
        before = await _find(tx, event.id)
        if before is not None:
            return _repeated(before, event)
        newest = await tx.scalar(
            select(func.max(BillingEventRow.occurred_at)).where(BillingEventRow.team_id == event.team_id)
        )
        if newest is not None and event.occurred_at < newest:
            changed, outcome = (
                Changed(is_news=False, plan=held.plan, standing=held.standing, refusal=None),
                "superseded",
            )
        else:
            wish = PlanWish(event.plan, event.standing, event.reason, event.id)
            changed = await change_team(tx, event.team_id, wish, replace(BILLING, request_id=request_id), self._budgets)
            outcome = "applied" if changed.is_news else "unchanged"
        if not await _remember(tx, event, outcome, changed):
            # The same id for another team, at this very moment: whoever is first has it.
            raise Conflict("billing_event_differs", field="id")
        return Taken(event.id, event.team_id, cast("Outcome", outcome), changed.plan, changed.standing)


def read_event(body: bytes, now: datetime) -> BillingEvent:
    """Read what was signed. Raises Invalid("billing_event_invalid" or "reason_needed") with the field."""
    try:
        event = BillingEvent.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:60]
        raise Invalid("billing_event_invalid", field=place or None, place=place or "JSON") from None
    if event.occurred_at > now + timedelta(seconds=WINDOW_S):
        # One of next year would keep all until then from counting.
        raise Invalid("billing_event_invalid", field="occurred_at", place="occurred_at")
    read_reason(event.reason)
    return event


def _require_signed(keys: SharedKeys, sent: Sent) -> None:
    if not sent.signatures or not (
        sent.timestamp.isascii() and sent.timestamp.isdigit() and len(sent.timestamp) <= _MOST_DIGITS
    ):
        raise NotAllowed("billing_not_signed")
    if not keys.have_signed(sent.timestamp, sent.body, sent.signatures):
        raise NotAllowed("billing_signature_wrong")


def _require_of_now(timestamp: str, now: datetime) -> None:
    if abs(int(timestamp) - now.timestamp()) > WINDOW_S:
        raise NotAllowed("billing_out_of_time", seconds=WINDOW_S)


async def _find(tx: AsyncConnection, event_id: str) -> Any:
    row = BillingEventRow
    wanted = select(row.team_id, row.digest, row.outcome, row.plan, row.standing).where(row.event_id == event_id)
    return (await tx.execute(wanted)).one_or_none()


def _repeated(before: Any, event: BillingEvent) -> Taken:
    if not same(before.digest, event.digest()):
        raise Conflict("billing_event_differs", field="id")
    return Taken(event.id, before.team_id, before.outcome, before.plan, before.standing, is_repeat=True)


async def _remember(tx: AsyncConnection, event: BillingEvent, outcome: str, changed: Changed) -> bool:
    insert: Any = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    kept = insert(BillingEventRow).values(
        event_id=event.id,
        team_id=event.team_id,
        digest=event.digest(),
        occurred_at=event.occurred_at,
        received_at=db_now(),
        outcome=outcome,
        plan=changed.plan,
        standing=changed.standing,
    )
    done = await tx.execute(kept.on_conflict_do_nothing().returning(BillingEventRow.event_id))
    return done.one_or_none() is not None
