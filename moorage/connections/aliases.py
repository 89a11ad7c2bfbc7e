"""A team's own names for models ("House model"): made, pointed elsewhere, renamed and deleted, each with its entry.

An alias grants nothing: who uses it needs the right to the model that it stands for. It never points at another alias.
"""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.permissions import Permission, require
from moorage.audit.trail import Act, record
from moorage.connections.acting import Caller
from moorage.connections.alias_store import AliasFacts, AliasStore, AliasTurn, Target, read_aliases
from moorage.connections.catalogue import Catalogue
from moorage.connections.lookup import DEMO_NAME
from moorage.connections.model_access import require_ruler
from moorage.connections.tables import ConnectionModelRow, ConnectionRow
from moorage.connections.zones import UNSTATED
from moorage.errors import Conflict, Invalid
from moorage.providers.text import clean_label
from moorage.storage.database import Database

# How far words travel in each zone. A name that begins to stand for something farther away is a decision of its own.
FAR: Final = {"own_hardware": 0, "own_contract": 1, "router": 2, "included": 2}
_NEAREST: Final = min(FAR.values())
_FARTHEST: Final = max(FAR.values())
_FOLDED_CHARS: Final = 240


@dataclass(frozen=True, slots=True)
class AliasHistory:
    """An alias with what it stood for, newest first."""

    facts: AliasFacts
    turns: Sequence[AliasTurn]


class Aliases:
    """The use cases. Each raises NotAllowed("not_allowed") for who is neither owner nor admin at that moment."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        *,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._today = today

    async def list(self, caller: Caller) -> Sequence[AliasFacts]:
        """Give all aliases, by name."""
        require(caller.person, Permission.RULE_MODELS)
        async with self._database.read() as tx:
            return await read_aliases(tx, caller.person.team_id)

    async def get(self, caller: Caller, alias_id: UUID) -> AliasHistory:
        """Give one with its history. Raises NotFound("alias_unknown")."""
        require(caller.person, Permission.RULE_MODELS)
        async with self._database.read() as tx:
            return await self._history(tx, caller, alias_id)

    async def make(self, caller: Caller, name: str, target_ref: str, reason: str) -> AliasHistory:
        """Make an alias.

        Raises Conflict("alias_name_taken"|"alias_shadows"|"too_many_aliases"), Invalid("alias_name_unreadable"|
        "target_unknown").
        """
        require(caller.person, Permission.RULE_MODELS)
        name, folded = read_alias_name(name)
        async with self._database.write() as tx:
            await require_ruler(tx, caller)
            store = AliasStore(tx, caller.person.team_id)
            await store.take_turn()
            await self._require_free(tx, caller.person.team_id, folded)
            target = await self._find_target(tx, caller.person.team_id, target_ref)
            alias_id = await store.make(name, folded, target, caller.actor, read_reason(reason))
            details = {"to": _told(target), "to_zone": target.zone, "reason": read_reason(reason)}
            await record(tx, caller.person.team_id, caller.actor, _act("alias.created", alias_id, name, **details))
            return await self._history(tx, caller, alias_id)

    async def point(
        self, caller: Caller, alias_id: UUID, target_ref: str, reason: str, *, confirmed: bool
    ) -> AliasHistory:
        """Let an alias stand for another model from now on. The same again changes nothing.

        Raises NotFound("alias_unknown"), Invalid("target_unknown"); Conflict("alias_goes_farther") unless `confirmed`
        where words would travel farther than before.
        """
        async with self._database.write() as tx:
            await require_ruler(tx, caller)
            store = AliasStore(tx, caller.person.team_id)
            before = await store.hold(alias_id)
            target = await self._find_target(tx, caller.person.team_id, target_ref)
            if target.ref != before.target_ref:
                was = await self._zones_of(tx, before)
                goes_farther = distance(target.zone) > min(map(distance, was), default=_NEAREST)
                if goes_farther and not confirmed:
                    raise Conflict("alias_goes_farther", field="confirmed", alias=before.name, model=target.model_name)
                await store.point(alias_id, target, caller.actor, read_reason(reason))
                details: dict[str, str | bool] = {
                    "from": _told(before),
                    "from_zone": next(iter(was), UNSTATED),
                    "to": _told(target),
                    "to_zone": target.zone,
                    "reason": read_reason(reason),
                }
                if goes_farther:
                    details["confirmed"] = True
                act = _act("alias.repointed", alias_id, before.name, **details)
                await record(tx, caller.person.team_id, caller.actor, act)
            return await self._history(tx, caller, alias_id)

    async def rename(self, caller: Caller, alias_id: UUID, name: str) -> AliasHistory:
        """Give another name. Raises NotFound("alias_unknown"), and what `make` raises about a name."""
        require(caller.person, Permission.RULE_MODELS)
        name, folded = read_alias_name(name)
        async with self._database.write() as tx:
            await require_ruler(tx, caller)
            store = AliasStore(tx, caller.person.team_id)
            await store.take_turn()
            before = await store.hold(alias_id)
            if before.name != name:
                await self._require_free(tx, caller.person.team_id, folded, alias_id)
                await store.rename(alias_id, name, folded)
                act = _act("alias.renamed", alias_id, name, before=before.name)
                await record(tx, caller.person.team_id, caller.actor, act)
            return await self._history(tx, caller, alias_id)

    async def delete(self, caller: Caller, alias_id: UUID) -> None:
        """Delete an alias: conversations stay readable, and its name is free. Raises NotFound("alias_unknown")."""
        async with self._database.write() as tx:
            await require_ruler(tx, caller)
            store = AliasStore(tx, caller.person.team_id)
            before = await store.hold(alias_id)
            await store.delete(alias_id)
            act = _act("alias.deleted", alias_id, before.name, before=_told(before))
            await record(tx, caller.person.team_id, caller.actor, act)

    async def _history(self, tx: AsyncConnection, caller: Caller, alias_id: UUID) -> AliasHistory:
        store = AliasStore(tx, caller.person.team_id)
        return AliasHistory(await store.get(alias_id), await store.history(alias_id))

    async def _require_free(self, tx: AsyncConnection, team_id: UUID, folded: str, own_id: UUID | None = None) -> None:
        await AliasStore(tx, team_id).require_free(folded, own_id)
        rows = await tx.execute(
            select(ConnectionModelRow.name, ConnectionModelRow.model_id)
            .join(ConnectionRow, ConnectionRow.id == ConnectionModelRow.connection_id)
            .where(ConnectionModelRow.team_id == team_id, ConnectionRow.deleted_at.is_(None))
        )
        standard = [one for provider in self._catalogue.providers.values() for one in provider.models]
        names = [
            DEMO_NAME,
            *(name for row in rows for name in row),
            *(n for one in standard for n in (one.name, one.id)),
        ]
        shadowed = next((name for name in (DEMO_NAME, *names) if fold(name) == folded), None)
        if shadowed is not None:
            raise Conflict("alias_shadows", field="name", model=shadowed)

    async def _find_target(self, tx: AsyncConnection, team_id: UUID, ref: str) -> Target:
        """Find the model, whoever may use it: pointing at it is not using it."""
        kind, _, name = ref.partition(":")
        found = None
        if kind == "byom":
            found = await _find_own(tx, team_id, name)
        elif kind == "standard":
            found = self._find_standard(name)
        if found is None:
            raise Invalid("target_unknown", field="target_ref")
        return found

    def _find_standard(self, name: str) -> Target | None:
        provider_id, _, model_id = name.partition("/")
        provider = self._catalogue.providers.get(provider_id)
        model = None if provider is None else provider.find(model_id)
        if provider is None or model is None or model.is_retired(self._today()):
            return None
        return Target(f"standard:{provider.id}/{model.id}", model.name, provider.name, "included", provider.zone)

    async def _zones_of(self, tx: AsyncConnection, facts: AliasFacts) -> Sequence[str]:
        """Give the zones of what an alias stands for: of when it was pointed there, and of now if that was corrected.

        Of a standard model only that of now is known, and none once its provider is gone: any distance may be farther.
        """
        kind, _, name = facts.target_ref.partition(":")
        if kind == "byom":
            # An own model's origin is its zone.
            return facts.origin, await _zone_now(tx, name) or facts.origin
        provider = self._catalogue.providers.get(name.partition("/")[0])
        return () if provider is None else (provider.zone,)


def distance(zone: str) -> int:
    """Tell how far words travel; an unheard-of zone is as far as can be."""
    return FAR.get(zone, _FARTHEST)


def fold(name: str) -> str:
    """Give a name as it is compared: neither case nor the way its letters are written tell two apart."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def read_alias_name(text: str) -> tuple[str, str]:
    """Take a name, cleaned, and as it is compared. Raises Invalid("alias_name_unreadable", field="name")."""
    name = clean_label(text, max_chars=80)
    folded = "" if name is None else fold(name)
    if name is None or not folded or len(folded) > _FOLDED_CHARS:
        raise Invalid("alias_name_unreadable", field="name")
    return name, folded


def read_reason(text: str) -> str:
    """Take a reason, cleaned; it may be empty."""
    return clean_label(text, max_chars=200) or ""


async def _find_own(tx: AsyncConnection, team_id: UUID, name: str) -> Target | None:
    try:
        model_row_id = UUID(name)
    except ValueError:
        return None
    row = (
        await tx.execute(
            select(ConnectionModelRow.name, ConnectionRow.name.label("connection_name"), ConnectionRow.zone)
            .join(ConnectionRow, ConnectionRow.id == ConnectionModelRow.connection_id)
            .where(
                ConnectionModelRow.id == model_row_id,
                ConnectionModelRow.team_id == team_id,
                ConnectionModelRow.enabled,
                ConnectionModelRow.vanished_at.is_(None),
                ConnectionRow.deleted_at.is_(None),
            )
        )
    ).one_or_none()
    return None if row is None else Target(f"byom:{model_row_id}", row.name, row.connection_name, row.zone, row.zone)


async def _zone_now(tx: AsyncConnection, name: str) -> str | None:
    zone: str | None = await tx.scalar(
        select(ConnectionRow.zone)
        .join(ConnectionModelRow, ConnectionModelRow.connection_id == ConnectionRow.id)
        .where(ConnectionModelRow.id == UUID(name))
    )
    return zone


def _told(model: Target | AliasFacts) -> str:
    return f"{model.model_name} ({model.connection_name})"


def _act(action: str, alias_id: UUID, name: str, **details: Any) -> Act:
    return Act(action, "alias", str(alias_id), name, details=details)
