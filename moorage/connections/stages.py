"""Walks the way to an endpoint stage by stage and says at each what it found, in codes that name the fix (P8).

url → dns → address → tcp → tls → credential → models → completion → usage. Touches no database; never repeats the
address, the key, or a word the endpoint said. docs/adr/0007 says why the stages are cut as they are.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Protocol, TypeVar, cast

from moorage.connections.adapters import speak_as
from moorage.connections.admitted import Ways
from moorage.connections.findings import STAGES, Findings, Located, Stage, StageEvent, State
from moorage.egress.door import Finding, Scope
from moorage.errors import AddressRefused, EndpointFailure, Param, Unavailable
from moorage.providers.openai_compatible import OpenAICompatible
from moorage.providers.openrouter import OpenRouter
from moorage.providers.protocol import BrokenReply, ChatRequest, DiscoveredModel, End, KeyFacts, Turn, Usage
from moorage.providers.speaking import Patience
from moorage.usage.estimates import Count, count_call, estimate_prompt_tokens, estimate_tokens
from moorage.usage.outcomes import Ended

T = TypeVar("T")
DEADLINE_S: Final = 90.0
EXPIRY_WARNING_DAYS: Final = 21
PROBE_TEXT: Final = "Reply with the word ready."
PROBE_MAX_TOKENS: Final = 16
_PATIENCE: Final = Patience(first_byte_timeout_s=60, idle_timeout_s=30, total_timeout_s=75)

# The endpoint has no list to offer now, which is no reason against it.
_LIST_MAY_LACK: Final = frozenset({"models_not_offered", "rate_limited"})
# A list that fails like this does not matter once a model id is typed: the completion tells.
_LIST_MAY_FAIL: Final = frozenset(
    {
        "not_api",
        "path_missing",
        "request_refused",
        "upstream_failed",
        "overloaded",
        "midstream_error",
        "answer_too_large",
    }
)
_KEY_REFUSED: Final = frozenset({"bad_key", "key_missing", "forbidden", "forbidden_unexplained"})
# The endpoint is there and took the key; the model was busy, or had nothing to say in sixteen tokens.
_REACHABLE: Final = frozenset({"rate_limited", "empty_answer"})
# Failures of a completion that only an endpoint which let us in can have.
_LET_IN: Final = frozenset(
    {
        "rate_limited",
        "empty_answer",
        "declined",
        "model_missing",
        "not_chat_model",
        "context_too_long",
        "quota_exhausted",
        "gateway_key",
    }
)
_NO_CHAT: Final = re.compile(
    r"embed|whisper|tts|speech|audio|transcri|dall-?e|image|diffusion|flux|rerank|moderation|guard|ocr|\bbge\b|clip|"
    r"realtime|sora|video",
    re.IGNORECASE,
)


class CallWatch(Protocol):
    """Is told of the one call that may cost something, before and after."""

    async def begins(self, model_id: str, tokens_in_estimate: int) -> None:
        """Announce the call; it is sent when this returns."""
        ...

    async def ends(self, count: Count, ended: Ended, ttft_ms: float | None, duration_ms: float) -> None:
        """Settle the call."""
        ...


class NoWatch:
    """For drafts: there is no connection yet that the call could be counted for."""

    async def begins(self, model_id: str, tokens_in_estimate: int) -> None:
        """Do nothing."""

    async def ends(self, count: Count, ended: Ended, ttft_ms: float | None, duration_ms: float) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class _Probe:
    """How the short completion went."""

    model: str
    failure: EndpointFailure | None
    usage: Usage | None
    first_word_ms: float | None
    chunks: int
    ms: float


class StagedTest:
    """One walk. Iterate `run` to its end, then read `findings`.

    `scope` names a connection of its own, so that a test never rides on a socket that is open already. `locate`
    reads the address; what it raises is the finding of the first stage. `model_id` was typed and is asked in any case;
    `prefers` is asked if the endpoint lists it, or has no list.
    """

    def __init__(
        self,
        door: Ways,
        *,
        scope: Scope,
        locate: Callable[[], Located],
        model_id: str | None,
        watch: CallWatch,
        prefers: str | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self.findings = Findings()
        self._door = door
        self._scope = scope
        self._locate = locate
        self._model_id = model_id
        self._prefers = prefers
        self._watch = watch
        self._deadline_s = deadline_s
        self._ends_at = 0.0

    async def run(self) -> AsyncIterator[StageEvent]:
        """Give each stage as "running" and then as what became of it; after a failure the rest is "skipped"."""
        self._ends_at = asyncio.get_running_loop().time() + self._deadline_s
        stages = self.findings.stages
        current: Stage = "url"
        try:
            async with contextlib.aclosing(self._walk()) as walk:
                async for event in walk:
                    current = event.stage
                    if event.state != "running":
                        stages[current] = event
                    yield event
        except EndpointFailure as failure:
            if isinstance(failure, AddressRefused):
                self.findings.refused, self.findings.reason = True, str(failure.reason)
            # No time for a refused address: it would tell how far inside a network a name leads.
            stages[current] = StageEvent(current, "failed", failure.code, dict(failure.params))
            yield stages[current]
        except Unavailable as failure:
            if failure.code != "key_unreadable":
                raise
            stages[current] = StageEvent(current, "failed", failure.code)
            yield stages[current]
        finally:
            await self._door.hang_up(self._scope.connection)
        for stage in STAGES:
            if stage not in stages:
                stages[stage] = StageEvent(stage, "skipped")
                yield stages[stage]

    async def _walk(self) -> AsyncGenerator[StageEvent, None]:
        findings = self.findings
        yield StageEvent("url", "running")
        started_s = time.perf_counter()
        place = self._locate()
        findings.endpoint, findings.trust = place.endpoint, place.trust
        findings.quirks, findings.notes = place.quirks, place.notes
        yield StageEvent("url", "passed", ms=_ms_since(started_s))
        async with contextlib.aclosing(self._survey(place)) as survey:
            async for event in survey:
                yield event
        line = self._door.line(self._scope, place.endpoint, place.trust)
        provider = speak_as(place.adapter, line, place.endpoint, place.key, quirks=place.quirks, patience=_PATIENCE)
        model_id = self._model_id or place.model_hint
        async with contextlib.aclosing(self._talk(provider, model_id, has_key=place.key is not None)) as talk:
            async for event in talk:
                findings.quirks = provider.quirks
                if provider.endpoint != place.endpoint:
                    findings.endpoint, findings.notes = provider.endpoint, (*place.notes, "v1_added")
                yield event

    async def _survey(self, place: Located) -> AsyncGenerator[StageEvent, None]:
        yield StageEvent("dns", "running")
        survey = self._door.survey(self._scope, place.endpoint, place.trust)
        async with contextlib.aclosing(survey):
            for here, then in (("dns", "address"), ("address", "tcp"), ("tcp", "tls"), ("tls", None)):
                finding = await self._in_time(anext(survey))
                yield _judge_finding(cast("Stage", here), finding)
                if then is not None:
                    yield StageEvent(cast("Stage", then), "running")

    async def _talk(
        self, provider: OpenAICompatible, model_id: str | None, *, has_key: bool
    ) -> AsyncGenerator[StageEvent, None]:
        yield StageEvent("credential", "running")
        started_s = time.perf_counter()
        key_facts: KeyFacts | None = None
        try:
            if isinstance(provider, OpenRouter):
                # Its list is open to everybody: only this tells whether the key is right.
                key_facts = await self._in_time(provider.check_key())
            models = await self._in_time(provider.list_models())
        except EndpointFailure as failure:
            is_named = model_id is not None or self._prefers is not None
            if failure.code not in _LIST_MAY_LACK and not (is_named and failure.code in _LIST_MAY_FAIL):
                raise
            unlisted = self._talk_unlisted(provider, model_id or self._prefers, failure, has_key=has_key)
            async with contextlib.aclosing(unlisted) as talk:
                async for event in talk:
                    yield event
            return
        ms = _ms_since(started_s)
        self.findings.models, self.findings.models_offered = models, True
        yield _judge_credential(has_key=has_key, ms=ms) if key_facts is None else _judge_credit(key_facts, ms=ms)
        yield StageEvent("models", "running")
        if models:
            yield StageEvent("models", "passed", facts={"count": len(models)}, ms=ms)
        else:
            yield StageEvent("models", "warned", "models_empty", ms=ms)
        listed = self._prefers if self._prefers in {model.id for model in models} else None
        chosen = model_id or listed or pick_model(models)
        if chosen is None:
            return
        yield StageEvent("completion", "running")
        for event in _judge_probe(await self._probe(provider, chosen)):
            yield event

    async def _talk_unlisted(
        self, provider: OpenAICompatible, model_id: str | None, missing: EndpointFailure, *, has_key: bool
    ) -> AsyncGenerator[StageEvent, None]:
        """Without a list only a completion can tell whether the key is right, so it comes first."""
        models = StageEvent("models", "warned", missing.code, dict(missing.params))
        if model_id is None:
            yield StageEvent("credential", "warned", "credential_unproven")
            yield StageEvent("models", "running")
            yield models
            return
        probe = await self._probe(provider, model_id)
        failure = probe.failure
        if failure is not None and failure.code in _KEY_REFUSED:
            raise failure
        if failure is None or failure.code in _LET_IN:
            yield _judge_credential(has_key=has_key, ms=probe.ms)
        else:
            yield StageEvent("credential", "warned", "credential_unproven", ms=probe.ms)
        yield StageEvent("models", "running")
        yield models
        yield StageEvent("completion", "running")
        for event in _judge_probe(probe):
            yield event

    async def _probe(self, provider: OpenAICompatible, model: str) -> _Probe:
        """Ask for one word, announced before and settled after, whatever happens in between."""
        prompt_tokens = estimate_prompt_tokens([PROBE_TEXT])
        await self._watch.begins(model, prompt_tokens)
        request = ChatRequest(model, (Turn("user", PROBE_TEXT),), max_tokens=PROBE_MAX_TOKENS)
        started_s, first_word_ms, chunks, written = time.perf_counter(), None, 0, ""
        failure: EndpointFailure | None = None
        usage: Usage | None = None
        ended: Ended = "stopped"
        try:
            async with asyncio.timeout_at(self._ends_at):
                async with contextlib.aclosing(provider.reply(request)) as reply:
                    async for item in reply:
                        if isinstance(item, End):
                            usage = item.usage
                            continue
                        first_word_ms = _ms_since(started_s) if first_word_ms is None else first_word_ms
                        chunks, written = chunks + item.chunks, written + item.text + item.reasoning
            ended = "ok"
        except EndpointFailure as error:
            failure, ended = error, "upstream_error"
            usage = error.usage if isinstance(error, BrokenReply) else None
        except TimeoutError:
            failure, ended = self._too_long(), "timeout"
        finally:
            # Reached when the person leaves, too; the task of a test is its own, so this may wait (P15).
            count = count_call(
                None if usage is None else usage.tokens_in,
                None if usage is None else usage.tokens_out,
                prompt_estimate=prompt_tokens,
                written_estimate=estimate_tokens(written),
                begun=bool(written),
            )
            await self._watch.ends(count, ended, first_word_ms, _ms_since(started_s))
        return _Probe(model, failure, usage, first_word_ms, chunks, _ms_since(started_s))

    async def _in_time(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout_at(self._ends_at):
                return await work
        except TimeoutError:
            raise self._too_long() from None

    def _too_long(self) -> EndpointFailure:
        return EndpointFailure("test_took_too_long", timeout_s=int(self._deadline_s))


def pick_model(models: Sequence[DiscoveredModel]) -> str | None:
    """Choose a model that probably chats: the first whose id does not speak of embeddings, sound or pictures."""
    plausible = (model.id for model in models if _NO_CHAT.search(model.id) is None)
    return next(plausible, models[0].id if models else None)


def _judge_finding(stage: Stage, finding: Finding) -> StageEvent:
    facts = dict(finding.facts)
    expires_on = facts.get("expires_on")
    if isinstance(expires_on, str):
        days = (date.fromisoformat(expires_on) - datetime.now(UTC).date()).days
        if days < EXPIRY_WARNING_DAYS:
            return StageEvent(stage, "warned", "tls_expires_soon", {**facts, "days": days}, finding.ms)
    return StageEvent(stage, "passed", facts=facts, ms=finding.ms)


def _judge_credential(*, has_key: bool, ms: float) -> StageEvent:
    if has_key:
        return StageEvent("credential", "passed", ms=ms)
    return StageEvent("credential", "warned", "auth_missing", ms=ms)


def _judge_credit(key: KeyFacts, *, ms: float) -> StageEvent:
    if key.credit_left is None:
        return StageEvent("credential", "passed", ms=ms)
    credit: dict[str, Param] = {"dollars": f"{max(0.0, key.credit_left):.2f}"}
    if key.credit_left <= 0:
        return StageEvent("credential", "warned", "credit_used_up", credit, ms)
    return StageEvent("credential", "passed", "credit_left", credit, ms)


def _judge_probe(probe: _Probe) -> Sequence[StageEvent]:
    failure = probe.failure
    if failure is not None:
        state: State = "warned" if failure.code in _REACHABLE else "failed"
        return (StageEvent("completion", state, failure.code, dict(failure.params), probe.ms),)
    first_ms = round(probe.ms if probe.first_word_ms is None else probe.first_word_ms)
    facts: dict[str, Param] = {"model": probe.model, "chunks": probe.chunks, "first_word_ms": first_ms}
    completion = StageEvent("completion", "passed", facts=facts, ms=probe.ms)
    counts = {} if probe.usage is None else {"tokens_in": probe.usage.tokens_in, "tokens_out": probe.usage.tokens_out}
    reported: dict[str, Param] = {name: count for name, count in counts.items() if count is not None}
    usage = (
        StageEvent("usage", "passed", facts=reported) if reported else StageEvent("usage", "warned", "usage_missing")
    )
    return completion, StageEvent("usage", "running"), usage


def _ms_since(started_s: float) -> float:
    return round((time.perf_counter() - started_s) * 1000, 1)
