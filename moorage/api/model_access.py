"""Who may use which model, over HTTP. Who may decide that is judged in `connections`."""

from collections.abc import Sequence
from typing import Annotated, cast
from uuid import UUID

from fastapi import Query, Request

from moorage.accounts.principal import Principal
from moorage.api.errors import language_of, problem
from moorage.api.parts import PartsDep
from moorage.api.schemas.model_access import (
    AudienceChange,
    AudienceView,
    ConnectionAudienceView,
    ModelAudienceChange,
    ModelAudienceView,
    ModelState,
    NamedPerson,
    StandardAudienceChange,
    StandardModelsView,
    StandardModelView,
    StandardProviderView,
)
from moorage.api.signed_in import SignedIn
from moorage.connections.acting import Caller
from moorage.connections.audience import Asker, AudienceKind
from moorage.connections.audience_store import Ruled
from moorage.connections.model_access import AudienceWish, ConnectionAudience, StandardAudience


async def get_model_state(
    parts: PartsDep, who: SignedIn, request: Request, ref: Annotated[str, Query(min_length=1, max_length=320)]
) -> ModelState:
    """Say whether one may write with a model now: for what stands in a conversation and in no list any more."""
    async with parts.database.read() as tx:
        error = await parts.picker.state(tx, Asker(who.team_id, who.user_id), ref)
    told = None if error is None else problem(error, language_of(request))
    return ModelState(ref=ref, available=error is None, problem=told)


async def get_connection_audience(
    parts: PartsDep, who: SignedIn, request: Request, connection_id: UUID
) -> ConnectionAudienceView:
    """Read who may use the models of a connection."""
    return _connection(await parts.model_access.of_connection(_caller(who, request), connection_id))


async def set_connection_audience(
    parts: PartsDep, who: SignedIn, request: Request, connection_id: UUID, wish: AudienceChange
) -> ConnectionAudienceView:
    """Set who may use the models of a connection that have no rule of their own."""
    wanted = AudienceWish(wish.kind, wish.roles, wish.people)
    return _connection(await parts.model_access.rule_connection(_caller(who, request), connection_id, wanted))


async def set_model_audience(
    parts: PartsDep, who: SignedIn, request: Request, connection_id: UUID, model_id: UUID, wish: ModelAudienceChange
) -> ConnectionAudienceView:
    """Set who may use one model, or let what holds for its connection count."""
    wanted = _wanted(wish.kind, wish.roles, wish.people)
    return _connection(await parts.model_access.rule_model(_caller(who, request), connection_id, model_id, wanted))


async def list_standard_models(parts: PartsDep, who: SignedIn, request: Request) -> StandardModelsView:
    """List all standard models with who may use them."""
    return _standard(await parts.model_access.standard(_caller(who, request)))


async def set_standard_audience(
    parts: PartsDep, who: SignedIn, request: Request, wish: StandardAudienceChange
) -> StandardModelsView:
    """Set who may use a standard model or all of a provider."""
    wanted = _wanted(wish.kind, wish.roles, wish.people)
    caller = _caller(who, request)
    return _standard(await parts.model_access.rule_standard(caller, wish.provider, wish.model_id, wanted))


def _caller(who: Principal, request: Request) -> Caller:
    return Caller(who, request.state.request_id)


def _wanted(kind: str, roles: Sequence[str], people: Sequence[UUID]) -> AudienceWish | None:
    return None if kind == "inherit" else AudienceWish(cast("AudienceKind", kind), roles, people)


def _audience(ruled: Ruled) -> AudienceView | None:
    if ruled.audience is None:
        return None
    people = [NamedPerson(id=one.id, name=one.name) for one in ruled.people]
    return AudienceView.model_validate(
        {"kind": ruled.audience.kind, "roles": sorted(ruled.audience.roles), "people": people}
    )


def _connection(facts: ConnectionAudience) -> ConnectionAudienceView:
    models = [ModelAudienceView(id=one.id, name=one.name, audience=_audience(one.ruled)) for one in facts.models]
    return ConnectionAudienceView.model_validate({"audience": _audience(facts.ruled), "models": models})


def _standard(facts: Sequence[StandardAudience]) -> StandardModelsView:
    return StandardModelsView(
        providers=[
            StandardProviderView(
                provider=one.provider.id,
                name=one.provider.name,
                data_location=one.provider.data_location,
                audience=_audience(one.ruled),
                models=[
                    StandardModelView(
                        ref=f"standard:{one.provider.id}/{model_id}",
                        model_id=model_id,
                        name=name,
                        audience=_audience(ruled),
                    )
                    for model_id, name, ruled in one.models
                ],
            )
            for one in facts
        ]
    )
