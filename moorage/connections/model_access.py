"""Who may use which model: what owners and admins set. Every change stands in the trail with what was before.

No gate stands before it: nothing is sent by it, and a refused team may tighten what is its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.permissions import Permission, allows, require
from moorage.accounts.roster import role_in
from moorage.audit.trail import Act, record
from moorage.connections.acting import Caller
from moorage.connections.audience import EVERYONE, ROLES, Audience, AudienceKind
from moorage.connections.audience_store import AudienceStore, Ruled, RuledModel
from moorage.connections.catalogue import Catalogue, StandardProvider
from moorage.connections.rights import ALL_MODELS
from moorage.errors import Invalid, NotAllowed, NotFound
from moorage.storage.database import Database

MAX_PEOPLE: Final = 500
_TOLD_CHARS: Final = 180


@dataclass(frozen=True, slots=True)
class AudienceWish:
    """A rule as somebody wants it. `roles` and `people` count for the kind of their name."""

    kind: AudienceKind
    roles: Sequence[str] = ()
    people: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class ConnectionAudience:
    """Who may use the models of a connection: what holds for all, and where one differs."""

    ruled: Ruled
    models: Sequence[RuledModel]


@dataclass(frozen=True, slots=True)
class StandardAudience:
    """Who may use the models of a standard provider. Without a rule the one above counts, in the end everyone."""

    provider: StandardProvider
    ruled: Ruled
    models: Sequence[tuple[str, str, Ruled]]


class ModelAccess:
    """The use cases. Each raises NotAllowed("not_allowed") for who is neither owner nor admin at that moment."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    async def of_connection(self, caller: Caller, connection_id: UUID) -> ConnectionAudience:
        """Give a connection's rules. Raises NotFound("connection_gone")."""
        require(caller.person, Permission.RULE_MODELS)
        async with self._database.read() as tx:
            return await _read(AudienceStore(tx, caller.person.team_id), connection_id)

    async def rule_connection(self, caller: Caller, connection_id: UUID, wish: AudienceWish) -> ConnectionAudience:
        """Set who may use the models of a connection that have no rule of their own.

        Raises NotFound("connection_gone"), Invalid("audience_empty"|"person_not_member").
        """
        require(caller.person, Permission.RULE_MODELS)
        audience = _read_wish(wish, of_team=True)
        async with self._database.write() as tx:
            await require_ruler(tx, caller)
            store = AudienceStore(tx, caller.person.team_id)
            name, before = await store.connection(connection_id, hold=True)
            after = await store.rule_connection(connection_id, audience, _people(wish))
            details = {"before": tell(before), "after": tell(after)}
            if before != after:
                act = Act("connection.audience_changed", "connection", str(connection_id), name, details=details)
                await record(tx, caller.person.team_id, caller.actor, act)
            return await _read(store, connection_id)

    async def rule_model(
        self, caller: Caller, connection_id: UUID, model_row_id: UUID, wish: AudienceWish | None
    ) -> ConnectionAudience:
        """Set who may use one model; None: what holds for its connection.

        Raises NotFound("connection_gone"|"model_gone"), Invalid("audience_empty"|"person_not_member").
        """
        require(caller.person, Permission.RULE_MODELS)
        audience = None if wish is None else _read_wish(wish, of_team=True)
        async with self._database.write() as tx:
            await require_ruler(tx, caller)
            store = AudienceStore(tx, caller.person.team_id)
            name, _ = await store.connection(connection_id, hold=True)
            model = await store.model(connection_id, model_row_id)
            after = await store.rule_model(model_row_id, audience, () if wish is None else _people(wish))
            details = {"model": model.name, "before": tell(model.ruled), "after": tell(after)}
            if model.ruled != after:
                act = Act("model.audience_changed", "connection", str(connection_id), name, details=details)
                await record(tx, caller.person.team_id, caller.actor, act)
            return await _read(store, connection_id)

    async def standard(self, caller: Caller) -> Sequence[StandardAudience]:
        """Give the rules of all standard models."""
        require(caller.person, Permission.RULE_MODELS)
        async with self._database.read() as tx:
            return await self._standard(AudienceStore(tx, caller.person.team_id))

    async def rule_standard(
        self, caller: Caller, provider_id: str, model_id: str | None, wish: AudienceWish | None
    ) -> Sequence[StandardAudience]:
        """Set who may use a standard model, or all of a provider that have no rule of their own; None: no rule.

        Raises NotFound("standard_unknown"), Invalid("audience_empty"|"person_not_member").
        """
        require(caller.person, Permission.RULE_MODELS)
        audience = None if wish is None else _read_wish(wish, of_team=False)
        provider = self._catalogue.providers.get(provider_id)
        model = None if provider is None or model_id is None else provider.find(model_id)
        if provider is None or (model_id is not None and model is None):
            raise NotFound("standard_unknown")
        place = (provider.id, ALL_MODELS if model is None else model.id)
        async with self._database.write() as tx:
            await require_ruler(tx, caller)
            store = AudienceStore(tx, caller.person.team_id)
            await store.hold_standard()
            before = (await store.standard()).get(place, Ruled(None))
            after = await store.rule_standard(*place, audience, () if wish is None else _people(wish))
            if before != after:
                name = provider.name if model is None else f"{provider.name}: {model.name}"
                details = {"before": tell(before), "after": tell(after)}
                object_id = "/".join(one for one in place if one)
                act = Act("standard.audience_changed", "standard_model", object_id, name, details=details)
                await record(tx, caller.person.team_id, caller.actor, act)
            return await self._standard(store)

    async def _standard(self, store: AudienceStore) -> Sequence[StandardAudience]:
        rules, none = await store.standard(), Ruled(None)
        return [
            StandardAudience(
                provider,
                rules.get((provider.id, ALL_MODELS), none),
                [(model.id, model.name, rules.get((provider.id, model.id), none)) for model in provider.models],
            )
            for provider in self._catalogue.providers.values()
        ]


async def require_ruler(tx: AsyncConnection, caller: Caller) -> None:
    """Let owners and admins through, as they are in the transaction that writes. Raises NotAllowed("not_allowed")."""
    require(caller.person, Permission.RULE_MODELS)
    if not allows(await role_in(tx, caller.person.team_id, caller.person.user_id), Permission.RULE_MODELS):
        raise NotAllowed("not_allowed")


def tell(ruled: Ruled) -> str:
    """Tell a rule in the trail: its kind, and whom it names as far as there is room; "" where there is none."""
    if ruled.audience is None:
        return ""
    names = sorted(ruled.audience.roles) if ruled.audience.kind == "roles" else [one.name for one in ruled.people]
    if not names:
        return ruled.audience.kind
    told = f"{ruled.audience.kind}: {', '.join(names)}"
    return told if len(told) <= _TOLD_CHARS else f"{told[:_TOLD_CHARS]}… ({len(names)})"


async def _read(store: AudienceStore, connection_id: UUID) -> ConnectionAudience:
    _, ruled = await store.connection(connection_id)
    return ConnectionAudience(ruled, await store.models(connection_id))


def _people(wish: AudienceWish) -> Sequence[UUID]:
    return wish.people if wish.kind == "people" else ()


def _read_wish(wish: AudienceWish, *, of_team: bool) -> Audience:
    """Take a rule. Own models are never for nobody: they can be paused, and deleted."""
    if of_team and wish.kind == "nobody":
        raise Invalid("audience_kind", field="kind")
    if wish.kind == "people" and not 0 < len(wish.people) <= MAX_PEOPLE:
        raise Invalid("audience_empty", field="people")
    if wish.kind != "roles":
        return EVERYONE if wish.kind == "everyone" else Audience(wish.kind)
    roles = frozenset(wish.roles)
    if not roles or not roles <= ROLES:
        raise Invalid("audience_empty", field="roles")
    return Audience("roles", roles)
