"""`moorage person`: what only the operator does with accounts. Every change is in the trail of each team concerned."""

import asyncio
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import break_glass, operator, resets
from moorage.accounts.devices import name_browser
from moorage.accounts.factor_loss import remove_second_factors
from moorage.audit.deployment import OPERATOR
from moorage.commands.signed import opened_to_record
from moorage.commands.terminal import opened, settings_or_fail
from moorage.settings import Settings

person_command = typer.Typer(
    no_args_is_help=True, help="People: look, reset passwords, sign out, break-glass accounts."
)

Mail = Annotated[str, typer.Argument(help="The person's mail address, or the id that `show` tells", metavar="MAIL")]


@person_command.command("list")
def person_list() -> None:
    """List all people: mail address, name, teams with roles, and what is special about them."""
    asyncio.run(_list(settings_or_fail()))


@person_command.command("show")
def person_show(mail: Mail) -> None:
    """Show a person's teams, and where they are signed in."""
    asyncio.run(_show(settings_or_fail(), mail))


@person_command.command("reset-password")
def person_reset_password(mail: Mail) -> None:
    """Print a link that sets a new password: used once, for one hour. Second factors stay."""
    asyncio.run(_reset_password(settings_or_fail(), mail))


@person_command.command("remove-second-factor")
def person_remove_second_factor(mail: Mail) -> None:
    """Remove all second factors of a person who lost them, and end their sign-ins; in the trail of all their teams."""
    asyncio.run(_remove_second_factor(settings_or_fail(), mail))


@person_command.command("end-sign-ins")
def person_end_sign_ins(mail: Mail) -> None:
    """Sign a person out everywhere."""
    asyncio.run(_end_sign_ins(settings_or_fail(), mail))


@person_command.command("break-glass")
def person_break_glass(
    mail: Mail,
    on: Annotated[bool, typer.Option("--on/--off", help="Mark the account, or take the mark away")],
) -> None:
    """Let an owner sign in by password even where an identity provider is demanded; every use is told to all owners."""
    asyncio.run(_break_glass(settings_or_fail(), mail, on=on))


async def _remove_second_factor(settings: Settings, mail: str) -> None:
    async with opened_to_record(settings) as database:
        async with database.write() as tx:
            count = await remove_second_factors(tx, await operator.find(tx, mail), OPERATOR)
        typer.echo(f"Removed: {count}. The next sign-in takes the password alone; teams may then ask for a new factor.")


async def _list(settings: Settings) -> None:
    async with opened(settings) as database, database.read() as tx:
        for person in await operator.list_people(tx):
            typer.echo("  ".join((person.email, person.name, *_tell_teams(person), *_tell_marks(person))))


async def _show(settings: Settings, mail: str) -> None:
    async with opened(settings) as database, database.read() as tx:
        person = await operator.find(tx, mail)
        sign_ins = await operator.sign_ins_of(tx, person.id)
    typer.echo("  ".join((person.email, person.name, str(person.id), *_tell_marks(person))))
    for team in _tell_teams(person):
        typer.echo(f"  team     {team}")
    for one in sign_ins:
        device = " on ".join(part for part in name_browser(one.agent) if part) or "unknown browser"
        seen = f"{one.seen_at:%Y-%m-%d %H:%M}Z"
        typer.echo(f"  sign-in  {device}, {one.method}, from {one.network or 'unknown'}, last seen {seen}")


async def _reset_password(settings: Settings, mail: str) -> None:
    async with opened_to_record(settings) as database:
        async with database.write() as tx:
            person = await operator.find(tx, mail)
            token = await resets.make(tx, person.id, by_operator=True)
            await operator.record_reset_made(tx, person, OPERATOR)
        typer.echo(f"{_address(settings)}/reset#{token.text}")
        typer.echo("Works once, for one hour. Hand it to the person and to nobody else.", err=True)


async def _end_sign_ins(settings: Settings, mail: str) -> None:
    async with opened_to_record(settings) as database:
        async with database.write() as tx:
            count = await operator.end_sign_ins(tx, await operator.find(tx, mail), OPERATOR)
        typer.echo(f"Sign-ins ended: {count}.")


async def _break_glass(settings: Settings, mail: str, *, on: bool) -> None:
    async with opened_to_record(settings) as database:
        async with database.write() as tx:
            await _mark(tx, mail, on=on)
        typer.echo("This account is a way in past the identity provider." if on else "The mark is taken away.")


async def _mark(tx: AsyncConnection, mail: str, *, on: bool) -> None:
    person = await operator.find(tx, mail)
    await break_glass.mark(tx, person.id, person.name, OPERATOR, on=on)


def _address(settings: Settings) -> str:
    return settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"


def _tell_teams(person: operator.PersonFacts) -> list[str]:
    return [f"{name} ({role})" for name, role in person.teams]


def _tell_marks(person: operator.PersonFacts) -> list[str]:
    marks = {"operator": person.is_operator, "break-glass": person.break_glass, "no password": not person.has_password}
    marks["address not proved"] = not person.holds_address
    return [f"[{mark}]" for mark, is_set in marks.items() if is_set]
