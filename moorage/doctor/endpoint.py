"""The wizard's staged test without a wizard: the same walk, rules, door and settings; no database, no data folder.

Whoever runs it is the operator of this machine, so that it tells why an address was refused. It never tells an address
or a key; the addresses behind the name only when asked for them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from moorage import __version__
from moorage.api.sentences import Language, sentence
from moorage.composition.doors import build_door, build_policy, build_rules, read_exceptions
from moorage.connections.findings import STAGES, Findings, StageEvent
from moorage.connections.places import Entered, locate
from moorage.connections.stages import NoWatch, StagedTest
from moorage.egress.policy import Address, Verdict, may_be_permitted, parse_literal
from moorage.egress.resolver import Resolver, SystemResolver
from moorage.egress.scope import Scope
from moorage.settings import Settings
from moorage.telemetry import Metrics

Outcome = Literal["passed", "refused", "unreachable", "unusable"]
Tell = Callable[[StageEvent, str], None]

EXIT_CODES: Final[dict[Outcome, int]] = {"passed": 0, "refused": 2, "unreachable": 3, "unusable": 4}

_ON_THE_WAY: Final = frozenset({"url", "dns", "address", "tcp", "tls"})
# Seen when a later stage dials again; and what TLS 1.3 tells about our certificate only after the handshake.
_WAY_FAILED: Final = frozenset(
    {
        "connect_refused",
        "connect_timeout",
        "connect_failed",
        "tls_name",
        "tls_expired",
        "tls_untrusted",
        "tls_failed",
        "tls_pin",
        "tls_client_certificate",
    }
)

# What the operator of this machine can do about a refusal, where the stage's own sentence speaks to everybody.
_WAY_OUT: Final[dict[str, str]] = {
    **{str(verdict): "doctor.next.permittable" for verdict in Verdict if may_be_permitted(verdict)},
    "url_local": "doctor.next.permittable",
    "url_port": "doctor.next.port",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be tested, and how."""

    entered: Entered
    model_id: str | None
    deadline_s: float


@dataclass(slots=True)
class Walked:
    """What one walk found, and what was refused or reached behind the name: address and reason, "" for reachable."""

    findings: Findings
    addresses: list[tuple[str, str]] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """What it means for whoever waits for the exit code."""
        findings = self.findings
        failed = findings.failed
        if findings.refused:
            return "refused"
        if failed is None:
            return "passed" if findings.passed else "unusable"
        return "unreachable" if failed.stage in _ON_THE_WAY or failed.code in _WAY_FAILED else "unusable"

    @property
    def remarks(self) -> int:
        """How many stages passed with a remark."""
        return sum(event.state == "warned" for event in self.findings.stages.values())

    def verdict_of(self, event: StageEvent) -> str | None:
        """What one stage means: "passed", the outcome for the one that failed, None for one that was not reached."""
        if event.state == "skipped":
            return None
        return self.outcome if event.state == "failed" else "passed"

    def reason_of(self, event: StageEvent) -> str | None:
        """Why this stage was refused, in the operator's words; None if it was not."""
        return self.findings.reason if event.state == "failed" and self.findings.refused else None


async def walk(settings: Settings, wish: Wish, tell: Tell, resolver: Resolver | None = None) -> Walked:
    """Walk the stages and tell each as it comes, with the reason of a refusal. Names are the system's to resolve.

    Raises MoorageError or SettingsError for settings and certificates that can't be used.
    """
    exceptions = read_exceptions(settings)
    system = SystemResolver()
    remembering = _Remembering(resolver or system)
    door = build_door(settings, exceptions, remembering, Metrics())
    rules = build_rules(settings, exceptions, door)
    test = StagedTest(
        door,
        scope=Scope("doctor", "doctor"),
        locate=lambda: locate(rules, wish.entered),
        model_id=wish.model_id,
        watch=NoWatch(),
        deadline_s=wish.deadline_s,
    )
    try:
        async for event in test.run():
            tell(event, test.findings.reason if event.state == "failed" else "")
    finally:
        await door.aclose()
        system.close()
    walked = Walked(test.findings)
    endpoint = test.findings.endpoint
    if endpoint is not None:
        literal = parse_literal(endpoint.host)
        policy = build_policy(settings, exceptions)
        for address in remembering.answers if literal is None else [literal]:
            walked.addresses.append((str(address), policy.refusal(endpoint.host, endpoint.port, address) or ""))
    return walked


def next_step(walked: Walked) -> str:
    """Give the code of the sentence that says what to do now."""
    findings, outcome = walked.findings, walked.outcome
    failed = findings.failed
    if outcome == "passed":
        return "doctor.next.remarks" if walked.remarks else "doctor.next.passed"
    if outcome == "refused":
        return _WAY_OUT.get(findings.reason, "doctor.next.refused")
    if failed is None:
        return "doctor.next.no_model"
    return "doctor.next.no_key" if failed.code == "key_missing" else f"doctor.next.{outcome}"


def tell_next(walked: Walked, language: Language) -> str:
    """Say what to do now."""
    failed = walked.findings.failed
    stage = "" if failed is None else sentence(f"doctor.stage.{failed.stage}", {}, language)
    return sentence(next_step(walked), {"stage": stage, "count": walked.remarks}, language)


def tell_stage(event: StageEvent, language: Language) -> str:
    """Say what is known of a stage; nothing for one that was not reached."""
    if event.state == "skipped":
        return ""
    return sentence(event.code or f"stage_{event.stage}_passed", event.facts, language)


def to_document(walked: Walked, language: Language, *, show_addresses: bool) -> dict[str, Any]:
    """Give everything as one JSON document; docs/doctor.md lists its fields."""
    findings = walked.findings
    document: dict[str, Any] = {
        "doctor": "endpoint",
        "moorage": __version__,
        "verdict": walked.outcome,
        "exit_code": EXIT_CODES[walked.outcome],
        "reason": findings.reason or None,
        "stages": [
            {
                **event.to_json(),
                "verdict": walked.verdict_of(event),
                "reason": walked.reason_of(event),
                "sentence": tell_stage(event, language),
            }
            for event in (findings.stages[stage] for stage in STAGES)
        ],
        "notes": list(findings.notes),
        "next": {"code": next_step(walked), "sentence": tell_next(walked, language)},
    }
    if show_addresses:
        document["base_url"] = None if findings.endpoint is None else findings.endpoint.url
        document["addresses"] = [{"address": address, "reason": reason or None} for address, reason in walked.addresses]
    return document


class _Remembering:
    """Asks another resolver and keeps what it answered last."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self.answers: list[Address] = []

    async def resolve(self, host: str, port: int, team: str) -> list[Address]:
        """Look the host up, as the other one does."""
        self.answers = await self._resolver.resolve(host, port, team)
        return self.answers
