"""Where a test goes, with what, and whom it believes there: from what was typed, or from a stored connection."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, cast

from sqlalchemy import Row as ResultRow

from moorage.connections.adapters import adapter_of
from moorage.connections.credentials import AddressRules, Reach, SealedReach, StoredReach, TeamCredentials
from moorage.connections.findings import Findings, Located
from moorage.connections.profiles import habits_set_by_people
from moorage.connections.uses import KeyUse
from moorage.egress.trust import Trust
from moorage.egress.urls import Endpoint
from moorage.errors import AddressRefused, MoorageError
from moorage.providers.addresses import Pasted, read_pasted_url
from moorage.providers.protocol import Adapter, Quirks
from moorage.vault.secret import Secret

_OLLAMA_PORT: Final = re.compile(r":11434(?:/|$)")


@dataclass(frozen=True, slots=True)
class Entered:
    """What somebody typed. `base_url=None` keeps a stored connection's address, `trust=None` then its trust."""

    base_url: str | None = field(repr=False)
    key: Secret | None
    auth_style: str = "auto"
    trust: Trust | None = None
    adapter: Adapter = "openai_compatible"


@dataclass(frozen=True, slots=True)
class StoredPlace:
    """A connection's row as a test found it, the keys for it, and what people have set for the model to be asked."""

    row: ResultRow[Any]
    credentials: TeamCredentials
    overrides: Mapping[str, Any]

    def locate(self, use: KeyUse) -> Located:
        """Open address, key and trust, for one counted use. Raises as `TeamCredentials.open`."""
        reach = self.credentials.open(use, StoredReach.of_row(self.row))
        return Located(reach.endpoint, reach.key, self._quirks, trust=reach.trust, adapter=self._adapter)

    def keep_address(self, entered: Entered) -> Located:
        """Open the address, and take from what was entered the rest."""
        endpoint, trust = self.credentials.open_address(StoredReach.of_row(self.row))
        quirks = with_auth(self._quirks, entered.auth_style)
        believed = trust if entered.trust is None else entered.trust
        return Located(endpoint, entered.key, quirks, trust=believed, adapter=self._adapter)

    def take_address(self, rules: AddressRules, entered: Entered) -> Located:
        """Read a new address; what people have set holds there too. Raises AddressRefused."""
        place = locate(rules, replace(entered, adapter=self._adapter))
        set_by_people = habits_set_by_people(self.overrides)
        return replace(place, quirks=Quirks.from_json({**place.quirks.to_json(), **set_by_people}))

    @property
    def _adapter(self) -> Adapter:
        return adapter_of(self.row.provider)

    @property
    def _quirks(self) -> Quirks:
        # What calls have taught is left out: a test finds it out anew.
        return Quirks.from_json({**self.row.quirks, **habits_set_by_people(self.overrides)})

    def seal(self, reach: Reach) -> SealedReach:
        """Seal to the row."""
        return self.credentials.seal(self.row.id, self.row.provider, reach)

    def is_left_for(self, endpoint: Endpoint) -> bool:
        """Whether an endpoint is on another server than the stored one; one that can't be told counts as another."""
        try:
            before, _ = self.credentials.open_address(StoredReach.of_row(self.row))
        except MoorageError:
            return True
        return before.origin != endpoint.origin

    def fingerprint(self, findings: Findings, key: Secret | None) -> bytes:
        """Give what the kept test is tied to."""
        url = findings.endpoint.url if findings.endpoint is not None else ""
        return self.credentials.fingerprint(url, key, findings.trust, "stored")


def fingerprint_of(credentials: TeamCredentials, entered: Entered) -> bytes:
    """Give what a draft's test is tied to: the kind of endpoint too, for it decides where a call goes."""
    style = f"{entered.adapter} {entered.auth_style}"
    return credentials.fingerprint(entered.base_url or "", entered.key, entered.trust or Trust(), style)


def locate(rules: AddressRules, entered: Entered) -> Located:
    """Read what was typed: where it leads, what it wants, whom to believe there. Raises AddressRefused."""
    endpoint, pasted = read_address(rules, entered)
    quirks = with_auth(pasted.quirks, entered.auth_style)
    return Located(
        endpoint, entered.key, quirks, pasted.notes, pasted.model_hint, entered.trust or Trust(), entered.adapter
    )


def read_address(rules: AddressRules, entered: Entered) -> tuple[Endpoint, Pasted]:
    """Read the address that was typed, or the one that everybody has for what has only one.

    Raises AddressRefused; "ollama_local", which explains the way out, for an Ollama that only its own machine reaches.
    """
    pasted = read_pasted_url(rules.fixed.get(entered.adapter) or entered.base_url or "")
    try:
        return rules.read(pasted.base_url), pasted
    except AddressRefused as refused:
        is_ollama = entered.adapter == "ollama" or _OLLAMA_PORT.search(pasted.base_url) is not None
        if refused.code == "url_local" and is_ollama:
            raise AddressRefused("ollama_local", field="base_url", reason=refused.reason) from None
        raise


def with_auth(quirks: Quirks, auth_style: str) -> Quirks:
    """Apply a chosen style of sending the key; "auto" keeps what the address suggests."""
    if auth_style not in {"bearer", "api_key"}:
        return quirks
    return replace(quirks, auth=cast("Literal['bearer', 'api_key']", auth_style))
