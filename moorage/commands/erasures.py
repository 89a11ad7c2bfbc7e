"""`moorage erasures accept-loss`: go on where the ledger of erasures is gone for good; says first what that costs."""

import asyncio
from typing import Annotated

import typer

from moorage.commands.terminal import opened, settings_or_fail
from moorage.composition.privacy import erasures_file
from moorage.privacy.ledger_check import accept_loss, count_lacking
from moorage.settings import Settings

erasures_command = typer.Typer(no_args_is_help=True, help="The ledger of erasures beside the database")


@erasures_command.callback()
def _group() -> None:
    """The ledger of erasures beside the database."""


@erasures_command.command("accept-loss")
def erasures_accept_loss(*, yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False) -> None:
    """Go on without lines that the ledger of erasures has lost for good."""
    asyncio.run(_accept_loss(settings_or_fail(), asks=not yes))


async def _accept_loss(settings: Settings, *, asks: bool) -> None:
    file = erasures_file(settings)
    async with opened(settings) as database:
        async with database.read() as tx:
            count = await count_lacking(tx, file)
        if not count:
            typer.echo(f"Nothing is lost: {file} has every erasure that this database knows.")
            return
        typer.echo(f"{file} lacks {count} erasures that this database knows, and nobody knows whom they were about:")
        typer.echo("a backup from before them, put back, brings these people back, and nothing erases them again.")
        if asks and not typer.confirm("Write a line for each, and go on?", default=False):
            raise typer.Exit(1)
        async with database.read() as tx:
            await accept_loss(tx, file)
    typer.echo("Done. Start the server, and throw away backups from before these erasures.")
