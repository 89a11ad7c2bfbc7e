"""Generate: one run of a model, read to its end into a journal. No database here, and no reader to wait for."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from moorage.audit.trail import Actor
from moorage.chat.facts import Decision, ReplyState
from moorage.chat.hold import Cargo
from moorage.chat.journal import Journal
from moorage.errors import AddressRefused, MoorageError, Param
from moorage.providers.protocol import BrokenReply, ChatRequest, Delta, End, Provider, Quirks, Usage
from moorage.reports.desk import Reports
from moorage.usage.outcomes import Ended

StopReason = Literal["stopped", "shutdown", "refused"]
Load = Callable[[], Awaitable[Cargo]]

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
    finish_stated: str | None = None
    model_reported: str | None = None
    ttft_ms: float | None = None
    thought_ms: float | None = None
    duration_ms: float | None = None
    problem_code: str | None = None
    problem_params: Mapping[str, Param] = field(default_factory=dict)
    quirks: Quirks | None = None
    refused: bool = False


class Generation:
    """One run. Owned by the process: whoever asked may leave, it goes on until it ends or is stopped."""

    def __init__(self, decision: Decision, journal: Journal, actor: Actor, reports: Reports) -> None:
        self.decision = decision
        self.actor = actor
        self.journal = journal
        self._reports = reports
        self._reading: asyncio.Task[End] | None = None
        self._stop_reason: StopReason | None = None
        self._refusal: str | None = None
        self._first_at: float | None = None
        self._thinks_since: float | None = None
        self._thought_s: float | None = None

    def stop(self, reason: StopReason, refusal: str | None = None) -> None:
        """Close the connection to the endpoint now. What had arrived is kept. Does nothing the second time."""
        if self._stop_reason is None:
            self._stop_reason = reason
            self._refusal = refusal
            if self._reading is not None:
                self._reading.cancel()

    async def run(self, provider: Provider, load: Load) -> Finished:
        """Read the reply to its end. Never raises: whatever happens becomes a `Finished`.

        `load` gives the turns of the decision with the contents of what is attached; waiting for it can be stopped.
        """
        begun = time.perf_counter()
        if self._stop_reason is not None:
            return self._end_by_stop(begun, provider)
        self._reading = asyncio.create_task(self._read(provider, load, begun), name="reading")
        try:
            end = await self._reading
        except asyncio.CancelledError:
            return self._end_by_stop(begun, provider)
        except MoorageError as error:
            return self._end_by_failure(begun, provider, error)
        except Exception as error:  # noqa: BLE001 - a bug in a provider must not lose what was written
            self._reports.note("reply_broke", error)
            return self._finish(begun, provider, state="failed", ended="crashed", problem_code="unexpected")
        return self._finish(
            begun,
            provider,
            state="done",
            ended="ok",
            said=end,
            **self._note_cut(end),
        )

    async def _read(self, provider: Provider, load: Load, begun: float) -> End:
        chosen = self.decision.chosen
        if chosen is None:
            raise BrokenReply("unexpected")
        cargo = await load()
        try:
            # Nothing here keeps the turns: what is attached may be large, and is not needed while it is answered.
            return await self._follow(
                provider.reply(ChatRequest(chosen.model_id, cargo.turns, self.decision.max_tokens, sent=cargo.unload)),
                begun,
            )
        finally:
            cargo.unload()

    async def _follow(self, reply: AsyncGenerator[Delta | End, None], begun: float) -> End:
        async with contextlib.aclosing(reply) as arriving:
            async for piece in arriving:
                if isinstance(piece, Delta):
                    if self._first_at is None:
                        self._first_at = time.perf_counter() - begun
                    if piece.reasoning or self._thinks_since is not None:
                        self._note_thinking(piece, begun + self._first_at)
                    add = self.journal.replace if piece.is_whole else self.journal.append
                    add(piece.text, piece.reasoning, piece.beside)
                else:
                    return piece
        raise BrokenReply("cut_off")

    def _note_thinking(self, piece: Delta, first_at: float) -> None:
        if self._thinks_since is None:
            # What turns out to have been thinking began with the first word.
            self._thinks_since = first_at if piece.is_whole else time.perf_counter()
        if piece.text and self._thought_s is None:
            self._thought_s = time.perf_counter() - self._thinks_since

    def _thought_ms(self) -> float | None:
        """How long was thought; an answer that never came to words thought until its end."""
        if self._thinks_since is None:
            return None
        thought_s = time.perf_counter() - self._thinks_since if self._thought_s is None else self._thought_s
        return round(thought_s * 1000, 1)

    def _note_cut(self, end: End) -> dict[str, Any]:
        """Say beside a complete answer that not all was read for it, or that it had to be short."""
        chosen = self.decision.chosen
        if self.decision.is_shortened:
            return {"problem_code": "budget_shortened", "problem_params": {"tokens": self.decision.max_tokens or 0}}
        if end.read_tokens is None or chosen is None:
            return {}
        params: dict[str, Param] = {"model": chosen.model_name, "tokens": end.read_tokens}
        return {"problem_code": "context_trimmed", "problem_params": params}

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
            said=error if isinstance(error, BrokenReply) else None,
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
        said: End | BrokenReply | None = None,
        problem_code: str | None = None,
        problem_params: Mapping[str, Param] | None = None,
        refused: bool = False,
    ) -> Finished:
        return Finished(
            state=state,
            ended=ended,
            usage=None if said is None else said.usage,
            finish_reason=None if said is None else said.finish_reason,
            finish_stated=None if said is None else said.finish_stated,
            model_reported=None if said is None else said.model_reported,
            thought_ms=self._thought_ms(),
            ttft_ms=None if self._first_at is None else round(self._first_at * 1000, 1),
            duration_ms=round((time.perf_counter() - begun) * 1000, 1),
            problem_code=problem_code,
            problem_params=problem_params or {},
            quirks=provider.quirks,
            refused=refused,
        )
