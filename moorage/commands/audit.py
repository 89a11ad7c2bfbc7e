"""`moorage audit`: does every trail hold, the deployment's own trail, its signing keys, retention, uses of keys."""

import asyncio
import contextlib
import os
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy import select

from moorage.accounts.standing import list_teams
from moorage.api.audit_trail import tell_check, tell_entry
from moorage.api.sentences import Language, sentence
from moorage.audit.anchors import hold_against
from moorage.audit.checking import check
from moorage.audit.offline import FileReport, verify_file
from moorage.audit.pen import pen_of
from moorage.audit.pruning import prune_all
from moorage.audit.reading import MAX_PAGE, AuditEntry, read
from moorage.audit.rotation import print_key, rotate
from moorage.audit.tables import AuditHeadRow
from moorage.commands.signed import opened_to_record
from moorage.commands.terminal import fail, opened, settings_or_fail
from moorage.connections.old_uses import KEPT_DAYS
from moorage.connections.uses import SHOWN_DAYS, read_standard_uses
from moorage.doctor.terminal import language_of
from moorage.settings import Settings
from moorage.storage.types import DEPLOYMENT

_KEY_BYTES: Final = 32

audit_command = typer.Typer(no_args_is_help=True, help="The audit trails: verify, show, signing keys, retention.")
InLanguage = Annotated[Language | None, typer.Option(help="Default: from LC_ALL, LC_MESSAGES, LANG.")]


@audit_command.command("verify")
def audit_verify(
    anchors: Annotated[Path | None, typer.Option(help="Hold the database against this file of anchors, too")] = None,
    file: Annotated[Path | None, typer.Option(help="Verify an exported file (NDJSON) instead of the database")] = None,
    key: Annotated[str | None, typer.Option(help="With --file: the public key that `audit key` prints")] = None,
    language: InLanguage = None,
) -> None:
    """Check every trail, or an exported file, and say what was changed where. Exit code 1 if one does not hold."""
    told = language or language_of(os.environ)
    if file is None and key is not None:
        fail("--key goes with --file: the database's own keys are in it, and the ring proves them.")
    if file is not None and anchors is not None:
        fail("--anchors goes without --file: anchors are held against the database.")
    if file is not None:
        holds = _verify_file(file, key, told)
    else:
        holds = asyncio.run(_verify(settings_or_fail(), anchors, told))
    if not holds:
        raise typer.Exit(1)


@audit_command.command("show")
def audit_show(
    limit: Annotated[int, typer.Option(min=1, help="How many entries, from the newest back")] = 50,
    language: InLanguage = None,
) -> None:
    """Show the deployment's own chain, newest last: starts, and the exceptions that were in force."""
    asyncio.run(_show(settings_or_fail(), limit, language or language_of(os.environ)))


@audit_command.command("key")
def audit_key(
    *,
    new: Annotated[bool, typer.Option("--new", help="Make another key and sign with it from here on")] = False,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Make another key because the newest does not open any more")
    ] = False,
) -> None:
    """Print the public keys that trails are signed with, the newest last: exports are verified with it elsewhere."""
    asyncio.run(_key(settings_or_fail(), new=new, accepts_loss=accept_loss))


@audit_command.command("prune")
def audit_prune() -> None:
    """Delete now what the teams' rules do not want kept; the server does the same every hour."""
    asyncio.run(_prune(settings_or_fail()))


@audit_command.command("uses")
def audit_uses(days: Annotated[int, typer.Option(min=1, max=KEPT_DAYS, help="Of how many days")] = SHOWN_DAYS) -> None:
    """Say how often the keys of standard providers were used, all teams together."""
    asyncio.run(_uses(settings_or_fail(), days))


async def _verify(settings: Settings, anchors: Path | None, language: Language) -> bool:
    holds = True
    async with opened_to_record(settings) as database, database.read() as tx:
        names = {DEPLOYMENT: "this deployment", **{team.id: team.name for team in await list_teams(tx)}}
        chains = (await tx.scalars(select(AuditHeadRow.team_id))).all()
        # A team whose head is gone is missing from the heads, and a chain whose team is gone from the teams.
        for team_id in [*names, *(one for one in chains if one not in names)]:
            found = await check(tx, team_id)
            holds = holds and found.intact
            verdict = "intact" if found.intact else f"BROKEN  {tell_check(found, language)}"
            typer.echo(f"{team_id}  {names.get(team_id, '?')}  {found.checked} entries  {verdict}")
        if anchors is not None:
            with _lines(anchors) as lines:
                held = await hold_against(tx, lines, pen_of(tx).keys)
            for one, finding in held.findings.items():
                told = sentence(f"finding.{finding.kind}", {"number": finding.at}, language)
                typer.echo(f"{one or 'anchors'}  {names.get(one, '') if one else ''}  BROKEN  {told}")
            typer.echo(f"{held.anchors} anchors" + (f", {held.unreadable} unreadable lines" if held.unreadable else ""))
            holds = holds and not held.findings
    return holds


def _verify_file(file: Path, key: str | None, language: Language) -> bool:
    trusted = None if key is None else _read_key(key)
    with _lines(file) as lines:
        report = verify_file(lines, trusted)
    typer.echo(_tell_file(report, language))
    if report.public_key is not None and trusted is None:
        typer.echo(f"signed under {print_key(report.public_key)}: compare it with what `moorage audit key` prints.")
    if report.finding is None and report.unsigned and not report.complete:
        typer.echo(f"{report.unsigned} entries are older than the signatures; a part of a trail can't prove them.")
    return report.finding is None


def _tell_file(report: FileReport, language: Language) -> str:
    what = "the whole trail" if report.complete else "a part of the trail"
    named = f"{report.team_id}  {report.team_name}  {report.entries} entries, {what}"
    if report.finding is None:
        return f"{named}  intact"
    told = sentence(f"finding.{report.finding.kind}", {"number": report.finding.at}, language)
    return f"BROKEN  {told}" if report.team_id is None else f"{named}  BROKEN  {told}"


async def _show(settings: Settings, limit: int, language: Language) -> None:
    entries: list[AuditEntry] = []
    async with opened(settings) as database, database.read() as tx:
        while page := await read(
            tx, DEPLOYMENT, entries[-1].seq if entries else None, min(limit - len(entries), MAX_PAGE)
        ):
            entries += page
    for entry in reversed(entries):
        typer.echo(f"{entry.seq:>6}  {entry.at:%Y-%m-%d %H:%M:%S}Z  {tell_entry(entry, language)}")


async def _key(settings: Settings, *, new: bool, accepts_loss: bool) -> None:
    async with opened_to_record(settings, accepts_loss=accepts_loss) as database:
        async with database.read() as tx:
            pen = pen_of(tx)
        if new:
            await rotate(database, pen)
        for number, public in sorted(pen.keys.by_number.items()):
            typer.echo(f"{number}  {print_key(public)}" + ("  signs" if number == pen.number else ""))


async def _prune(settings: Settings) -> None:
    async with opened_to_record(settings) as database:
        gone = await prune_all(database)
    for team_id, count in gone.items():
        typer.echo(f"{team_id}  {count} entries pruned")
    typer.echo(f"{sum(gone.values())} entries pruned")


async def _uses(settings: Settings, days: int) -> None:
    since = datetime.now(UTC) - timedelta(days=days)
    async with opened(settings) as database, database.read() as tx:
        for provider, uses, last_at in await read_standard_uses(tx, since):
            typer.echo(f"{provider}  {uses} uses in {days} days, the last {last_at:%Y-%m-%d %H:%M}Z")


@contextlib.contextmanager
def _lines(path: Path) -> Iterator[Iterator[str]]:
    try:
        with path.open("r", encoding="utf-8", errors="replace", newline="\n") as file:
            yield iter(file)
    except OSError:
        fail(f"{path}: the file can't be read.")


def _read_key(text: str) -> bytes:
    try:
        key = b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        fail("--key: write the 44 characters that `moorage audit key` prints.")
    return key
