"""The command `moorage`: serve, and what an operator needs beside it."""

import asyncio
import json
import signal
import socket
import sys
from typing import Any

import structlog
import typer
import uvicorn
import uvloop

from moorage import __version__
from moorage.api.sentences import sentence
from moorage.api.wire import server_config
from moorage.app import Built, build, make_bare_app
from moorage.commands.audit import audit_command
from moorage.commands.backup import backup_command
from moorage.commands.db import db_command
from moorage.commands.erasing import person_erase, team_erase
from moorage.commands.erasures import erasures_command
from moorage.commands.keys import keys_command
from moorage.commands.operators import operator_command
from moorage.commands.person import person_command
from moorage.commands.restore import restore
from moorage.commands.team import team_command
from moorage.commands.terminal import errors_told, fail, settings_or_fail
from moorage.composition.ground import Ground, build_database, lay_ground
from moorage.doctor.command import doctor
from moorage.doctor.usage import UsageGroup
from moorage.errors import MoorageError
from moorage.reports.last_resort import EXIT_BROKEN, LastResort
from moorage.settings import Settings
from moorage.storage import migrate
from moorage.telemetry import configure_logging

# A pretty traceback would show the values of variables, addresses and keys among them.
main = typer.Typer(
    cls=UsageGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Moorage, a self-hosted corporate LLM hub.",
)
main.add_typer(team_command, name="team")
main.add_typer(audit_command, name="audit")
main.add_typer(person_command, name="person")
main.add_typer(operator_command, name="operator")
main.add_typer(keys_command, name="keys")
main.add_typer(erasures_command, name="erasures")
main.add_typer(backup_command, name="backup")
main.add_typer(db_command, name="db")
main.command()(restore)
main.command()(doctor)
person_command.command("erase")(person_erase)
team_command.command("erase")(team_erase)

log = structlog.get_logger(__name__)


@main.command()
def serve() -> None:
    """Serve the API and the pages until SIGTERM or Ctrl+C; running replies may end first."""
    settings = settings_or_fail()
    configure_logging(style=settings.log_format, level=settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


@main.command()
def upgrade() -> None:
    """Make the database's schema, or bring it up to date, and end: for a server whose own user may not."""
    settings = settings_or_fail()
    configure_logging(style=settings.log_format, level=settings.log_level)
    with errors_told():
        typer.echo(asyncio.run(_upgrade(settings)))


@main.command()
def openapi() -> None:
    """Print the API's OpenAPI document."""
    typer.echo(json.dumps(make_bare_app().openapi(), indent=1, ensure_ascii=False, sort_keys=True))


@main.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


class _Server(uvicorn.Server):
    """Drains before it stops: no new replies, running ones may end, then the sockets close."""

    def __init__(self, config: uvicorn.Config, built: Built, drain_s: float) -> None:
        super().__init__(config)
        self._parts = built.parts
        self._drain_s = drain_s
        self._draining: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            # uvicorn has logged the system's sentence, of which our log keeps the place alone.
            fail(f"Moorage can't listen on {self.config.host}:{self.config.port}: it is taken, or not this machine's.")
        for server in self.servers:
            for listening in server.sockets:
                host, port = listening.getsockname()[:2]
                typer.echo(f"Moorage {__version__} is at http://{host}:{port}  (Ctrl+C stops it)")

    def handle_exit(self, sig: int, frame: Any) -> None:
        if self._draining is not None or sig == signal.SIGQUIT:
            super().handle_exit(sig, frame)
            return
        self._parts.replies.begin_draining()
        self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        self._draining = asyncio.create_task(self._drain(), name="drain")

    async def _drain(self) -> None:
        log.info("draining", count=self._parts.replies.running_count)
        await self._parts.replies.drain(self._drain_s)
        self.should_exit = True


async def _serve(settings: Settings) -> None:
    try:
        ground = lay_ground(settings)
    except MoorageError as error:
        fail(sentence(error.code, error.params, "en"))
    last_resort = LastResort(ground.reports)
    last_resort.install()
    last_resort.watch(asyncio.get_running_loop())
    ground.reports.start()
    try:
        await _build_and_serve(settings, ground)
    except typer.Exit:
        raise
    except Exception as error:  # noqa: BLE001 - Python would print its text, an address or a statement in it
        ground.reports.note("process_broke", error)
        await ground.reports.aclose()
        raise typer.Exit(EXIT_BROKEN) from None


async def _build_and_serve(settings: Settings, ground: Ground) -> None:
    try:
        built = await build(settings, ground=ground)
    except MoorageError as error:
        fail(sentence(error.code, error.params, "en"))
    config = server_config(built.app, host=settings.host, port=settings.port)
    await _Server(config, built, settings.drain_s).serve()


async def _upgrade(settings: Settings) -> str:
    database = build_database(settings)
    try:
        await migrate.upgrade(database)
        async with database.read() as tx:
            schema = await migrate.look_at_schema(tx)
    finally:
        await database.close()
    return f"The schema is up to date: {schema.found}."


if __name__ == "__main__":
    sys.exit(main())
