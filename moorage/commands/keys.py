"""`moorage keys`: what is under which key, new keys, rotation, and going on without a key that is gone for good."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable, Container, Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self
from uuid import UUID

import typer

from moorage.accounts.providers import reseal_provider
from moorage.accounts.standing import list_teams
from moorage.api.sentences import sentence
from moorage.app import take_instance
from moorage.audit.deployment import OPERATOR, begin_if_needed
from moorage.audit.keys import KeyChest
from moorage.audit.reading import Filter, read
from moorage.audit.rotation import open_pen
from moorage.audit.trail import Act, Detail, has_trail, record
from moorage.commands.terminal import errors_told, opened, settings_or_fail
from moorage.composition.key_sources import KeySources, open_sources, ring_file
from moorage.connections.credentials import reseal_connection
from moorage.errors import Unavailable
from moorage.settings import Settings
from moorage.storage.database import Database
from moorage.storage.migrate import copy_sqlite, sqlite_file
from moorage.storage.types import DEPLOYMENT
from moorage.vault.check import examine, make_check_value
from moorage.vault.columns import Resealer
from moorage.vault.keyring import KeyRing
from moorage.vault.keys import SEALS_PER_KEY, Limits, Vault
from moorage.vault.loss import DEFINITE, Loss, accept_loss, find_loss, lost_since
from moorage.vault.rotate import Rotated, Rotation
from moorage.vault.status import KeyStatus, WrappingKey, look_at_keys

RESEALERS: Final[Mapping[str, Resealer]] = {"connection": reseal_connection, "identity_provider": reseal_provider}
_LOST: Final = "keys.lost"
_STEPS: Final = {"wrap": "Data keys wrapped anew", "seal": "Teams gone through"}

keys_command = typer.Typer(no_args_is_help=True, help="The keys that everything secret is sealed under.")


@keys_command.command("status")
def keys_status() -> None:
    """Say what is under which key, and which keys of the ring are not needed any more."""
    _run(_status)


@keys_command.command("new")
def keys_new() -> None:
    """Put a new key first on the ring's file. `keys rotate` then moves everything under it."""
    settings = settings_or_fail()
    with errors_told():
        ring = KeyRing.add(_file_of_ring(settings))
    typer.echo(f"{ring.current_id} is the current key now. Put a copy of the ring into your backup, then:")
    typer.echo("moorage keys rotate")


@keys_command.command("rotate")
def keys_rotate(
    *,
    new_data_keys: Annotated[
        bool, typer.Option("--new-data-keys", help="Begin a new data key for every team, and seal everything anew.")
    ] = False,
) -> None:
    """Move everything under the current key, while the server serves. Run it again if it was interrupted."""
    _run(lambda settings: _rotate(settings, renews_data_keys=new_data_keys))


@keys_command.command("remove")
def keys_remove(key_id: Annotated[str, typer.Argument(help="Id as `keys status` prints it")]) -> None:
    """Take a key off the ring's file that nothing needs any more."""
    _run(lambda settings: _remove(settings, key_id))


@keys_command.command("accept-loss")
def keys_accept_loss(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Go on without keys that are gone for good: says what is lost with them, and asks before it does anything."""
    _run(lambda settings: _accept_loss(settings, asks=not yes))


async def _status(settings: Settings) -> None:
    async with _opened(settings) as (database, sources):
        await sources.all.refresh()
        status = await look_at_keys(database, sources.all)
        wrong = (await examine(database, sources.all, definite=DEFINITE)).wrong
        async with database.read() as tx:
            names = {team.id: team.name for team in await list_teams(tx)}
    _print_status(status, {DEPLOYMENT: "(this deployment)", **names}, wrong)


def _print_status(status: KeyStatus, names: Mapping[UUID, str], wrong: Container[str]) -> None:
    typer.echo("Keys of the ring or the key store:")
    for key in status.wrapping_keys:
        verdict = _judge(key, opens=key.key_id not in wrong)
        typer.echo(f"  {key.key_id}  {verdict}; wraps {key.data_keys} data keys{_direct(key)}")
    typer.echo("Data keys:")
    for one in status.data_keys:
        state = "lost" if one.is_lost else "current" if one.is_current else "earlier"
        used = f"{one.uses} of {SEALS_PER_KEY} seals"
        name = names.get(one.owner_id, str(one.owner_id))
        typer.echo(f"  {name} #{one.number}  {state}; under {one.key_id}; seals {one.values} values; used {used}")
    first = sum(key.values for key in status.wrapping_keys)
    if first:
        typer.echo(f"{first} values are sealed as before there were data keys: moorage keys rotate")
    if status.rotation_since is not None:
        typer.echo(f"A rotation of data keys began {status.rotation_since:%Y-%m-%d %H:%M}Z and did not end:")
        typer.echo("moorage keys rotate")


def _judge(key: WrappingKey, *, opens: bool) -> str:
    if not key.is_here:
        return "MISSING" if key.is_needed else "gone, and not needed"
    if not opens:
        return "DOES NOT FIT: another key of this name"
    if key.is_current:
        return "current"
    if key.data_keys or key.values:
        return "needed until the next rotation"
    return "not needed after the next rotation" if key.is_checked else "not needed any more"


def _direct(key: WrappingKey) -> str:
    return f", seals {key.values} values directly" if key.values else ""


async def _rotate(settings: Settings, *, renews_data_keys: bool) -> None:
    async with _opened(settings) as (database, sources):
        vault = Vault(database, sources.all, Limits(kept_s=settings.key_cache_s))
        with _Progress() as progress:
            done = await Rotation(database, vault, RESEALERS, progress).run(renews_data_keys=renews_data_keys)
        await _take_pen(database, vault)
        await _record(database, Act("keys.rotated", "deployment", "", "", details=_tell(done)))
        current_id = sources.all.current.current_id
    typer.echo(
        f"Everything is under {current_id}: {done.wrapped} data keys wrapped anew, {done.begun} begun, "
        f"{done.sealed} rows sealed anew."
    )
    if done.unreadable:
        typer.echo(f"{done.unreadable} rows do not open and were left as they are; their connections say so.", err=True)
    for key_id in done.released:
        typer.echo(f"{key_id} is not needed any more.")


def _tell(done: Rotated) -> dict[str, Detail]:
    return {"wrapped": done.wrapped, "begun": done.begun, "sealed": done.sealed, "unreadable": done.unreadable}


async def _remove(settings: Settings, key_id: str) -> None:
    file = _file_of_ring(settings)
    async with _opened(settings) as (database, sources):
        await sources.all.refresh()
        status = await look_at_keys(database, sources.all)
        if any(key.key_id == key_id and key.is_needed for key in status.wrapping_keys):
            raise Unavailable("key_ring_still_needed", key_id=key_id)
        KeyRing.remove(file, key_id)
    typer.echo(f"{key_id} is off the ring. Backups of the database from before the rotation still need it.")


async def _accept_loss(settings: Settings, *, asks: bool) -> None:
    makes_ring = settings.key_source == "local" and settings.key_ring is None and not ring_file(settings).exists()
    async with _opened(settings, lacks_ring=makes_ring) as (database, sources):
        if take_instance(settings.data).lock is None:
            # It would go on signing under the key that is being given up.
            raise Unavailable("server_is_running")
        loss = await find_loss(database, sources.all)
        if not loss.is_any:
            typer.echo(await _finish_earlier(database, sources))
            return
        _print_loss(loss)
        if asks and not typer.confirm("Wipe what these keys sealed, and go on without it?"):
            raise typer.Exit(1)
        file = sqlite_file(database)
        if file is not None:
            copy = file.with_name(f"{file.name}.before-loss-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}")
            await asyncio.to_thread(copy_sqlite, file, copy)
            typer.echo(f"The database as it was: {copy}")
        if makes_ring:
            KeyRing.create(ring_file(settings))
            await sources.all.refresh()
        await _wipe(database, sources, loss)
    typer.echo("Done. Start the server; the connections concerned ask for their address and key again.")


async def _wipe(database: Database, sources: KeySources, loss: Loss) -> None:
    check_value = await make_check_value(sources.all)
    async with database.write() as tx:
        rows = await accept_loss(tx, loss, check_value)
    # Only now is there a key for the deployment to keep its signing key under, if that was lost as well. A kill in
    # between leaves wiped rows that no trail tells of; the next run finds them.
    await _take_pen(database, Vault(database, sources.all), accepts_loss=True)
    await _tell_loss(database, loss.wrapping_keys, rows)


async def _finish_earlier(database: Database, sources: KeySources) -> str:
    """Tell what a run that was interrupted wiped and did not tell."""
    await _take_pen(database, Vault(database, sources.all), accepts_loss=True)
    async with database.read() as tx:
        lost = await lost_since(tx)
        untold = [
            owner_id
            for owner_id, at in lost.items()
            if not await read(tx, owner_id, None, 1, Filter(action=_LOST, since=at)) and await has_trail(tx, owner_id)
        ]
    if not untold:
        return "Nothing is lost: every key opens."
    await _tell_loss(database, [], dict.fromkeys(untold, 0))
    return "An earlier run was interrupted; what it wiped is told in the trails now."


async def _tell_loss(database: Database, keys: Iterable[str], rows: Mapping[UUID, int]) -> None:
    total: dict[str, Detail] = {"keys": ", ".join(sorted(keys)) or "?", "rows": sum(rows.values())}
    async with database.write() as tx:
        await begin_if_needed(tx)
        await record(tx, DEPLOYMENT, OPERATOR, Act(_LOST, "deployment", "", "", details=total))
        for owner_id, count in rows.items():
            if owner_id != DEPLOYMENT and await has_trail(tx, owner_id):
                details: dict[str, Detail] = {"rows": count}
                await record(tx, owner_id, OPERATOR, Act(_LOST, "team", str(owner_id), "", details=details))


async def _take_pen(database: Database, vault: Vault, *, accepts_loss: bool = False) -> None:
    await open_pen(database, await KeyChest.over(vault), accepts_loss=accepts_loss)


def _print_loss(loss: Loss) -> None:
    for key_id, code in loss.wrapping_keys.items():
        typer.echo(sentence(code, {"key_id": key_id}, "en"))
    typer.echo(
        f"Lost with them: {len(loss.data_keys)} data keys and {loss.values} sealed values. The connections concerned "
        "will ask for their address and key again, identity providers of teams are off until their secret is entered "
        "again, and authenticator apps are removed: their people add them anew. "
        "Conversations, people and usage stay as they are."
    )


async def _record(database: Database, act: Act) -> None:
    async with database.write() as tx:
        await begin_if_needed(tx)
        await record(tx, DEPLOYMENT, OPERATOR, act)


def _file_of_ring(settings: Settings) -> Path:
    if settings.key_source != "local" or settings.key_ring is not None:
        raise Unavailable("key_ring_not_a_file")
    return ring_file(settings)


class _Progress:
    """Tells a terminal how far it is in one line that changes, anything else every tenth part."""

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()
        self._told = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        if self._is_terminal and self._told:
            typer.echo("")

    def __call__(self, step: str, done: int, total: int) -> None:
        """Tell."""
        if not total:
            return
        if self._is_terminal:
            typer.echo(f"\r{_STEPS[step]}: {done} of {total}   ", nl=done == total)
            self._told = "" if done == total else step
            return
        told = f"{_STEPS[step]}: {10 * (10 * done // total)} %"
        if told != self._told:
            self._told = told
            typer.echo(f"{told} ({done} of {total})")


@contextlib.asynccontextmanager
async def _opened(settings: Settings, *, lacks_ring: bool = False) -> AsyncIterator[tuple[Database, KeySources]]:
    async with opened(settings) as database, open_sources(settings, lacks_ring=lacks_ring) as sources:
        yield database, sources


def _run(work: Callable[[Settings], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work(settings_or_fail()))
