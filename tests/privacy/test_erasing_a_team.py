"""A team that is erased leaves an empty, intact trail and the operator's counts; people of other teams stay."""

import asyncio
from typing import Final
from uuid import UUID

from sqlalchemy import select

from moorage.accounts.tables import UserRow
from moorage.audit.checking import check
from moorage.audit.tables import AuditRow
from moorage.privacy.fates import ALL, Way
from moorage.privacy.tables import ReceiptRow
from moorage.storage.database import Database
from tests.privacy.leaver import found_in, settle_in, tables_of
from tests.scope.world import World

ERASURE: Final = "/api/team/privacy/erasure"


async def until_erased(database: Database, team_id: UUID) -> None:
    """Wait for the receipt of a team's erasure."""
    for _ in range(600):
        async with database.read() as tx:
            if await tx.scalar(select(ReceiptRow.id).where(ReceiptRow.team_id == team_id)):
                return
        await asyncio.sleep(0.05)
    raise AssertionError("the team was not erased")


async def test_nothing_of_a_team_is_left_but_what_the_dry_run_named(world: World) -> None:
    leaver, olga, database = await settle_in(world), world.people["olga"], world.harbour.built.parts.database
    team_id = UUID(olga.session["team"]["id"])
    before = await world.tables()
    plan = await olga.get("/api/team/privacy/erasure")
    assert await world.tables() == before
    wrong = await olga.call("POST", "/api/team/privacy/erasure", {"typed_name": "Kanzlei"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, "team_name_differs")
    await olga.post("/api/team/privacy/erasure", {"typed_name": olga.session["team"]["name"]})
    assert (await olga.call("GET", "/api/team")).status_code == 401
    await until_erased(database, team_id)
    after = await world.tables()
    left = tables_of(found_in(after, [str(team_id), *leaver.marks]))
    stays = {fate.table.__tablename__ for fate in ALL if fate.of_team.way in {Way.STAYS, Way.PSEUDONYM}}
    # The entry that says so, and the one about what was pruned, name the team and nobody.
    assert left <= stays | {"audit_entry"}
    told = {line["table"] for line in plan["lines"] if line["way"] == "goes"}
    assert told - {"audit_entry"} & left == set()


async def test_the_dry_run_and_the_receipt_name_the_accounts_and_what_they_sign_in_with(world: World) -> None:
    leaver, olga, database = await settle_in(world), world.people["olga"], world.harbour.built.parts.database
    before = await world.tables()
    told = {line["table"]: (line["way"], line["rows"]) for line in (await olga.get(ERASURE))["lines"]}
    await olga.post(ERASURE, {"typed_name": olga.session["team"]["name"]})
    await until_erased(database, UUID(olga.session["team"]["id"]))
    after = await world.tables()
    tables = ("user_account", "authenticator_app", "passkey", "recovery_code", "password_reset", "identity")
    for table in tables:
        gone = len(before[table]) - len(after[table])
        assert gone > 0, table
        assert told[table] == ("goes", gone), table
    async with database.read() as tx:
        [lines] = await tx.scalars(select(ReceiptRow.told).where(ReceiptRow.kind == "team_erasure"))
    receipt = {line["table"]: (line["way"], line["rows"]) for line in lines}
    assert {table: receipt[table] for table in tables} == {table: told[table] for table in tables}
    assert leaver.id not in {row["id"] for row in after["user_account"]}


async def test_its_trail_is_empty_intact_and_names_nobody(world: World) -> None:
    leaver, olga, database = await settle_in(world), world.people["olga"], world.harbour.built.parts.database
    team_id = UUID(olga.session["team"]["id"])
    await olga.post("/api/team/privacy/erasure", {"typed_name": olga.session["team"]["name"]})
    await until_erased(database, team_id)
    async with database.read() as tx:
        assert (await check(tx, team_id)).intact
        rows = (await tx.execute(select(AuditRow.__table__).where(AuditRow.team_id == team_id))).all()
    assert {row.action for row in rows} == {"audit.pruned", "team.erased"}
    assert {row.actor_id for row in rows} == {None}
    assert found_in({"trail": [dict(row._mapping) for row in rows]}, leaver.marks) == []
    parts = world.harbour.built.parts
    await parts.privacy.runner.tidy()


async def test_accounts_of_other_teams_and_the_operators_stay_and_the_others_go(world: World) -> None:
    olga, eve, database = world.people["olga"], world.people["eve"], world.harbour.built.parts.database
    eves_before = [row for row in (await world.tables())["conversation"] if row["team_id"] == eve.session["team"]["id"]]
    await olga.post("/api/team/privacy/erasure", {"typed_name": olga.session["team"]["name"]})
    await until_erased(database, UUID(olga.session["team"]["id"]))
    async with database.read() as tx:
        names = set(await tx.scalars(select(UserRow.name)))
    assert names == {"Olga", "Eve", "Frank", "Gil"}
    after = await world.tables()
    assert [row for row in after["conversation"] if row["team_id"] == eve.session["team"]["id"]] == eves_before
    assert len(after["conversation"]) == len(eves_before)
