"""The command `moorage`: serve, and what an operator needs beside it."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from typing import Annotated, Any, NoReturn
from uuid import UUID

import structlog
import typer
import uvicorn
import uvloop

from moorage import __version__
from moorage.accounts.access import judge
from moorage.accounts.standing import list_teams, set_standing
from moorage.api.audit_trail import tell_entry
from moorage.api.sentences import Language, sentence
from moorage.app import Built, build, build_database, make_bare_app
from moorage.audit.deployment import DEPLOYMENT
from moorage.audit.trail import MAX_PAGE, AuditEntry, check, read
from moorage.doctor.command import doctor
from moorage.doctor.terminal import language_of
from moorage.doctor.usage import UsageGroup
from moorage.errors import MoorageError
from moorage.settings import Settings, SettingsError, read_settings
from moorage.storage.database import Database
from moorage.storage.migrate import require_current
from moorage.telemetry import configure_logging

# The readers of event streams leave when their replies end; whoever still reads then is cut after this.
CLOSE_GRACE_S = 5

# A pretty traceback would show the values of variables, addresses and keys among them.
main = typer.Typer(
    cls=UsageGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Moorage, a self-hosted corporate LLM hub.",
)
team_command = typer.Typer(no_args_is_help=True, help="Teams: list them, set their plan and standing.")
audit_command = typer.Typer(no_args_is_help=True, help="The audit trail.")
main.add_typer(team_command, name="team")
main.add_typer(audit_command, name="audit")
main.command()(doctor)

log = structlog.get_logger(__name__)


@main.command()
def serve() -> None:
    """Serve the API and the pages until SIGTERM or Ctrl+C; running replies may end first."""
    settings = _settings()
    configure_logging(style=settings.log_format, level=settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


@main.command()
def openapi() -> None:
    """Print the API's OpenAPI document."""
    typer.echo(json.dumps(make_bare_app().openapi(), indent=1, ensure_ascii=False, sort_keys=True))


@main.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@team_command.command("list")
def team_list() -> None:
    """List all teams with plan, standing, and whether their own models are open."""
    asyncio.run(_team_list(_settings()))


@team_command.command("set")
def team_set(
    team_id: Annotated[UUID, typer.Argument(help="Id as `team list` prints it")],
    plan: Annotated[
        str | None, typer.Option(help="free, business_starter, business_pro, business_max, enterprise")
    ] = None,
    standing: Annotated[str | None, typer.Option(help="active, trialing, suspended, expired")] = None,
) -> None:
    """Set a team's plan or standing; in force for the next request, and in the team's audit trail."""
    asyncio.run(_team_set(_settings(), team_id, plan, standing))


@audit_command.command("verify")
def audit_verify() -> None:
    """Check the chains of all teams. Exit code 1 if one is broken."""
    if not asyncio.run(_audit_verify(_settings())):
        raise typer.Exit(1)


@audit_command.command("show")
def audit_show(
    limit: Annotated[int, typer.Option(min=1, help="How many entries, from the newest back")] = 50,
    language: Annotated[Language | None, typer.Option(help="Default: from LC_ALL, LC_MESSAGES, LANG.")] = None,
) -> None:
    """Show the deployment's own chain, newest last: starts, and the exceptions that were in force."""
    asyncio.run(_audit_show(_settings(), limit, language or language_of(os.environ)))


class _Server(uvicorn.Server):
    """Drains before it stops: no new replies, running ones may end, then the sockets close."""

    def __init__(self, config: uvicorn.Config, built: Built, drain_s: float) -> None:
        super().__init__(config)
        self._parts = built.parts
        self._drain_s = drain_s
        self._draining: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
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
        built = await build(settings)
    except MoorageError as error:
        _fail(sentence(error.code, error.params, "en"))
    config = uvicorn.Config(
        built.app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=CLOSE_GRACE_S,
        timeout_keep_alive=30,
    )
    await _Server(config, built, settings.drain_s).serve()


@contextlib.asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    """The database for one command, of exactly our schema; an error we know ends the command with its sentence."""
    database = build_database(settings)
    try:
        await require_current(database)
        yield database
    except MoorageError as error:
        _fail(sentence(error.code, error.params, "en"))
    finally:
        await database.close()


async def _team_list(settings: Settings) -> None:
    async with _opened(settings) as database, database.read() as tx:
        for team in await list_teams(tx):
            refusal = judge(team.plan, team.standing)
            typer.echo(f"{team.id}  {team.name}  {team.plan}/{team.standing}  {refusal or 'open'}")


async def _team_set(settings: Settings, team_id: UUID, plan: str | None, standing: str | None) -> None:
    async with _opened(settings) as database:
        async with database.write() as tx:
            refusal = await set_standing(tx, team_id, plan=plan, standing=standing)
        typer.echo("Models are open to this team." if refusal is None else sentence(refusal, {}, "en"))


async def _audit_verify(settings: Settings) -> bool:
    intact = True
    async with _opened(settings) as database, database.read() as tx:
        chains = [(team.id, team.name) for team in await list_teams(tx)]
        for team_id, name in [(DEPLOYMENT, "this deployment"), *chains]:
            found = await check(tx, team_id)
            intact = intact and found.intact
            verdict = "intact" if found.intact else f"BROKEN at entry {found.broken_at}"
            typer.echo(f"{team_id}  {name}  {found.checked} entries  {verdict}")
    return intact


async def _audit_show(settings: Settings, limit: int, language: Language) -> None:
    entries: list[AuditEntry] = []
    async with _opened(settings) as database, database.read() as tx:
        while page := await read(
            tx, DEPLOYMENT, entries[-1].seq if entries else None, min(limit - len(entries), MAX_PAGE), None
        ):
            entries += page
    for entry in reversed(entries):
        typer.echo(f"{entry.seq:>6}  {entry.at:%Y-%m-%d %H:%M:%S}Z  {tell_entry(entry, language)}")


def _settings() -> Settings:
    try:
        return read_settings()
    except SettingsError as error:
        _fail(str(error))


def _fail(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(2)


if __name__ == "__main__":
    sys.exit(main())
