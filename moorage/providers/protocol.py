"""What every provider speaks upwards: turns in, deltas and one ending out; nothing vendor-shaped gets past here."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any, Final, Literal, Protocol

from moorage.errors import EndpointFailure
from moorage.providers.beside import BesidePieces
from moorage.providers.finish import Finish

Adapter = Literal["openai_compatible", "ollama", "openrouter"]
Dialect = Literal["openai", "anthropic", "google"]
Thinking = Literal["summarized", "off", "unset"]
Json = str | int | float | bool | None
MAX_REPORTED_TOKENS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Attached:
    """What goes with a turn beside its text, as the model is to see it: a picture, or a document it reads itself.

    `media_type`: image/png or image/jpeg for a picture, application/pdf for a document.
    """

    kind: Literal["image", "document"]
    media_type: str
    name: str = field(repr=False)
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the history: its text, and what stands before it. Most have nothing but text."""

    role: Literal["system", "user", "assistant"]
    text: str
    attached: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What is asked of a model. `max_tokens=None` leaves the limit to the endpoint.

    `sent` is called, once or several times, when the turns are with the endpoint and needed no more.
    """

    model: str
    turns: Sequence[Turn]
    max_tokens: int | None = None
    stream: bool = True
    sent: Callable[[], None] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as the endpoint reported them, clamped to 0..1e9; `None` means: not reported."""

    tokens_in: int | None
    tokens_out: int | None
    cached: int | None = None
    reasoning: int | None = None


# Not frozen: one is made for every network read, and that would double its price.
@dataclass(slots=True)
class Delta:
    """Everything one network read brought, merged; at least one of `text`, `reasoning` and `beside` is not empty.

    `chunks` counts upstream events, those without text since the previous Delta included. `is_whole`: `text` and
    `reasoning` are all that came so far, told apart anew; they take the place of what the Deltas before had.
    """

    text: str
    reasoning: str
    chunks: int
    beside: BesidePieces | None = None
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """The last item of a complete reply. `finish_reason` is None if the endpoint only said `[DONE]`.

    `read_tokens`: how many tokens of a longer conversation were read, where the endpoint cut it silently; else None.
    `finish_stated`: the endpoint's own word for the reason, one line.
    """

    finish_reason: Finish | None
    usage: Usage | None
    model_reported: str | None
    upstream_id: str | None
    read_tokens: int | None = None
    finish_stated: str | None = None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model before it is asked. `max_output` and `window` are in tokens; None = not known.

    `thinking`: "summarized" asks for its thinking to be shown, "off" for none, "unset" leaves it to the provider.
    """

    max_output: int | None = None
    thinking: Thinking = "unset"
    window: int | None = None


@dataclass(frozen=True, slots=True)
class DiscoveredModel:
    """One entry of an endpoint's model list, cleaned of control characters. Lengths are in tokens; None = not said.

    `context_length`: what it can be given there; `trained_context`: what it was made for. `abilities`: of "tools" and
    "reasoning". `is_remote`: it runs elsewhere than the server that lists it. Prices: US dollars per million tokens.
    `no_retention_hosts`: who behind a router runs it and keeps nothing; () = nobody, None = not known.
    """

    id: str
    name: str
    context_length: int | None
    inputs: tuple[str, ...]
    max_output: int | None = None
    retires_on: date | None = None
    is_retired: bool = False
    trained_context: int | None = None
    abilities: tuple[str, ...] = ()
    is_remote: bool = False
    price_in: float | None = None
    price_out: float | None = None
    no_retention_hosts: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What an endpoint says of a key. `credit_left`: US dollars that it may still spend; None: no limit of its own."""

    credit_left: float | None
    is_free_tier: bool = False


@dataclass(frozen=True, slots=True)
class Quirks:
    """What is particular about one endpoint. Stored by the caller, learnt by the provider.

    `stream_usage`: whether `stream_options.include_usage` may be sent; None = not known yet, so it is tried.
    `azure_deployments`: chat goes to `{path}/deployments/{model}/chat/completions`.
    `lists_base_models`: the list holds what could be deployed, not what is, so it is not offered for choosing.
    `takes_system`: whether instructions may be a turn of their own; else they stand before the first question.
    `streaming`: "always": only streams are given; "never": only whole answers; "any": as it is asked.
    `data_policy`: which providers behind a router may be used: "any", those that don't train on what they get
    ("no_training"), those that keep nothing either ("no_retention").
    `takes_thinking`: whether a wish about thinking may be sent; `max_output`: the most tokens that may be asked for.
    """

    auth: Literal["bearer", "api_key"] = "bearer"
    stream_usage: bool | None = None
    limit_field: Literal["max_tokens", "max_completion_tokens", "none"] = "max_tokens"
    azure_deployments: bool = False
    api_version: str | None = None
    models_path: str = "/models"
    lists_base_models: bool = False
    takes_thinking: bool = True
    max_output: int | None = None
    takes_system: bool = True
    streaming: Literal["any", "always", "never"] = "any"
    data_policy: Literal["any", "no_training", "no_retention"] = "no_training"

    def to_json(self) -> dict[str, Json]:
        """Give a flat JSON object."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @property
    def habits(self) -> dict[str, Json]:
        """What is particular about one model rather than the endpoint, as far as it is not what is assumed anyway."""
        return {name: getattr(self, name) for name in HABITS if getattr(self, name) != getattr(_ASSUMED, name)}

    def without_habits(self) -> "Quirks":
        """Give what is particular about the endpoint alone."""
        return replace(self, **{name: getattr(_ASSUMED, name) for name in HABITS})

    @classmethod
    def from_json(cls, stored: Mapping[str, object] | None) -> "Quirks":
        """Read what `to_json` gave. Unknown keys and values of another version fall back to the defaults."""
        known: dict[str, object] = {}
        for name, value in (stored or {}).items():
            accepts = _ACCEPTED.get(name)
            if accepts is not None and (value in accepts[0] or isinstance(value, accepts[1])):
                known[name] = value
        return cls(**known)  # type: ignore[arg-type]


# An endpoint may be a gateway with models of several makers behind it, each with habits of its own.
HABITS: Final = ("stream_usage", "limit_field", "takes_system", "streaming", "data_policy")
_ASSUMED: Final = Quirks()
_ACCEPTED: Final[Mapping[str, tuple[tuple[object, ...], tuple[type, ...]]]] = {
    "auth": (("bearer", "api_key"), ()),
    "stream_usage": ((None,), (bool,)),
    "limit_field": (("max_tokens", "max_completion_tokens", "none"), ()),
    "takes_system": ((), (bool,)),
    "streaming": (("any", "always", "never"), ()),
    "data_policy": (("any", "no_training", "no_retention"), ()),
    "azure_deployments": ((), (bool,)),
    "api_version": ((None,), (str,)),
    "models_path": ((), (str,)),
    "lists_base_models": ((), (bool,)),
    "takes_thinking": ((), (bool,)),
    "max_output": ((None,), (int,)),
}


class BrokenReply(EndpointFailure):
    """A reply failed after its answer had begun. What had been reported until then is kept, as in an End."""

    def __init__(self, code: str, *, said: End | None = None, **params: Any) -> None:
        super().__init__(code, **params)
        self.usage = None if said is None else said.usage
        self.finish_reason = None if said is None else said.finish_reason
        self.finish_stated = None if said is None else said.finish_stated
        self.model_reported = None if said is None else said.model_reported


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
