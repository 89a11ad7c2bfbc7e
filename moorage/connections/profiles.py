"""What is particular about one model of a connection: what its endpoint says, what calls showed, what people set.

People stand above calls, calls above the list. A new list changes what the endpoint says and nothing else; another
address forgets what calls have shown, and keeps what people have set (P5).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.connections.tables import ConnectionModelRow, ConnectionRow
from moorage.errors import NotFound
from moorage.providers.protocol import HABITS, DiscoveredModel, Json, Quirks

Stored = Mapping[str, Any]
# What people may set beside habits.
SETTABLE: Final = (*HABITS, "context_length", "inputs")


@dataclass(frozen=True, slots=True)
class Profile:
    """What holds for one model now, and where each part of it comes from."""

    context_length: int | None
    inputs: tuple[str, ...]
    found_context_length: int | None
    found_inputs: tuple[str, ...]
    habits: Mapping[str, Json]
    learnt: Stored
    overrides: Stored
    facts: Stored

    @classmethod
    def of_row(cls, row: ResultRow[Any]) -> "Profile":
        """Read a row of `connection_model`."""
        overrides = row.overrides
        quirks = Quirks.from_json({**row.learnt, **overrides})
        return cls(
            context_length=overrides.get("context_length", row.context_length),
            inputs=tuple(overrides.get("inputs", row.inputs)),
            found_context_length=row.context_length,
            found_inputs=tuple(row.inputs),
            habits={name: getattr(quirks, name) for name in HABITS},
            learnt={name: value for name, value in row.learnt.items() if name in HABITS},
            overrides=overrides,
            facts=row.facts,
        )


def habits_set_by_people(overrides: Stored) -> dict[str, Json]:
    """Give the habits among what people have set."""
    return {name: value for name, value in overrides.items() if name in HABITS}


def quirks_of(row: ResultRow[Any]) -> dict[str, Json]:
    """Give what a call of a model starts with: the endpoint's part, then its own; `row` holds both."""
    return {**row.quirks, **row.learnt, **habits_set_by_people(row.overrides)}


def facts_to_json(model: DiscoveredModel) -> dict[str, Any]:
    """Give what an endpoint says of a model beside its length and inputs; nothing of what it does not say."""
    said: dict[str, Any] = {
        "max_output": model.max_output,
        "retires_on": None if model.retires_on is None else model.retires_on.isoformat(),
        "trained_context": model.trained_context,
        "abilities": list(model.abilities) or None,
        "is_remote": model.is_remote or None,
        "price_in": model.price_in,
        "price_out": model.price_out,
        "no_retention_hosts": None if model.no_retention_hosts is None else list(model.no_retention_hosts),
    }
    return {name: value for name, value in said.items() if value is not None}


def model_from_json(stored: Stored) -> DiscoveredModel:
    """Read a model of a stored test."""
    facts = dict(stored.get("facts", {}))
    retires_on = facts.pop("retires_on", None)
    facts["abilities"] = tuple(facts.get("abilities", ()))
    if "no_retention_hosts" in facts:
        facts["no_retention_hosts"] = tuple(facts["no_retention_hosts"])
    return DiscoveredModel(
        stored["id"],
        stored["name"],
        stored["context_length"],
        tuple(stored["inputs"]),
        retires_on=None if retires_on is None else date.fromisoformat(retires_on),
        **facts,
    )


class ProfileStore:
    """Writes the profiles of one team's models inside the caller's transaction."""

    def __init__(self, tx: AsyncConnection, team_id: UUID) -> None:
        self._tx = tx
        self._team_id = team_id

    async def learn(
        self, connection_id: UUID, key_number: int, model_id: str, habits: Mapping[str, Json], *, afresh: bool = False
    ) -> None:
        """Add what a call has shown of a model, unless the endpoint was replaced since.

        `afresh`: a test assumed nothing but what people have set, so the rest of what was learnt before is dropped.
        """
        found = await self._tx.execute(
            select(ConnectionModelRow.id, ConnectionModelRow.learnt, ConnectionModelRow.overrides)
            .join(ConnectionRow, ConnectionRow.id == ConnectionModelRow.connection_id)
            .where(
                ConnectionModelRow.connection_id == connection_id,
                ConnectionModelRow.team_id == self._team_id,
                ConnectionModelRow.model_id == model_id,
                ConnectionRow.team_id == self._team_id,
                ConnectionRow.key_number == key_number,
            )
        )
        row = found.first()
        if row is None:
            return
        if afresh:
            old = {name: value for name, value in row.learnt.items() if name in row.overrides}
            learnt = old | {name: value for name, value in habits.items() if name not in row.overrides}
        else:
            learnt = {**row.learnt, **habits}
        if learnt != row.learnt:
            await self._write(row.id, {"learnt": learnt})

    async def forget(self, connection_id: UUID) -> None:
        """Forget what calls have shown of an endpoint that is replaced."""
        await self._tx.execute(
            update(ConnectionModelRow)
            .where(ConnectionModelRow.connection_id == connection_id, ConnectionModelRow.team_id == self._team_id)
            .values(learnt={})
        )

    async def override(self, connection_id: UUID, model_row_id: UUID, wish: Stored) -> ResultRow[Any]:
        """Set what people want: a value, or None for "as it is found". Gives the row as it was.

        Raises NotFound("model_gone") for a model of another connection or team.
        """
        found = await self._tx.execute(
            select(ConnectionModelRow.__table__)
            .where(
                ConnectionModelRow.id == model_row_id,
                ConnectionModelRow.connection_id == connection_id,
                ConnectionModelRow.team_id == self._team_id,
            )
            .with_for_update()
        )
        row = found.first()
        if row is None:
            raise NotFound("model_gone", model="")
        kept = {name: value for name, value in row.overrides.items() if name not in wish}
        wanted = {name: value for name, value in wish.items() if name in SETTABLE and value is not None}
        await self._write(row.id, {"overrides": kept | wanted})
        return row

    async def _write(self, row_id: UUID, values: Mapping[str, Any]) -> None:
        await self._tx.execute(
            update(ConnectionModelRow)
            .where(ConnectionModelRow.id == row_id, ConnectionModelRow.team_id == self._team_id)
            .values(**values)
        )
