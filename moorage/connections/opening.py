"""Turns a chosen model into a provider that can be spoken to: address and key are opened here, just before use."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import assert_never
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.connections.adapters import adapter_of, speak_as
from moorage.connections.admitted import AdmittedDoor
from moorage.connections.catalogue import Catalogue, StandardProvider
from moorage.connections.chosen import ChosenModel, OwnOpening, ScriptedOpening, StandardOpening
from moorage.connections.clearance import Clearance, judge_again
from moorage.connections.credentials import AddressRules, Credentials, StoredReach
from moorage.connections.noting import note
from moorage.connections.profiles import ProfileStore
from moorage.connections.resting import refuse_resting
from moorage.connections.uses import standard_credential
from moorage.egress.door import Door, Line, Scope
from moorage.egress.urls import Endpoint
from moorage.errors import NotFound, Param
from moorage.providers.anthropic import Anthropic
from moorage.providers.google import Google
from moorage.providers.openai_compatible import OpenAICompatible
from moorage.providers.protocol import HABITS, ModelFacts, Provider, Quirks
from moorage.providers.scripted import Scripted
from moorage.storage.database import Database
from moorage.vault.keys import Vault


class ProviderDesk:
    """Hands out providers, and takes back what their calls have taught."""

    def __init__(
        self,
        database: Database,
        door: Door,
        vault: Vault,
        catalogue: Catalogue,
        *,
        rules: AddressRules,
        demo_pause_s: float,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._database = database
        self._door = door
        self._credentials = Credentials(vault, rules)
        self._catalogue = catalogue
        self._rules = rules
        self._demo_pause_s = demo_pause_s
        self._today = today
        self._standard_quirks: dict[tuple[str, str], Quirks] = {}

    async def open(self, chosen: ChosenModel, *, team_id: UUID, person_id: UUID) -> Provider:
        """Give the provider of a chosen model for one person's words; nothing is sent yet.

        Not inside a transaction. Raises AccessRefused for another team than the one that was admitted; SealRefused if
        the conversation's seal does not admit the model as it is now; NotCleared; NotFound("conversation_gone");
        Unavailable("key_unreadable", or why there are no keys now); AddressRefused if the operator's rules don't admit
        the address any more; NotFound("model_gone"); EndpointFailure("connection_resting").
        """
        opening, door = chosen.opening, AdmittedDoor(self._door, chosen.admission)
        door.require(team_id)
        _require_clearance(chosen)
        match opening:
            case OwnOpening():
                if opening.rests:
                    raise refuse_resting(chosen.connection_name)
                stored = StoredReach(
                    opening.connection_id,
                    chosen.provider,
                    opening.sealed_base_url,
                    opening.sealed_key,
                    opening.sealed_trust,
                )
                credentials = await self._credentials.of(opening.team_id, *stored.envelopes)
                # After whatever takes time: from here to the line nothing waits.
                await self._judge_again(chosen, None)
                reach = credentials.open(opening.use, stored)
                scope = Scope(str(team_id), str(opening.connection_id), str(person_id))
                line = door.line(scope, reach.endpoint, reach.trust)
                return speak_as(
                    adapter_of(chosen.provider),
                    line,
                    reach.endpoint,
                    reach.key,
                    quirks=Quirks.from_json(opening.quirks),
                    facts=ModelFacts(window=chosen.context_length),
                )
            case StandardOpening():
                provider = self._catalogue.providers.get(opening.provider)
                model = None if provider is None else provider.find(chosen.model_id)
                if provider is None or model is None:
                    raise NotFound("model_gone", model=chosen.model_name)
                await self._judge_again(chosen, provider.zone)
                opening.use.spend(team_id, standard_credential(provider.id))
                endpoint = self._rules.read(provider.base_url)
                quirks = self._standard_quirks.get((provider.id, model.id), provider.quirks)
                scope = Scope(str(team_id), f"standard:{provider.id}", str(person_id))
                return speak(provider, door.line(scope, endpoint), endpoint, quirks, model.facts)
            case ScriptedOpening():
                return Scripted(pause_s=self._demo_pause_s)
            case _:
                assert_never(opening)

    async def _judge_again(self, chosen: ChosenModel, zone_now: str | None) -> None:
        names = chosen.model_name, chosen.connection_name
        async with self._database.glance() as tx:
            await judge_again(tx, chosen.clearance, chosen.reached, zone_now, self._today(), names)

    async def remember(self, tx: AsyncConnection, chosen: ChosenModel, quirks: Quirks) -> None:
        """Store what a call has taught, if it is news; dropped if the endpoint was replaced since."""
        opening = chosen.opening
        if isinstance(opening, StandardOpening):
            self._standard_quirks[opening.provider, chosen.model_id] = quirks
        elif isinstance(opening, OwnOpening):
            before = Quirks.from_json(opening.quirks)
            news = {name: getattr(quirks, name) for name in HABITS if getattr(quirks, name) != getattr(before, name)}
            if news:
                store = ProfileStore(tx, opening.team_id)
                await store.learn(opening.connection_id, opening.key_number, chosen.model_id, news)

    async def note_health(
        self, tx: AsyncConnection, chosen: ChosenModel, code: str | None, facts: Mapping[str, Param] | None = None
    ) -> None:
        """Store how the call went: None = well, else its failure code and what fills its sentence."""
        opening = chosen.opening
        if isinstance(opening, OwnOpening):
            its = (opening.team_id, opening.connection_id)
            await note(tx, *its, code, facts=facts, key_number=opening.key_number)


def _require_clearance(chosen: ChosenModel) -> None:
    """Raise TypeError for what no seal gave, and for the clearance of another model: that is a bug, not a refusal."""
    clearance = chosen.clearance
    # Asked of the object itself, not of its type's name: a stand-in opens nothing.
    if type(clearance) is not Clearance:
        raise TypeError("only a clearance opens a way for words")
    if (clearance.team_id, clearance.ref, clearance.connection_id) != (
        chosen.admission.team_id,
        chosen.ref,
        chosen.connection_id,
    ):
        raise TypeError("the clearance is another model's")


def speak(
    provider: StandardProvider,
    line: Line,
    endpoint: Endpoint,
    quirks: Quirks,
    facts: ModelFacts = ModelFacts(),  # noqa: B008 - frozen
) -> Provider:
    """Give a standard provider that speaks its own protocol."""
    match provider.speaks:
        case "anthropic":
            return Anthropic(line, endpoint, provider.key, facts, quirks)
        case "google":
            return Google(line, endpoint, provider.key, facts, quirks)
        case "openai":
            return OpenAICompatible(line, endpoint, provider.key, quirks)
        case _:
            assert_never(provider.speaks)
