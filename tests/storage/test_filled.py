"""A database that an early version filled is brought up to date with everything in it: rows, secrets, the trail."""

from pathlib import Path

from moorage.audit.checking import check
from moorage.composition.ground import build_database
from moorage.egress.trust import Trust
from moorage.storage.migrate import upgrade
from moorage.vault.keyring import KeyRing
from tests.support.authority import TestAuthority
from tests.support.early import EMAIL, ENTRIES, Early, read_all
from tests.support.model_server import ModelServer
from tests.support.running import MODEL_KEY, PASSWORD, running, settings_for


async def test_what_an_early_version_stored_is_there_opens_and_verifies(
    empty_database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    authority, server = models
    # The system's authorities only: the endpoint is believed for what the connection sealed, or not at all.
    settings = settings_for(empty_database_url, tmp_path, authority, server, extra_ca_file=None)
    database = build_database(settings)
    KeyRing.create(settings.data / "keys")
    trust = Trust(ca_pem=authority.ca_pem.read_text())
    early = Early(KeyRing.from_file(settings.data / "keys"), server.base_url, MODEL_KEY, trust, PASSWORD)
    try:
        before = await early.fill(database, tmp_path)
        await upgrade(database)
        async with database.read() as tx:
            after = await read_all(tx, before)
    finally:
        await database.close()
    before["message"].sort(key=lambda row: str(row["id"]))
    assert after == {**before, "sign_in": []}  # 0003 says why: how they came in is not known
    async with running(settings, server) as harbour:
        olga = await harbour.somebody().enter("/api/sign-in", {"email": EMAIL, "password": PASSWORD})
        conversation = await olga.get(f"/api/conversations/{early.conversation_id}")
        assert [one["text"] for one in conversation["messages"]] == ["Is it deep enough?", "Three fathoms."]
        (connection,) = (await olga.get("/api/connections"))["connections"]
        receipt = await olga.wait_for(await olga.ask("Still there?", connection["models"][0]["ref"]))
        assert receipt["state"] == "done"
        entries = (await olga.get("/api/audit"))["entries"]
        assert [one["object_name"] for one in entries if one["seq"] <= ENTRIES] == [
            f"Kanzlei {seq}" for seq in range(ENTRIES, 0, -1)
        ]
        assert entries[0]["seq"] > ENTRIES  # signed ones follow those that were only chained
        async with harbour.built.parts.database.read() as tx:
            checked = await check(tx, early.team_id)
        assert (checked.intact, checked.checked) == (True, entries[0]["seq"])
