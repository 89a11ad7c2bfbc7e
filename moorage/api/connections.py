"""Connections over HTTP. What is typed as a key becomes a Secret on the first line that sees it (P12)."""

from collections.abc import AsyncIterator
from uuid import UUID

from fastapi import Request
from fastapi.responses import StreamingResponse

from moorage.accounts.principal import Principal
from moorage.api import connection_views, discovery_views, events
from moorage.api.errors import language_of, problem, tell
from moorage.api.parts import PartsDep
from moorage.api.schemas.base import Done
from moorage.api.schemas.connections import (
    ConnectionChange,
    ConnectionList,
    ConnectionMake,
    ConnectionView,
    DiscoveryView,
    EndpointReplace,
    ModelChoice,
    ModelProfileChange,
    ModelsChange,
    TestRequest,
    TlsInput,
)
from moorage.api.schemas.oversight import KeyUseDay, KeyUsesView
from moorage.api.sentences import Language
from moorage.api.signed_in import SignedIn
from moorage.api.views import moment
from moorage.chat.blind import untold_calls
from moorage.chat.model_uses import count_conversations
from moorage.connections.acting import Caller
from moorage.connections.credentials import read_key
from moorage.connections.facade import Draft
from moorage.connections.findings import StageEvent
from moorage.connections.places import Entered
from moorage.connections.store import Wanted
from moorage.connections.testing import TestEvents
from moorage.connections.trusting import read_client_pem, read_trust
from moorage.egress.trust import Trust
from moorage.errors import MoorageError


async def list_connections(parts: PartsDep, who: SignedIn, request: Request) -> ConnectionList:
    """List the team's connections."""
    language = language_of(request)
    listing = await parts.connections.list(_caller(who, request))
    return ConnectionList(
        connections=[connection_views.connection(facts, language) for facts in listing.connections],
        refusal=None if listing.refusal is None else tell(listing.refusal, {}, language),
    )


async def make_connection(parts: PartsDep, who: SignedIn, request: Request, wish: ConnectionMake) -> ConnectionView:
    """Save a new connection."""
    draft = Draft(
        name=wish.name,
        provider=wish.provider,
        entered=Entered(wish.base_url, read_key(wish.api_key), wish.auth_style, _trust(wish.tls), wish.provider),
        zone=wish.zone,
        data_location=wish.data_location,
        maintainer_id=wish.maintainer_id,
        key_expires_on=wish.key_expires_on,
        models=_wanted(wish.models),
        test_id=wish.test_id,
    )
    return connection_views.connection(await parts.connections.make(_caller(who, request), draft), language_of(request))


async def get_connection(parts: PartsDep, who: SignedIn, request: Request, connection_id: UUID) -> ConnectionView:
    """Read one connection."""
    facts = await parts.connections.get(_caller(who, request), connection_id)
    return connection_views.connection(facts, language_of(request))


async def get_key_uses(parts: PartsDep, who: SignedIn, request: Request, connection_id: UUID) -> KeyUsesView:
    """Read how often a connection's key was used of late."""
    uses = await parts.connections.key_uses(_caller(who, request), connection_id)
    return KeyUsesView(
        last_at=None if uses.last_at is None else moment(uses.last_at),
        days=[KeyUseDay(day=one.day, uses=one.uses) for one in uses.days],
    )


async def change_connection(
    parts: PartsDep, who: SignedIn, request: Request, connection_id: UUID, wish: ConnectionChange
) -> ConnectionView:
    """Change what is not secret; pause and resume."""
    # Absent means unchanged. Of the fields only the maintainer has a meaning for null: nobody.
    sent = wish.model_dump(exclude_unset=True)
    changes = {name: value for name, value in sent.items() if value is not None or name == "maintainer_id"}
    facts = await parts.connections.change(_caller(who, request), connection_id, changes)
    if "zone" in changes:
        await parts.replies.stop_outside()
    return connection_views.connection(facts, language_of(request))


async def delete_connection(parts: PartsDep, who: SignedIn, request: Request, connection_id: UUID) -> Done:
    """Delete a connection."""
    await parts.connections.delete(_caller(who, request), connection_id)
    return Done()


async def change_models(
    parts: PartsDep, who: SignedIn, request: Request, connection_id: UUID, wish: ModelsChange
) -> ConnectionView:
    """Set which models appear in the picker."""
    facts = await parts.connections.set_models(_caller(who, request), connection_id, _wanted(wish.models))
    return connection_views.connection(facts, language_of(request))


async def change_model_profile(
    parts: PartsDep, who: SignedIn, request: Request, connection_id: UUID, model_id: UUID, wish: ModelProfileChange
) -> ConnectionView:
    """Set what people know better of a model."""
    changes = wish.model_dump(exclude_unset=True)
    facts = await parts.connections.set_profile(_caller(who, request), connection_id, model_id, changes)
    return connection_views.connection(facts, language_of(request))


async def discover(parts: PartsDep, who: SignedIn, request: Request, connection_id: UUID) -> DiscoveryView:
    """Ask the endpoint for its models again."""
    facts, merged = await parts.connections.discover(_caller(who, request), connection_id)
    async with parts.database.read() as tx:
        uses = await count_conversations(tx, who.team_id, connection_id)
    return discovery_views.discovery(facts, merged, uses, language_of(request))


async def test_draft(parts: PartsDep, who: SignedIn, request: Request, wish: TestRequest) -> StreamingResponse:
    """Test an address and a key before anything is saved."""
    entered = Entered(wish.base_url, read_key(wish.api_key), wish.auth_style, _trust(wish.tls), wish.provider)
    tests = await parts.connections.test_draft(_caller(who, request), entered, wish.model_id or None)
    return events.stream(parts.streams.guard(who, events.with_pings(_frames(tests, language_of(request)))))


async def test_stored(parts: PartsDep, who: SignedIn, request: Request, connection_id: UUID) -> StreamingResponse:
    """Test a stored connection."""
    tests = await parts.connections.test_stored(_caller(who, request), connection_id)
    return events.stream(parts.streams.guard(who, events.with_pings(_frames(tests, language_of(request)))))


async def replace_endpoint(
    parts: PartsDep, who: SignedIn, request: Request, connection_id: UUID, wish: EndpointReplace
) -> StreamingResponse:
    """Test a new address and key; swap them in if the test passes."""
    entered = Entered(wish.base_url or None, read_key(wish.api_key), wish.auth_style, _trust(wish.tls))
    tests = await parts.connections.replace_endpoint(_caller(who, request), connection_id, entered)
    return events.stream(parts.streams.guard(who, events.with_pings(_frames(tests, language_of(request)))))


def _caller(who: Principal, request: Request) -> Caller:
    return Caller(who, request.state.request_id, untold_calls(who.team_id, who.user_id))


def _trust(wish: TlsInput | None) -> Trust | None:
    return None if wish is None else read_trust(wish.ca_pem, read_client_pem(wish.client_pem), wish.pin)


def _wanted(choices: list[ModelChoice]) -> list[Wanted]:
    return [Wanted(choice.model_id, choice.name, choice.enabled) for choice in choices]


async def _frames(tests: TestEvents, language: Language) -> AsyncIterator[bytes]:
    """Stages, then `finished`; or `problem` when the test itself could not be brought to its end."""
    try:
        async for event in tests:
            if isinstance(event, StageEvent):
                yield events.event("stage", connection_views.stage(event, language))
            else:
                yield events.event("finished", connection_views.finished(event, language))
    except MoorageError as error:
        yield events.event("problem", problem(error, language))
    finally:
        await tests.aclose()
