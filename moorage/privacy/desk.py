"""The use cases of this room for a signed-in person; each judges anew, in the transaction that acts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.acting import lock_and_require, require_now
from moorage.accounts.permissions import OWNER, Permission
from moorage.accounts.principal import Principal, require_proof, require_whole_account
from moorage.accounts.roster import name_of, shown_email
from moorage.accounts.tables import MembershipRow, TeamRow, UserRow
from moorage.audit.trail import Act, record
from moorage.chat.tables import ConversationRow
from moorage.connections.undertakings import Undertakings
from moorage.errors import Conflict, Invalid
from moorage.privacy import jobs
from moorage.privacy.archive import Archive
from moorage.privacy.erasing import Erasures, Plan
from moorage.privacy.plans import PlanLine, plan_team
from moorage.privacy.runner import Runner
from moorage.privacy.scope import TeamScope
from moorage.privacy.tables import ReceiptRow
from moorage.storage.database import Database

MAX_LISTED: Final = 500


@dataclass(frozen=True, slots=True)
class PersonHere:
    """Somebody whose data lies in a team. `role` None: no member any more."""

    user_id: UUID
    name: str
    email: str
    role: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt of one erasure."""

    id: UUID
    kind: str
    asked_at: datetime
    done_at: datetime
    lines: Sequence[PlanLine]


class PrivacyDesk:
    """`operator` is what the deployment's operator calls themselves, "" where they have not said."""

    def __init__(
        self,
        database: Database,
        archive: Archive,
        erasures: Erasures,
        runner: Runner,
        undertakings: Undertakings,
        operator: str,
    ) -> None:
        self.archive = archive
        self.erasures = erasures
        self.runner = runner
        self.undertakings = undertakings
        self.operator = operator
        self._database = database

    async def ask_for_export(self, who: Principal, request_id: str, locale: str, *, of_team: bool) -> jobs.Job:
        """Begin an export of one's own data, or of the team's.

        Raises NotAllowed (not_allowed; for the team's proof_needed), Conflict("export_under_way").
        """
        kind: jobs.JobKind = "team_export" if of_team else "own_export"
        async with self._database.write() as tx:
            await require_now(tx, who, Permission.EXPORT_TEAM if of_team else Permission.WRITE)
            if of_team:
                require_proof(who)
            # A team's identity provider is a key to that team and no further.
            whole = who.sign_in.provider_id is None
            job_id = await jobs.put_export(tx, kind, who.team_id, who.user_id, locale, whole_account=whole)
            act = Act("data.export_asked", "export", str(job_id), "", details={"what": kind})
            await record(tx, who.team_id, who.actor(request_id), act)
            job = await jobs.get(tx, who.team_id, who.user_id, job_id)
        await self.runner.sweep()  # the one from before
        self.runner.wake()
        return job

    async def fetch(self, who: Principal, request_id: str, export_id: UUID) -> jobs.Job:
        """Put it on record that somebody fetches their export.

        Raises NotFound("export_gone"), Conflict("export_not_ready"), NotAllowed: not_allowed, bound_to_team for one
        that tells of the whole account.
        """
        async with self._database.write() as tx:
            job = await jobs.get(tx, who.team_id, who.user_id, export_id)
            await require_now(tx, who, Permission.EXPORT_TEAM if job.kind == "team_export" else Permission.WRITE)
            if job.kind == "own_export" and job.whole_account:
                require_whole_account(who)
            if job.state != "done":
                raise Conflict("export_not_ready")
            act = Act("data.export_fetched", "export", str(job.id), "", details={"what": job.kind})
            await record(tx, who.team_id, who.actor(request_id), act)
        return job

    async def delete_export(self, who: Principal, request_id: str, export_id: UUID) -> None:
        """Delete an export of one's own asking, or stop making it. Raises NotFound("export_gone")."""
        async with self._database.write() as tx:
            job = await jobs.get(tx, who.team_id, who.user_id, export_id)
            await jobs.forget(tx, job.id)
            act = Act("data.export_deleted", "export", str(job.id), "", details={"what": job.kind})
            await record(tx, who.team_id, who.actor(request_id), act)
        await self.runner.sweep()

    async def people(self, who: Principal) -> Sequence[PersonHere]:
        """Give everybody whose data lies in the team: its members, and who left and has conversations here."""
        async with self._database.read() as tx:
            await require_now(tx, who, Permission.ERASE)
            role = MembershipRow.role.label("role")
            here = (MembershipRow.user_id == UserRow.id) & (MembershipRow.team_id == who.team_id)
            wrote = exists().where(ConversationRow.owner_id == UserRow.id, ConversationRow.team_id == who.team_id)
            rows = await tx.execute(
                select(UserRow.id, UserRow.name, shown_email().label("email"), role)
                .outerjoin(MembershipRow, here)
                .where(MembershipRow.user_id.is_not(None) | wrote)
                .order_by(UserRow.name, UserRow.id)
                .limit(MAX_LISTED)
            )
            return [PersonHere(*row) for row in rows]

    async def plan_person(self, who: Principal, person_id: UUID) -> tuple[str, Plan]:
        """Give name and dry run. Raises NotAllowed, NotFound("person_not_here"), Conflict."""
        async with self._database.read() as tx:
            await require_now(tx, who, Permission.ERASE)
            _, plan = await self.erasures.plan_for(tx, person_id, who.team_id)
            return await name_of(tx, person_id), plan

    async def erase_person(self, who: Principal, request_id: str, person_id: UUID) -> UUID:
        """Begin to erase a person's data in the team. Raises as `plan_person`, and NotAllowed("proof_needed")."""
        async with self.erasures.asking() as asked:
            await lock_and_require(asked.tx, who, Permission.ERASE)
            require_proof(who)
            scope, plan = await self.erasures.plan_for(asked.tx, person_id, who.team_id)
            receipt_id = await self.erasures.ask_for_person(asked, scope, plan, who.actor(request_id))
        self.runner.wake()
        return receipt_id

    async def plan_team(self, who: Principal) -> Sequence[PlanLine]:
        """Give the dry run of erasing the whole team. Raises NotAllowed."""
        async with self._database.read() as tx:
            await require_now(tx, who, Permission.ERASE)
            return await plan_team(tx, TeamScope(who.team_id))

    async def erase_team(self, who: Principal, request_id: str, typed_name: str) -> UUID:
        """Begin to erase the team. Raises NotAllowed (not_allowed, proof_needed), Invalid("team_name_differs")."""
        async with self.erasures.asking() as asked:
            await lock_and_require(asked.tx, who, Permission.ERASE)
            name = await asked.tx.scalar(select(TeamRow.name).where(TeamRow.id == who.team_id))
            if typed_name != name:
                raise Invalid("team_name_differs", field="typed_name")
            require_proof(who)
            receipt_id, _ = await self.erasures.ask_for_team(asked, who.team_id, who.actor(request_id))
        self.runner.wake()
        return receipt_id

    async def receipts(self, who: Principal) -> Sequence[Receipt]:
        """Give the receipts of the team's erasures, newest first. Raises NotAllowed."""
        async with self._database.read() as tx:
            await require_now(tx, who, Permission.ERASE)
            return await read_receipts(tx, ReceiptRow.team_id == who.team_id)


async def read_receipts(tx: AsyncConnection, which: Any) -> Sequence[Receipt]:
    """Give receipts, newest first."""
    rows = await tx.execute(
        select(ReceiptRow.__table__).where(which).order_by(ReceiptRow.done_at.desc()).limit(MAX_LISTED)
    )
    return [
        Receipt(row.id, row.kind, row.asked_at, row.done_at, [PlanLine(**line) for line in row.told]) for row in rows
    ]


async def owners_of(tx: AsyncConnection, team_id: UUID) -> Sequence[str]:
    """Give the names of a team's owners."""
    rows = await tx.scalars(
        select(UserRow.name)
        .join(MembershipRow, MembershipRow.user_id == UserRow.id)
        .where(MembershipRow.team_id == team_id, MembershipRow.role == OWNER)
        .order_by(UserRow.name)
    )
    return list(rows)
