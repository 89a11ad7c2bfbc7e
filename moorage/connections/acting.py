"""Who acts on connections, and the two questions asked before anything happens: may they, may their team."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from moorage.accounts.permissions import Permission, require
from moorage.accounts.principal import Principal
from moorage.audit.trail import Act, Actor, Outcome, record
from moorage.errors import AccessRefused, AddressRefused, MoorageError
from moorage.storage.database import Database


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in person and the request they act with."""

    person: Principal
    request_id: str

    @property
    def actor(self) -> Actor:
        """The same for the audit trail."""
        return Actor(self.person.user_id, self.person.name, self.request_id)


def require_connector(caller: Caller) -> None:
    """Let owners and admins through. Raises NotAllowed("not_allowed")."""
    require(caller.person, Permission.MANAGE_CONNECTIONS)


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
