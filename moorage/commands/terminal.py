"""What every command of the operator does first: read the settings, open the database, and say plainly what failed."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import NoReturn

import typer

from moorage.api.sentences import sentence
from moorage.composition.ground import build_database
from moorage.errors import MoorageError, Unavailable
from moorage.reports.last_resort import EXIT_BROKEN
from moorage.settings import Settings, SettingsError, read_settings
from moorage.storage.database import Database
from moorage.storage.migrate import require_current, sqlite_file
from moorage.telemetry import describe_place


def settings_or_fail() -> Settings:
    """Give the settings; ends the command with what is wrong with them."""
    try:
        return read_settings()
    except SettingsError as error:
        fail(str(error))


@contextlib.contextmanager
def errors_told() -> Iterator[None]:
    """End the command with the sentence of an error we know, and with class and place of one that we don't."""
    try:
        yield
    except MoorageError as error:
        fail(sentence(error.code, error.params, "en"))
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:  # noqa: BLE001 - Python would print its text, a statement or an address in it
        typer.echo(f"Something broke that nobody expected: {type(error).__name__} at {describe_place(error)}", err=True)
        raise typer.Exit(EXIT_BROKEN) from None


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database for one command, of exactly our schema; an error we know ends the command with its sentence."""
    async with opened_as_it_is(settings) as database:
        await require_current(database)
        yield database


@contextlib.asynccontextmanager
async def opened_as_it_is(settings: Settings) -> AsyncIterator[Database]:
    """As `opened`, of whatever schema."""
    with errors_told():
        database = build_database(settings)
        file = sqlite_file(database)
        try:
            if file is not None and not file.exists():
                # Opening would make an empty one, in a folder that was mistyped perhaps.
                raise Unavailable("database_missing")
            yield database
        finally:
            await database.close()


def fail(reason: str) -> NoReturn:
    """End the command with a reason and exit code 2."""
    typer.echo(reason, err=True)
    raise typer.Exit(2)
