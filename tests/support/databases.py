"""`database_url`: a migrated database of its own for every test, once on SQLite and once on a real PostgreSQL.

Migrations run once in a test process and engine; every test gets a copy of what they made. `empty_database_url` is for
tests that are about the migrations themselves.

PostgreSQL is a cluster in a temporary folder that listens on a Unix socket only and is thrown away at the end. One
cluster serves a whole test process; it starts with the first test that asks. `--databases sqlite` leaves it out. It
lies in memory where there is room: a database for every test is some hundred files, made twenty times as fast there.
"""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from moorage.storage.database import Database
from moorage.storage.engines import sqlite_url
from moorage.storage.migrate import upgrade
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
    "max_wal_size": "256MB",
}
MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 1024**3  # several test processes, each with its cluster; a container often has 64 MiB


class PostgresCluster:
    """A running throw-away PostgreSQL. Its user `moorage` needs no password; only this machine reaches it."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        *,
        data: Path | None = None,
        wal: Path | None = None,
        wal_segment_mib: int = 16,
    ) -> None:
        """`data`, `wal`: where these lie if not in `folder`; the folder around each becomes the server's own."""
        self._folder = folder
        self._data = data or folder / "data"
        self._wal = wal
        self._wal_segment_mib = wal_segment_mib
        self._settings = {**SETTINGS, **(settings or {})}
        self._environment = dict(environment or {})
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._account = _unprivileged_account()

    def start(self) -> None:
        """Make the cluster and wait until it answers."""
        self._folder.chmod(0o755)
        places = [self._data] if self._wal is None else [self._data, self._wal]
        if self._account is not None:
            for folder in {self._folder, *(place.parent for place in places)}:
                os.chown(folder, self._account.pw_uid, self._account.pw_gid)
        arguments = [str(find_postgresql("initdb")), "-D", str(self._data), "-U", "moorage", "--auth=trust"]
        arguments += [f"--wal-segsize={self._wal_segment_mib}"]
        arguments += [] if self._wal is None else ["-X", str(self._wal)]
        self._run_to_end([*arguments, "-E", "UTF8", "--locale=C", "--no-sync"])
        self.start_again()

    def start_again(self) -> None:
        """Start over what `stop` left, as after a crash, and wait until it answers."""
        arguments = [str(find_postgresql("postgres")), "-D", str(self._data), "-k", str(self._folder)]
        for name, value in self._settings.items():
            arguments += ["-c", f"{name}={value}"]
        with self._log.open("wb") as log:
            self._process = self._spawn(arguments, log.fileno())
        self._wait_until_it_answers()

    @property
    def socket(self) -> Path:
        """The Unix socket it listens on."""
        return self._folder / ".s.PGSQL.5432"

    @property
    def said(self) -> str:
        """What the server has written into its log since its latest start."""
        return self._log.read_text("utf-8", "replace")

    @property
    def is_running(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End the server at once."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(STOP_TIMEOUT_S)

    def url(self, database: str) -> str:
        """Give SQLAlchemy's URL of `database`."""
        return f"postgresql+psycopg://moorage@/{database}?host={self._folder}"

    def take(self, file: Path) -> None:
        """Make a file the server's own, as it wants its private key."""
        file.chmod(0o600)
        if self._account is not None:
            os.chown(file, self._account.pw_uid, self._account.pw_gid)

    def create(self, database: str, template: str = "template1") -> None:
        """Create a database: an empty one, or the copy of another, to which nobody is connected."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._administer(statement.format(sql.Identifier(database), sql.Identifier(template)))

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
        environment = self._environment | {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C",
            "HOME": str(self._folder),
        }
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


def _roomy() -> Path:
    """Give where the cluster of the tests lies: in memory, if there is room."""
    in_memory = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    return MEMORY if in_memory else Path("/tmp")


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """Give a cluster that ends with the test process."""
    folder = Path(tempfile.mkdtemp(prefix="moorage-pg-", dir=_roomy()))  # a socket path must stay under 108 bytes
    cluster = PostgresCluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a SQLite file as the migrations leave it, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "moorage.db"
    _migrate(sqlite_url(file))
    return file


@pytest.fixture(scope="session")
def migrated_template(postgres_cluster: PostgresCluster) -> str:
    """Give the name of a PostgreSQL database as the migrations leave it, to be copied."""
    postgres_cluster.create("migrated")
    _migrate(postgres_cluster.url("migrated"))
    return "migrated"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a migrated database for this test alone: without a row, but for what migrations write.

    A SQLite file lies where a deployment finds it whose data folder is `tmp_path / "data"`.
    """
    if request.param == "sqlite":
        file = tmp_path / "data" / "moorage.db"
        file.parent.mkdir(mode=0o700)
        shutil.copyfile(request.getfixturevalue("migrated_file"), file)
        yield sqlite_url(file)
    else:
        template: str = request.getfixturevalue("migrated_template")
        with _in_cluster(request.getfixturevalue("postgres_cluster"), template) as url:
            yield url


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database for this test alone in which nothing was made yet."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "moorage.db")
    else:
        with _in_cluster(request.getfixturevalue("postgres_cluster"), "template1") as url:
            yield url


@contextlib.contextmanager
def _in_cluster(cluster: PostgresCluster, template: str) -> Iterator[str]:
    name = f"t_{uuid.uuid4().hex}"
    cluster.create(name, template)
    try:
        yield cluster.url(name)
    finally:
        cluster.drop(name)


def _migrate(url: str) -> None:
    async def migrate() -> None:
        database = Database(url)
        try:
            await upgrade(database)
        finally:
            await database.close()

    # In a thread, because this one's event loop belongs to the tests.
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, migrate()).result()


def chosen_databases(config: pytest.Config) -> list[str]:
    """Give the engines that `--databases` names, in their order."""
    chosen = str(config.getoption("--databases")).split(",")
    if unknown := set(chosen) - set(KNOWN):
        raise pytest.UsageError(f"--databases knows {', '.join(KNOWN)}; not {', '.join(sorted(unknown))}")
    return chosen
