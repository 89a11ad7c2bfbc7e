"""Operators: who is let to their desk, and that it shows nothing of what teams write, reach and hold (P12).

The walk is made of the table of routes, so that a route which is new is in it; secrets are planted wherever a team or
its people can put one.
"""

import json
import secrets
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from moorage.accounts.permissions import Permission
from moorage.accounts.tables import TeamRow
from moorage.api.permits import Open
from moorage.api.routes import make_rows
from moorage.api.signed_in import give_operator
from tests.canary.nose import Nose
from tests.scope.world import Attempt, Operation, World, open_world
from tests.support.attaching import attach, send
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.operating import with_second_factor
from tests.support.running import Person

CLOSED = frozenset({403})


def _desk(world: World) -> list[Operation]:
    found = [one for one in world.operations() if one.is_operators]
    assert len(found) > 8, "the desk has fewer routes than it had"
    return found


async def test_no_role_in_a_team_opens_the_desk_and_nothing_changes_by_knocking(world: World) -> None:
    """Olga's account is an operator's: without a second factor she is refused like everybody."""
    olgas = world.belongings["olga"]
    attempts = [
        Attempt(who, world.people[who], operation, world.at(operation, olgas), world.body(operation), CLOSED)
        for who in ("olga", "adam", "mia", "eve")
        for operation in _desk(world)
    ]
    assert await world.expect(attempts) == []
    for who in ("adam", "eve"):
        await with_second_factor(world.people[who])
    assert await world.expect([one for one in attempts if one.who in {"adam", "eve"}]) == []


async def test_an_operator_is_refused_before_their_input_is_read(world: World) -> None:
    adam = world.people["adam"]
    attempts = [
        Attempt("Adam", adam, operation, operation.path.format_map(dict.fromkeys(operation.ids, "no id")), {}, CLOSED)
        for operation in _desk(world)
    ]
    assert await world.expect(attempts) == []


async def test_what_changes_something_refuses_them_too_where_no_guard_stands_before_it(world: World) -> None:
    """Two judges of one mark: if one is forgotten, the other holds."""

    async def lets_everybody_pass() -> None:
        return None

    world.harbour.built.app.dependency_overrides[give_operator] = lets_everybody_pass
    rows = make_rows(world.harbour.built.app)
    world.harbour.built.app.router.routes[: len(rows)] = rows
    eves = world.belongings["eve"]
    attempts = [
        Attempt(who, world.people[who], operation, world.at(operation, eves), _wish(world, operation), CLOSED)
        for who in ("olga", "eve")
        for operation in _desk(world)
        if operation.is_unsafe and "provider-tests" not in operation.path
    ]
    assert len(attempts) == 8
    assert await world.expect(attempts) == []


async def test_an_operator_with_a_second_factor_comes_to_every_route_of_the_desk(world: World) -> None:
    """The other half: a desk that refuses everybody would pass all of the above."""
    olga = await with_second_factor(world.people["olga"])
    wrong = []
    for operation in _desk(world):
        path = world.at(operation, world.belongings["eve"])
        answer = await olga.call(operation.method, path, _wish(world, operation))
        # No key of a standard provider is set here, so that there is none to test.
        if answer.status_code not in ({404} if "provider-tests" in path else {200, 201}):
            wrong.append(f"{operation.name}: {answer.status_code} {answer.text[:160]}")
    assert wrong == []


async def test_the_mark_opens_no_route_of_a_team_that_the_role_does_not_open(world: World) -> None:
    """In Eve's team an operator is a stranger, and as a member of it no more than a member."""
    olga, eve = await with_second_factor(world.people["olga"]), world.people["eve"]
    made = await eve.post("/api/team/invitations", {"role": "member", "note": "Olga"})
    joined = await olga.post("/api/invitations/accept", {"token": made["path"].split("#")[1]})
    olga.csrf = joined["csrf_token"]
    eves = world.belongings["eve"]
    attempts = [
        Attempt("Olga", olga, operation, world.at(operation, eves), world.body(operation), frozenset({403, 404}))
        for operation in world.operations()
        if isinstance(operation.permit.needs, Permission)
        and (operation.permit.needs not in _MEMBERS or _ONE_PERSONS & {*operation.ids})
    ]
    assert len(attempts) > 60
    assert await world.expect(attempts) == []


_MEMBERS = {Permission.WRITE, Permission.SEE_TEAM, Permission.SEE_TALLY}
_ONE_PERSONS = {"conversation_id", "reply_id", "attachment_id", "export_id"}


def _wish(world: World, operation: Operation) -> Any:
    body = world.body(operation)
    if body is None:
        return None
    if "from_at" in body:
        now = datetime.now(UTC)
        moments = {"from_at": now.isoformat(), "until_at": (now + timedelta(days=1)).isoformat()}
        return {"kind": "info", "text_en": "Maintenance", "text_de": "Wartung", **moments}
    return {"plan": "enterprise", "standing": "active", "reason": "contract 17"} if "reason" in body else body


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every field of an answer, by its path, as text."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{path}.{name}", name
            yield from _leaves(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, f"{path}[]")
    else:
        yield path, str(value)


def _secret() -> str:
    return "k" + secrets.token_hex(12)


@pytest.mark.slow
async def test_no_field_of_any_answer_of_the_desk_holds_what_a_team_writes_reaches_or_holds(
    database_url: str, tmp_path: Path
) -> None:
    """P12: planted in what is written, in files, keys, addresses, and in names of models and people."""
    planted = {
        what: _secret()
        for what in ("prompt", "title", "file", "key", "path", "connection", "model", "alias", "note", "person", "host")
    }
    planted["host"] = f"{planted['host']}.test"
    authority = TestAuthority(tmp_path / "ca")
    server = ModelServer(authority.server_context("localhost"), key=planted["key"], prefix=f"/{planted['path']}/v1")
    async with server, open_world(database_url, tmp_path, (authority, server)) as world:
        await _plant(world, planted)
        olga = await with_second_factor(world.people["olga"])
        nose, heard = Nose(planted), []
        async with world.harbour.built.parts.database.read() as tx:
            team_ids = [str(one) for one in (await tx.scalars(select(TeamRow.id))).all()]
        for operation in _desk(world):
            for team_id in team_ids if operation.ids else [""]:
                ids = {
                    **dict.fromkeys(operation.ids, team_id),
                    "announcement_id": world.belongings["eve"]["announcement"],
                }
                answer = await olga.call(operation.method, operation.path.format_map(ids), _wish(world, operation))
                heard.append((operation.name, answer.content))
                heard += [
                    (f"{operation.name} {path}", text.encode()) for path, text in _leaves(json.loads(answer.content))
                ]
        heard += [("header", str(await olga.get("/api/announcements")).encode())]
        assert len(heard) > 200
        assert [str(hit) for hit in nose.sniff(*heard)] == []
        # The same nose smells them where they are meant to be.
        eve = world.people["eve"]
        shown = [await eve.call("GET", path) for path in ("/api/conversations", "/api/connections", "/api/team")]
        found = nose.sniff(*((answer.url.path, answer.content) for answer in shown))
        assert {"title", "connection", "model", "person", "note"} <= {hit.secret for hit in found}


async def _plant(world: World, planted: dict[str, str]) -> None:
    eve, server = world.people["eve"], world.harbour.models
    made = await eve.connect(server.base_url, ["steady"], name=f"Vessel {planted['connection']}", key=planted["key"])
    named = [{"model_id": "steady", "name": f"Fine {planted['model']}", "enabled": True}]
    await eve.call("PUT", f"/api/connections/{made['id']}/models", {"models": named})
    ref = next(str(model["ref"]) for model in made["models"] if model["enabled"])
    file = await attach(eve, f"{planted['file']}.txt", planted["file"].encode())
    exchange = await send(eve, f"A question with {planted['prompt']} in it", file, ref=ref)
    await eve.call("PATCH", f"/api/conversations/{exchange['conversation_id']}", {"title": f"Case {planted['title']}"})
    await eve.post("/api/aliases", {"name": f"House {planted['alias']}", "target_ref": ref})
    await eve.post("/api/team/invitations", {"role": "member", "note": planted["note"]})
    await eve.call(
        "POST", "/api/connection-tests", {"base_url": f"https://{planted['host']}/v1", "api_key": planted["key"]}
    )
    await _joined(world, eve, planted["person"])


async def _joined(world: World, eve: Person, name: str) -> None:
    made = await eve.post("/api/team/invitations", {"role": "member", "note": "by link"})
    account = {"name": name, "email": f"{name}@example.com", "password": f"a long enough pass phrase {uuid.uuid4()}"}
    await world.harbour.somebody().enter("/api/invitations/accept", {"token": made["path"].split("#")[1], **account})


def test_operators_have_routes_of_their_own_alone(world: World) -> None:
    """What is open to operators is below one path, and nothing else is."""
    below = {one.name for one in world.operations() if one.path.startswith("/api/operator/")}
    assert below == {one.name for one in world.operations() if one.permit.needs is Open.OPERATOR}
