"""The deployment's own chain: each start, and every exception from the address rules that it began with (P11, P17).

Kept under the nil UUID beside the teams' chains, with the same guarantees; operators read it with the command.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.trail import Act, Actor, Detail, begin_trail, record
from moorage.storage.types import DEPLOYMENT

OPERATOR: Final = Actor(None, "operator", "")
# A program of the operator's, known by its signature (operating/billing.py).
BILLING: Final = Actor(None, "billing", "")


async def record_start(tx: AsyncConnection, *, version: str, exceptions: Iterable[Mapping[str, Detail]]) -> None:
    """Add an entry for the start, then one for each exception: host, port and network."""
    await begin_if_needed(tx)
    active = list(exceptions)
    started: dict[str, Detail] = {"version": version, "exceptions": len(active)}
    await record(tx, DEPLOYMENT, OPERATOR, Act("deployment.started", "deployment", "", "", details=started))
    for details in active:
        await record(tx, DEPLOYMENT, OPERATOR, Act("egress.exception_active", "deployment", "", "", details=details))


async def begin_if_needed(tx: AsyncConnection) -> None:
    """Begin the deployment's chain if it is not there; one that somebody else begins at this moment is waited for."""
    await begin_trail(tx, DEPLOYMENT, once=True)
