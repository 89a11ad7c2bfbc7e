"""The replies of this process: start, follow, stop; checkpoints, leases, and the way out when the server stops."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import refusals_of
from moorage.audit.trail import Act, Actor, record
from moorage.chat.conversations import ConversationStore
from moorage.chat.decide import Decider
from moorage.chat.facts import Asked, AskedAgain, Decision, ReplyFacts
from moorage.chat.generate import Finished, Generation
from moorage.chat.journal import Ended, Journal, JournalEvent, Snapshot
from moorage.chat.recover import close_orphans
from moorage.chat.settle import Settler, store_text
from moorage.connections.opening import ProviderDesk
from moorage.connections.picker import Picker
from moorage.errors import AccessRefused, AddressRefused, Conflict, MoorageError, Unavailable
from moorage.storage.database import Database, GroupWriter
from moorage.telemetry import describe_place
from moorage.usage.ledger import Ledger

log = structlog.get_logger(__name__)

CHECKPOINT_S: Final = 2.0
RENEW_EVERY_CHECKPOINTS: Final = 10
SETTLE_RETRY_S: Final = (0.2, 1.0, 3.0, 10.0)
MAX_REFUSED_SETTLES: Final = 3


class Replies:
    """Owns every running reply of this process, independent of the requests that asked for them."""

    def __init__(
        self, database: Database, writer: GroupWriter, ledger: Ledger, picker: Picker, desk: ProviderDesk
    ) -> None:
        self._database = database
        self._writer = writer
        self._ledger = ledger
        self._decider = Decider(picker, ledger)
        self._settler = Settler(ledger, desk)
        self._desk = desk
        self._running: dict[UUID, Generation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._keeper: asyncio.Task[None] | None = None
        self._draining = False

    async def start(self) -> None:
        """Close what an earlier process left, then begin to keep leases and checkpoints."""
        await self._writer.do(lambda tx: close_orphans(tx, self._ledger))
        self._keeper = asyncio.create_task(self._keep(), name="reply-keeper")

    async def ask(self, asked: Asked, actor: Actor) -> Decision:
        """Store a question and start its reply. Returns once both are stored."""
        return await self._begin(asked.team_id, actor, lambda tx: self._decider.ask(tx, asked))

    async def ask_again(self, asked: AskedAgain, actor: Actor) -> Decision:
        """Start another answer to a stored question."""
        return await self._begin(asked.team_id, actor, lambda tx: self._decider.ask_again(tx, asked))

    async def follow(
        self, team_id: UUID, user_id: UUID, reply_id: UUID, position: int | None
    ) -> AsyncIterator[JournalEvent]:
        """Follow a reply of this person from `position`. One that is over gives its snapshot and its end.

        Raises NotFound before the first event.
        """
        async with self._database.read() as tx:
            facts, text, reasoning = await ConversationStore(tx, team_id, user_id).find_reply(reply_id)
        generation = self._running.get(reply_id)
        if generation is not None:
            return generation.journal.follow(position)
        if facts.state == "running":
            # It may have been settled between the read and the look; otherwise another process writes it, or did.
            async with self._database.read() as tx:
                facts, text, reasoning = await ConversationStore(tx, team_id, user_id).find_reply(reply_id)
        return _tell_ended(facts, text, reasoning)

    def journal_of(self, reply_id: UUID) -> Journal | None:
        """Give the journal of a running reply."""
        generation = self._running.get(reply_id)
        return None if generation is None else generation.journal

    async def stop(self, team_id: UUID, user_id: UUID, reply_id: UUID) -> None:
        """Stop a reply of this person; nothing happens if it is over. Raises NotFound."""
        async with self._database.read() as tx:
            await ConversationStore(tx, team_id, user_id).find_reply(reply_id)
        self.stop_now(reply_id)

    def stop_now(self, reply_id: UUID) -> None:
        """Stop a reply without asking whose it is: the caller has. One of another process runs on."""
        generation = self._running.get(reply_id)
        if generation is not None:
            generation.stop("stopped")

    def stop_in(self, conversation_id: UUID) -> None:
        """Stop what is being written in a conversation that is gone; nobody else could any more."""
        for generation in self._running.values():
            if generation.decision.conversation_id == conversation_id:
                generation.stop("stopped")

    @property
    def running_count(self) -> int:
        """How many replies are being written."""
        return len(self._running)

    def begin_draining(self) -> None:
        """Start no more replies."""
        self._draining = True

    async def drain(self, grace_s: float) -> None:
        """Let running replies end for `grace_s`, interrupt the rest, and wait until all are settled."""
        self.begin_draining()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        for generation in list(self._running.values()):
            generation.stop("shutdown")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper

    async def _begin(
        self, team_id: UUID, actor: Actor, decide: Callable[[AsyncConnection], Awaitable[Decision]]
    ) -> Decision:
        if self._draining:
            raise Unavailable("draining")
        try:
            decision = await asyncio.shield(asyncio.ensure_future(self._decide_and_start(actor, decide)))
        except AccessRefused as refusal:
            await self._note_refusal(team_id, actor, refusal)
            raise
        except IntegrityError:
            raise Conflict("message_id_used") from None
        return decision

    async def _decide_and_start(
        self, actor: Actor, decide: Callable[[AsyncConnection], Awaitable[Decision]]
    ) -> Decision:
        # Shielded by the caller: once stored, the reply starts even if the one who asked has left meanwhile.
        decision = await self._writer.do(decide)
        if decision.chosen is not None and decision.answer.reply is not None:
            generation = Generation(decision, Journal(), actor)
            self._running[decision.answer.reply.id] = generation
            task = asyncio.create_task(self._run(decision.answer.reply, generation), name="reply")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return decision

    async def _run(self, reply: ReplyFacts, generation: Generation) -> None:
        finished = await self._generate(generation)
        facts = await self._settle(reply, generation, finished)
        del self._running[reply.id]
        generation.journal.end(facts)

    async def _settle(self, reply: ReplyFacts, generation: Generation, finished: Finished) -> ReplyFacts:
        text, reasoning = generation.journal.text()
        attempt, refused = 0, 0
        while True:
            try:
                return await self._writer.do(lambda tx: self._settler.settle(tx, generation, finished, text, reasoning))
            except Exception as error:  # noqa: BLE001 - a lost settle would be a lost message
                log.error("settle_failed", reply_id=str(reply.id), kind=type(error).__name__, attempt=attempt)
                refused += not isinstance(error, Unavailable)
                if refused > MAX_REFUSED_SETTLES:
                    # The database is there and does not take it. The sweep closes the call with what was checkpointed.
                    return dataclasses.replace(reply, state="interrupted", problem_code="reply_interrupted")
                await asyncio.sleep(SETTLE_RETRY_S[min(attempt, len(SETTLE_RETRY_S) - 1)])
                attempt += 1

    async def _generate(self, generation: Generation) -> Finished:
        chosen, person_id = generation.decision.chosen, generation.actor.id
        try:
            if chosen is None or person_id is None:
                raise Unavailable("unexpected")
            provider = self._desk.open(chosen, team_id=generation.decision.team_id, person_id=person_id)
        except MoorageError as error:
            return Finished(
                "failed",
                "upstream_error",
                problem_code=error.code,
                problem_params=error.params,
                refused=isinstance(error, AddressRefused),
            )
        except Exception as error:  # noqa: BLE001 - must become a settled reply
            log.error("opening_broke", kind=type(error).__name__, where=describe_place(error))
            return Finished("failed", "crashed", problem_code="unexpected")
        return await generation.run(provider)

    async def _keep(self) -> None:
        beat = 0
        while True:
            await asyncio.sleep(CHECKPOINT_S)
            beat += 1
            try:
                await self._checkpoint()
                await self._stop_refused()
                if beat % RENEW_EVERY_CHECKPOINTS == 0:
                    running = list(self._running)
                    await self._writer.do(lambda tx: self._ledger.renew(tx, running))  # noqa: B023 - awaited here
                    await self._writer.do(lambda tx: close_orphans(tx, self._ledger))
            except Exception as error:  # noqa: BLE001 - the next beat tries again
                log.error("checkpoint_failed", kind=type(error).__name__)

    async def _stop_refused(self) -> None:
        # A team that was suspended meanwhile gets not one word more (P14); what had arrived is its own.
        if not self._running:
            return
        async with self._database.read() as tx:
            refusals = await refusals_of(tx, {generation.decision.team_id for generation in self._running.values()})
        for generation in self._running.values():
            code = refusals.get(generation.decision.team_id)
            if code is not None:
                generation.stop("refused", code)

    async def _checkpoint(self) -> None:
        unsaved: list[tuple[UUID, str, str]] = []
        taken: list[Journal] = []
        for generation in self._running.values():
            text = generation.journal.take_unsaved()
            if text is not None:
                unsaved.append((generation.decision.answer.id, *text))
                taken.append(generation.journal)
        if not unsaved:
            return

        async def store(tx: AsyncConnection) -> None:
            for message_id, text, reasoning in unsaved:
                await store_text(tx, message_id, text, reasoning)

        try:
            await self._writer.do(store)
        except Exception:
            for journal in taken:
                journal.put_back_unsaved()
            raise

    async def _note_refusal(self, team_id: UUID, actor: Actor, refusal: AccessRefused) -> None:
        act = Act("access.refused", "reply", "", "", outcome="refused", details={"code": refusal.code})
        async with self._database.write() as tx:
            await record(tx, team_id, actor, act)


async def _tell_ended(facts: ReplyFacts, text: str, reasoning: str) -> AsyncIterator[JournalEvent]:
    yield Snapshot(text, reasoning, 0)
    yield Ended(facts, 0)
