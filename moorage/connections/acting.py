"""Who acts on connections, and the two questions asked before anything happens: may they, may their team."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.permissions import Permission, allows, require
from moorage.accounts.principal import Principal
from moorage.accounts.roster import role_in
from moorage.audit.trail import Act, Actor, Outcome, record
from moorage.connections.audience import Asker
from moorage.errors import AccessRefused, AddressRefused, Conflict, MoorageError, NotAllowed
from moorage.storage.database import Database


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in person and the request they act with. `untold`: calls that figures must not tell them of yet."""

    person: Principal
    request_id: str
    untold: Select[UUID] | None = None

    @property
    def actor(self) -> Actor:
        """The same for the audit trail."""
        return self.person.actor(self.request_id)

    @property
    def asker(self) -> Asker:
        """The same for the picker."""
        return Asker(self.person.team_id, self.person.user_id)


def require_connector(caller: Caller) -> None:
    """Let owners and admins through. Raises NotAllowed("not_allowed")."""
    require(caller.person, Permission.MANAGE_CONNECTIONS)


def may_vouch(caller: Caller) -> bool:
    """Tell whether somebody's word that a connection leads to own hardware counts under "only cleared models"."""
    return allows(caller.person.role, Permission.RULE_PRIVACY)


def require_readable(row: ResultRow[Any]) -> None:
    """Let a connection through whose address and key can be opened. Raises Conflict("connection_needs_key")."""
    if row.key_lost_at is not None:
        raise Conflict("connection_needs_key", connection=row.name)


async def require_connector_still(tx: AsyncConnection, caller: Caller) -> None:
    """Let through who may do so now, in the transaction that writes: a test takes longer than losing a role.

    Raises NotAllowed("not_allowed").
    """
    if not allows(await role_in(tx, caller.person.team_id, caller.person.user_id), Permission.MANAGE_CONNECTIONS):
        raise NotAllowed("not_allowed")


def outcome_of(failure: MoorageError | None) -> Outcome:
    """Give what the trail says of an act that ended like this: "refused" only where nothing was sent."""
    if failure is None:
        return "done"
    return "refused" if isinstance(failure, AddressRefused) else "failed"


@contextlib.asynccontextmanager
async def refusals_recorded(
    database: Database, caller: Caller, object_id: str, object_name: str
) -> AsyncIterator[None]:
    """Put what the gate or the address rules refuse within on record; it still reaches the caller."""
    try:
        yield
    except (AccessRefused, AddressRefused) as refused:
        action = "access.refused" if isinstance(refused, AccessRefused) else "egress.refused"
        act = Act(action, "connection", object_id, object_name, "refused", {"code": refused.code})
        async with database.write() as tx:
            await record(tx, caller.person.team_id, caller.actor, act)
        raise
