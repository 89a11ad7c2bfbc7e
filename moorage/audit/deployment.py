"""The deployment's own chain: each start, and every exception from the address rules that it began with (P11, P17).

Kept under the nil UUID beside the teams' chains, with the same guarantees; operators read it with the command.
"""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.tables import AuditHeadRow
from moorage.audit.trail import Act, Actor, Detail, begin_trail, record

DEPLOYMENT: Final = UUID(int=0)


async def record_start(tx: AsyncConnection, *, version: str, exceptions: Iterable[Mapping[str, Detail]]) -> None:
    """Add an entry for the start, then one for each exception: host, port and network."""
    head = await tx.execute(select(AuditHeadRow.seq).where(AuditHeadRow.team_id == DEPLOYMENT))
    if head.one_or_none() is None:
        await begin_trail(tx, DEPLOYMENT)
    actor = Actor(None, "operator", "")
    active = list(exceptions)
    started: dict[str, Detail] = {"version": version, "exceptions": len(active)}
    await record(tx, DEPLOYMENT, actor, Act("deployment.started", "deployment", "", "", details=started))
    for details in active:
        await record(tx, DEPLOYMENT, actor, Act("egress.exception_active", "deployment", "", "", details=details))
