"""Who is erased is nowhere any more, except where the dry run said so and why; a new table can't be forgotten."""

import contextlib
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from moorage.audit.checking import check
from moorage.chat.tables import ConversationRow
from moorage.privacy.fates import ALL, Way
from moorage.privacy.scope import PersonScope
from moorage.storage.types import Id, Row, new_id
from moorage.usage.closing import close_days
from moorage.usage.rollups import EventKind
from tests.privacy.leaver import MAIL, NAME, Leaver, found_in, settle_in, tables_of, until_receipts
from tests.scope.world import World
from tests.support.days_used import day_used, put_days
from tests.support.running import PASSWORD, link_of
from tests.support.tables import Contents

# Tables of theirs that nothing in this world fills; each with who else proves it.
UNFILLED = {
    "title_run": "titles are made of words here; goes with its conversation by the schema",
}

NAMES_A_PERSON = re.compile(r"(^|_)(user|owner|author|maintainer|actor|person|subject)_id$|(^|_)by(_id)?$")
# Named like that, and no person.
NOBODY = {"team_key.owner_id"}


def test_every_table_says_what_an_erasure_does_to_it() -> None:
    """A table made later fails here until it has a row in moorage/privacy/fates.py."""
    said = [fate.table.__tablename__ for fate in ALL]
    assert sorted(said) == sorted(table.name for table in Row.metadata.sorted_tables)
    assert len(said) == len(set(said))


def test_what_stays_says_why() -> None:
    silent = [
        fate.table.__tablename__
        for fate in ALL
        for one in (fate.of_person, fate.of_team)
        if one.way is Way.STAYS and not one.why
    ]
    assert silent == []


def test_a_column_that_names_a_person_is_in_no_table_that_holds_nothing_of_one() -> None:
    """By their names, before any row is there: the walk below finds only what its leaver has filled."""
    nothing = {fate.table.__tablename__ for fate in ALL if fate.of_person.way is Way.NOTHING}
    naming = [
        f"{table.name}.{column.name}"
        for table in Row.metadata.sorted_tables
        for column in table.columns
        if table.name in nothing and isinstance(column.type, Id) and NAMES_A_PERSON.search(column.name)
    ]
    assert set(naming) == NOBODY


def test_sums_that_are_kept_by_person_are_added_up_and_never_collide() -> None:
    """Where a person stands in the key, two rows can come to bear one other id."""
    keyed = {
        fate.table.__tablename__
        for fate in ALL
        if fate.of_person.columns.keys() & {column.name for column in fate.table.__table__.primary_key.columns}
    }
    by_person = {f"{kind}_usage_{what}" for kind in ("byom", "standard") for what in ("day", "fortnight")}
    assert keyed == {fate.table.__tablename__ for fate in ALL if fate.sums_of} == by_person


def test_what_is_made_of_days_is_handed_over_and_taken_after_them() -> None:
    """Else a day that is closed between the two would bring back what is gone."""
    order = [fate.table.__tablename__ for fate in ALL]
    for kind in ("byom", "standard"):
        for made in ("closed_day", "fortnight"):
            assert order.index(f"{kind}_usage_day") < order.index(f"{kind}_usage_{made}")


async def _plan(world: World, leaver: Leaver) -> dict[str, str]:
    plan = await world.people["olga"].get(f"/api/team/privacy/people/{leaver.id}/erasure")
    assert plan["whole_account"]
    assert plan["name"] == NAME
    return {line["table"]: line["way"] for line in plan["lines"]}


async def _used_long_ago(world: World, leaver: Leaver) -> None:
    """Let the leaver have used models on a day that is closed by now."""
    team, day = world.belongings["olga"]["team"], datetime.now(UTC).date() - timedelta(days=40)
    places: tuple[tuple[EventKind, str], ...] = (("byom", str(new_id())), ("standard", "p"))
    database = world.harbour.built.parts.database
    await put_days(database, [day_used(team, leaver.id, place, "m", day, kind=kind) for kind, place in places])
    await close_days(database, rests=False)


async def test_nothing_of_a_person_is_left_but_what_the_dry_run_named(world: World) -> None:
    leaver, olga, database = await settle_in(world), world.people["olga"], world.harbour.built.parts.database
    await _used_long_ago(world, leaver)
    before = await world.tables()
    planned = await _plan(world, leaver)
    assert await world.tables() == before, "a dry run changes nothing"
    of_people = {fate.table.__tablename__ for fate in ALL if fate.of_person.way is not Way.NOTHING}
    assert of_people - planned.keys() == UNFILLED.keys(), "the leaver of these tests must leave a trace in every table"
    begun = await olga.post(f"/api/team/privacy/people/{leaver.id}/erasure")
    assert (await leaver.person.call("GET", "/api/team")).status_code == 401, "the doors shut at once"
    [receipt] = await until_receipts(olga, 1)
    assert receipt["id"] == begun["receipt_id"]
    assert {line["table"]: line["way"] for line in receipt["lines"]} == planned
    hits = tables_of(found_in(await world.tables(), leaver.marks))
    assert hits == {table for table, way in planned.items() if way == "stays"} == {"audit_entry"}
    async with database.read() as tx:
        assert (await check(tx, UUID(world.belongings["olga"]["team"]))).intact


async def test_what_others_have_is_as_it_was(world: World) -> None:
    leaver, olga = await settle_in(world), world.people["olga"]
    before = await world.tables()
    await olga.post(f"/api/team/privacy/people/{leaver.id}/erasure")
    await until_receipts(olga, 1)
    after = await world.tables()
    untouched = ("conversation", "message", "attachment_content", "user_account", "membership", "byom_usage_event")
    for table in untouched:
        kept = [
            row
            for row in before[table]
            if not found_in({table: [row]}, leaver.marks) and _is_of_another(row, before, leaver)
        ]
        assert [row for row in kept if row not in after[table]] == [], table


def _is_of_another(row: dict[str, Any], before: Contents, leaver: Leaver) -> bool:
    theirs = {one["id"] for one in before["conversation"] if one["owner_id"] == leaver.id}
    files = {one["id"] for one in before["attachment"] if one["owner_id"] == leaver.id}
    named = {row.get("conversation_id"), row.get("id"), row.get("attachment_id")}
    return not named & (theirs | files)


async def test_usage_stays_as_counts_under_another_id_that_is_nobodys(world: World) -> None:
    leaver, olga = await settle_in(world), world.people["olga"]
    before = await world.tables()
    await olga.post(f"/api/team/privacy/people/{leaver.id}/erasure")
    await until_receipts(olga, 1)
    after = await world.tables()
    for table in ("byom_usage_event", "standard_usage_event", "comparison_verdict"):
        assert len(after[table]) == len(before[table]), table
        known = {row["user_id"] for row in before[table]}
        [stranger] = {row["user_id"] for row in after[table]} - known
        kept = {"job": after["privacy_job"], "receipt": after["erasure_receipt"]}
        assert found_in(kept, [stranger]) == [], "nobody knows any more whose it was"


async def test_the_words_are_in_no_file_of_the_database_either(world: World) -> None:
    leaver, olga, database = await settle_in(world), world.people["olga"], world.harbour.built.parts.database
    if not database.is_sqlite:
        pytest.skip("PostgreSQL's vacuum overwrites in its own time")
    await olga.post(f"/api/team/privacy/people/{leaver.id}/erasure")
    await until_receipts(olga, 1)
    with contextlib.closing(sqlite3.connect(world.harbour.data / "moorage.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = b"".join(file.read_bytes() for file in world.harbour.data.iterdir() if file.name.startswith("moorage.db"))
    assert [mark for mark in leaver.marks[2:] if mark.encode() in data] == []


async def test_whoever_comes_back_with_the_address_begins_anew(world: World) -> None:
    leaver, olga = await settle_in(world), world.people["olga"]
    await olga.post(f"/api/team/privacy/people/{leaver.id}/erasure")
    await until_receipts(olga, 1)
    refused = await world.harbour.somebody().call("POST", "/api/sign-in", {"email": MAIL, "password": PASSWORD})
    assert refused.status_code == 422
    again = await world.harbour.invited_by(olga, NAME, "member")
    assert again.session["me"]["id"] != leaver.id
    assert (await again.get("/api/conversations"))["conversations"] == []


async def test_an_account_of_two_teams_stays_and_only_this_teams_things_go(world: World) -> None:
    leaver, olga, eve = await settle_in(world), world.people["olga"], world.people["eve"]
    made = await eve.post("/api/team/invitations", {"role": "member", "note": ""})
    await leaver.person.enter("/api/invitations/accept", {"token": link_of(made)})
    there = await leaver.person.post("/api/conversations", {"title": "With Eve"})
    plan = await olga.get(f"/api/team/privacy/people/{leaver.id}/erasure")
    assert not plan["whole_account"]
    stays = {line["table"]: line["why"] for line in plan["lines"] if line["way"] == "stays"}
    assert stays.keys() >= {"audit_entry", "user_account", "authenticator_app", "passkey"}
    await olga.post(f"/api/team/privacy/people/{leaver.id}/erasure")
    await until_receipts(olga, 1)
    async with world.harbour.built.parts.database.read() as tx:
        left = await tx.scalars(select(ConversationRow.id).where(ConversationRow.owner_id == UUID(leaver.id)))
        assert [str(one) for one in left] == [there["id"]]


async def test_who_owns_a_team_alone_and_who_runs_the_deployment_is_not_erased_from_the_page(world: World) -> None:
    olga, eve = world.people["olga"], world.people["eve"]
    for person, code in ((olga, "erase_operator"), (eve, "erase_last_owner")):
        own = person.session["me"]["id"]
        answer = await person.call("POST", f"/api/team/privacy/people/{own}/erasure")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, code)


async def test_a_person_of_another_team_is_nobody_here(world: World) -> None:
    frank = world.belongings["eve"]["person"]
    answer = await world.people["olga"].call("POST", f"/api/team/privacy/people/{frank}/erasure")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "person_not_here")


async def test_erasing_asks_for_a_proof_of_who_one_is(world: World) -> None:
    olga, database = world.people["olga"], world.harbour.built.parts.database
    async with database.write() as tx:
        await tx.execute(text("UPDATE sign_in SET proved_at = 0"))
    mia = world.people["mia"].session["me"]["id"]
    for path, body in (
        (f"/api/team/privacy/people/{mia}/erasure", None),
        ("/api/team/privacy/erasure", {"typed_name": olga.session["team"]["name"]}),
        ("/api/team/privacy/team-exports", None),
    ):
        answer = await olga.call("POST", path, body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "proof_needed"), path
    for path, body in (
        ("/api/team/privacy/retention", {"conversation_days": 30, "attachment_days": None}),
        ("/api/team/privacy/clearing", {"only_cleared": True}),
    ):
        answer = await olga.call("PUT", path, body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "proof_needed"), path


def test_a_scope_of_one_team_never_reaches_another() -> None:
    """Every condition on a person's rows in one team names the team, unless the rows are the account's own."""
    who = PersonScope(UUID(int=1), UUID(int=2))
    reaching = [
        fate.table.__tablename__
        for fate in ALL
        if fate.of_person.which is not None
        and not fate.of_person.whole_only
        and str(UUID(int=2)) not in str(fate.of_person.which(who).compile(compile_kwargs={"literal_binds": True}))
    ]
    assert reaching == []
