"""`moorage person erase` and `moorage team erase`: the dry run, the question, the erasure to its end, the receipt."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final
from uuid import UUID

import typer
from sqlalchemy import select

from moorage.accounts import operator
from moorage.accounts.tables import TeamRow
from moorage.api.sentences import sentence
from moorage.audit.deployment import OPERATOR, begin_if_needed
from moorage.commands.signed import opened_to_record
from moorage.commands.terminal import fail, opened, settings_or_fail
from moorage.composition.privacy import build_archive, build_erasures, erasures_file
from moorage.privacy.asking import Asking
from moorage.privacy.desk import Receipt, read_receipts
from moorage.privacy.erasing import Erasures
from moorage.privacy.exporting import sweep
from moorage.privacy.plans import PlanLine, plan_team
from moorage.privacy.scope import TeamScope
from moorage.privacy.tables import ReceiptRow
from moorage.settings import Settings
from moorage.storage.database import Database

_LOOK_EVERY_S: Final = 0.5
_TIMES: Final = 1200
_WAYS: Final = {"goes": "goes", "pseudonym": "gets another id", "stays": "STAYS"}

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would go, and change nothing")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask")]
Ask = Callable[[Asking, Erasures], Awaitable[UUID]]


def person_erase(
    mail: Annotated[str, typer.Argument(help="Mail address, or id")], *, dry_run: DryRun = False, yes: Yes = False
) -> None:
    """Erase a person in every team: says what goes, what stays and why, asks, and prints the receipt."""
    asyncio.run(_person(settings_or_fail(), mail, dry_run=dry_run, asks=not yes))


def team_erase(
    team_id: Annotated[UUID, typer.Argument(help="Id as `team list` prints it")],
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Erase a team, and the accounts that are in no other: says what goes, asks, and prints the receipt."""
    asyncio.run(_team(settings_or_fail(), team_id, dry_run=dry_run, asks=not yes))


async def _person(settings: Settings, mail: str, *, dry_run: bool, asks: bool) -> None:
    async with opened(settings) as database, database.read() as tx:
        person = await operator.find(tx, mail)
        _, plan = await _erasures(settings, database).plan_for(tx, person.id, None)
        names = {row.id: row.name for row in await tx.execute(select(TeamRow.id, TeamRow.name))}
    typer.echo(f"{person.email}  {person.name}")
    for team_id in plan.alone_in:
        typer.echo(f"  the team {names[team_id]} goes with them: nobody else is in it")
    _print(plan.lines)
    if dry_run or not _means_it(asks):
        return

    async def ask(asked: Asking, erasures: Erasures) -> UUID:
        who, now = await erasures.plan_for(asked.tx, person.id, None)
        return await erasures.ask_for_person(asked, who, now, OPERATOR)

    await _carry_out(settings, ask)


async def _team(settings: Settings, team_id: UUID, *, dry_run: bool, asks: bool) -> None:
    async with opened(settings) as database, database.read() as tx:
        name = await tx.scalar(select(TeamRow.name).where(TeamRow.id == team_id))
        lines = await plan_team(tx, TeamScope(team_id))
    if name is None:
        fail(sentence("team_unknown", {}, "en"))
    typer.echo(f"{team_id}  {name}")
    _print(lines)
    if dry_run or not _means_it(asks):
        return

    async def ask(asked: Asking, erasures: Erasures) -> UUID:
        receipt_id, _ = await erasures.ask_for_team(asked, team_id, OPERATOR)
        return receipt_id

    await _carry_out(settings, ask)


async def _carry_out(settings: Settings, ask: Ask) -> None:
    async with opened_to_record(settings) as database:
        erasures = _erasures(settings, database)
        async with erasures.asking() as asked:
            await begin_if_needed(asked.tx)
            receipt_id = await ask(asked, erasures)
        await erasures.work_on_all()
        await sweep(database, build_archive(settings))  # exports that held what was erased
        receipt = await _wait_for(database, receipt_id)
    if receipt is None:
        typer.echo(f"Receipt {receipt_id}: a running server carries it out.")
        return
    typer.echo(f"Receipt {receipt.id}: erased, {receipt.done_at:%Y-%m-%d %H:%M:%S}Z")
    _print(receipt.lines)
    typer.echo(f"Keep {erasures_file(settings)} out of backups that are put back: it erases again after a restore.")


async def _wait_for(database: Database, receipt_id: UUID) -> Receipt | None:
    """Give the receipt; a server beside us may be the one that works on it."""
    for _ in range(_TIMES):
        async with database.read() as tx:
            found = await read_receipts(tx, ReceiptRow.id == receipt_id)
        if found:
            return found[0]
        await asyncio.sleep(_LOOK_EVERY_S)
    return None


def _erasures(settings: Settings, database: Database) -> Erasures:
    return build_erasures(settings, database, f"{secrets.token_hex(8)}:command")


def _means_it(asks: bool) -> bool:  # noqa: FBT001 - of this module, from two places
    return not asks or typer.confirm("Erase? Nothing brings it back.", default=False)


def _print(lines: Sequence[PlanLine]) -> None:
    for line in lines:
        matter = sentence(f"matter.{line.matter}", {}, "en")
        typer.echo(f"  {_WAYS.get(line.way, line.way):<15}  {line.rows:>7}  {line.table}  ({matter})")
        if line.why:
            typer.echo(f"  {'':<15}  {'':>7}  {sentence(f'erasure.why.{line.why}', {}, 'en')}")
