"""Which models somebody has starred, in one team. Only what is listed for them now is starred, or told.

The star of a model that went, or was closed to them, stays and is not told: it is back with its model.
"""

from collections.abc import Set as AbstractSet
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import MembershipRow
from moorage.connections.access_tables import FavouriteRow
from moorage.connections.audience import Asker
from moorage.errors import Conflict, Invalid
from moorage.storage.types import db_now

MAX_FAVOURITES: Final = 50


class Favourites:
    """The stars of one person in one team. `listed`: what the picker lists for them now."""

    def __init__(self, tx: AsyncConnection, asker: Asker) -> None:
        self._tx = tx
        self._asker = asker
        self._mine = (FavouriteRow.team_id == asker.team_id) & (FavouriteRow.user_id == asker.user_id)

    async def read(self, listed: AbstractSet[str]) -> list[str]:
        """Give the references of what is starred and listed, in the order of starring."""
        return [ref for ref in await self._stored() if ref in listed]

    async def add(self, ref: str, listed: AbstractSet[str]) -> None:
        """Star a model; a second time changes nothing. Needs a write transaction.

        Raises Invalid("model_unknown", field="model_ref"), whatever the reason, Conflict("too_many_favourites").
        """
        if ref not in listed:
            # Whether there is such a model is not for them to know.
            raise Invalid("model_unknown", field="model_ref")
        await self._take_turn()
        stored = await self._stored()
        if ref in stored:
            return
        if len(stored) >= MAX_FAVOURITES:
            # What nobody sees any more takes nobody's room.
            gone = [one for one in stored if one not in listed]
            if not gone:
                raise Conflict("too_many_favourites", most=MAX_FAVOURITES)
            await self._tx.execute(delete(FavouriteRow).where(self._mine, FavouriteRow.ref.in_(gone)))
        whose = {"team_id": self._asker.team_id, "user_id": self._asker.user_id}
        await self._tx.execute(insert(FavouriteRow).values(**whose, ref=ref, created_at=db_now()))

    async def remove(self, ref: str) -> None:
        """Take a star away, of whatever; without one nothing changes. Needs a write transaction."""
        # What is not stored is not asked for either: PostgreSQL refuses to look for a text with a NUL.
        if ref in await self._stored():
            await self._tx.execute(delete(FavouriteRow).where(self._mine, FavouriteRow.ref == ref))

    async def _stored(self) -> list[str]:
        row = FavouriteRow
        return list(await self._tx.scalars(select(row.ref).where(self._mine).order_by(row.created_at, row.ref)))

    async def _take_turn(self) -> None:
        # Two tabs that star at once would both count before either has stored.
        row = MembershipRow
        mine = (row.team_id == self._asker.team_id) & (row.user_id == self._asker.user_id)
        await self._tx.execute(select(row.role).where(mine).with_for_update())
