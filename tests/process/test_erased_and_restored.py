"""Erased stays erased: a backup from before, put back by its command, is erased anew at the start."""

from pathlib import Path

import httpx2
import pytest

from moorage.storage.database import Database
from moorage.usage.drift import find_closed_drift, find_day_drift, find_drift
from tests.privacy.leaver import found_in, tables_of, until_receipts
from tests.process.backing_up import backed_up, backups, deployment, sign_in, url_of
from tests.process.people import SignUp, connect, follow_move
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, TRUSTS_NOBODY, Person, link_of
from tests.support.serving import Serving
from tests.support.tables import Contents, read_tables

__all__ = ["backups", "deployment"]

# A name, an address and words of each, that nobody else has.
MIA = ("Kranichfeder", "goldammern")
NILS = ("Reiherstieg", "rohrdommeln")


async def _joins(deployment: Serving, olga: Person, name: str) -> Person:
    mia = Person(httpx2.AsyncClient(base_url=deployment.url, timeout=30, trust_env=False, verify=TRUSTS_NOBODY))
    invitation = await olga.post("/api/team/invitations", {"role": "member", "note": ""})
    account = {"name": name, "email": f"{name.lower()}@example.com", "password": PASSWORD}
    return await mia.enter("/api/invitations/accept", {"token": link_of(invitation), **account})


async def _writes(person: Person, words: str, ref: str) -> None:
    exchange = await person.ask(f"What do {words} eat?", ref)
    await person.wait_for(exchange)
    shared = await person.call("PUT", f"/api/conversations/{exchange['conversation_id']}/sharing/team")
    assert shared.status_code < 400, shared.text


async def _contents(url: str) -> Contents:
    database = Database(url)
    try:
        async with database.read() as tx:
            assert await find_drift(tx) == []
            assert await find_day_drift(tx) == []
            assert await find_closed_drift(tx) == []
        return await read_tables(database)
    finally:
        await database.close()


@pytest.mark.timeout(400)
async def test_whoever_was_erased_does_not_come_back_with_a_backup_from_before(
    deployment: Serving, backups: Path, empty_database_url: str, model_server: ModelServer, sign_up: SignUp
) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    ref = (await connect(olga, model_server))["steady"]
    people = [await _joins(deployment, olga, name) for name, _ in (MIA, NILS)]
    for person, (_, words) in zip(people, (MIA, NILS), strict=True):
        await _writes(person, words, ref)
    await _writes(olga, "kraniche", ref)
    ids = [person.session["me"]["id"] for person in people]
    marks = [*ids, *(one.lower() for one in (*MIA, *NILS))]
    made = await backed_up(deployment, backups)

    await olga.post(f"/api/team/privacy/people/{ids[0]}/erasure")
    code, said = await deployment.run("person", "erase", f"{NILS[0].lower()}@example.com", "--yes")
    assert code == 0, said
    receipts = {one["id"] for one in await until_receipts(olga, 1)}
    assert await deployment.stop() == 0
    url = url_of(deployment, empty_database_url)
    erased = await _contents(url)
    assert tables_of(found_in(erased, marks)) == {"audit_entry"}
    known = {row["id"] for row in erased["erasure_receipt"]}
    assert len(known) == 2
    assert receipts < known

    code, said = await deployment.run("restore", str(made), "--replace")
    assert code == 0, said
    back = tables_of(found_in(await _contents(url), marks))
    assert {"user_account", "message", "byom_usage_event", "byom_usage_day"} <= back, "the backup has all of it"
    await deployment.start()
    assert "erasures_replayed" in deployment.said
    # Before anybody could sign in; read beside the running server.
    again = await _contents(url)
    assert tables_of(found_in(again, marks)) == {"audit_entry"}
    assert {row["id"] for row in again["erasure_receipt"]} == known, "the receipts are the same"
    follow_move(olga, deployment)
    await sign_in(olga)
    told = await olga.get("/api/conversations")
    assert len(told["conversations"]) == 1, "what others have is there"
    answer = await people[0].client.post(
        f"{deployment.url}/api/sign-in", json={"email": f"{MIA[0].lower()}@example.com", "password": PASSWORD}
    )
    assert answer.status_code == 422
    for person in people:
        await person.client.aclose()

    newer = await backed_up(deployment, backups)
    assert await deployment.stop() == 0
    for arguments in (("backup", "verify", str(newer)), ("audit", "verify"), ("restore", str(newer), "--replace")):
        code, said = await deployment.run(*arguments)
        assert (code, "BROKEN" in said) == (0, False), said
    await deployment.start()
    assert "erasures_replayed" not in deployment.said, "what a backup knows is not done again"
    assert {row["id"] for row in (await _contents(url))["erasure_receipt"]} == known
