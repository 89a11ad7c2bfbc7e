"""Erasure of a person or a team: asked for, carried out as a job that outlives its process, ended with a receipt.

In this order: a line in the ledger beside the database, the doors shut, words and files in batches, all names at once.
Whoever restores a backup gets the erasures of the ledger again at the next start.
"""

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from sqlalchemy import exists, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import owners
from moorage.accounts.access import ERASING
from moorage.accounts.permissions import OWNER
from moorage.accounts.tables import MembershipRow, TeamRow, UserRow
from moorage.audit.heads import find_head, hold_trails
from moorage.audit.pruning import prune_batch
from moorage.audit.tables import AuditHeadRow, AuditRow
from moorage.audit.trail import Act, Actor, has_trail, record, record_with
from moorage.chat.tables import ConversationRow
from moorage.errors import Conflict, NotFound
from moorage.privacy import jobs
from moorage.privacy.asking import Asking, asking
from moorage.privacy.belonging import everybody_here, goes_with, traces
from moorage.privacy.carrying_out import (
    erase_some_of_person,
    erase_some_of_team,
    finish_person,
    finish_team,
    forget_words,
    hold_team,
    shut_doors_of_person,
    shut_doors_of_team,
)
from moorage.privacy.ledger_check import read_whole
from moorage.privacy.ledger_hold import held_to_read
from moorage.privacy.plans import PlanLine, plan_person, plan_team
from moorage.privacy.scope import PersonScope, TeamScope
from moorage.privacy.tables import JobRow, ReceiptRow
from moorage.privacy.tombstones import Ledger, Tombstone, append_again, is_named, read_ledger
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT, db_now, new_id

ERASURE: Final = Actor(None, "erasure", "")
_BREATH_S: Final = 0.02
# In a job's cursor: begun by a start, which lets nobody in before it is through; nor does the next one, after a kill.
_AGAIN: Final = "again"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure would do. `whole_account`: the account, too; `alone_in`: teams that go with their only member."""

    lines: Sequence[PlanLine]
    whole_account: bool
    alone_in: Sequence[UUID] = ()


class Erasures:
    """Plans, asks for and carries out. `file` is the ledger (tombstones.py); `worker` names this process."""

    def __init__(self, database: Database, file: Path, worker: str) -> None:
        self._database = database
        self._file = file
        self._worker = worker

    async def plan_for(self, tx: AsyncConnection, person_id: UUID, team_id: UUID | None) -> tuple[PersonScope, Plan]:
        """Give what erasing a person would do: in one team, or with None in every one. Changes nothing.

        Raises NotFound("person_not_here"); Conflict: erase_last_owner, where others would be left without an owner, and
        erase_operator from within a team.
        """
        who = await _scope_of(tx, person_id, team_id)
        alone = [one for one in await _owned_alone(tx, who) if not await _has_others(tx, one, person_id)]
        for one in await _owned_alone(tx, who):
            if one not in alone or team_id is not None:
                name = await tx.scalar(select(TeamRow.name).where(TeamRow.id == one))
                raise Conflict("erase_last_owner", team=str(name))
        return who, Plan(await plan_person(tx, who), who.whole_account, alone)

    def asking(self) -> AbstractAsyncContextManager[Asking]:
        """Open the transaction to ask in."""
        return asking(self._database, self._file)

    async def ask_for_person(self, asked: Asking, who: PersonScope, plan: Plan, actor: Actor) -> UUID:
        """Begin to erase a person: from here on they get in no more. Gives the receipt's id.

        Raises Unavailable("erasures_file_unwritable"): then nothing happened.
        """
        tx = asked.tx
        for team_id in plan.alone_in:
            await self.ask_for_team(asked, team_id, actor)
        receipt_id = new_id()
        await asked.write_down(receipt_id, "person_erasure", who.person_id, who.team_id, whole=who.whole_account)
        await _record_for_person(tx, who, actor, Act("person.erasure_begun", "person", str(who.person_id), ""))
        await self._begin_person(tx, receipt_id, who, plan.lines)
        return receipt_id

    async def ask_for_team(self, asked: Asking, team_id: UUID, actor: Actor) -> tuple[UUID, Sequence[PlanLine]]:
        """Begin to erase a team and the accounts that are in no other.

        Raises as `ask_for_person`; NotFound("team_unknown"); Conflict("team_being_erased").
        """
        tx = asked.tx
        await hold_team(tx, TeamScope(team_id))
        standing = await tx.scalar(select(TeamRow.standing).where(TeamRow.id == team_id))
        if standing is None:
            raise NotFound("team_unknown")
        if standing == ERASING:
            raise Conflict("team_being_erased")
        receipt_id, lines = new_id(), await plan_team(tx, TeamScope(team_id))
        await asked.write_down(receipt_id, "team_erasure", None, team_id, whole=True)
        # Its own entry goes as well: whatever named somebody is gone in the end.
        begun = Act("team.erasure_begun", "team", str(team_id), "")
        await record_with(tx, team_id, actor, begun, keep_days=0)
        await self._begin_team(tx, receipt_id, team_id, lines)
        return receipt_id, lines

    async def _begin_person(
        self, tx: AsyncConnection, receipt_id: UUID, who: PersonScope, lines: Sequence[PlanLine], **more: bool
    ) -> None:
        cursor = {"pseudonym": str(uuid4()), "told": [one.to_json() for one in lines], **more}
        await jobs.put_erasure(
            tx, "person_erasure", receipt_id, who.team_id, who.person_id, cursor, whole_account=who.whole_account
        )
        await shut_doors_of_person(tx, who)

    async def _begin_team(
        self, tx: AsyncConnection, receipt_id: UUID, team_id: UUID, lines: Sequence[PlanLine], **more: bool
    ) -> None:
        # A process that goes on after a kill has to give each of them the same id: sums per day go by it.
        people = {str(one): str(uuid4()) for one in await everybody_here(tx, team_id)}
        cursor = {"pseudonym": str(uuid4()), "told": [one.to_json() for one in lines], "people": people, **more}
        # And the same receipt, if they go.
        cursor["receipts"] = {one: str(new_id()) for one in people}
        await jobs.put_erasure(tx, "team_erasure", receipt_id, team_id, None, cursor, whole_account=True)
        await shut_doors_of_team(tx, TeamScope(team_id))

    async def work(self, job: jobs.Job) -> None:
        """Carry a claimed erasure out to its end. Raises LeaseLostError where another process goes on with it."""
        await self._let_stand(await asyncio.to_thread(read_ledger, self._file), {job.id})
        if job.kind == "team_erasure":
            await self._work_on_team(job)
        else:
            await self._work_on_person(job)
        # Whoever asked may have learned only now that nobody can say whether it was stored.
        await self._let_stand(await asyncio.to_thread(read_ledger, self._file), {job.id})

    async def _let_stand(self, ledger: Ledger, stored: Collection[UUID]) -> None:
        """Write down again what was taken back although it is stored: the answer to its commit had got lost."""
        for tombstone in ledger.withdrawn:
            if tombstone.id in stored:
                await asyncio.to_thread(append_again, self._file, tombstone)

    async def _work_on_person(self, job: jobs.Job) -> None:
        if job.subject_id is None:
            return
        who, pseudonym = PersonScope(job.subject_id, job.team_id, job.whole_account), UUID(job.cursor["pseudonym"])
        await self._erase_all(job, lambda tx: erase_some_of_person(tx, who, pseudonym))
        async with self._database.write() as tx:
            await jobs.keep(tx, job, self._worker)
            await _record_for_person(tx, who, ERASURE, Act("person.erased", "erasure", str(job.id), ""))
            await finish_person(tx, who, pseudonym)
            await _give_receipt(tx, job)
        await self._forget_words()

    async def _work_on_team(self, job: jobs.Job) -> None:
        if job.team_id is None:
            return
        team, pseudonym = TeamScope(job.team_id), UUID(job.cursor["pseudonym"])
        await self._erase_all(job, lambda tx: erase_some_of_team(tx, team, pseudonym))
        for person_id, its in job.cursor["people"].items():
            await self._erase_account(job, UUID(person_id), UUID(its))
        await self._prune(job, team.team_id)
        async with self._database.write() as tx:
            await jobs.keep(tx, job, self._worker)
            await hold_team(tx, team)
            if await has_trail(tx, team.team_id):
                await _prune_the_rest(tx, team.team_id)
                erased = Act("team.erased", "erasure", str(job.id), "")
                await record_with(tx, team.team_id, ERASURE, erased, keep_days=None)
            await finish_team(tx, team, pseudonym)
            await _give_receipt(tx, job)
        await self._forget_words()

    async def _erase_account(self, job: jobs.Job, person_id: UUID, pseudonym: UUID) -> None:
        """Erase an account that is in no other team now; with a line and a receipt of its own.

        In a backup it may be in another team, too: the team's line alone would not take it there. What is written down
        already is erased: the one before us was killed over it.
        """
        who, receipt_id = PersonScope(person_id, None, whole_account=True), UUID(job.cursor["receipts"][str(person_id)])
        is_written = await asyncio.to_thread(is_named, self._file, receipt_id)
        async with self._database.read() as tx:
            is_done = await tx.scalar(select(exists().where(ReceiptRow.id == receipt_id)))
            if is_done or not (is_written or await goes_with(tx, person_id, job.team_id)):
                return
            lines = await plan_person(tx, who)
        async with self.asking() as asked:
            tx = asked.tx
            await jobs.keep(tx, job, self._worker)
            if not is_written:
                if not await goes_with(tx, person_id, job.team_id):
                    return
                await asked.write_down(receipt_id, "person_erasure", person_id, None, whole=True)
            await shut_doors_of_person(tx, who)
        await self._erase_all(job, lambda tx: erase_some_of_person(tx, who, pseudonym))
        async with self._database.write() as tx:
            await jobs.keep(tx, job, self._worker)
            await shut_doors_of_person(tx, who)
            await finish_person(tx, who, pseudonym)
            await _put_receipt(tx, receipt_id, None, "person_erasure", job.created_at, [one.to_json() for one in lines])

    async def _prune(self, job: jobs.Job, team_id: UUID) -> None:
        async with self._database.read() as tx:
            head = await find_head(tx, team_id)
        while head is not None:
            async with self._database.write() as tx:
                await jobs.keep(tx, job, self._worker)
                if await prune_batch(tx, team_id, through=head.seq) is None:
                    return
            await asyncio.sleep(_BREATH_S)

    async def _erase_all(self, job: jobs.Job, erase_some: Any) -> None:
        done = job.done
        while True:
            async with self._database.write() as tx:
                await jobs.keep(tx, job, self._worker, done=done)
                gone = await erase_some(tx)
            if not gone:
                return
            done += gone
            await asyncio.sleep(_BREATH_S)  # the others want to write, too

    async def _forget_words(self) -> None:
        async with self._database.write() as tx:
            await forget_words(tx)

    async def replay(self) -> int:
        """Erase again what this database does not know was erased: it was restored. Before anybody is let in.

        Gives how many erasures that were. Raises Unavailable where the ledger is not whole, as `read_whole`.
        """
        async with held_to_read(self._file):
            missing, is_to_work = await self._begin_missing()
        if is_to_work:
            await self.work_on_all()
        if missing:
            log.warning("erasures_replayed", count=missing)
        return missing

    async def _begin_missing(self) -> tuple[int, bool]:
        """Give how many were begun, and whether a start has any to carry out."""
        async with self._database.read() as tx:
            ledger = await read_whole(tx, self._file)
        if ledger.broken_off:
            log.warning("erasures_unreadable", count=ledger.broken_off)
        async with self._database.read() as tx:
            open_jobs = {row.id: row.cursor for row in await tx.execute(select(JobRow.id, JobRow.cursor))}
            known = set(await tx.scalars(select(ReceiptRow.id))) | open_jobs.keys()
        await self._let_stand(ledger, known)
        # Those go with their team, whose erasure is under way here.
        going = {UUID(one) for cursor in open_jobs.values() for one in cursor.get("receipts", {}).values()} - known
        missing = [one for one in ledger.tombstones if one.id not in known | going]
        is_begun = any(one.id in going for one in ledger.tombstones)
        for tombstone in missing:
            # Another process starts over the same database and was first: it is begun all the same.
            with contextlib.suppress(IntegrityError):
                async with self._database.write() as tx:
                    await self._begin_again(tx, tombstone)
        return len(missing), bool(missing) or is_begun or any(_AGAIN in cursor for cursor in open_jobs.values())

    async def _begin_again(self, tx: AsyncConnection, tombstone: Tombstone) -> None:
        if tombstone.kind == "team_erasure" and tombstone.team_id is not None:
            team = TeamScope(tombstone.team_id)
            await hold_team(tx, team)
            if await has_trail(tx, team.team_id):
                begun = Act("team.erasure_begun", "team", str(team.team_id), "")
                await record_with(tx, team.team_id, ERASURE, begun, keep_days=0)
            await self._begin_team(tx, tombstone.id, team.team_id, await plan_team(tx, team), **{_AGAIN: True})
        elif tombstone.person_id is not None:
            who = PersonScope(tombstone.person_id, tombstone.team_id, tombstone.whole_account)
            await self._begin_person(tx, tombstone.id, who, await plan_person(tx, who), **{_AGAIN: True})

    async def work_on_all(self) -> None:
        """Carry out every erasure that is to be done and that nobody else works on; for who can't wait for a runner."""
        while True:
            async with self._database.write() as tx:
                job = await jobs.claim(tx, self._worker, jobs.ERASURES)
            if job is None:
                return
            await self.work(job)


async def _scope_of(tx: AsyncConnection, person_id: UUID, team_id: UUID | None) -> PersonScope:
    person = (await tx.execute(select(UserRow.is_operator).where(UserRow.id == person_id))).one_or_none()
    if person is None:
        raise NotFound("person_not_here")
    if team_id is None:
        return PersonScope(person_id, None, whole_account=True)
    here = traces(person_id, lambda column: column == team_id) | exists().where(
        AuditRow.team_id == team_id, AuditRow.actor_id == person_id
    )
    if not await tx.scalar(select(here)):
        raise NotFound("person_not_here")
    if person.is_operator:
        raise Conflict("erase_operator")
    elsewhere = traces(person_id, lambda column: column != team_id)
    return PersonScope(person_id, team_id, whole_account=not await tx.scalar(select(elsewhere)))


async def _owned_alone(tx: AsyncConnection, who: PersonScope) -> list[UUID]:
    owned = select(MembershipRow.team_id).where(
        who.is_them(MembershipRow.user_id), MembershipRow.role == OWNER, who.within(MembershipRow.team_id)
    )
    return [one for one in await tx.scalars(owned.order_by(MembershipRow.team_id)) if await owners.is_last(tx, one)]


async def _has_others(tx: AsyncConnection, team_id: UUID, person_id: UUID) -> bool:
    others = exists().where(MembershipRow.team_id == team_id, MembershipRow.user_id != person_id)
    return bool(await tx.scalar(select(others)))


async def _record_for_person(tx: AsyncConnection, who: PersonScope, actor: Actor, act: Act) -> None:
    """Add the entry to the trail of each team that it concerns; to the deployment's, if there is none."""
    teams = [who.team_id] if who.team_id is not None else await _teams_with(tx, who.person_id)
    with_trail = [one for one in teams if await has_trail(tx, one)] or [DEPLOYMENT]
    await hold_trails(tx, with_trail)
    for team_id in with_trail:
        await record(tx, team_id, actor, act)


async def _teams_with(tx: AsyncConnection, person_id: UUID) -> list[UUID]:
    member = select(MembershipRow.team_id).where(MembershipRow.user_id == person_id)
    # By the indexes, which begin with the team; the deployment's own trail has a head, and no team.
    in_team = ConversationRow.team_id == TeamRow.id
    wrote = select(TeamRow.id).where(exists().where(in_team, ConversationRow.owner_id == person_id))
    in_trail = AuditRow.team_id == AuditHeadRow.team_id
    acted = select(AuditHeadRow.team_id).where(exists().where(in_trail, AuditRow.actor_id == person_id))
    return sorted(set(await tx.scalars(member.union(wrote, acted))))


async def _prune_the_rest(tx: AsyncConnection, team_id: UUID) -> None:
    """Prune what came to a trail since the batches: whoever adds to it waits for its head, and then finds no team."""
    await hold_trails(tx, [team_id])
    head = await find_head(tx, team_id)
    while head is not None and await prune_batch(tx, team_id, through=head.seq) is not None:
        pass


async def _give_receipt(tx: AsyncConnection, job: jobs.Job) -> None:
    await _put_receipt(tx, job.id, job.team_id, job.kind, job.created_at, job.cursor["told"])
    # With the job go whom it was about, and the other id that stands for them now.
    await jobs.forget(tx, job.id)


async def _put_receipt(
    tx: AsyncConnection,
    receipt_id: UUID,
    team_id: UUID | None,
    kind: str,
    asked_at: datetime,
    told: Sequence[Mapping[str, Any]],
) -> None:
    receipt = {"id": receipt_id, "team_id": team_id, "kind": kind, "asked_at": asked_at, "done_at": db_now()}
    await tx.execute(insert(ReceiptRow).values(**receipt, told=list(told)))
