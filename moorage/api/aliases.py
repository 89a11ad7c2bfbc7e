"""A team's own names for models, over HTTP."""

from typing import cast
from uuid import UUID

from fastapi import Request

from moorage.accounts.principal import Principal
from moorage.api.parts import PartsDep
from moorage.api.schemas.base import Done
from moorage.api.schemas.connections import OriginName
from moorage.api.schemas.model_access import (
    AliasHistoryView,
    AliasList,
    AliasMake,
    AliasPoint,
    AliasRename,
    AliasTurnView,
    AliasView,
)
from moorage.api.signed_in import SignedIn
from moorage.api.views import moment
from moorage.connections.acting import Caller
from moorage.connections.alias_store import AliasFacts, AliasTurn
from moorage.connections.aliases import AliasHistory


async def list_aliases(parts: PartsDep, who: SignedIn, request: Request) -> AliasList:
    """List all names, and what each stands for."""
    return AliasList(aliases=[_alias(one) for one in await parts.aliases.list(_caller(who, request))])


async def make_alias(parts: PartsDep, who: SignedIn, request: Request, wish: AliasMake) -> AliasHistoryView:
    """Make a name for a model."""
    return _history(await parts.aliases.make(_caller(who, request), wish.name, wish.target_ref, wish.reason))


async def get_alias(parts: PartsDep, who: SignedIn, request: Request, alias_id: UUID) -> AliasHistoryView:
    """Read a name with what it stood for."""
    return _history(await parts.aliases.get(_caller(who, request), alias_id))


async def rename_alias(
    parts: PartsDep, who: SignedIn, request: Request, alias_id: UUID, wish: AliasRename
) -> AliasHistoryView:
    """Change the name itself."""
    return _history(await parts.aliases.rename(_caller(who, request), alias_id, wish.name))


async def point_alias(
    parts: PartsDep, who: SignedIn, request: Request, alias_id: UUID, wish: AliasPoint
) -> AliasHistoryView:
    """Let a name stand for another model from now on."""
    caller = _caller(who, request)
    return _history(await parts.aliases.point(caller, alias_id, wish.target_ref, wish.reason, confirmed=wish.confirmed))


async def delete_alias(parts: PartsDep, who: SignedIn, request: Request, alias_id: UUID) -> Done:
    """Delete a name; conversations that used it stay readable."""
    await parts.aliases.delete(_caller(who, request), alias_id)
    return Done()


def _caller(who: Principal, request: Request) -> Caller:
    return Caller(who, request.state.request_id)


def _alias(facts: AliasFacts) -> AliasView:
    return AliasView(
        id=facts.id,
        ref=f"alias:{facts.id}",
        name=facts.name,
        target_ref=facts.target_ref,
        model_name=facts.model_name,
        connection_name=facts.connection_name,
        origin=cast("OriginName", facts.origin),
        since=moment(facts.since),
    )


def _turn(turn: AliasTurn) -> AliasTurnView:
    return AliasTurnView(
        at=moment(turn.at),
        by_name=turn.by_name or "–",
        target_ref=turn.target_ref,
        model_name=turn.model_name,
        connection_name=turn.connection_name,
        origin=cast("OriginName", turn.origin),
        reason=turn.reason,
    )


def _history(found: AliasHistory) -> AliasHistoryView:
    return AliasHistoryView(alias=_alias(found.facts), turns=[_turn(one) for one in found.turns])
