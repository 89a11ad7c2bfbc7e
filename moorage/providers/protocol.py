"""What every provider speaks upwards: turns in, deltas and one ending out; nothing vendor-shaped gets past here."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, Protocol

from moorage.errors import EndpointFailure

Json = str | int | float | bool | None
MAX_REPORTED_TOKENS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the history, as plain text."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What is asked of a model. `max_tokens=None` leaves the limit to the endpoint."""

    model: str
    turns: Sequence[Turn]
    max_tokens: int | None = None
    stream: bool = True


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as the endpoint reported them, clamped to 0..1e9; `None` means: not reported."""

    tokens_in: int | None
    tokens_out: int | None
    cached: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """Everything one network read brought, merged; at least one of `text` and `reasoning` is not empty.

    `chunks` counts upstream events, those without text since the previous Delta included.
    """

    text: str
    reasoning: str
    chunks: int


@dataclass(frozen=True, slots=True)
class End:
    """The last item of a complete reply. `finish_reason` is the endpoint's word, or None if it only said `[DONE]`."""

    finish_reason: str | None
    usage: Usage | None
    model_reported: str | None
    upstream_id: str | None


@dataclass(frozen=True, slots=True)
class DiscoveredModel:
    """One entry of an endpoint's model list, cleaned of control characters. `context_length` is in tokens."""

    id: str
    name: str
    context_length: int | None
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quirks:
    """What is particular about one endpoint. Stored by the caller, learnt by the provider.

    `stream_usage`: whether `stream_options.include_usage` may be sent; None = not known yet, so it is tried.
    `azure_deployments`: chat goes to `{path}/deployments/{model}/chat/completions`.
    `lists_base_models`: the list holds what could be deployed, not what is, so it is not offered for choosing.
    """

    auth: Literal["bearer", "api_key"] = "bearer"
    stream_usage: bool | None = None
    limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    azure_deployments: bool = False
    api_version: str | None = None
    models_path: str = "/models"
    lists_base_models: bool = False

    def to_json(self) -> dict[str, Json]:
        """Give a flat JSON object."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, object] | None) -> "Quirks":
        """Read what `to_json` gave. Unknown keys and values of another version fall back to the defaults."""
        known: dict[str, object] = {}
        for name, value in (stored or {}).items():
            accepts = _ACCEPTED.get(name)
            if accepts is not None and (value in accepts[0] or isinstance(value, accepts[1])):
                known[name] = value
        return cls(**known)  # type: ignore[arg-type]


_ACCEPTED: Final[Mapping[str, tuple[tuple[object, ...], tuple[type, ...]]]] = {
    "auth": (("bearer", "api_key"), ()),
    "stream_usage": ((None,), (bool,)),
    "limit_field": (("max_tokens", "max_completion_tokens"), ()),
    "azure_deployments": ((), (bool,)),
    "api_version": ((None,), (str,)),
    "models_path": ((), (str,)),
    "lists_base_models": ((), (bool,)),
}


class BrokenReply(EndpointFailure):
    """A reply failed after its answer had begun. `usage` is what had been reported until then, or None."""

    def __init__(self, code: str, *, usage: Usage | None = None, **params: Any) -> None:
        super().__init__(code, **params)
        self.usage = usage


class Provider(Protocol):
    """One endpoint, spoken to in its own protocol."""

    async def list_models(self) -> list[DiscoveredModel]:
        """Ask for the models. Raises EndpointFailure; `models_not_offered` if the endpoint has no list."""
        ...

    def reply(self, request: ChatRequest) -> AsyncGenerator[Delta | End, None]:
        """Give Deltas, then exactly one End. Raises EndpointFailure, after the Deltas that had arrived."""
        ...

    @property
    def quirks(self) -> Quirks:
        """What is known now, with what calls have taught; the caller stores it."""
        ...
