"""P12: `moorage keys` beside a server that serves, killed at any moment, and after a ring was lost."""

import asyncio
import signal
import sqlite3
import time
import uuid
from contextlib import closing
from pathlib import Path

from moorage.storage.database import Database
from moorage.storage.engines import sqlite_url
from moorage.vault.keyring import KeyRing
from moorage.vault.keys import Vault
from moorage.vault.seal import Place, is_first_version
from tests.process.people import SignUp, connect, follow_move
from tests.support.model_server import ModelServer
from tests.support.running import MODEL_KEY, Person
from tests.support.serving import Serving
from tests.support.vaults import ring_in, seal_as_before

MANY = 120
WAIT_S = 60.0
COPIED = "provider, zone, data_location, key_number, key_set_at, key_set_by, quirks, enabled, health, created_by"


async def answers(olga: Person, ref: str) -> bool:
    receipt = await olga.wait_for(await olga.ask("Still there?", ref))
    return bool(receipt["state"] == "done")


def plant_connections_from_before(deployment: Serving, base_url: str, count: int) -> None:
    """Store what an earlier Moorage stored: copies of the one connection, sealed under the ring itself."""
    ring = KeyRing.from_file(deployment.data / "keys")
    with closing(sqlite3.connect(deployment.data / "moorage.db", timeout=10)) as database, database:
        [(team, columns)] = [
            (row[0], row[1:]) for row in database.execute(f"SELECT team_id, {COPIED} FROM connection LIMIT 1")
        ]
        for number in range(count):
            row_id = str(uuid.uuid4())
            place = {"team": team, "table": "connection", "row_id": row_id}
            address = seal_as_before(ring, base_url, **place, column="base_url", origin="")
            key = seal_as_before(ring, f"{MODEL_KEY}-{number}", **place, column="key", origin=base_url)
            marks = ", ".join("?" * (7 + len(columns)))
            database.execute(
                "INSERT INTO connection (id, team_id, name, sealed_base_url, sealed_key, created_at, updated_at, "
                f"{COPIED}) VALUES ({marks})",
                (row_id, team, f"From before {number}", address, key, 1, 1, *columns),
            )


def sealed_rows(deployment: Serving) -> list[tuple[str, str, bytes, bytes]]:
    rows = deployment.query(
        "SELECT id, team_id, sealed_base_url, sealed_key FROM connection WHERE name LIKE 'From before %'"
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def opened_keys(deployment: Serving, base_url: str) -> set[str]:
    """Open every planted connection as the server would, and give their keys."""
    database = Database(sqlite_url(deployment.data / "moorage.db"))
    vault, found = Vault(database, ring_in(deployment.data / "keys")), set()
    try:
        for row_id, team, address, key in sealed_rows(deployment):
            keys = await vault.of(uuid.UUID(team), address, key)
            kinds = ["" if is_first_version(one) else "openai_compatible" for one in (address, key)]
            assert keys.open(address, Place("connection", row_id, "base_url", kinds[0])).reveal() == base_url
            origin = f"{kinds[1]} {base_url}".strip()
            found.add(keys.open(key, Place("connection", row_id, "key", origin)).reveal())
    finally:
        await database.close()
    return found


def count_from_before(deployment: Serving) -> int:
    [(count,)] = deployment.query("SELECT count(*) FROM connection WHERE substr(sealed_base_url, 1, 1) = x'01'")
    return int(count)


async def kill_when(deployment: Serving, at_most: int, *arguments: str) -> bool:
    """Run a command and kill it when so few rows are left as they were before. False: it had ended by itself."""
    process = deployment.launch_command(*arguments)
    deadline = time.monotonic() + WAIT_S
    while count_from_before(deployment) > at_most and process.poll() is None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    return process.wait(WAIT_S) == -signal.SIGKILL


async def test_a_rotation_that_is_killed_again_and_again_loses_nothing_while_the_server_serves(
    deployment: Serving, model_server: ModelServer, sign_up: SignUp
) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    ref = (await connect(olga, model_server))["steady"]
    base_url = model_server.base_url
    plant_connections_from_before(deployment, base_url, MANY)
    everything = {f"{MODEL_KEY}-{number}" for number in range(MANY)}
    assert await opened_keys(deployment, base_url) == everything

    KeyRing.add(deployment.data / "keys")
    kills = 0
    for at_most in (MANY - 1, 2 * MANY // 3, MANY // 3):
        kills += await kill_when(deployment, at_most, "keys", "rotate", "--new-data-keys")
        assert await opened_keys(deployment, base_url) == everything
        assert await answers(olga, ref)
        if kills == 1:
            assert 0 < count_from_before(deployment) < MANY
            code, said = await deployment.run("keys", "status")
            assert (code, "did not end" in said) == (0, True), said
    # A slow machine may miss the later ones.
    assert kills

    code, said = await deployment.run("keys", "rotate")
    assert (code, "Everything is under" in said) == (0, True), said
    assert count_from_before(deployment) == 0
    assert await opened_keys(deployment, base_url) == everything
    assert await answers(olga, ref)
    code, said = await deployment.run("audit", "verify")
    assert code == 0, said


async def test_an_old_key_leaves_the_ring_when_nothing_needs_it(
    deployment: Serving, model_server: ModelServer, sign_up: SignUp
) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    ref = (await connect(olga, model_server))["steady"]
    ring = deployment.data / "keys"
    old_id = KeyRing.from_file(ring).current_id
    code, said = await deployment.run("keys", "new")
    new_id = KeyRing.from_file(ring).current_id
    assert (code, new_id in said, ring.stat().st_mode & 0o777) == (0, True, 0o600), said

    code, said = await deployment.run("keys", "remove", old_id)
    assert (code, "still needed" in said) == (2, True), said
    code, said = await deployment.run("keys", "rotate")
    assert (code, f"{old_id} is not needed any more." in said) == (0, True), said
    code, said = await deployment.run("keys", "remove", old_id)
    assert (code, KeyRing.from_file(ring).ids) == (0, (new_id,)), said
    assert await answers(olga, ref)
    assert await deployment.stop() == 0
    await deployment.start()
    follow_move(olga, deployment)
    assert await answers(olga, ref)
    secrets = ring.read_text().split()
    assert [line for line in secrets if line.partition(":")[2] in said] == []


async def test_a_ring_that_is_gone_for_good_costs_the_keys_and_the_rest_works(
    deployment: Serving, model_server: ModelServer, sign_up: SignUp
) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    made = await olga.connect(model_server.base_url, ["steady"])
    ref = next(model["ref"] for model in made["models"] if model["enabled"])
    asked = await olga.ask("Before the loss", ref)
    assert (await olga.wait_for(asked))["state"] == "done"
    code, said = await deployment.run("keys", "accept-loss")
    assert (code, "Stop it first" in said) == (2, True), said
    assert await deployment.stop() == 0
    code, said = await deployment.run("keys", "accept-loss")
    assert (code, "Nothing is lost" in said) == (0, True), said
    (deployment.data / "keys").unlink()
    code, said = await deployment.refuse_to_start()
    assert (code, "moorage keys accept-loss" in said) == (2, True), said

    code, said = await deployment.run("keys", "accept-loss", typed="n\n")
    assert (code, (deployment.data / "keys").exists()) == (1, False), said
    code, said = await deployment.run("keys", "accept-loss", typed="y\n")
    assert (code, "Done." in said) == (0, True), said
    [copy] = deployment.data.glob("moorage.db.before-loss-*")
    assert copy.stat().st_mode & 0o777 == 0o600

    await deployment.start()
    follow_move(olga, deployment)
    [connection] = (await olga.get("/api/connections"))["connections"]
    assert (connection["health"], connection["key"]["present"]) == ("needs_key", False)
    [line] = [one for one in (await olga.get("/api/models"))["models"] if one["ref"] == ref]
    assert (line["available"], line["problem"]["code"]) == (False, "connection_needs_key")
    refused = await olga.call("POST", f"/api/connections/{made['id']}/tests")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "connection_needs_key")
    conversation = await olga.get(f"/api/conversations/{asked['conversation_id']}")
    assert conversation["messages"][0]["text"] == "Before the loss"
    entries = (await olga.get("/api/audit"))["entries"]
    assert "keys.lost" in {entry["action"] for entry in entries}

    body = {"base_url": model_server.base_url, "api_key": MODEL_KEY, "auth_style": "auto", "tls": None}
    events = [one async for one in olga.events("POST", f"/api/connections/{made['id']}/endpoint", body)]
    assert events[-1].data["passed"], events[-1].data
    assert await answers(olga, ref)
    code, said = await deployment.run("audit", "verify")
    assert code == 0, said


async def test_a_ring_in_the_environment_and_a_wrong_key_are_named(deployment: Serving, tmp_path: Path) -> None:
    await deployment.start()
    assert await deployment.stop() == 0
    other = KeyRing.create(tmp_path / "other")
    text = (
        (tmp_path / "other")
        .read_text()
        .replace(other.current_id, KeyRing.from_file(deployment.data / "keys").current_id)
    )
    code, said = await deployment.refuse_to_start(KEY_RING=text)
    assert (code, "is not the one this database was used with" in said) == (2, True), said
    assert text.partition(":")[2].strip() not in said
    code, said = await deployment.run("keys", "new", KEY_RING=text)
    assert (code, "no ring's file to change" in said) == (2, True), said
