"""A team's connections in the database. Built for one team: what belongs to another has no name here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import MembershipRow
from moorage.connections.credentials import SealedReach
from moorage.connections.model_changes import ModelChange, changes_of
from moorage.connections.noting import note
from moorage.connections.profiles import facts_to_json
from moorage.connections.tables import ConnectionModelRow, ConnectionRow, ConnectionTestRow
from moorage.errors import Conflict, Invalid, NotFound, Param
from moorage.providers.protocol import DiscoveredModel, Json, Quirks
from moorage.storage.types import db_now, new_id

MAX_CONNECTIONS: Final = 200
MAX_MODELS: Final = 5000
_WIPED: Final = b""


@dataclass(frozen=True, slots=True)
class NewConnection:
    """What is written for a new connection; secrets are sealed already."""

    id: UUID
    name: str
    provider: str
    zone: str
    data_location: str
    sealed: SealedReach
    key_expires_on: str | None
    quirks: Quirks
    maintainer_id: UUID | None
    health: str
    health_code: str | None
    health_facts: Mapping[str, Param]
    server_certificate: dict[str, Param] | None
    is_vouched: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model as somebody chose it: shown under `name` ("" = the endpoint's own name), in the picker if `enabled`."""

    model_id: str
    name: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """What a model list changed: ids that are new, ids that are gone, and models whose window or inputs differ."""

    came: Sequence[str]
    went: Sequence[str]
    changed: Sequence[ModelChange] = ()


class ConnectionStore:
    """Reads and writes one team's connections inside the caller's transaction."""

    def __init__(self, tx: AsyncConnection, team_id: UUID) -> None:
        self._tx = tx
        self._team_id = team_id

    async def get(self, connection_id: UUID) -> ResultRow[Any]:
        """Give the row of a connection that is not deleted. Raises NotFound("connection_gone")."""
        found = await self._tx.execute(
            select(ConnectionRow.__table__).where(
                ConnectionRow.id == connection_id,
                ConnectionRow.team_id == self._team_id,
                ConnectionRow.deleted_at.is_(None),
            )
        )
        row = found.first()
        if row is None:
            raise NotFound("connection_gone")
        return row

    async def names(self) -> dict[UUID, str]:
        """Give the names of all connections, deleted ones too: statistics outlive them."""
        rows = await self._tx.execute(
            select(ConnectionRow.id, ConnectionRow.name).where(ConnectionRow.team_id == self._team_id)
        )
        return {row.id: row.name for row in rows}

    async def make(self, new: NewConnection, made_by: UUID) -> None:
        """Insert a connection. Raises Conflict("name_taken"|"too_many_connections"), Invalid("maintainer_unknown")."""
        await self._check_name(new.name, None)
        await self._check_maintainer(new.maintainer_id)
        counted = await self._tx.execute(
            select(func.count()).where(ConnectionRow.team_id == self._team_id, ConnectionRow.deleted_at.is_(None))
        )
        if counted.scalar_one() >= MAX_CONNECTIONS:
            raise Conflict("too_many_connections", limit=MAX_CONNECTIONS)
        await self._tx.execute(
            insert(ConnectionRow).values(
                id=new.id,
                team_id=self._team_id,
                name=new.name,
                provider=new.provider,
                zone=new.zone,
                is_vouched=new.is_vouched,
                data_location=new.data_location,
                **new.sealed,
                server_certificate=new.server_certificate,
                key_number=1,
                key_set_at=db_now(),
                key_set_by=made_by,
                key_expires_on=new.key_expires_on,
                quirks=new.quirks.to_json(),
                enabled=True,
                maintainer_id=new.maintainer_id,
                health=new.health,
                health_code=new.health_code,
                health_facts=dict(new.health_facts),
                health_at=None if new.health == "unproven" else db_now(),
                health_since=db_now(),
                good_at=db_now() if new.health == "healthy" else None,
                created_by=made_by,
                created_at=db_now(),
                updated_at=db_now(),
                deleted_at=None,
            )
        )

    async def change(self, connection_id: UUID, values: Mapping[str, Any]) -> None:
        """Write plain columns: name, zone, data_location, maintainer_id, key_expires_on, enabled."""
        if "name" in values:
            await self._check_name(values["name"], connection_id)
        if values.get("maintainer_id") is not None:
            await self._check_maintainer(values["maintainer_id"])
        await self._update(connection_id, {**values, "updated_at": db_now()})

    async def replace_endpoint(
        self,
        connection_id: UUID,
        *,
        replaces: int,
        sealed: SealedReach,
        quirks: Quirks,
        by: UUID,
    ) -> None:
        """Write address, key and certificates together; those before, number `replaces`, are gone.

        Raises Conflict("connection_changed") if they were replaced or deleted in the meantime.
        """
        swapped = await self._tx.execute(
            update(ConnectionRow)
            .where(
                ConnectionRow.id == connection_id,
                ConnectionRow.team_id == self._team_id,
                ConnectionRow.key_number == replaces,
                ConnectionRow.deleted_at.is_(None),
            )
            .values(
                **sealed,
                key_number=replaces + 1,
                key_set_at=db_now(),
                key_set_by=by,
                key_expires_on=None,
                key_lost_at=None,
                quirks=quirks.to_json(),
                updated_at=db_now(),
            )
        )
        if swapped.rowcount != 1:
            raise Conflict("connection_changed")

    async def correct_address(self, connection_id: UUID, key_number: int, sealed: SealedReach) -> None:
        """Store the same address with what a test found missing (`/v1`), unless it was replaced since."""
        await self._tx.execute(
            update(ConnectionRow)
            .where(
                ConnectionRow.id == connection_id,
                ConnectionRow.team_id == self._team_id,
                ConnectionRow.key_number == key_number,
                ConnectionRow.deleted_at.is_(None),
            )
            .values(**sealed)
        )

    async def delete(self, connection_id: UUID) -> None:
        """Wipe the sealed bytes, the tests' too, and keep the rows, so that old conversations can name their model."""
        await self._update(
            connection_id,
            {
                "sealed_base_url": _WIPED,
                "sealed_key": None,
                "sealed_trust": None,
                "trust_facts": None,
                "server_certificate": None,
                "enabled": False,
                "deleted_at": db_now(),
                "updated_at": db_now(),
            },
        )
        await self._tx.execute(
            delete(ConnectionTestRow).where(
                ConnectionTestRow.connection_id == connection_id, ConnectionTestRow.team_id == self._team_id
            )
        )

    async def note_health(
        self,
        connection_id: UUID,
        code: str | None,
        *,
        facts: Mapping[str, Param] | None = None,
        key_number: int | None = None,
    ) -> None:
        """Store how the last call went, as `noting.note` says."""
        await note(self._tx, self._team_id, connection_id, code, facts=facts, key_number=key_number)

    async def note_certificate(
        self, connection_id: UUID, certificate: Mapping[str, Param] | None, *, key_number: int
    ) -> None:
        """Store what a test saw of the server's certificate, unless it was replaced since; None is no news."""
        if certificate is None:
            return
        now: datetime = (await self._tx.execute(select(db_now()))).scalar_one()
        await self._tx.execute(
            update(ConnectionRow)
            .where(
                ConnectionRow.id == connection_id,
                ConnectionRow.team_id == self._team_id,
                ConnectionRow.key_number == key_number,
            )
            .values(server_certificate={**certificate, "seen_at": now.isoformat()})
        )

    async def remember(self, connection_id: UUID, key_number: int, quirks: Mapping[str, Json]) -> None:
        """Store what a call has taught about the endpoint, unless the endpoint was replaced since."""
        await self._tx.execute(
            update(ConnectionRow)
            .where(
                ConnectionRow.id == connection_id,
                ConnectionRow.team_id == self._team_id,
                ConnectionRow.key_number == key_number,
            )
            .values(quirks=dict(quirks))
        )

    async def models(self, connection_id: UUID) -> Sequence[ResultRow[Any]]:
        """Give the models of a connection, oldest first."""
        rows = await self._tx.execute(
            select(ConnectionModelRow.__table__)
            .where(ConnectionModelRow.connection_id == connection_id, ConnectionModelRow.team_id == self._team_id)
            .order_by(ConnectionModelRow.created_at, ConnectionModelRow.model_id)
        )
        return rows.all()

    async def merge_models(self, connection_id: UUID, found: Sequence[DiscoveredModel]) -> Merged:
        """Take over a model list: new ones arrive off, missing ones get marked, returned ones lose the mark (P9).

        Typed ids stay whatever the list says, and count as found once it names them.
        """
        await self._take_turn(connection_id)
        known = {row.model_id: row for row in await self.models(connection_id)}
        listed = {model.id for model in found}
        came = [model.id for model in found if model.id not in known or known[model.id].vanished_at is not None]
        went = [
            row.model_id
            for row in known.values()
            if row.model_id not in listed and not row.typed and row.vanished_at is None
        ]
        await self._insert_models(
            [self._model_values(connection_id, model) for model in found if model.id not in known]
        )
        for model in found:
            row = known.get(model.id)
            if row is not None and _differs(row, model):
                await self._update_model(
                    row.id,
                    {
                        "vanished_at": None,
                        "context_length": model.context_length,
                        "inputs": list(model.inputs),
                        "facts": facts_to_json(model),
                        "typed": False,
                    },
                )
        for row in known.values():
            if row.model_id in went:
                await self._update_model(row.id, {"vanished_at": db_now()})
        return Merged(came, went, changes_of(known, found))

    async def set_models(self, connection_id: UUID, wanted: Sequence[Wanted]) -> tuple[int, int]:
        """Set which models appear and how they are called; ids nobody knows are added as typed ones.

        Returns how many got switched on and off. Raises Conflict("too_many_models").
        """
        await self._take_turn(connection_id)
        known = {row.model_id: row for row in await self.models(connection_id)}
        unique = {one.model_id: one for one in wanted}
        if len(known.keys() | unique.keys()) > MAX_MODELS:
            raise Conflict("too_many_models", limit=MAX_MODELS)
        switched_on, switched_off, typed = 0, 0, []
        for one in unique.values():
            row = known.get(one.model_id)
            if row is None:
                model = DiscoveredModel(one.model_id, one.name or one.model_id, None, ("text",))
                typed.append(self._model_values(connection_id, model, enabled=one.enabled, typed=True))
                switched_on += one.enabled
                continue
            name = one.name or row.name
            if row.enabled != one.enabled or row.name != name:
                await self._update_model(row.id, {"enabled": one.enabled, "name": name})
            switched_on += one.enabled and not row.enabled
            switched_off += row.enabled and not one.enabled
        await self._insert_models(typed)
        await self._update(connection_id, {"updated_at": db_now()})
        return switched_on, switched_off

    async def _take_turn(self, connection_id: UUID) -> None:
        """Let nobody else change this connection's models until the transaction ends: two would add the same id."""
        await self._tx.execute(
            select(ConnectionRow.id)
            .where(ConnectionRow.id == connection_id, ConnectionRow.team_id == self._team_id)
            .with_for_update()
        )

    async def _check_name(self, name: str, own_id: UUID | None) -> None:
        same = await self._tx.execute(
            select(ConnectionRow.id).where(
                ConnectionRow.team_id == self._team_id,
                ConnectionRow.deleted_at.is_(None),
                func.lower(ConnectionRow.name) == func.lower(name),
            )
        )
        if any(row.id != own_id for row in same):
            raise Conflict("name_taken", field="name")

    async def _check_maintainer(self, user_id: UUID | None) -> None:
        if user_id is None:
            return
        found = await self._tx.execute(
            select(MembershipRow.user_id).where(
                MembershipRow.team_id == self._team_id, MembershipRow.user_id == user_id
            )
        )
        if found.first() is None:
            raise Invalid("maintainer_unknown", field="maintainer_id")

    async def _update(self, connection_id: UUID, values: Mapping[str, Any]) -> None:
        await self._tx.execute(
            update(ConnectionRow)
            .where(ConnectionRow.id == connection_id, ConnectionRow.team_id == self._team_id)
            .values(**values)
        )

    async def _update_model(self, row_id: UUID, values: Mapping[str, Any]) -> None:
        await self._tx.execute(
            update(ConnectionModelRow)
            .where(ConnectionModelRow.id == row_id, ConnectionModelRow.team_id == self._team_id)
            .values(**values)
        )

    async def _insert_models(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            await self._tx.execute(insert(ConnectionModelRow).values(created_at=db_now()), list(rows))

    def _model_values(
        self, connection_id: UUID, model: DiscoveredModel, *, enabled: bool = False, typed: bool = False
    ) -> dict[str, Any]:
        return {
            "id": new_id(),
            "connection_id": connection_id,
            "team_id": self._team_id,
            "model_id": model.id,
            "name": model.name[:120],
            "enabled": enabled,
            "typed": typed,
            "context_length": model.context_length,
            "inputs": list(model.inputs),
            "facts": facts_to_json(model),
            "vanished_at": None,
        }


def _differs(row: ResultRow[Any], model: DiscoveredModel) -> bool:
    return bool(
        row.typed
        or row.vanished_at is not None
        or row.context_length != model.context_length
        or row.inputs != list(model.inputs)
        or row.facts != facts_to_json(model)
    )
