"""The replies of this process: start, follow, stop; checkpoints, leases, and the way out when the server stops."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import refusals_of
from moorage.accounts.members_now import no_longer_members
from moorage.audit.trail import Actor
from moorage.chat.announcing import Announcer
from moorage.chat.attachments import AttachmentLimits, pieces_of
from moorage.chat.blind import HIDDEN, siblings_of
from moorage.chat.comparing import Comparer
from moorage.chat.context import fill
from moorage.chat.conversations import ConversationStore
from moorage.chat.decide import Decider
from moorage.chat.facts import Asked, AskedAgain, AskedSeveral, Compared, Decision, ReplyFacts
from moorage.chat.generate import Finished, Generation
from moorage.chat.hold import Cargo, Hold
from moorage.chat.journal import QUIET_S, Ended, Journal, JournalEvent, Quiet, Snapshot, Written
from moorage.chat.leaving_trail import record_leaving
from moorage.chat.named import use_of
from moorage.chat.recover import close_orphans
from moorage.chat.refused import note_refusal, note_spent
from moorage.chat.rules import WORDS, TitleMaker
from moorage.chat.sealing import sealed_against
from moorage.chat.settle import Settler, store_written
from moorage.chat.titles import Asking, Titles
from moorage.connections.cleared import uncleared
from moorage.connections.opening import ProviderDesk
from moorage.connections.picker import Picker
from moorage.connections.withdrawn import withdrawn
from moorage.errors import (
    AccessRefused,
    AddressRefused,
    BudgetSpent,
    Conflict,
    ModelRefused,
    MoorageError,
    NotCleared,
    NotFound,
    SealRefused,
    Unavailable,
)
from moorage.reports.desk import Reports
from moorage.reports.steady import Steady
from moorage.storage.database import Database, GroupWriter
from moorage.usage.ledger import Ledger

CHECKPOINT_S: Final = 2.0
JUDGE_EVERY_S: Final = 2.0
RENEW_EVERY_CHECKPOINTS: Final = 10
SETTLE_RETRY_S: Final = (0.2, 1.0, 3.0, 10.0)
MAX_REFUSED_SETTLES: Final = 3
LOOK_AGAIN_S: Final = 1.0

T = TypeVar("T")
BegunOf = Callable[[T], Sequence[Decision]]


class Replies:
    """Owns every running reply of this process, independent of the requests that asked for them."""

    def __init__(
        self,
        database: Database,
        writer: GroupWriter,
        ledger: Ledger,
        picker: Picker,
        desk: ProviderDesk,
        reports: Reports,
        limits: AttachmentLimits = AttachmentLimits(),  # noqa: B008 - frozen
        title_maker: TitleMaker = WORDS,
        hold: Hold | None = None,
    ) -> None:
        self._database = database
        self._writer = writer
        self._ledger = ledger
        announcer = Announcer(ledger, limits)
        self._decider = Decider(picker, announcer)
        self._comparer = Comparer(picker, announcer)
        self._settler = Settler(ledger, desk)
        self._desk = desk
        self._reports = reports
        self._hold = hold or Hold()
        self._titles = Titles(writer, ledger, picker, desk, reports, maker=title_maker)
        self._running: dict[UUID, Generation] = {}
        self._tasks: dict[asyncio.Task[None], UUID] = {}
        self._beat = 0
        self._keepers = (
            Steady(self._keep, reports, name="reply-keeper", event="checkpoint_failed", breath_s=0),
            # A task of its own: a database that takes no writes must not keep a suspension from taking effect.
            Steady(self._watch, reports, name="reply-watch", event="judging_failed", breath_s=0),
        )
        self._draining = False

    async def start(self) -> None:
        """Close what an earlier process left, then begin to keep leases and checkpoints."""
        await self._writer.do(lambda tx: close_orphans(tx, self._ledger))
        for keeper in self._keepers:
            keeper.start()

    async def ask(self, asked: Asked, actor: Actor) -> Decision:
        """Store a question and start its reply. Returns once both are stored."""
        return await self._begin(asked.team_id, actor, lambda tx: self._decider.ask(tx, asked), _alone)

    async def ask_again(self, asked: AskedAgain, actor: Actor) -> Decision:
        """Start another answer to a stored question."""
        return await self._begin(asked.team_id, actor, lambda tx: self._decider.ask_again(tx, asked), _alone)

    async def compare(self, wish: AskedSeveral, actor: Actor) -> Compared:
        """Ask several models at once: all replies start, or nothing is stored."""
        decide = self._comparer.compare
        return await self._begin(wish.asked.team_id, actor, lambda tx: decide(tx, wish), lambda one: one.begun)

    async def follow(
        self, team_id: UUID, user_id: UUID, reply_id: UUID, position: int | None
    ) -> AsyncIterator[JournalEvent]:
        """Follow a reply of this person from `position`. One that is over gives its snapshot and its end.

        Raises NotFound before the first event.
        """
        # Looked up before the read, too: it may end meanwhile, and its journal knows how; what was read then is old.
        generation = self._running.get(reply_id)
        async with self._database.read() as tx:
            facts, written = await ConversationStore(tx, team_id, user_id).find_reply(reply_id)
        if facts.origin == HIDDEN:
            return self._follow_hidden(team_id, user_id, reply_id)
        generation = generation or self._running.get(reply_id)
        if generation is not None:
            return generation.journal.follow(position)
        if facts.state == "running":
            # It may have been settled between the read and the look; otherwise another process writes it, or did.
            async with self._database.read() as tx:
                facts, written = await ConversationStore(tx, team_id, user_id).find_reply(reply_id)
        return _tell_ended(facts, written)

    async def _follow_hidden(self, team_id: UUID, user_id: UUID, reply_id: UUID) -> AsyncIterator[JournalEvent]:
        # How fast it comes would tell who writes: nothing is given before all of its comparison have ended.
        while True:
            try:
                async with self._database.read() as tx:
                    facts, written = await ConversationStore(tx, team_id, user_id).find_reply(reply_id)
                    siblings = set(await siblings_of(tx, reply_id))
            except NotFound:
                return  # its conversation was deleted meanwhile
            if facts.state != "running":
                break
            ours = [task for task, one in self._tasks.items() if one in siblings]
            if ours:
                await asyncio.wait(ours, timeout=QUIET_S)
            else:
                # Another process writes what is missing.
                await asyncio.sleep(LOOK_AGAIN_S)
            yield Quiet()
        yield Snapshot(written.text, written.reasoning, 0, written.beside)
        yield Ended(facts, 0)

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
        for one in self._all_running():
            if one.decision.conversation_id == conversation_id:
                one.stop("stopped")

    async def stop_outside(self) -> None:
        """Stop what models outside of a seal write: meanwhile it was sealed, or they are said to be elsewhere.

        Their questions are with them already; not one word more is taken.
        """
        async with self._database.read() as tx:
            await self._stop_sealed(tx)

    @property
    def running_count(self) -> int:
        """How many replies are being written."""
        return len(self._running)

    @property
    def titles_under_way(self) -> int:
        """How many titles are being made."""
        return self._titles.under_way

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
        await self._titles.aclose()
        for keeper in self._keepers:
            await keeper.aclose()

    async def _begin(
        self, team_id: UUID, actor: Actor, decide: Callable[[AsyncConnection], Awaitable[T]], begun_of: BegunOf[T]
    ) -> T:
        if self._draining:
            raise Unavailable("draining")
        try:
            return await asyncio.shield(asyncio.ensure_future(self._decide_and_start(team_id, actor, decide, begun_of)))
        except (AccessRefused, ModelRefused, NotCleared, SealRefused) as refusal:
            await note_refusal(self._database, team_id, actor, refusal)
            raise
        except BudgetSpent as refusal:
            await note_spent(self._writer, self._ledger.budgets, team_id, actor, refusal)
            raise
        except IntegrityError:
            raise Conflict("message_id_used") from None

    async def _decide_and_start(
        self, team_id: UUID, actor: Actor, decide: Callable[[AsyncConnection], Awaitable[T]], begun_of: BegunOf[T]
    ) -> T:
        async def decide_and_record(tx: AsyncConnection) -> T:
            decided = await decide(tx)
            await record_leaving(tx, actor, begun_of(decided))
            return decided

        # Shielded by the caller: once stored, the reply starts even if the one who asked has left meanwhile.
        decided = await self._writer.do(decide_and_record, str(team_id))
        for decision in begun_of(decided):
            if decision.chosen is not None and decision.answer.reply is not None:
                self._start(decision, decision.answer.reply, actor)
        return decided

    def _start(self, decision: Decision, reply: ReplyFacts, actor: Actor) -> None:
        generation = Generation(decision, Journal(decision.begun), actor, self._reports)
        self._running[reply.id] = generation
        task = asyncio.create_task(self._run(reply, generation), name="reply")
        self._tasks[task] = reply.id
        task.add_done_callback(self._tasks.pop)

    async def _run(self, reply: ReplyFacts, generation: Generation) -> None:
        finished = await self._generate(generation)
        facts = await self._settle(reply, generation, finished)
        del self._running[reply.id]
        generation.journal.end(facts)
        if facts.state == "done" and not self._draining:
            self._titles.begin(generation.decision, generation.journal.written().text, generation.actor)

    async def _settle(self, reply: ReplyFacts, generation: Generation, finished: Finished) -> ReplyFacts:
        written, team_id = generation.journal.written(), str(generation.decision.team_id)
        attempt, refused = 0, 0
        while True:
            try:
                return await self._writer.do(
                    lambda tx: self._settler.settle(tx, generation, finished, written), team_id
                )
            except Exception as error:  # noqa: BLE001 - a lost settle would be a lost message
                self._reports.note("settle_failed", error, reply_id=str(reply.id), attempt=attempt)
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
            provider = await self._desk.open(chosen, team_id=generation.decision.team_id, person_id=person_id)
        except MoorageError as error:
            if isinstance(error, SealRefused | NotCleared):
                await note_refusal(self._database, generation.decision.team_id, generation.actor, error)
            return Finished(
                "failed",
                "upstream_error",
                problem_code=error.code,
                problem_params=error.params,
                refused=isinstance(error, AddressRefused),
            )
        except Exception as error:  # noqa: BLE001 - must become a settled reply
            self._reports.note("opening_broke", error)
            return Finished("failed", "crashed", problem_code="unexpected")
        return await generation.run(provider, lambda: self._load(generation.decision))

    async def _load(self, decision: Decision) -> Cargo:
        if not decision.pieces:
            return Cargo(decision.turns)
        size = sum(one.size for placed in decision.pieces.values() for one in placed)
        free = await self._hold.take(decision.owner_id, size)
        try:
            async with self._database.read() as tx:
                contents = await pieces_of(tx, decision.pieces)
            return Cargo(await asyncio.to_thread(fill, decision.turns, decision.pieces, contents), free)
        except BaseException:
            free()
            raise

    async def _keep(self) -> None:
        await asyncio.sleep(CHECKPOINT_S)
        self._beat += 1
        await self._checkpoint()
        if self._beat % RENEW_EVERY_CHECKPOINTS == 0:
            running = list(self._running)
            await self._writer.do(lambda tx: self._ledger.renew(tx, running))
            # They are of many teams, and a group holds its rows team by team: a transaction of their own.
            async with self._database.write() as tx:
                await close_orphans(tx, self._ledger)
            await self._ledger.scales.store(self._writer)

    async def _watch(self) -> None:
        await asyncio.sleep(JUDGE_EVERY_S)
        await self._stop_refused()

    async def _stop_refused(self) -> None:
        # A team that was suspended meanwhile gets not one word more (P14), nor does who left it or lost their right to
        # the model: by whichever process that was done. What had arrived is their own.
        running = self._all_running()
        if not running:
            return
        people = {(one.decision.team_id, one.actor.id) for one in running if one.actor.id is not None}
        async with self._database.read() as tx:
            refusals = await refusals_of(tx, {one.decision.team_id for one in running})
            gone = await no_longer_members(tx, people)
            await self._stop_sealed(tx)
            closed = await withdrawn(tx, {use for one in running if (use := use_of(one.decision)) is not None})
            reached = {one.decision.chosen.reached for one in running if one.decision.chosen is not None}
            unbound = await uncleared(tx, reached, datetime.now(UTC).date())
        for generation in running:
            code = refusals.get(generation.decision.team_id)
            if code is not None:
                generation.stop("refused", code)
            elif (generation.decision.team_id, generation.actor.id) in gone:
                generation.stop("stopped")
            elif use_of(generation.decision) in closed:
                generation.stop("refused", "model_closed_meanwhile")
            elif generation.decision.chosen is not None and generation.decision.chosen.reached in unbound:
                generation.stop("refused", "model_not_cleared_meanwhile")

    def _all_running(self) -> list[Generation | Asking]:
        return [*self._running.values(), *self._titles.asking]

    async def _stop_sealed(self, tx: AsyncConnection) -> None:
        running = [(one, one.decision.where) for one in self._all_running()]
        against = await sealed_against(tx, [where for _, where in running])
        for generation, where in running:
            if where in against:
                generation.stop("stopped")

    async def _checkpoint(self) -> None:
        unsaved: list[tuple[UUID, Written]] = []
        taken: list[Journal] = []
        for generation in self._running.values():
            written = generation.journal.take_unsaved()
            if written is not None:
                unsaved.append((generation.decision.answer.id, written))
                taken.append(generation.journal)
        if not unsaved:
            return

        async def store(tx: AsyncConnection) -> None:
            for message_id, written in unsaved:
                await store_written(tx, message_id, written)

        try:
            await self._writer.do(store)
        except Exception:
            for journal in taken:
                journal.put_back_unsaved()
            raise


async def _tell_ended(facts: ReplyFacts, written: Written) -> AsyncIterator[JournalEvent]:
    yield Snapshot(written.text, written.reasoning, 0, written.beside)
    yield Ended(facts, 0)


def _alone(decision: Decision) -> Sequence[Decision]:
    return (decision,)
