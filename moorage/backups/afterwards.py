"""What has to be done to a database that goes back in time, before anybody may use it. `STEPS` is the whole list.

The steps run on the unpacked backup, before it takes its place: it appears with all of them done, or not at all.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete

from moorage.accounts.tables import InvitationRow, PendingRow, ResetRow, SignInRow
from moorage.storage.database import Database


@dataclass(frozen=True, slots=True)
class GoingBack:
    """`database` is the unpacked backup at the newest schema; `before` is what it replaces, if that can be read."""

    database: Database
    before: Database | None


Step = Callable[[GoingBack], Awaitable[None]]


async def end_sign_ins(going_back: GoingBack) -> None:
    """End every sign-in, and what was begun: one that was ended since, or a link that was used, would count again."""
    async with going_back.database.write() as tx:
        for table in (SignInRow, PendingRow, ResetRow):
            await tx.execute(delete(table))


async def end_invitations(going_back: GoingBack) -> None:
    """End every open invitation: one that was withdrawn or used since would let somebody in, as an admin perhaps."""
    async with going_back.database.write() as tx:
        await tx.execute(delete(InvitationRow).where(InvitationRow.used_at.is_(None)))


STEPS: Final[tuple[Step, ...]] = (end_sign_ins, end_invitations)


async def go_back(going_back: GoingBack) -> None:
    """Take all steps."""
    for step in STEPS:
        await step(going_back)
