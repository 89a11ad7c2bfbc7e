"""Notes at each start where the operator says that standard models run, if that is not what the last start noted.

It was written in a file, by nobody who is signed in. A change is told to every team: all may use these models, and
seals go by it at once. Each trail is held for a moment of its own; the deployment's is told last and so remembers that
all others know. A start that is cut short, or finds a trail busy, leaves the rest to the next.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.standing import list_teams
from moorage.audit.deployment import OPERATOR
from moorage.audit.heads import hold_trails
from moorage.audit.reading import Filter, read
from moorage.audit.trail import Act, has_trail, record
from moorage.connections.catalogue import StandardProvider
from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT

_STATED: Final = "standard.zone_stated"
_CHANGED: Final = "standard.zone_changed"
log = structlog.get_logger()


async def note_zones(database: Database, providers: Iterable[StandardProvider]) -> None:
    """Record what is new in the deployment's trail, and what is other than before in those of all teams."""
    async with database.read() as tx:
        noted = [(provider, await _noted(tx, DEPLOYMENT, provider.id)) for provider in providers]
        changed = [(provider, zone) for provider, zone in noted if zone not in {None, provider.zone}]
        teams = [team.id for team in await list_teams(tx)] if changed else []
    untold = 0
    for team_id in teams:
        try:
            async with database.write() as tx:
                await _tell(tx, team_id, changed)
        except Unavailable:
            untold += 1
    if untold:
        log.warning("zones_not_told", count=untold)
        return
    async with database.write() as tx:
        await _tell(tx, DEPLOYMENT, noted)


async def _tell(tx: AsyncConnection, trail: UUID, before: Iterable[tuple[StandardProvider, str | None]]) -> None:
    """Tell one trail. Another process may have done it meanwhile: who holds the trail knows what it says."""
    await hold_trails(tx, [trail])
    if not await has_trail(tx, trail):
        return
    for provider, zone in before:
        if await _noted(tx, trail, provider.id) == provider.zone:
            continue
        action, more = (_STATED, {}) if zone is None else (_CHANGED, {"before": zone})
        act = Act(action, "provider", provider.id, provider.name, details={"zone": provider.zone, **more})
        await record(tx, trail, OPERATOR, act)


async def _noted(tx: AsyncConnection, trail: UUID, provider_id: str) -> str | None:
    """Give the zone that a trail says last; None if it says nothing."""
    newest = [
        entry
        for action in (_STATED, _CHANGED)
        for entry in await read(tx, trail, None, 1, Filter(action=action, object_id=provider_id))
    ]
    return str(max(newest, key=lambda entry: entry.seq).details["zone"]) if newest else None
