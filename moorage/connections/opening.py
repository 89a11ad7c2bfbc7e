"""Turns a chosen model into a provider that can be spoken to: address and key are opened here, just before use."""

from typing import assert_never
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.connections.catalogue import Catalogue
from moorage.connections.chosen import ChosenModel, OwnOpening, ScriptedOpening, StandardOpening
from moorage.connections.credentials import AddressRules, Credentials
from moorage.connections.store import ConnectionStore
from moorage.egress.door import Door, Scope
from moorage.errors import NotFound
from moorage.providers.openai_compatible import OpenAICompatible
from moorage.providers.protocol import Provider, Quirks
from moorage.providers.scripted import Scripted
from moorage.vault.seal import Vault


class ProviderDesk:
    """Hands out providers, and takes back what their calls have taught."""

    def __init__(
        self, door: Door, vault: Vault, catalogue: Catalogue, *, rules: AddressRules, demo_pause_s: float
    ) -> None:
        self._door = door
        self._credentials = Credentials(vault, rules)
        self._catalogue = catalogue
        self._rules = rules
        self._demo_pause_s = demo_pause_s
        self._standard_quirks: dict[str, Quirks] = {}

    def open(self, chosen: ChosenModel, *, team_id: UUID, person_id: UUID) -> Provider:
        """Give the provider of a chosen model for one person's words; nothing is sent yet.

        Raises Unavailable("key_unreadable"); AddressRefused if the operator's rules don't admit the address any more;
        NotFound("model_gone").
        """
        opening = chosen.opening
        match opening:
            case OwnOpening():
                reach = self._credentials.open(
                    opening.team_id,
                    opening.connection_id,
                    opening.sealed_base_url,
                    opening.sealed_key,
                    opening.sealed_trust,
                )
                scope = Scope(str(team_id), str(opening.connection_id), str(person_id))
                line = self._door.line(scope, reach.endpoint, reach.trust)
                return OpenAICompatible(line, reach.endpoint, reach.key, Quirks.from_json(opening.quirks))
            case StandardOpening():
                provider = self._catalogue.providers.get(opening.provider)
                if provider is None:
                    raise NotFound("model_gone", model=chosen.model_name)
                endpoint = self._rules.read(provider.base_url)
                quirks = self._standard_quirks.get(provider.id, provider.quirks)
                scope = Scope(str(team_id), f"standard:{provider.id}", str(person_id))
                return OpenAICompatible(self._door.line(scope, endpoint), endpoint, provider.key, quirks)
            case ScriptedOpening():
                return Scripted(pause_s=self._demo_pause_s)
            case _:
                assert_never(opening)

    async def remember(self, tx: AsyncConnection, chosen: ChosenModel, quirks: Quirks) -> None:
        """Store what a call has taught, if it is news; dropped if the endpoint was replaced since."""
        opening = chosen.opening
        if isinstance(opening, StandardOpening):
            self._standard_quirks[opening.provider] = quirks
        elif isinstance(opening, OwnOpening) and quirks != Quirks.from_json(opening.quirks):
            store = ConnectionStore(tx, opening.team_id)
            await store.remember(opening.connection_id, opening.key_number, quirks.to_json())

    async def note_health(self, tx: AsyncConnection, chosen: ChosenModel, code: str | None) -> None:
        """Store how the call went: None = well, else its failure code."""
        opening = chosen.opening
        if isinstance(opening, OwnOpening):
            store = ConnectionStore(tx, opening.team_id)
            await store.note_health(opening.connection_id, code, key_number=opening.key_number)
