"""Walks the way to a provider stage by stage: url, dns, address, tcp, tls, discovery, keys; each says what it found.

The last stage is a person's own: to sign in there and come back (`ProviderSignIn`, purpose "test").
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import UUID

from moorage.accounts.limits import SlidingWindow
from moorage.accounts.oidc.client import OidcClient, Way
from moorage.accounts.oidc.metadata import Metadata, read_target
from moorage.accounts.oidc.refusals import ProviderRefused
from moorage.errors import EndpointFailure, Param, TooMany

Stage = Literal["url", "dns", "address", "tcp", "tls", "discovery", "keys"]
State = Literal["running", "passed", "warned", "failed", "skipped"]

STAGES: Final[tuple[Stage, ...]] = ("url", "dns", "address", "tcp", "tls", "discovery", "keys")
TESTS_PER_MINUTE: Final = 10
_STEPS: Final[Mapping[str, Stage]] = {"dns": "dns", "address": "address", "tcp": "tcp", "tls": "tls"}
_AFTER: Final[Mapping[str, Stage]] = {"dns": "address", "address": "tcp", "tcp": "tls"}


@dataclass(frozen=True, slots=True)
class StageFinding:
    """What is known of one stage: `code` names a sentence that `facts` fill; `ms` is how long it took."""

    stage: Stage
    state: State
    code: str | None = None
    facts: Mapping[str, Param] = field(default_factory=dict)
    ms: float | None = None


class ProviderTrial:
    """Runs trials, so many a minute and team. `clock` gives seconds and never goes back."""

    def __init__(self, client: OidcClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._pace = SlidingWindow(clock, limit=TESTS_PER_MINUTE, window_s=60.0)

    def admit(self, team_id: UUID) -> None:
        """Count a trial. Raises TooMany("tests_limited")."""
        wait_s = self._pace.wait_s(str(team_id))
        if wait_s > 0:
            raise TooMany("tests_limited", retry_after_s=int(wait_s) + 1, limit=TESTS_PER_MINUTE)
        self._pace.count(str(team_id))

    async def run(self, way: Way, issuer: str) -> AsyncIterator[StageFinding]:
        """Give each stage as "running" and then as what became of it; after a failure the rest is "skipped"."""
        current: Stage = "url"
        done: set[Stage] = set()
        self._client.forget(way, issuer)
        try:
            async for finding in self._walk(way, issuer):
                current = finding.stage
                if finding.state != "running":
                    done.add(current)
                yield finding
            return
        except EndpointFailure as failure:
            yield StageFinding(current, "failed", failure.code, dict(failure.params))
        except ProviderRefused as refused:
            yield StageFinding(current, "failed", refused.finding)
        done.add(current)
        for stage in STAGES:
            if stage not in done:
                yield StageFinding(stage, "skipped")

    async def _walk(self, way: Way, issuer: str) -> AsyncIterator[StageFinding]:
        yield StageFinding("url", "running")
        target = read_target(issuer, way.read)
        yield StageFinding("url", "passed")
        yield StageFinding("dns", "running")
        async for found in way.door.survey(way.scope, target.endpoint):
            yield StageFinding(_STEPS[found.step], "passed", facts=_shown(found.facts), ms=found.ms)
            if found.step in _AFTER:
                yield StageFinding(_AFTER[found.step], "running")
        yield StageFinding("discovery", "running")
        started_s = time.perf_counter()
        metadata = await self._client.metadata(way, issuer)
        yield _judge(metadata, _ms_since(started_s))
        yield StageFinding("keys", "running")
        started_s = time.perf_counter()
        keys = await self._client.keys(way, metadata)
        yield StageFinding("keys", "passed", facts={"keys": len(keys)}, ms=_ms_since(started_s))


def _judge(metadata: Metadata, ms: float) -> StageFinding:
    """A provider that says nothing of PKCE may do it all the same, and mostly does."""
    if not metadata.announces_pkce:
        return StageFinding("discovery", "warned", "oidc_pkce_unannounced", ms=ms)
    return StageFinding("discovery", "passed", ms=ms)


def _shown(facts: Mapping[str, Param]) -> dict[str, Param]:
    # The hash of a server's key leads to its name by public logs; here nobody needs it.
    return {name: value for name, value in facts.items() if name != "key_sha256"}


def _ms_since(started_s: float) -> float:
    return round((time.perf_counter() - started_s) * 1000, 1)
