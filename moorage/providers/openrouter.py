"""OpenRouter: a list with prices, a key that is checked with its credit, and who may keep or train on what is sent.

Its list is open to everybody, so the key is asked for itself before it. Every request says which providers behind it
may be used; none that trains on what it gets, unless people here want it otherwise. Which of them keep nothing is read
with the list; which of them train, OpenRouter's API tells nowhere. Attribution names the product, never the
deployment: a referrer would tell its address.
"""

import asyncio
import contextlib
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from moorage.egress.door import Line
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from moorage.providers.discovery import read_length
from moorage.providers.failures import classify_event, read_json
from moorage.providers.openai_compatible import OpenAICompatible
from moorage.providers.protocol import ChatRequest, DiscoveredModel, KeyFacts, Quirks
from moorage.providers.reader import below
from moorage.providers.speaking import GOOD, Patience
from moorage.providers.text import clean_label
from moorage.vault.secret import Secret

ADDRESS: Final = "https://openrouter.ai/api/v1"
TITLE: Final = "Moorage"
_PER_MILLION: Final = 1_000_000
_MAX_PRICE: Final = 1_000_000.0
_MAX_DOLLARS: Final = 1e12
# Discovery as a whole has 45 seconds; the list and this are asked for at the same time.
_HOSTS_TIMEOUT_S: Final = 15.0
_MAX_HOSTS: Final = 40
_MAX_HOST_CHARS: Final = 60
# What chooses among models, and names that stand for others, are run by nobody: no list says who runs what they choose.
_CHOOSERS: Final = ("openrouter/", "~")
_POLICIES: Final[Mapping[str, Mapping[str, object]]] = {
    "any": {},
    "no_training": {"data_collection": "deny"},
    "no_retention": {"data_collection": "deny", "zdr": True},
}


class OpenRouter(OpenAICompatible):
    """OpenRouter at its one address. `hosts_timeout_s`: how long its list of hosts may take beside that of models."""

    def __init__(
        self,
        line: Line,
        endpoint: Endpoint,
        key: Secret | None,
        quirks: Quirks = Quirks(),  # noqa: B008 - frozen
        patience: Patience = Patience(),  # noqa: B008 - frozen
        *,
        hosts_timeout_s: float = _HOSTS_TIMEOUT_S,
    ) -> None:
        super().__init__(line, endpoint, key, quirks, patience)
        self._hosts_timeout_s = hosts_timeout_s

    async def list_models(self) -> list[DiscoveredModel]:
        """Ask for the models, and which of the hosts behind each keep nothing; not known where that is not told.

        Raises as the others do, for the list alone.
        """
        asked = asyncio.create_task(self._ask_who_keeps_nothing())
        try:
            models = await super().list_models()
            return _add_hosts(models, await asked)
        finally:
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)

    async def check_key(self) -> KeyFacts:
        """Ask what the key may still spend. Raises EndpointFailure for a key that is refused."""
        asked = self._ask_for_list(f"{self._endpoint.path}/key", {}, self._headers("application/json"))
        answer = await self._line.fetch(asked)
        document = read_json(answer.body)
        if answer.status not in GOOD:
            raise self._name_failure(answer.status, answer.headers, answer.body, "")
        if isinstance(document, Mapping) and document.get("error"):
            raise classify_event(document, has_key=self._key is not None)
        facts = below(document, "data")
        return KeyFacts(_read_dollars(facts.get("limit_remaining")), is_free_tier=facts.get("is_free_tier") is True)

    async def look_in(self) -> None:
        """Ask about the key: the list is open to everybody. Raises as `check_key`."""
        await self.check_key()

    async def _ask_who_keeps_nothing(self) -> Mapping[str, set[str]]:
        """Ask for the hosts without retention, by model; nothing for anything but an answer: a help, no need."""
        asked = self._ask_for_list(f"{self._endpoint.path}/endpoints/zdr", {}, self._headers("application/json"))
        with contextlib.suppress(EndpointFailure, TimeoutError):
            async with asyncio.timeout(self._hosts_timeout_s):
                answer = await self._line.fetch(asked)
            if answer.status in GOOD:
                hosts = _read_hosts(read_json(answer.body))
                return {id_: {one for one in names if not self._veil.hides(one)} for id_, names in hosts.items()}
        return {}

    def _headers(self, accept: str) -> Mapping[str, Secret | str]:
        return {**super()._headers(accept), "x-openrouter-title": TITLE}

    def _body(self, request: ChatRequest, quirks: Quirks) -> dict[str, object]:
        policy = _POLICIES[quirks.data_policy]
        return super()._body(request, quirks) | ({"provider": dict(policy)} if policy else {})

    def _read_list(self, document: object) -> list[DiscoveredModel]:
        entries = document.get("data") if isinstance(document, Mapping) else None
        known = {
            entry["id"]: entry
            for entry in (entries if isinstance(entries, list) else ())
            if isinstance(entry, Mapping) and isinstance(entry.get("id"), str)
        }
        return [_tell(model, known.get(model.id, {})) for model in super()._read_list(document)]


def _read_hosts(document: object) -> Mapping[str, set[str]]:
    entries = document.get("data") if isinstance(document, Mapping) else None
    hosts: dict[str, set[str]] = {}
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, Mapping):
            continue
        model_id, host = entry.get("model_id"), clean_label(entry.get("provider_name"), max_chars=_MAX_HOST_CHARS)
        if isinstance(model_id, str):
            hosts.setdefault(model_id, set()).update(() if host is None else (host,))
    return hosts


def _add_hosts(models: list[DiscoveredModel], hosts: Mapping[str, set[str]]) -> list[DiscoveredModel]:
    """Say of each model who keeps nothing. A list that names none of the models was not understood: then nothing."""
    if not any(hosts.get(model.id) for model in models):
        return models
    return [replace(model, no_retention_hosts=_hosts_of(model.id, hosts)) for model in models]


def _hosts_of(model_id: str, hosts: Mapping[str, set[str]]) -> tuple[str, ...] | None:
    """Give who is named; () = nobody. None = not known: unreadable names, a variant, a chooser of models."""
    if model_id in hosts:
        return tuple(sorted(hosts[model_id])[:_MAX_HOSTS]) or None
    is_open = model_id.partition(":")[0] in hosts or model_id.startswith(_CHOOSERS)
    return None if is_open else ()


def _tell(model: DiscoveredModel, entry: Mapping[str, object]) -> DiscoveredModel:
    parameters = entry.get("supported_parameters")
    takes = parameters if isinstance(parameters, list) else []
    prices = below(entry, "pricing")
    retires_on = _read_day(entry.get("expiration_date"))
    return replace(
        model,
        max_output=read_length(below(entry, "top_provider").get("max_completion_tokens")),
        abilities=tuple(name for name in ("tools", "reasoning") if name in takes),
        price_in=_read_price(prices.get("prompt")),
        price_out=_read_price(prices.get("completion")),
        retires_on=retires_on,
        is_remote=True,
    )


def _read_price(value: object) -> float | None:
    """Read a price in US dollars a token, written as text, as dollars per million; -1 means that it varies."""
    price = _read_dollars(value)
    if price is None or price < 0 or price * _PER_MILLION > _MAX_PRICE:
        return None
    return round(price * _PER_MILLION, 6)


def _read_dollars(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    with contextlib.suppress(ValueError, OverflowError):
        amount = float(value)
        return amount if math.isfinite(amount) and abs(amount) <= _MAX_DOLLARS else None
    return None


def _read_day(value: object) -> date | None:
    with contextlib.suppress(ValueError):
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    return None
