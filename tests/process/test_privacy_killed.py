"""SIGKILL in the middle of an export and of an erasure: both go on with the next start, and nothing comes back."""

import asyncio
import io
import sqlite3
import uuid
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from tests.process.people import SignUp, follow_move
from tests.support.running import PASSWORD, TRUSTS_NOBODY, Person, link_of
from tests.support.serving import Serving

TALKS = 100
USED = 20_000
ROUNDS = 2
WAIT_S = 60.0


async def _fill(person: Person, words: str) -> set[str]:
    made = [await person.post("/api/conversations", {"title": f"{words} {number}"}) for number in range(TALKS)]
    return {str(one["id"]) for one in made}


async def _until(is_so: Callable[[], bool]) -> None:
    """Look again and again, not so often that nothing else gets at the file."""
    async with asyncio.timeout(WAIT_S):
        while not is_so():
            await asyncio.sleep(0.02)


def _steps(deployment: Serving) -> tuple[int, int]:
    """Give how many steps of the one job are done, of how many."""
    [(done, total)] = deployment.query("SELECT done, total FROM privacy_job")
    return int(done), int(total)


def _left(deployment: Serving, person_id: str) -> int:
    """Count what a person's erasure has still to take away or to rename."""
    [(words,)] = deployment.query("SELECT count(*) FROM conversation")
    [(used,)] = deployment.query("SELECT count(*) FROM standard_usage_event WHERE user_id = ?", person_id)
    return int(words) + int(used)


@pytest.mark.timeout(240)
async def test_an_export_that_was_cut_by_kills_comes_out_whole(deployment: Serving, sign_up: SignUp) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    ids = await _fill(olga, "goldammern")
    made = await olga.post("/api/team/privacy/exports")
    steps = [0]
    for round_number in range(ROUNDS):
        if round_number:
            deployment.launch()
        await _until(lambda: _steps(deployment)[0] > steps[-1] + TALKS // 10)
        await deployment.kill()
        done, total = _steps(deployment)
        assert steps[-1] < done < total, "in the middle, and further than the last time: it never begins anew"
        assert total > TALKS
        steps.append(done)
    await deployment.start()
    follow_move(olga, deployment)
    path = f"/api/team/privacy/exports/{made['id']}"
    async with asyncio.timeout(WAIT_S):
        while (await olga.get(path))["state"] != "done":
            await asyncio.sleep(0.05)
    packed = zipfile.ZipFile(io.BytesIO((await olga.call("POST", f"{path}/file")).content))
    assert packed.testzip() is None
    found = {name.partition("/")[2].removesuffix(".json") for name in packed.namelist() if name.startswith("conv")}
    assert {one for one in found if not one.endswith(".html")} == ids


@pytest.mark.timeout(240)
async def test_an_erasure_that_was_cut_by_kills_ends_and_nothing_is_left(deployment: Serving, sign_up: SignUp) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    mia = Person(httpx2.AsyncClient(base_url=deployment.url, timeout=30, trust_env=False, verify=TRUSTS_NOBODY))
    invitation = await olga.post("/api/team/invitations", {"role": "member", "note": ""})
    account = {"name": "Kranichfeder", "email": "kranichfeder@example.com", "password": PASSWORD}
    await mia.enter("/api/invitations/accept", {"token": link_of(invitation), **account})
    their_id = mia.session["me"]["id"]
    await _fill(mia, "goldammern")
    _write_much(deployment.data, their_id, mia.session["team"]["id"])
    await mia.client.aclose()
    begun = await olga.post(f"/api/team/privacy/people/{their_id}/erasure")
    left = [TALKS + USED]
    for round_number in range(ROUNDS):
        if round_number:
            deployment.launch()
        await _until(lambda: _left(deployment, their_id) < left[-1])
        await deployment.kill()
        left.append(_left(deployment, their_id))
        assert 0 < left[-1] < left[-2], "some of it was done, and some was not"
        assert deployment.query("SELECT id FROM erasure_receipt") == []
    await deployment.start()
    await _until(lambda: deployment.query("SELECT id FROM erasure_receipt") != [])
    assert deployment.query("SELECT id FROM erasure_receipt") == [(begun["receipt_id"],)]
    assert deployment.query("SELECT count(*) FROM conversation") == [(0,)]
    assert deployment.query("SELECT count(*) FROM privacy_job") == [(0,)]
    assert deployment.query("SELECT name FROM user_account") == [("Olga",)]
    used = deployment.query("SELECT count(*), count(DISTINCT user_id) FROM standard_usage_event")
    assert used == [(USED, 1)], "counted as before, under one other id"
    assert deployment.query(f"SELECT count(*) FROM standard_usage_event WHERE user_id = '{their_id}'") == [(0,)]


def _write_much(data: Path, person_id: str, team_id: str) -> None:
    """Usage of a long time: more than one batch."""
    with closing(sqlite3.connect(data / "moorage.db", timeout=30)) as connection, connection:
        connection.executemany(
            "INSERT INTO standard_usage_event (call_id, team_id, user_id, purpose, model_id, count_source, ended,"
            " started_at, at, provider) VALUES (?, ?, ?, 'reply', 'm', 'missing', 'ok', 1, 1, 'p')",
            [(str(uuid.uuid4()), team_id, person_id) for _ in range(USED)],
        )
