"""`database_url`: an empty database of its own for every test, once on SQLite and once on a real PostgreSQL.

PostgreSQL is a cluster in a temporary folder that listens on a Unix socket only and is thrown away at the end. One
cluster serves a whole test process; it starts with the first test that asks. `--databases sqlite` leaves it out.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.support.programs import find_postgresql

KNOWN = ("sqlite", "postgresql")
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20
SETTINGS = {  # a cluster that lives for minutes needs no durability
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "listen_addresses": "",
    "timezone": "UTC",
}


class PostgresCluster:
    """A running throw-away PostgreSQL. Its one user `moorage` needs no password; only this machine reaches it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._account = _unprivileged_account()

    def start(self) -> None:
        """Make the cluster and wait until it answers."""
        data = self._folder / "data"
        self._folder.chmod(0o755)
        if self._account is not None:
            os.chown(self._folder, self._account.pw_uid, self._account.pw_gid)
        arguments = [str(find_postgresql("initdb")), "-D", str(data), "-U", "moorage", "--auth=trust"]
        self._run_to_end([*arguments, "-E", "UTF8", "--locale=C", "--no-sync"])
        arguments = [str(find_postgresql("postgres")), "-D", str(data), "-k", str(self._folder)]
        for name, value in SETTINGS.items():
            arguments += ["-c", f"{name}={value}"]
        with self._log.open("wb") as log:
            self._process = self._spawn(arguments, log.fileno())
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End the server at once."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(STOP_TIMEOUT_S)

    def url(self, database: str) -> str:
        """Give SQLAlchemy's URL of `database`."""
        return f"postgresql+psycopg://moorage@/{database}?host={self._folder}"

    def create(self, database: str) -> None:
        """Create an empty database."""
        self._administer(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))

    def drop(self, database: str) -> None:
        """Drop a database, whoever still holds a connection to it."""
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(f"host={self._folder} user=moorage dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                psycopg.connect(f"host={self._folder} user=moorage dbname=postgres").close()
            except psycopg.OperationalError:
                gone = self._process is None or self._process.poll() is not None
                if gone or time.monotonic() > deadline:
                    pytest.fail(f"PostgreSQL did not start:\n{self._log.read_text(errors='replace')[-2000:]}")
                time.sleep(0.05)
            else:
                return

    def _run_to_end(self, arguments: list[str]) -> None:
        with self._log.open("wb") as log:
            process = self._spawn(arguments, log.fileno())
        if process.wait(START_TIMEOUT_S) != 0:
            pytest.fail(f"{arguments[0]} failed:\n{self._log.read_text(errors='replace')[-2000:]}", pytrace=False)

    def _spawn(self, arguments: list[str], output: int) -> subprocess.Popen[bytes]:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": str(self._folder)}
        account = self._account
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=self._folder,
            env=environment,
            user=None if account is None else account.pw_uid,
            group=None if account is None else account.pw_gid,
            extra_groups=None if account is None else [],
            start_new_session=True,  # Ctrl-C ends the tests first and this server after them
        )


def _unprivileged_account() -> pwd.struct_passwd | None:
    """Give the account PostgreSQL runs under; None: ours will do. It refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    pytest.fail("PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody`", pytrace=False)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """Give a cluster that ends with the test process."""
    folder = Path(tempfile.mkdtemp(prefix="moorage-pg-", dir="/tmp"))  # a socket path must stay under 108 bytes
    cluster = PostgresCluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of an empty database for this test alone. Parametrised by `pytest_generate_tests` below."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'moorage.db'}"
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    name = f"t_{uuid.uuid4().hex}"
    cluster.create(name)
    try:
        yield cluster.url(name)
    finally:
        cluster.drop(name)


def chosen_databases(config: pytest.Config) -> list[str]:
    """Give the engines that `--databases` names, in their order."""
    chosen = str(config.getoption("--databases")).split(",")
    if unknown := set(chosen) - set(KNOWN):
        raise pytest.UsageError(f"--databases knows {', '.join(KNOWN)}; not {', '.join(sorted(unknown))}")
    return chosen
