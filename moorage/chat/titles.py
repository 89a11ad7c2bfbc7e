"""Titles: after the first answer the model that wrote it is asked once for a title, within the conversation's seal.

A call like any other: cleared, announced, settled under the purpose "title", with a receipt of its own. It keeps nobody
waiting and loses nothing: on whatever refusal or failure the first words stay the title, and so they do when somebody
has renamed the conversation meanwhile.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.trail import Actor
from moorage.chat.context import title_of
from moorage.chat.facts import Decision
from moorage.chat.generate import StopReason
from moorage.chat.leaving import asks_before_leaving
from moorage.chat.refused import record_refusal
from moorage.chat.rules import ASKED, MODEL, WORDS, TitleMaker, read_rules
from moorage.chat.search_index import Place, erase_forgotten, index_title
from moorage.chat.settle import storable
from moorage.chat.tables import ConversationRow, TitleRunRow
from moorage.connections.audience import Asker
from moorage.connections.chosen import ChosenModel
from moorage.connections.opening import ProviderDesk
from moorage.connections.picker import Picker
from moorage.connections.zones import OWN_HARDWARE, Seal, write_zones
from moorage.errors import BudgetSpent, ModelRefused, MoorageError, TooMany
from moorage.providers.protocol import ChatRequest, Delta, End, Provider, Turn
from moorage.reports.desk import Reports
from moorage.storage.database import GroupWriter
from moorage.storage.types import db_now, new_id
from moorage.usage.counting import Told, count_told
from moorage.usage.estimates import estimate_prompt_tokens, estimate_tokens
from moorage.usage.ledger import Call, Ledger
from moorage.usage.outcomes import Ended, Outcome
from moorage.usage.scales import Key

MAX_TOKENS: Final = 32
DEADLINE_S: Final = 30.0
# Of each: a title needs no more, and an own endpoint pays for what it reads.
QUOTED_CHARS: Final = 1000
# What is longer is no title but an answer.
MAX_RAW_CHARS: Final = 300
MAX_AT_ONCE: Final = 20
_WISH: Final = (
    "Give this exchange a title of at most six words, in its own language. Answer with the title alone, without quotes."
)
_REFUSED: Final = frozenset({"content_filter", "refusal"})
_THOUGHT: Final = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|$)", re.DOTALL | re.IGNORECASE)
_LABEL: Final = re.compile(r"^(?:title|titel)\s*:\s*", re.IGNORECASE)
_MARKS: Final = " \t#>*_`~\"'“”„‚‘’«»‹›-–—"


@dataclass(frozen=True, slots=True)
class _Run:
    """A title that was announced."""

    call_id: UUID
    chosen: ChosenModel
    turns: list[Turn]
    estimate: int


@dataclass(slots=True)
class _Heard:
    """What came back, as far as it did. Times in ms."""

    text: str = ""
    written: str = ""
    end: End | None = None
    ttft_ms: float | None = None
    duration_ms: float | None = None
    problem_code: str | None = None
    ended: Ended = "ok"
    refusal: MoorageError | None = None


class Asking:
    """A title that a model is being asked for: as much as has to be known to judge it again, and to end it."""

    def __init__(self, decision: Decision, actor: Actor, task: asyncio.Task[Any] | None) -> None:
        self.decision = decision
        self.actor = actor
        self.ended: tuple[Ended, str] = ("shutdown", "reply_interrupted")
        self._task = task

    def stop(self, _reason: StopReason, refusal: str | None = None) -> None:
        """Close the connection to the endpoint now; the first words stay. Does nothing once it is over."""
        if self._task is not None:
            self.ended = ("stopped", refusal or "reply_interrupted")
            self._task.cancel()
            self._task = None

    def is_over(self) -> None:
        """Let nothing end the task any more: what was heard is being stored."""
        self._task = None


class Titles:
    """Makes the titles of one process. `maker` "words": the operator wants none of a model."""

    def __init__(
        self,
        writer: GroupWriter,
        ledger: Ledger,
        picker: Picker,
        desk: ProviderDesk,
        reports: Reports,
        *,
        maker: TitleMaker = MODEL,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._writer = writer
        self._ledger = ledger
        self._picker = picker
        self._desk = desk
        self._reports = reports
        self._maker = maker
        self._deadline_s = deadline_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking: set[Asking] = set()

    def begin(self, decision: Decision, answer: str, actor: Actor) -> None:
        """Make a title in a task of its own, if the conversation wants one; returns at once."""
        chosen = decision.chosen
        is_wanted = decision.wants_title and chosen is not None and chosen.kind != "scripted" and answer.strip()
        if self._maker != MODEL or not is_wanted or len(self._tasks) >= MAX_AT_ONCE:
            return
        task = asyncio.create_task(self._make(decision, answer, actor), name="title")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def under_way(self) -> int:
        """How many are being made."""
        return len(self._tasks)

    @property
    def asking(self) -> Collection["Asking"]:
        """What models are asked for just now: to be judged and stopped like replies."""
        return tuple(self._asking)

    async def aclose(self) -> None:
        """Give up what is under way: the first words stay, and the calls are settled."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    async def _make(self, decision: Decision, answer: str, actor: Actor) -> None:
        try:
            place = str(decision.team_id)
            run = await self._writer.do(lambda tx: self._announce(tx, decision, answer, actor), place)
            if run is not None:
                heard = await self._hear(run, decision, actor)
                settling = self._writer.do(lambda tx: self._settle(tx, run, decision, heard, actor), place)
                await asyncio.shield(asyncio.ensure_future(settling))
        except MoorageError:
            # The database takes nothing now: the first words stay.
            return
        except Exception as error:  # noqa: BLE001 - a title must never disturb what was written
            self._reports.note("title_broke", error)

    async def _announce(self, tx: AsyncConnection, decision: Decision, answer: str, actor: Actor) -> _Run | None:
        """Take the one try of this conversation.

        None: somebody named it meanwhile, the team wants no model, or the model is refused now, for which it is not
        tried again: the seal, the gate, a right that was lost, a model that is gone, a budget that is spent.
        """
        before = decision.chosen
        rules = await read_rules(tx, decision.team_id)
        if before is None or rules.titles != MODEL:
            return None
        taken = await tx.execute(
            update(ConversationRow)
            .where(
                ConversationRow.id == decision.conversation_id,
                ConversationRow.team_id == decision.team_id,
                ConversationRow.title_by == WORDS,
            )
            .values(title_by=ASKED)
            .returning(ConversationRow.sealed_to, ConversationRow.sealed_at, ConversationRow.leaving)
        )
        row = taken.one_or_none()
        if row is None:
            return None
        # What answered on own hardware may be said to be elsewhere by now, and nobody is there to be asked whether
        # these words may leave: then they don't. What answered elsewhere has them.
        asks = before.zone == OWN_HARDWARE and asks_before_leaving(row.leaving, may_leave=False)
        seal = Seal.read(decision.conversation_id, row.sealed_to, row.sealed_at, asks_before_leaving=asks)
        # The same model, or none: what its label says now is what counts.
        asker = Asker(decision.team_id, decision.owner_id)
        try:
            chosen = await self._picker.choose(tx, asker, before.target_ref, seal, "title")
        except MoorageError as error:
            # Nobody asked for a title: what its owner may not use any more is no try of theirs.
            if not isinstance(error, ModelRefused):
                await record_refusal(tx, decision.team_id, actor, error)
            return None
        turns = [Turn("user", _prompt(decision.question.text, answer))]
        run = _Run(new_id(), chosen, turns, estimate_prompt_tokens([turn.text for turn in turns]))
        try:
            await self._ledger.announce(tx, _call(run, decision))
        except (BudgetSpent, TooMany):
            return None
        await tx.execute(insert(TitleRunRow).values(created_at=db_now(), **_row(run, decision, seal)))
        return run

    async def _hear(self, run: _Run, decision: Decision, actor: Actor) -> _Heard:
        """Ask. Never raises: also what was given up is settled."""
        heard, begun = _Heard(), time.perf_counter()
        asking = Asking(replace(decision, chosen=run.chosen), actor, asyncio.current_task())
        self._asking.add(asking)
        try:
            async with asyncio.timeout(self._deadline_s):
                provider = await self._desk.open(run.chosen, team_id=decision.team_id, person_id=decision.owner_id)
                await self._read(provider, run, heard, begun)
        except TimeoutError:
            heard.ended, heard.problem_code = "timeout", "took_too_long"
        except MoorageError as error:
            heard.ended, heard.problem_code, heard.refusal = "upstream_error", error.code, error
        except asyncio.CancelledError:
            heard.ended, heard.problem_code = asking.ended
        except Exception as error:  # noqa: BLE001 - a bug in a provider must become a settled call
            self._reports.note("title_broke", error)
            heard.ended, heard.problem_code = "crashed", "unexpected"
        finally:
            asking.is_over()
            self._asking.discard(asking)
        heard.duration_ms = _ms_since(begun)
        return heard

    async def _read(self, provider: Provider, run: _Run, heard: _Heard, begun: float) -> None:
        request = ChatRequest(model=run.chosen.model_id, turns=run.turns, max_tokens=MAX_TOKENS)
        async with contextlib.aclosing(provider.reply(request)) as arriving:
            async for piece in arriving:
                if isinstance(piece, End):
                    heard.end = piece
                    return
                self._take(piece, heard, begun)

    def _take(self, piece: Delta, heard: _Heard, begun: float) -> None:
        if heard.ttft_ms is None:
            heard.ttft_ms = _ms_since(begun)
        heard.text = (heard.text + piece.text)[: MAX_RAW_CHARS * 4]
        heard.written += piece.text + piece.reasoning

    async def _settle(self, tx: AsyncConnection, run: _Run, decision: Decision, heard: _Heard, actor: Actor) -> None:
        usage = None if heard.end is None else heard.end.usage
        key = Key.of(run.chosen.connection_id, run.chosen.provider, run.chosen.model_id)
        told = Told(
            usage.tokens_in if usage else None,
            usage.tokens_out if usage else None,
            run.estimate,
            estimate_tokens(heard.written),
            begun=bool(heard.written),
        )
        count = await count_told(tx, self._ledger.scales, key, told)
        outcome = Outcome(count, heard.ended, heard.ttft_ms, heard.duration_ms)
        counts = {"tokens_in": count.tokens_in, "tokens_out": count.tokens_out, "count_source": count.source}
        if not await self._ledger.settle(tx, run.call_id, outcome):
            # Settled before, by a sweep that took us for dead: the receipt goes on saying what the ledger says.
            counts = {}
        said = heard.end
        await tx.execute(
            update(TitleRunRow)
            .where(TitleRunRow.id == run.call_id)
            .values(
                state=_state_of(heard),
                model_reported=((said and said.model_reported) or "")[:256] or None,
                **counts,
                ttft_ms=heard.ttft_ms,
                duration_ms=heard.duration_ms,
                finish_reason=((said and said.finish_reason) or "")[:60] or None,
                problem_code=heard.problem_code,
                ended_at=db_now(),
            )
        )
        if heard.refusal is not None:
            await record_refusal(tx, decision.team_id, actor, heard.refusal)
        is_whole = said is not None and said.finish_reason not in _REFUSED
        title = title_from(heard.text) if is_whole else ""
        if title:
            await self._rename(tx, decision, title)

    async def _rename(self, tx: AsyncConnection, decision: Decision, title: str) -> None:
        renamed = await tx.execute(
            update(ConversationRow)
            .where(ConversationRow.id == decision.conversation_id, ConversationRow.title_by == ASKED)
            .values(title=title, title_by=MODEL)
        )
        if renamed.rowcount:
            await index_title(tx, Place(decision.team_id, decision.owner_id, decision.conversation_id), title)
            await erase_forgotten(tx)


def title_from(said: str) -> str:
    """Make a title of what a model said: one line without quotes and marks; empty for what is no title."""
    lines = [line.strip(_MARKS) for line in storable(_THOUGHT.sub("", said)).splitlines() if line.strip(_MARKS)]
    # "Here is a title:" is not one.
    line = _LABEL.sub("", next((line for line in lines if not line.endswith(":")), "")).strip(_MARKS)
    line = "".join(mark for mark in line if mark.isprintable()).replace("**", "").replace("`", "").strip(_MARKS)
    return "" if len(line) > MAX_RAW_CHARS else title_of(line.rstrip(".:"))


def _prompt(question: str, answer: str) -> str:
    return f"{_WISH}\n\nQuestion:\n{question[:QUOTED_CHARS]}\n\nAnswer:\n{answer[:QUOTED_CHARS]}"


def _state_of(heard: _Heard) -> Literal["done", "interrupted", "failed"]:
    if heard.ended in {"shutdown", "stopped"}:
        return "interrupted"
    return "done" if heard.end is not None else "failed"


def _ms_since(begun: float) -> float:
    return round((time.perf_counter() - begun) * 1000, 1)


def _call(run: _Run, decision: Decision) -> Call:
    chosen = run.chosen
    return Call(
        call_id=run.call_id,
        team_id=decision.team_id,
        user_id=decision.owner_id,
        kind=chosen.kind,
        purpose="title",
        connection_id=chosen.connection_id,
        provider=chosen.provider,
        model_id=chosen.model_id,
        tokens_in_estimate=run.estimate,
        tokens_out_most=MAX_TOKENS,
    )


def _row(run: _Run, decision: Decision, seal: Seal) -> dict[str, Any]:
    chosen = run.chosen
    return {
        "id": run.call_id,
        "team_id": decision.team_id,
        "conversation_id": decision.conversation_id,
        "state": "running",
        "model_ref": chosen.ref,
        "model_id": chosen.model_id,
        "model_name": chosen.model_name,
        "connection_id": chosen.connection_id,
        "connection_name": chosen.connection_name,
        "origin": chosen.origin,
        "zone": chosen.zone,
        "data_location": chosen.data_location,
        "sealed_to": write_zones(seal.zones),
        "asked_by": decision.owner_id,
        "count_source": "missing",
    }
