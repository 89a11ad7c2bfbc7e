"""`moorage backup` and `restore` as processes of their own: beside a server, killed, without room, refused."""

import asyncio
import os
import re
import resource
import signal
import subprocess
import sys
import time
import uuid
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from moorage.privacy.tombstones import Tombstone, append
from moorage.storage.database import Database
from moorage.vault.keyring import KeyRing
from tests.process.backing_up import (
    PASSPHRASE,
    backed_up,
    backups,
    deployment,
    names_in,
    sign_in,
    url_of,
)
from tests.process.people import SignUp, connect, follow_move
from tests.support.model_server import ModelServer
from tests.support.running import MODEL_KEY, Person
from tests.support.serving import ROOT, Serving
from tests.support.tables import read_tables

__all__ = ["backups", "deployment"]

GOOD = [f"ok        {name}" for name in ("File", "Ledger", "Budgets", "Sums per day", "Audit trails", "Secrets")]


async def texts_of(olga: Person, exchange: dict[str, str]) -> list[str]:
    conversation = await olga.get(f"/api/conversations/{exchange['conversation_id']}")
    return [one["text"] for one in conversation["messages"]]


@pytest.mark.timeout(400)
async def test_a_backup_made_while_people_write_is_good_and_brings_everything_back(
    deployment: Serving, backups: Path, model_server: ModelServer, sign_up: SignUp
) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    ref = (await connect(olga, model_server))["steady"]
    before = await olga.ask("Before the backup", ref)
    await olga.wait_for(before)
    asking = asyncio.create_task(_keep_asking(olga, ref))
    erasures, export = lay_beside(deployment)
    made = await backed_up(deployment, backups)
    asking.cancel()
    assert not holds(made, b"An export that was asked for", erasures.read_bytes().strip())
    after = await olga.ask("After the backup", ref)
    await olga.wait_for(after)

    code, said = await deployment.run("backup", "verify", str(made))
    assert (code, [line[:23].rstrip() for line in said.splitlines() if line.startswith("ok")]) == (0, GOOD), said
    assert "by the keys of this deployment" in said
    code, said = await deployment.run("restore", str(made), "--replace")
    assert (code, "A server is running" in said or "has this database open" in said) == (2, True), said
    assert (await texts_of(olga, after))[0] == "After the backup"

    assert await deployment.stop() == 0
    code, said = await deployment.run("restore", str(made))
    assert (code, "--replace" in said) == (2, True), said
    # What was erased since then stands there, too.
    append(erasures, Tombstone(uuid.uuid4(), "person_erasure", uuid.uuid4(), None, True, datetime.now(UTC)))
    beside = erasures.read_bytes(), export.read_bytes()
    code, said = await deployment.run("restore", str(made), "--replace")
    assert code == 0, said
    assert (erasures.read_bytes(), export.read_bytes()) == beside
    await deployment.start()
    follow_move(olga, deployment)
    assert "erasures_replayed" in deployment.said
    assert (await olga.call("GET", "/api/conversations")).status_code == 401
    await sign_in(olga)
    assert (await texts_of(olga, before))[0] == "Before the backup"
    assert (await olga.call("GET", f"/api/conversations/{after['conversation_id']}")).status_code == 404
    # The sealed endpoint opens, and new rows find their place.
    assert (await olga.wait_for(await olga.ask("Still there?", ref)))["state"] == "done"
    code, said = await deployment.run("audit", "verify")
    assert (code, "BROKEN" in said) == (0, False), said
    code, said = await deployment.run("audit", "show")
    assert "was put back to its backup of" in said, said


def lay_beside(deployment: Serving) -> tuple[Path, Path]:
    """Lay a ledger of erasures and an export into the data folder; neither is of the database."""
    erasures, export = deployment.data / "erasures", deployment.data / "exports" / "asked-for.zip"
    append(erasures, Tombstone(uuid.uuid4(), "person_erasure", uuid.uuid4(), None, True, datetime.now(UTC)))
    export.parent.mkdir(exist_ok=True)
    export.write_bytes(b"An export that was asked for")
    return erasures, export


def holds(backup: Path, *marks: bytes) -> bool:
    """Tell whether any of these bytes lie in a backup, whatever its parts are named."""
    with zipfile.ZipFile(backup) as archive:
        contents = [archive.read(name) for name in archive.namelist()]
    return any(mark in content for content in contents for mark in marks)


async def _keep_asking(olga: Person, ref: str) -> None:
    number = 0
    while True:
        number += 1
        await olga.wait_for(await olga.ask(f"Meanwhile {number}", ref))


@pytest.mark.timeout(400)
async def test_a_backup_without_keys_holds_none_and_one_with_keys_starts_elsewhere(
    deployment: Serving, backups: Path, model_server: ModelServer, sign_up: SignUp, tmp_path: Path
) -> None:
    if "DATABASE_URL" in deployment._settings:
        pytest.skip("keys lie in the data folder on both engines")
    await deployment.start()
    olga = await sign_up(deployment)
    ref = (await connect(olga, model_server))["steady"]
    ring = deployment.data / "keys"
    secret = ring.read_text().strip().partition(":")[2]
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n")
    without = await backed_up(deployment, backups / "without.backup")
    inside = await backed_up(deployment, backups / "with.backup", "--with-keys", "--passphrase-file", str(passphrase))
    for made in (without, inside):
        assert all(word.encode() not in made.read_bytes() for word in (secret, PASSPHRASE, MODEL_KEY))
    code, said = await deployment.run("backup", "verify", str(without), "--no-keys")
    assert (code, "Not checked" in said) == (0, True), said

    elsewhere = Serving(tmp_path / "elsewhere", {**deployment._settings, "DATA": tmp_path / "elsewhere" / "data"})
    options = ("--with-keys", "--passphrase-file", str(passphrase))
    code, said = await elsewhere.run("restore", str(without), *options)
    assert (code, "no keys in this backup" in said) == (2, True), said
    wrong = tmp_path / "wrong"
    wrong.write_text("some other words than these")
    code, said = await elsewhere.run("restore", str(inside), "--with-keys", "--passphrase-file", str(wrong))
    assert (code, "does not open the keys" in said) == (2, True), said
    assert not (elsewhere.data / "moorage.db").exists()
    code, said = await elsewhere.run("restore", str(inside), *options)
    assert (code, secret in said, PASSPHRASE in said) == (0, False, False), said
    assert (elsewhere.data / "keys").stat().st_mode & 0o777 == 0o600
    assert KeyRing.from_file(elsewhere.data / "keys").is_same(KeyRing.from_file(ring))
    try:
        await elsewhere.start()
        follow_move(olga, elsewhere)
        await sign_in(olga)
        assert (await olga.wait_for(await olga.ask("Who are you?", ref)))["state"] == "done"
    finally:
        await elsewhere.close()
    # Another ring is never replaced.
    code, said = await elsewhere.run("keys", "new")
    assert code == 0, said
    code, said = await elsewhere.run("restore", str(inside), "--replace", *options)
    assert (code, "already is a key ring" in said) == (2, True), said


async def fingerprint(url: str) -> str:
    """Give what all tables hold, of a database nobody uses."""
    database = Database(url)
    try:
        return str(await read_tables(database))
    finally:
        await database.close()


async def kill_after(deployment: Serving, delay_s: float, *arguments: str) -> bool:
    """Run a command and kill it; False: it had ended before."""
    process = deployment.launch_command(*arguments)
    await asyncio.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    return await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL


@pytest.mark.timeout(600)
async def test_a_restore_that_is_killed_leaves_the_old_state_or_the_new_one_whole(
    deployment: Serving, backups: Path, empty_database_url: str, model_server: ModelServer, sign_up: SignUp
) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    ref = (await connect(olga, model_server))["steady"]
    await olga.wait_for(await olga.ask("Old enough", ref))
    made = await backed_up(deployment, backups)
    await olga.wait_for(await olga.ask("Newer than the backup", ref))
    assert await deployment.stop() == 0
    url = url_of(deployment, empty_database_url)
    old = await fingerprint(url)
    began = time.monotonic()
    code, said = await deployment.run("restore", str(made), "--replace")
    whole_s = time.monotonic() - began
    assert code == 0, said
    assert await fingerprint(url) != old

    ended = set()
    rounds = 6
    for number in range(rounds):
        # Whatever was there last time is the old state of this one.
        before = await fingerprint(url)
        killed = await kill_after(
            deployment, whole_s * (0.3 + 0.75 * number / rounds), "restore", str(made), "--replace"
        )
        now = await fingerprint(url)
        changed = now != before
        ended.add((killed, changed))
        if changed:
            assert "Newer than the backup" not in now
            assert "Old enough" in now
    assert (True, False) in ended, "no kill came in time"
    code, said = await deployment.run("audit", "verify")
    assert code == 0, said
    code, said = await deployment.run("restore", str(made), "--replace")
    assert code == 0, said
    assert list(deployment.data.glob("*restoring*")) == []
    await deployment.start()
    follow_move(olga, deployment)
    await sign_in(olga)
    assert (await olga.wait_for(await olga.ask("And now?", ref)))["state"] == "done"


async def test_a_backup_that_is_killed_is_none_and_the_next_one_sweeps_up(
    deployment: Serving, backups: Path, sign_up: SignUp
) -> None:
    await deployment.start()
    await sign_up(deployment)
    process = deployment.launch_command("backup", "--to", str(backups))
    async with asyncio.timeout(60):
        while not names_in(backups, "*.partial") and process.poll() is None:
            await asyncio.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    if await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL:
        assert names_in(backups, "*.backup") == []
        for left in names_in(backups, "*.partial"):
            code, said = await deployment.run("backup", "verify", str(backups / left))
            assert (code, "is no backup" in said or "damaged" in said) == (2, True), said
    made = await backed_up(deployment, backups)
    assert names_in(backups) == [made.name]


async def test_the_backup_is_in_the_deployments_trail(deployment: Serving, backups: Path, sign_up: SignUp) -> None:
    await deployment.start()
    await sign_up(deployment)
    await backed_up(deployment, backups)
    code, said = await deployment.run("audit", "show")
    assert (code, bool(re.search(r"A backup of this deployment was made: \d+ rows, \d+ bytes\.", said))) == (0, True)
    (deployment.data / "keys").rename(deployment.data / "away")
    code, said = await deployment.run("backup", "--to", str(backups / "no-keys.backup"))
    assert (code, "Not in the audit trail" in said) == (0, True), said


@pytest.mark.timeout(400)
async def test_what_can_not_be_read_or_written_is_told_in_a_sentence(
    deployment: Serving, backups: Path, sign_up: SignUp
) -> None:
    code, said = await deployment.run("backup", "--to", str(backups))
    assert (code, "no database of Moorage here yet" in said) == (2, True), said
    await deployment.start()
    await sign_up(deployment)
    made = await backed_up(deployment, backups)
    tries = {
        ("backup", "--to", str(made)): "already is something",
        ("backup", "--to", str(backups / "none" / "x")): "Nothing can be written in",
        ("backup", "--to", "/proc/x"): "Nothing can be written in",
        ("backup", "verify", str(backups / "none")): "can't be read",
        ("backup", "verify", str(backups)): "can't be read",
        ("restore", str(deployment.data / "instance")): "A server is running",
    }
    for arguments, sentence in tries.items():
        code, said = await deployment.run(*arguments)
        assert (code, sentence in said, "Traceback" in said) == (2, True, False), said
    code, said = await deployment.run("backup")
    assert (code, "--to" in said) == (64, True), said
    assert await deployment.stop() == 0
    code, said = await deployment.run("restore", str(deployment.data / "instance"), "--replace")
    assert (code, "is no backup of Moorage" in said) == (2, True), said
    content = bytearray(made.read_bytes())
    content[len(content) // 2] ^= 1
    (backups / "flipped.backup").write_bytes(content)
    for arguments in (
        ("restore", str(backups / "flipped.backup"), "--replace"),
        ("backup", "verify", str(backups / "flipped.backup")),
    ):
        code, said = await deployment.run(*arguments)
        assert (code, "damaged or cut off" in said) == (2, True), said


def run_to_end(*command: str) -> None:
    subprocess.run(command, check=True)


def run_with_room_for(deployment: Serving, size: int, *arguments: str) -> tuple[int, str]:
    """Run a command whose files may not grow beyond a size."""
    done = subprocess.run(
        [sys.executable, "-m", "moorage", *arguments],
        cwd=ROOT,
        env=deployment._environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )
    return done.returncode, done.stdout


async def test_without_room_nothing_half_is_left_and_the_old_state_stays(
    deployment: Serving, backups: Path, empty_database_url: str, sign_up: SignUp
) -> None:
    await deployment.start()
    await sign_up(deployment)
    made = await backed_up(deployment, backups)
    assert await deployment.stop() == 0
    url = url_of(deployment, empty_database_url)
    before = await fingerprint(url)
    code, said = await asyncio.to_thread(run_with_room_for, deployment, 300_000, "restore", str(made), "--replace")
    assert (code, "disk" in said, "Traceback" in said) == (2, True, False), said
    assert await fingerprint(url) == before
    assert list(deployment.data.glob("*restoring*")) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
async def test_a_full_disk_is_told_and_leaves_nothing(deployment: Serving, sign_up: SignUp, tmp_path: Path) -> None:
    await deployment.start()
    await sign_up(deployment)
    small = tmp_path / "small"
    small.mkdir()
    await asyncio.to_thread(run_to_end, "mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(small))
    try:
        await asyncio.to_thread((small / "filler").write_bytes, b"x" * 196 * 1024)
        code, said = await deployment.run("backup", "--to", str(small))
        assert (code, "The disk is full" in said) == (2, True), said
        assert names_in(small) == ["filler"]
        (small / "filler").unlink()
        code, said = await deployment.run("backup", "--to", str(tmp_path / "backups"))
        assert code == 0, said
        [made] = (tmp_path / "backups").iterdir()
        code, said = await deployment.run("backup", "verify", str(made), "--in", str(small))
        assert (code, "The disk is full" in said) == (2, True), said
        assert names_in(small) == []
    finally:
        await asyncio.to_thread(run_to_end, "umount", str(small))
