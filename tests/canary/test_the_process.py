"""P12: what a real `moorage serve` and every other command print, log and leave behind holds no planted secret.

Everything logged; killed in the middle of a reply; broken under its feet, so that it meets what nobody expected.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from typer.core import TyperGroup
from typer.main import get_command

from moorage.__main__ import main
from moorage.app import Built
from moorage.storage.database import Database
from moorage.storage.engines import sqlite_url
from moorage.storage.types import Row
from tests.canary.driving import Drive
from tests.canary.parrot import Parrot
from tests.canary.planting import Ear, Planted
from tests.process.people import HALF, connect, follow_move, wait_until_stored
from tests.scope.world import World, populate
from tests.support.authority import TestAuthority
from tests.support.codebase import ROOT
from tests.support.running import Harbour, Person
from tests.support.serving import Serving

COMMAND_TIMEOUT_S = 60
_EXECUTE = "import sqlite3,sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])"
# Serves until it is told to stop: that is what the rest of this file is about.
LASTING = {("serve",)}


class Scene:
    """A deployment as a process of its own, and an endpoint that it may reach."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.authority = TestAuthority(folder / "ca")
        self.client_pem = self.authority.client_pem("canary")
        self.ear = Ear(Planted.make(self.client_pem))
        planted = self.ear.planted
        self.server = Parrot(
            # No other name leads to this machine for a process of its own.
            self.authority.server_context("localhost"),
            key=planted["api key"],
            prefix=f"/{planted['base path']}/v1",
        )
        self._database_url = database_url
        self._folder = folder

    def settings(self) -> dict[str, str | Path]:
        """What the operator configures, secrets among it, everything logged."""
        planted = self.ear.planted
        given: dict[str, str | Path] = {
            "EGRESS_ALLOW": f"localhost:{self.server.port}=127.0.0.1/32",
            "EXTRA_CA_FILE": self.authority.ca_pem,
            "DEMO": "1",
            "LOG_LEVEL": "debug",
            "METRICS_TOKEN": planted["metrics token"],
            "STANDARD_KEYS": f"openai={planted['standard key']}",
        }
        if not self._database_url.startswith("sqlite"):
            given["DATABASE_URL"] = self._url_with_password()
        return given

    def execute(self, statement: str) -> None:
        """Change the database beside the server."""
        if self._database_url.startswith("sqlite"):
            command = [sys.executable, "-c", _EXECUTE]
            subprocess.run([*command, str(self._folder / "deployment/data/moorage.db"), statement], check=True)
        else:
            with psycopg.connect(self._url_with_password(), autocommit=True) as connection:
                connection.execute(statement.encode())

    def open_database(self, data: Path) -> Database:
        """Open the database beside the server."""
        if self._database_url.startswith("sqlite"):
            return Database(sqlite_url(data / "moorage.db"))
        return Database(self._url_with_password().replace("postgresql://", "postgresql+psycopg://", 1))

    def hear_the_database(self) -> None:
        """Keep the files as they lie there, or a dump of every table that exists, as text and as it is on the wire."""
        for file in (self._folder / "deployment").rglob("*"):
            if file.is_file() and file.name not in {"keys", "server.log"}:
                self.ear.hear(f"database {file.name}", file.read_bytes())
        if self._database_url.startswith("sqlite"):
            return
        with psycopg.connect(self._url_with_password()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog')")
            tables = cursor.fetchall()
            assert {name for _, name in tables} >= {table.name for table in Row.metadata.sorted_tables}
            for schema, name in tables:
                for form in ("TEXT", "BINARY"):
                    # By way of a SELECT: a table that lies in parts can't be copied by its name.
                    copying = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT {})")
                    query = copying.format(sql.Identifier(schema, name), sql.SQL(form))
                    with cursor.copy(query) as copy:
                        self.ear.hear(f"table {name}", b"".join(bytes(block) for block in copy))

    def _url_with_password(self) -> str:
        parts = urlsplit(self._database_url.replace("+psycopg", ""))
        return parts._replace(netloc=f"moorage:{self.ear.planted['database password']}@").geturl()


@pytest_asyncio.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    made = Scene(tmp_path, database_url)
    async with made.server:
        yield made


@contextlib.asynccontextmanager
async def _served(scene: Scene, folder: Path) -> AsyncIterator[tuple[Serving, World]]:
    """Run it with the cast in it."""
    serving = Serving(folder / "deployment", scene.settings())
    await serving.start()
    # The parts of another process can't be reached; nobody here asks for them.
    harbour = Harbour(serving.url, cast("Built", None), scene.server, serving.data)
    beside = scene.open_database(serving.data)
    try:
        yield serving, await populate(harbour, beside)
    finally:
        await beside.close()
        for browser in harbour.browsers:
            await browser.aclose()
        await serving.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_nothing_that_the_process_writes_holds_a_secret(scene: Scene, tmp_path: Path) -> None:
    ear = scene.ear
    async with _served(scene, tmp_path) as (serving, world):
        for own in world.belongings.values():
            ear.planted.add("link", own["link"])
        for line in (serving.data / "keys").read_text().split():
            ear.planted.add("key ring", line.partition(":")[2])
        await _meet_the_unexpected(world, scene)
        await Drive(world, ear, scene.client_pem).everything()
        await _say_what_is_no_http(serving, ear)
        await _be_killed_in_the_middle(world, scene, serving)
        scene.hear_the_database()
        await serving.start()
        for person in world.people.values():
            follow_move(person, serving)
        await Drive(world, ear, scene.client_pem).looking()
        assert await serving.stop() == 0
    log = (tmp_path / "deployment" / "server.log").read_bytes()
    ear.hear("log", log)
    scene.hear_the_database()
    assert log.count(b"request_id=") > 1000
    assert b"unexpected_error" in log, "nothing unexpected was met"
    hits = ear.hits()
    assert not hits, "\n".join(hits)


async def _say_what_is_no_http(serving: Serving, ear: Ear) -> None:
    """The server below answers this one by itself, and logs it."""
    port, secret = urlsplit(serving.url).port or 0, ear.planted["api key"]
    for said in (
        f"{secret}\r\n\r\n",
        f"GET /{secret} HTTP/9.9\r\n{secret}\r\n\r\n",
        f"GET / HTTP/1.1\r\nA: {secret * 9999}",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection, contextlib.suppress(OSError):
            connection.sendall(said.encode())
            connection.shutdown(socket.SHUT_WR)
            ear.hear("an answer to what is no HTTP", await asyncio.to_thread(connection.recv, 65536))


async def _meet_the_unexpected(world: World, scene: Scene) -> None:
    """A table is gone: the driver's own error holds the statement with all that was written. Then a row is nonsense,

    and the error of the shape that it does not fit holds what it holds.
    """
    olga, ear, prompt, own = world.people["olga"], scene.ear, scene.ear.planted["prompt"], world.belongings["olga"]
    path = f"/api/conversations/{own['conversation']}"
    question = {"client_id": str(uuid.uuid4()), "text": prompt, "model_ref": own["model_ref"]}
    scene.execute("ALTER TABLE message RENAME TO message_hidden")
    for method, where, body in (("POST", f"{path}/messages", question), ("GET", path, None)):
        answer = await olga.call(method, where, body)
        assert answer.status_code >= 500
        ear.hear_answer(f"{method} without a table", answer)
    scene.execute("ALTER TABLE message_hidden RENAME TO message")
    scene.execute(f"UPDATE reply SET state = '{prompt[:16]}' WHERE id = '{own['reply']}'")
    answer = await olga.call("GET", path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "unexpected")
    ear.hear_answer("GET a row of nonsense", answer)
    scene.execute(f"UPDATE reply SET state = 'done' WHERE id = '{own['reply']}'")


async def _be_killed_in_the_middle(world: World, scene: Scene, serving: Serving) -> None:
    olga = world.people["olga"]
    refs = await _connected(olga, scene)
    # The tour has left the rule on, and no undertaking.
    await olga.call("PUT", "/api/team/privacy/clearing", {"only_cleared": False})
    exchange = await olga.ask(f"Hold on to {scene.ear.planted['prompt']}", refs["held"])
    await wait_until_stored(olga, exchange, HALF)
    await serving.kill()
    scene.server.release()


async def _connected(olga: Person, scene: Scene) -> dict[str, str]:
    """Connect once more: the tour has deleted what there was, and has used up the tests of this minute."""
    body = {"models": [{"model_id": model, "name": "", "enabled": True} for model in ("steady", "held")]}
    lines = (await olga.get("/api/connections"))["connections"]
    if not lines:
        return await connect(olga, scene.server, "held")
    made = (await olga.call("PUT", f"/api/connections/{lines[0]['id']}/models", body)).json()
    return {model["model_id"]: model["ref"] for model in made["models"]}


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, TyperGroup):
            yield from _commands(command, (*path, name))
        elif (*path, name) not in LASTING:
            yield (*path, name)


COMMANDS = tuple(_commands(get_command(main)))


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_no_command_prints_a_secret(scene: Scene, tmp_path: Path) -> None:
    """Each command that exists, with nothing, with what it does not know, and doctor with an address and a key."""
    planted, ear = scene.ear.planted, scene.ear
    async with _served(scene, tmp_path) as (serving, world):
        team_id = world.belongings["olga"]["team"]
        for line in (serving.data / "keys").read_text().split():
            planted.add("key ring", line.partition(":")[2])
        base_url, key = scene.server.base_url, planted["api key"]
        runs: list[tuple[str, ...]] = [*COMMANDS, *((*command, f"--{planted['query']}") for command in COMMANDS)]
        runs += [("doctor", base_url, "--key-stdin"), ("doctor", base_url, "--key-stdin", "--json")]
        runs += [("doctor", f"{base_url}?token={planted['query']}", "--json")]
        runs += [("doctor", f"https://{planted['typed host']}/{planted['typed path']}"), ("doctor", "--json")]
        runs += [("team", "set", team_id, "--standing", "suspended"), ("audit", "show", "--limit", "500")]
        environment = _environment({**scene.settings(), "DATA": serving.data})
        for first in range(0, len(runs), 2):
            said = await asyncio.gather(*(_run(run, key, environment) for run in runs[first : first + 2]))
            for run, text in zip(runs[first:], said, strict=False):
                # A command line that can't be read is told back to the terminal it was typed in.
                ear.hear(f"moorage {' '.join(run[:2])}", text.replace(f"--{planted['query']}".encode(), b""))
    hits = ear.hits()
    assert not hits, "\n".join(hits)


async def _run(arguments: tuple[str, ...], key: str, environment: dict[str, str]) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "moorage",
        *arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env=environment,
    )
    try:
        async with asyncio.timeout(COMMAND_TIMEOUT_S):
            out, _ = await process.communicate(f"{key}\n".encode())
    except TimeoutError:
        os.kill(process.pid, signal.SIGKILL)
        raise AssertionError(
            f"moorage {' '.join(arguments[:2])} waits for something; say in LASTING if it shall"
        ) from None
    assert b"Traceback" not in out, f"moorage {' '.join(arguments[:2])}: {out.decode()[-400:]}"
    return out


def _environment(settings: dict[str, Any]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOORAGE_")}
    return {**kept, "PYTHONUTF8": "1", **{f"MOORAGE_{name}": str(value) for name, value in settings.items()}}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://moorage:{secret}@db/moorage"),
        ("DATABASE_URL", "postgresql://moorage:{secret}@127.0.0.1:1/moorage"),
        ("KEY_RING", "k1:{secret}"),
        ("KEY_RING", "{secret}"),
        ("PUBLIC_URL", "ftp://{secret}"),
        ("EGRESS_PORTS", "443,{secret}"),
        ("EGRESS_ALLOW", "{secret}"),
        ("STANDARD_KEYS", "{secret}"),
        ("DRAIN_S", "{secret}"),
        ("METRIC_TOKEN", "{secret}"),
    ],
)
async def test_a_start_that_fails_repeats_no_setting(tmp_path: Path, name: str, value: str) -> None:
    planted = Planted.make(TestAuthority(tmp_path / "ca").client_pem("canary"))
    ear = Ear(planted)
    serving = Serving(tmp_path / "deployment", {"LOG_LEVEL": "debug", name: value.format(secret=planted["api key"])})
    try:
        serving.launch()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(15):
                await serving.ended()
    finally:
        await serving.close()
    ear.hear("what it said", serving.said)
    assert "Traceback" not in serving.said
    assert ear.hits() == []


def test_a_document_of_the_api_needs_no_deployment() -> None:
    """It is asked for in build machines, where settings of others may stand."""
    done = subprocess.run([sys.executable, "-m", "moorage", "openapi"], cwd=ROOT, capture_output=True, check=True)
    assert json.loads(done.stdout)["info"]["title"] == "Moorage"
