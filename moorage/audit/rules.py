"""What a team decides about its trail: how long entries are kept, and what is recorded of where people come from.

The rules lie in the signed head: who edits them in the database can't make us prune what nobody wanted pruned.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.client_address import CLIENT_RULES
from moorage.audit.heads import find_head
from moorage.audit.trail import Act, Actor, Detail, record_with
from moorage.errors import Invalid, Unavailable

# An owner can shorten the memory of what they did, but not at once: 90 days remain, and so does the act itself.
MIN_KEEP_DAYS: Final = 90
MAX_KEEP_DAYS: Final = 3650


@dataclass(frozen=True, slots=True)
class Rules:
    """A chain's rules. `keep_days` None, the default: everything is kept. `pruned_through` 0: nothing went yet."""

    keep_days: int | None
    clients: str
    pruned_through: int


async def read_rules(tx: AsyncConnection, team_id: UUID) -> Rules:
    """Give a team's rules. Raises Unavailable("audit_head_missing")."""
    head = await find_head(tx, team_id)
    if head is None:
        raise Unavailable("audit_head_missing")
    return Rules(head.keep_days, head.clients, head.pruned_through)


async def change_keep_days(tx: AsyncConnection, team_id: UUID, actor: Actor, keep_days: int | None) -> None:
    """Keep entries for so many days; None keeps all. Raises Invalid("keep_days_invalid", field="keep_days")."""
    if keep_days is not None and not MIN_KEEP_DAYS <= keep_days <= MAX_KEEP_DAYS:
        raise Invalid("keep_days_invalid", field="keep_days", least=MIN_KEEP_DAYS, most=MAX_KEEP_DAYS)
    before = (await read_rules(tx, team_id)).keep_days
    if before != keep_days:
        details: dict[str, Detail] = {"keep_days": keep_days, "before": before}
        action = "audit.retention_lifted" if keep_days is None else "audit.retention_changed"
        act = Act(action, "trail", str(team_id), "", details=details)
        await record_with(tx, team_id, actor, act, keep_days=keep_days)


async def change_clients(tx: AsyncConnection, team_id: UUID, actor: Actor, clients: str) -> None:
    """Record nothing, a network, or the address of where people come from. Raises Invalid("clients_invalid")."""
    if clients not in CLIENT_RULES:
        raise Invalid("clients_invalid", field="clients")
    before = (await read_rules(tx, team_id)).clients
    if before != clients:
        details: dict[str, Detail] = {"clients": clients, "before": before}
        act = Act("audit.clients_changed", "trail", str(team_id), "", details=details)
        await record_with(tx, team_id, actor, act, clients=clients)
