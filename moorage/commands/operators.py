"""`moorage operator`: who may open the operator's desk. Every change is in the deployment's own trail."""

import asyncio
from typing import Annotated

import typer

from moorage.accounts.operators import list_operators, set_mark
from moorage.commands.signed import opened_to_record
from moorage.commands.terminal import opened, settings_or_fail
from moorage.settings import Settings

operator_command = typer.Typer(no_args_is_help=True, help="Who may open the operator's desk.")

Mail = Annotated[str, typer.Argument(help="Mail address, or the id that `person show` tells", metavar="MAIL")]


@operator_command.command("list")
def operator_list() -> None:
    """List the operators, and whether each has the second factor without which the desk stays closed."""
    asyncio.run(_list(settings_or_fail()))


@operator_command.command("add")
def operator_add(mail: Mail) -> None:
    """Let a person open the operator's desk. It is no role: what they may do in teams stays as it is."""
    asyncio.run(_set(settings_or_fail(), mail, on=True))


@operator_command.command("remove")
def operator_remove(mail: Mail) -> None:
    """Close the operator's desk to a person, with their next request."""
    asyncio.run(_set(settings_or_fail(), mail, on=False))


async def _list(settings: Settings) -> None:
    async with opened(settings) as database, database.read() as tx:
        for person, has_factor in await list_operators(tx):
            typer.echo(f"{person.email}  {person.name}" + ("" if has_factor else "  [no second factor]"))


async def _set(settings: Settings, mail: str, *, on: bool) -> None:
    async with opened_to_record(settings) as database:
        async with database.write() as tx:
            person = await set_mark(tx, mail, on=on)
        done = "is an operator. The desk opens after a sign-in with a second factor." if on else "is no operator."
        typer.echo(f"{person.name} {done}")
