"""Generate: one run of a model, read to its end into a journal. No database here, and no reader to wait for."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import structlog

from moorage.audit.trail import Actor
from moorage.chat.facts import Decision, ReplyState
from moorage.chat.journal import Journal
from moorage.errors import AddressRefused, MoorageError, Param
from moorage.providers.protocol import BrokenReply, ChatRequest, Delta, End, Provider, Quirks, Usage
from moorage.telemetry import describe_place
from moorage.usage.ledger import Ended

log = structlog.get_logger(__name__)

StopReason = Literal["stopped", "shutdown", "refused"]

_TIMEOUTS: Final = frozenset({"first_byte_timeout", "stalled", "took_too_long", "connect_timeout"})


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended. Times in ms; `quirks` is what the provider knows now, None if it never got to speak.

    `refused`: URL rules or address policy said no, and nothing was sent (P11).
    """

    state: ReplyState
    ended: Ended
    usage: Usage | None = None
    finish_reason: str | None = None
    model_reported: str | None = None
    ttft_ms: float | None = None
    duration_ms: float | None = None
    problem_code: str | None = None
    problem_params: Mapping[str, Param] = field(default_factory=dict)
    quirks: Quirks | None = None
    refused: bool = False


class Generation:
    """One run. Owned by the process: whoever asked may leave, it goes on until it ends or is stopped."""

    def __init__(self, decision: Decision, journal: Journal, actor: Actor) -> None:
        self.decision = decision
        self.actor = actor
        self.journal = journal
        self._reading: asyncio.Task[End] | None = None
        self._stop_reason: StopReason | None = None
        self._refusal: str | None = None
        self._first_at: float | None = None

    def stop(self, reason: StopReason, refusal: str | None = None) -> None:
        """Close the connection to the endpoint now. What had arrived is kept. Does nothing the second time."""
        if self._stop_reason is None:
            self._stop_reason = reason
            self._refusal = refusal
            if self._reading is not None:
                self._reading.cancel()

    async def run(self, provider: Provider) -> Finished:
        """Read the reply to its end. Never raises: whatever happens becomes a `Finished`."""
        begun = time.perf_counter()
        if self._stop_reason is not None:
            return self._end_by_stop(begun, provider)
        self._reading = asyncio.create_task(self._read(provider, begun), name="reading")
        try:
            end = await self._reading
        except asyncio.CancelledError:
            return self._end_by_stop(begun, provider)
        except MoorageError as error:
            return self._end_by_failure(begun, provider, error)
        except Exception as error:  # noqa: BLE001 - a bug in a provider must not lose what was written
            log.error("reply_broke", kind=type(error).__name__, where=describe_place(error))
            return self._finish(begun, provider, state="failed", ended="crashed", problem_code="unexpected")
        return self._finish(
            begun,
            provider,
            state="done",
            ended="ok",
            usage=end.usage,
            finish_reason=end.finish_reason,
            model_reported=end.model_reported,
        )

    async def _read(self, provider: Provider, begun: float) -> End:
        chosen = self.decision.chosen
        if chosen is None:
            raise BrokenReply("unexpected")
        request = ChatRequest(model=chosen.model_id, turns=self.decision.turns)
        async with contextlib.aclosing(provider.reply(request)) as arriving:
            async for piece in arriving:
                if isinstance(piece, Delta):
                    if self._first_at is None:
                        self._first_at = time.perf_counter() - begun
                    self.journal.append(piece.text, piece.reasoning)
                else:
                    return piece
        raise BrokenReply("cut_off")

    def _end_by_stop(self, begun: float, provider: Provider) -> Finished:
        if self._stop_reason == "stopped":
            return self._finish(begun, provider, state="stopped", ended="stopped")
        if self._stop_reason == "refused":
            return self._finish(begun, provider, state="interrupted", ended="stopped", problem_code=self._refusal)
        return self._finish(begun, provider, state="interrupted", ended="shutdown", problem_code="reply_interrupted")

    def _end_by_failure(self, begun: float, provider: Provider, error: MoorageError) -> Finished:
        return self._finish(
            begun,
            provider,
            state="failed",
            ended="timeout" if error.code in _TIMEOUTS else "upstream_error",
            usage=error.usage if isinstance(error, BrokenReply) else None,
            problem_code=error.code,
            problem_params=error.params,
            refused=isinstance(error, AddressRefused),
        )

    def _finish(
        self,
        begun: float,
        provider: Provider,
        *,
        state: ReplyState,
        ended: Ended,
        usage: Usage | None = None,
        finish_reason: str | None = None,
        model_reported: str | None = None,
        problem_code: str | None = None,
        problem_params: Mapping[str, Param] | None = None,
        refused: bool = False,
    ) -> Finished:
        return Finished(
            state=state,
            ended=ended,
            usage=usage,
            finish_reason=finish_reason,
            model_reported=model_reported,
            ttft_ms=None if self._first_at is None else round(self._first_at * 1000, 1),
            duration_ms=round((time.perf_counter() - begun) * 1000, 1),
            problem_code=problem_code,
            problem_params=problem_params or {},
            quirks=provider.quirks,
            refused=refused,
        )
