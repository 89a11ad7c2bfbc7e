"""P14 on every route: while the gate says no, nothing reaches an endpoint, whatever the database holds.

Made of ROUTES: a new route that sends something is caught by the count of the endpoint's connections.
"""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text, update

from moorage.accounts.standing import set_standing
from moorage.accounts.tables import TeamRow
from moorage.api.permits import Open
from tests.scope.world import Operation, World
from tests.support.tables import changes

# What asks the gate. Everything else stays open to a refused team: it may look, pause, delete, and leave.
GATED = {
    "POST /api/connection-tests",
    "POST /api/connections",
    "PATCH /api/connections/{connection_id}",
    "POST /api/connections/{connection_id}/endpoint",
    "POST /api/connections/{connection_id}/tests",
    "POST /api/connections/{connection_id}/discovery",
    "PUT /api/connections/{connection_id}/models",
    "PATCH /api/connections/{connection_id}/models/{model_id}",
    "POST /api/conversations/{conversation_id}/messages",
    "POST /api/conversations/{conversation_id}/messages/{message_id}/regenerate",
    "POST /api/conversations/{conversation_id}/messages/{message_id}/continue",
    "POST /api/conversations/{conversation_id}/comparisons",
    "POST /api/conversations/{conversation_id}/messages/{message_id}/compare",
}
# As somebody may leave them who edits rows by hand: nothing of it is in the table.
EDITED = (
    ("enterprise", "suspended"),
    ("free", "trialing"),
    ("enterprise", "ACTIVE"),
    ("enterprise ", "active"),
    ("", ""),
    ("free", "\u0430ctive"),
    ("business_ultra", "active"),
    ("free", "active\n"),
)


async def _edit(world: World, plan: object, standing: object) -> None:
    async with world.harbour.built.parts.database.write() as tx:
        await tx.execute(update(TeamRow).values(plan=plan, standing=standing))


async def _send(world: World, operation: Operation, person: str) -> Any:
    own = world.belongings[person]
    several = ["scripted:demo", own["model_ref"]]
    body = world.body(operation, model_ref=own["model_ref"], model_refs=several, token=own["link"])
    # Only a question can be put to several.
    asked = {"message_id": own["question"]} if operation.name.endswith("/compare") else {}
    return await world.people[person].call(operation.method, world.at(operation, own, **asked), body)


def _takes_something_away(operation: Operation) -> bool:
    """True for what deletes, and for what gives the browser another sign-in."""
    is_about_sign_in = operation.permit.needs in {Open.ANYBODY, Open.ENTERED, Open.BY_LINK}
    return operation.method == "DELETE" or (operation.is_unsafe and is_about_sign_in)


async def test_a_refused_team_reaches_nobody_by_any_route_and_is_refused_where_the_gate_stands(world: World) -> None:
    await _edit(world, "enterprise", "suspended")
    counts = world.harbour.models.counts
    connections, requests = counts.connections, counts.requests
    wrong = []
    for operation in sorted(world.operations(), key=_takes_something_away):
        answer = await _send(world, operation, "olga")
        refused = answer.status_code == 403 and answer.json()["error"]["code"] == "access_suspended"
        if refused != (operation.name in GATED):
            wrong.append(f"{operation.name} → {answer.status_code} {answer.text[:90]}: is it in GATED?")
        if (counts.connections, counts.requests) != (connections, requests):
            connections, requests = counts.connections, counts.requests
            wrong.append(f"{operation.name} reached the endpoint")
    assert wrong == []
    assert {operation.name for operation in world.operations()} >= GATED


@pytest.mark.parametrize("pairs", [EDITED[at : at + 2] for at in range(0, len(EDITED), 2)])
async def test_a_row_edited_by_hand_opens_nothing(world: World, pairs: tuple[tuple[str, str], ...]) -> None:
    counts = world.harbour.models.counts
    before = (counts.connections, counts.requests)
    gated = [operation for operation in world.operations() if operation.name in GATED]
    open_after_all = []
    # Each pair at a team of its own: ten questions a minute are all that one may ask.
    for person, (plan, standing) in zip(("olga", "eve"), pairs, strict=True):
        await _edit(world, plan, standing)
        for operation in gated:
            answer = await _send(world, operation, person)
            if answer.status_code != 403 or not answer.json()["error"]["code"].startswith("access_"):
                open_after_all.append(f"{plan!r}, {standing!r}: {operation.name} → {answer.status_code}")
        picker = await world.people[person].get("/api/models")
        if any(line["available"] for line in picker["models"]) or picker["can_connect"] or not picker["refusal"]:
            open_after_all.append(f"{plan!r}, {standing!r}: the picker offers something")
        if not (await world.people[person].get("/api/connections"))["refusal"]:
            open_after_all.append(f"{plan!r}, {standing!r}: the connections look usable")
    assert open_after_all == []
    assert (counts.connections, counts.requests) == before


async def test_what_the_columns_can_not_hold_opens_nothing_either(world: World) -> None:
    """NULL where the engine lets somebody take the constraint away, bytes where it lets them in."""
    database = world.harbour.built.parts.database
    async with database.write() as tx:
        if tx.dialect.name == "postgresql":
            await tx.execute(text("ALTER TABLE team ALTER plan DROP NOT NULL"))
            await tx.execute(text("UPDATE team SET plan = NULL"))
        else:
            await tx.execute(text("UPDATE team SET plan = CAST('free' AS BLOB)"))
    chat = next(one for one in world.operations() if one.name.endswith("/messages"))
    answer = await _send(world, chat, "olga")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "access_plan_unknown")


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_refusal_says_why_and_who_can_change_it(world: World, language: str) -> None:
    operator = {"en": "your operator", "de": "Ihren Betreiber"}[language]
    for plan, standing in (*EDITED, ("enterprise", "expired"), ("gold", "paused")):
        await _edit(world, plan, standing)
        for person in ("olga", "mia"):
            session = await world.people[person].get("/api/session", **{"Accept-Language": language})
            assert operator in session["team"]["refusal"]["message"]
            picker = await world.people[person].get("/api/models", **{"Accept-Language": language})
            assert operator in picker["refusal"]["message"]
            assert all(operator in line["problem"]["message"] for line in picker["models"])


async def test_another_plan_costs_nothing_that_is_there(world: World) -> None:
    """P4: up, up and down again; nothing but the trail is other than before."""
    team_id, before = UUID(world.belongings["olga"]["team"]), await world.tables()
    for plan in ("business_pro", "enterprise", "free"):
        async with world.harbour.built.parts.database.write() as tx:
            assert await set_standing(tx, team_id, plan=plan, standing="active") is None
        assert (await world.people["olga"].get("/api/session"))["team"]["plan"] == plan
    after = await world.tables()
    assert {change.partition(" ")[0] for change in changes(before, after)} == {"audit_entry", "audit_head"}


async def test_restoring_brings_everything_back_untouched(world: World) -> None:
    team_id, database = UUID(world.belongings["olga"]["team"]), world.harbour.built.parts.database

    async def put(standing: str) -> None:
        async with database.write() as tx:
            await set_standing(tx, team_id, plan=None, standing=standing)

    before = await world.tables()
    await put("suspended")
    for operation in world.operations():
        if operation.name in GATED:
            assert (await _send(world, operation, "olga")).status_code == 403
    await put("active")
    after = await world.tables()
    # On record, and nothing else: what was refused, and the two changes of the standing.
    assert {change.partition(" ")[0] for change in changes(before, after)} == {"audit_entry", "audit_head"}
    olga = world.people["olga"]
    exchange = await olga.ask("Are you there?", world.belongings["olga"]["model_ref"])
    assert (await olga.wait_for(exchange))["state"] == "done"
