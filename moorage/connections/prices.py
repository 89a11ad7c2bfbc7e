"""Prices that a team enters for models, by its own contracts; each change by an owner or admin stands in the trail.

They change no bill and no budget; statistics tell by them what use would have cost. Members are not told prices.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.acting import lock_and_require
from moorage.accounts.permissions import Permission
from moorage.audit.trail import Act, Detail, record
from moorage.connections.acting import Caller
from moorage.connections.catalogue import Catalogue
from moorage.connections.cleared import own_place, provider_place
from moorage.connections.price_tables import ModelPriceRow
from moorage.connections.tables import ConnectionModelRow, ConnectionRow
from moorage.errors import NotFound
from moorage.storage.database import Database
from moorage.storage.types import db_now
from moorage.usage.costs import Price, decimal_of
from moorage.usage.tables import ByomDayRow, StandardDayRow

_SHOWN_CHARS: Final = 120


class Prices:
    """The use cases. Changes raise NotAllowed("not_allowed") for who may not rule prices at that moment."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    async def set_own(self, caller: Caller, connection_id: UUID, model_id: str, price: Price | None) -> None:
        """Set the price of an own model, or take it away.

        Of a deleted connection as well: its figures are still there.
        Raises NotFound: connection_gone, priced_model_gone.
        """
        team_id = caller.person.team_id
        async with self._database.write() as tx:
            await lock_and_require(tx, caller.person, Permission.RULE_PRICES)
            mine = ConnectionRow.id == connection_id, ConnectionRow.team_id == team_id
            name = await tx.scalar(select(ConnectionRow.name).where(*mine))
            if name is None:
                raise NotFound("connection_gone")
            model = ConnectionModelRow
            offered = (model.connection_id == connection_id) & (model.model_id == model_id)
            day = ByomDayRow
            used = (day.team_id == team_id) & (day.connection_id == connection_id) & (day.model_id == model_id)
            if not (await _is_there(tx, offered) or await _is_there(tx, used)):
                raise NotFound("priced_model_gone", model=model_id[:_SHOWN_CHARS])
            await _put(tx, caller, own_place(connection_id), name, model_id, price)

    async def set_standard(self, caller: Caller, provider: str, model_id: str, price: Price | None) -> None:
        """Set the price of a standard model, or take it away: what it would have cost without the plan.

        Raises NotFound: standard_provider_gone, priced_model_gone.
        """
        async with self._database.write() as tx:
            await lock_and_require(tx, caller.person, Permission.RULE_PRICES)
            known, day = self._catalogue.providers.get(provider), StandardDayRow
            theirs = (day.team_id == caller.person.team_id) & (day.provider == provider)
            if known is None and not await _is_there(tx, theirs):
                raise NotFound("standard_provider_gone")
            is_offered = known is not None and known.find(model_id) is not None
            if not (is_offered or await _is_there(tx, theirs & (day.model_id == model_id))):
                raise NotFound("priced_model_gone", model=model_id[:_SHOWN_CHARS])
            name = provider if known is None else known.name
            await _put(tx, caller, provider_place(provider), name, model_id, price)


async def read_prices(tx: AsyncConnection, team_id: UUID) -> Mapping[tuple[str, str], Price]:
    """Give a team's prices by place and model."""
    row = ModelPriceRow
    rows = await tx.execute(
        select(row.place, row.model_id, row.currency, row.per_million_in, row.per_million_out).where(
            row.team_id == team_id
        )
    )
    return {(one[0], one[1]): Price(*one[2:]) for one in rows}


async def _is_there(tx: AsyncConnection, which: ColumnElement[bool]) -> bool:
    return bool(await tx.scalar(select(exists().where(which))))


async def _put(tx: AsyncConnection, caller: Caller, place: str, name: str, model_id: str, price: Price | None) -> None:
    team_id, row = caller.person.team_id, ModelPriceRow
    before = (await read_prices(tx, team_id)).get((place, model_id))
    if before == price:
        return
    this = (row.team_id == team_id) & (row.place == place) & (row.model_id == model_id)
    if price is None:
        await tx.execute(delete(row).where(this))
    else:
        values: dict[str, Any] = {
            "currency": price.currency,
            "per_million_in": price.per_million_in,
            "per_million_out": price.per_million_out,
            "changed_at": db_now(),
        }
        if before is None:
            await tx.execute(insert(row).values(team_id=team_id, place=place, model_id=model_id, **values))
        else:
            await tx.execute(update(row).where(this).values(**values))
    details: dict[str, Detail] = {
        "model": model_id[:_SHOWN_CHARS],
        "before": _told(before),
        "after": _told(price),
    }
    action = "price.removed" if price is None else "price.set"
    await record(tx, team_id, caller.actor, Act(action, "connection", place, name, details=details))


def _told(price: Price | None) -> str | None:
    if price is None:
        return None
    return f"{decimal_of(price.per_million_in)} / {decimal_of(price.per_million_out)} {price.currency}"
