"""What a staged test works with and what it finds, stage by stage, in codes and figures; never an address or a key."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from moorage.egress.trust import Trust
from moorage.egress.urls import Endpoint
from moorage.errors import Param
from moorage.providers.protocol import Adapter, DiscoveredModel, Quirks
from moorage.vault.secret import Secret

Stage = Literal["url", "dns", "address", "tcp", "tls", "credential", "models", "completion", "usage"]
State = Literal["running", "passed", "warned", "failed", "skipped"]

STAGES: Final[tuple[Stage, ...]] = (
    "url", "dns", "address", "tcp", "tls", "credential", "models", "completion", "usage",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StageEvent:
    """What is known of one stage: `code` names a sentence that `facts` fill; `ms` is how long it took."""

    stage: Stage
    state: State
    code: str | None = None
    facts: Mapping[str, Param] = field(default_factory=dict)
    ms: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Give it for storing or telling."""
        return {"stage": self.stage, "state": self.state, "code": self.code, "facts": dict(self.facts), "ms": self.ms}

    def without(self, fact: str) -> "StageEvent":
        """Give it without one of its facts."""
        return replace(self, facts={name: value for name, value in self.facts.items() if name != fact})


@dataclass(frozen=True, slots=True)
class Located:
    """Where to go, with what, whom to believe there, and what is known of the place."""

    endpoint: Endpoint
    key: Secret | None
    quirks: Quirks
    notes: tuple[str, ...] = ()
    model_hint: str | None = None
    trust: Trust = field(default_factory=Trust)
    adapter: Adapter = "openai_compatible"


@dataclass(slots=True)
class Findings:
    """What a staged test found. `endpoint` is the corrected one; None if not even the address could be read.

    `refused`: URL rules or address policy said no, and nothing was sent. `reason` says why to the operator of this
    machine alone (`moorage doctor`): it is stored nowhere, and no answer of the API holds it.
    """

    endpoint: Endpoint | None = None
    trust: Trust = field(default_factory=Trust)
    refused: bool = False
    reason: str = ""
    quirks: Quirks = field(default_factory=Quirks)
    models: Sequence[DiscoveredModel] = ()
    models_offered: bool = False
    notes: tuple[str, ...] = ()
    stages: dict[Stage, StageEvent] = field(default_factory=dict)

    @property
    def failed(self) -> StageEvent | None:
        """The stage that failed, if one did."""
        return next((event for event in self.stages.values() if event.state == "failed"), None)

    @property
    def passed(self) -> bool:
        """Whether a model was reached and nothing failed."""
        completion = self.stages.get("completion")
        return self.failed is None and completion is not None and completion.state in {"passed", "warned"}

    @property
    def server_certificate(self) -> dict[str, Param] | None:
        """What the test saw of the server's certificate: `issuer` and `expires_on`; None if it did not get there."""
        return certificate_of(event.to_json() for event in self.stages.values())

    @property
    def probed(self) -> str | None:
        """The model that answered, if one did: what the test learnt of habits is its."""
        return probed_of(event.to_json() for event in self.stages.values()) if self.passed else None

    @property
    def health_code(self) -> str | None:
        """What the test says about the endpoint's health: a failure code, or None for healthy."""
        failed = self.failed
        if failed is not None:
            return failed.code
        completion = self.stages.get("completion")
        return completion.code if completion is not None else None

    @property
    def health_facts(self) -> Mapping[str, Param]:
        """What fills the sentence of `health_code`."""
        told = self.failed or self.stages.get("completion")
        return {} if told is None else told.facts


def probed_of(stages: Iterable[Mapping[str, Any]]) -> str | None:
    """Find the model that answered in stages as they are stored; None if none did."""
    facts: Mapping[str, Any] = next((one["facts"] for one in stages if one["stage"] == "completion"), {})
    return facts.get("model") if isinstance(facts.get("model"), str) else None


def certificate_of(stages: Iterable[Mapping[str, Any]]) -> dict[str, Param] | None:
    """Find the server's certificate in stages as they are stored: `issuer` and `expires_on`, None without."""
    facts: Mapping[str, Param] = next((stage["facts"] for stage in stages if stage["stage"] == "tls"), {})
    return {name: facts[name] for name in ("issuer", "expires_on")} if "expires_on" in facts else None
