"""Each route asks for the permission that its permit names: the guard before the handler, and the rooms behind it.

The matrix is made of ROUTES, PERMITS and PERMISSIONS; a route or a role that is new is in it.
"""

import uuid
from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI
from sqlalchemy import update

from moorage.accounts.permissions import PERMISSIONS, Permission, allows
from moorage.accounts.tables import MembershipRow
from moorage.api.permits import PERMITS, Guard, Open, permit_of
from moorage.api.routes import ROUTES, make_rows
from tests.scope.world import PATH_IDS, Attempt, Operation, World
from tests.support.running import PASSWORD, Person

REFUSED = frozenset({403})
BY_SECRET = {Open.BY_LINK, Open.MONITORING, Open.SIGNED}
# What no route asks for as a whole: the rooms tell it apart within one.
# What a query looks for in the trail and in the statistics, and how lists and files are asked for.
LOOKED_FOR = frozenset(
    {"action", "actor", "before", "from", "from_day", "limit", "object_id", "outcome", "text", "to", "to_day"}
    | {"archived", "format", "plan", "ref", "standing"}
)


def test_every_route_has_a_permit_and_every_permit_a_route() -> None:
    routes = {f"{route.method} {route.path}" for route in ROUTES}
    for route in ROUTES:
        permit_of(route.method, route.path)
    assert sorted(PERMITS.keys() - routes) == [], "permits of routes that are gone: take them out of api/permits.py"


def test_a_route_without_a_permit_says_what_to_add() -> None:
    with pytest.raises(LookupError, match=r"GET /api/new has no permit: add .* moorage/api/permits.py"):
        permit_of("GET", "/api/new")


def test_every_permission_is_asked_for_by_a_route() -> None:
    asked = {needs for permit in PERMITS.values() for needs in (permit.needs, permit.of_others)}
    assert set(Permission) - asked == set()


def _needed(operation: Operation) -> Permission | None:
    """The permission for what others have; None where no role is asked for."""
    needs = operation.permit.of_others or operation.permit.needs
    return needs if isinstance(needs, Permission) else None


def _of_lower_roles(world: World) -> list[Attempt]:
    olgas = world.belongings["olga"]
    return [
        Attempt(role, person, operation, world.at(operation, olgas), world.body(operation), REFUSED)
        for operation in world.operations()
        if (needed := _needed(operation)) is not None
        for role, person in world.with_roles(*PERMISSIONS)
        if not allows(role, needed)
    ]


def _take_guards_away(app: FastAPI) -> list[Permission]:
    """Put one that lets everybody pass in the place of each guard; gives what they are asked for from now on."""
    rows = make_rows(app)
    asked: list[Permission] = []

    def lets_everybody_pass(permission: Permission) -> Callable[[], Awaitable[None]]:
        async def note() -> None:
            asked.append(permission)

        return note

    app.router.routes[: len(rows)] = rows
    for permission in Permission:
        app.dependency_overrides[Guard(permission)] = lets_everybody_pass(permission)
    return asked


async def test_a_role_without_the_permission_is_refused_and_changes_nothing(world: World) -> None:
    attempts = _of_lower_roles(world)
    assert len(attempts) > 15
    assert await world.expect(attempts) == []


async def test_the_rooms_refuse_it_too_where_no_guard_stands_before_them(world: World) -> None:
    """Two judges of one table: if one is forgotten, the other holds."""
    attempts = _of_lower_roles(world)
    asked = _take_guards_away(world.harbour.built.app)
    assert await world.expect(attempts) == []
    assert set(asked) == {attempt.operation.permit.needs for attempt in attempts} & set(Permission)


async def test_a_member_is_refused_before_their_input_is_read(world: World) -> None:
    mia, olgas = world.people["mia"], world.belongings["olga"]
    attempts = [
        Attempt("Mia", mia, operation, world.at(operation, olgas, **dict.fromkeys(operation.ids, "no id")), {}, REFUSED)
        for operation in world.operations()
        if isinstance(operation.permit.needs, Permission) and not allows("member", operation.permit.needs)
    ]
    assert await world.expect(attempts) == []


async def test_who_has_the_permission_is_not_refused(world: World) -> None:
    """The other half: a table that refuses everybody would pass all of the above."""
    refused = []
    for role, person in world.with_roles(*PERMISSIONS):
        for operation in world.operations():
            needed = _needed(operation)
            if operation.permit.needs in {Open.ANYBODY, Open.BY_LINK, Open.MONITORING, Open.SIGNED, Open.OPERATOR}:
                continue
            if needed is not None and not allows(role, needed):
                continue
            nothing = {name: str(uuid.uuid4()) for name in operation.ids}
            answer = await person.call(operation.method, operation.path.format_map(nothing), world.body(operation))
            if answer.status_code in {401, 403} or answer.status_code >= 500:
                refused.append(f"{role}: {operation.name} → {answer.status_code} {answer.text[:100]}")
            await _still_signed_in(person)
    assert refused == []


async def _still_signed_in(person: Person) -> None:
    """Some routes end the sign-in or give another one."""
    session = await person.get("/api/session")
    if session["me"] is None:
        person.csrf = None
        await person.enter("/api/sign-in", {"email": person.session["me"]["email"], "password": PASSWORD})
    else:
        person.csrf = session["csrf_token"]


async def test_what_only_a_link_or_a_token_opens_has_no_other_way_in(world: World) -> None:
    olga = world.people["olga"]
    by_secret = [one for one in world.operations() if one.permit.needs in BY_SECRET]
    attempts = [
        Attempt(who, person, operation, world.at(operation, {}), world.body(operation), expected)
        for operation in by_secret
        for expected in [frozenset({404})]
        for who, person in (("Olga", olga), ("nobody", world.harbour.somebody()))
    ]
    assert {operation.permit.needs for operation in by_secret} == BY_SECRET
    assert await world.expect(attempts) == []


async def test_no_address_of_a_route_has_room_for_a_secret(world: World) -> None:
    """Addresses end up in the log of every proxy on the way; a secret travels in a body or a header."""
    in_addresses = {
        parameter["name"]
        for operation in world.operations()
        for parameter in operation.entry.get("parameters", [])
        if parameter["in"] != "header"
    }
    assert in_addresses - PATH_IDS.keys() == LOOKED_FOR, "a secret is in a log for as long as the log is kept"


@pytest.mark.parametrize("role", ["guest", "OWNER", "owner ", "", "оwner"])
async def test_a_role_that_is_in_no_table_may_do_nothing_and_breaks_no_page(world: World, role: str) -> None:
    """Edited by hand in the database; the last one is spelt with a Cyrillic letter."""
    adam, olga, olgas = world.people["adam"], world.people["olga"], world.belongings["olga"]
    async with world.harbour.built.parts.database.write() as tx:
        whose = MembershipRow.user_id == uuid.UUID(adam.session["me"]["id"])
        await tx.execute(update(MembershipRow).where(whose).values(role=role))
    attempts = [
        Attempt(repr(role), adam, operation, world.at(operation, olgas), world.body(operation), REFUSED)
        for operation in world.operations()
        if isinstance(operation.permit.needs, Permission)
    ]
    assert await world.expect(attempts) == []
    assert (await adam.get("/api/session"))["team"]["role"] == "member"
    shown = {member["name"]: member["role"] for member in (await olga.get("/api/team"))["members"]}
    assert shown["Adam"] == "member"


async def test_nobody_makes_themselves_more_than_they_are(world: World) -> None:
    """By name or number: no role, plan or operator's right comes in through a field that is merely there."""
    mia, adam = world.people["mia"], world.people["adam"]
    claims = {"role": "owner", "plan": "enterprise", "standing": "active", "is_operator": True, "team_id": "x", "id": 1}
    before = await world.tables()
    accepted = []
    for operation in world.operations():
        body = world.body(operation)
        for name, value in claims.items() if body is not None and operation.needs_sign_in else ():
            if name in (body or {}):
                continue
            for who, person in (("Mia", mia), ("Adam", adam)):
                path = world.at(operation, world.belongings["olga"])
                answer = await person.call(operation.method, path, {**(body or {}), name: value})
                if answer.status_code not in {403, 422}:
                    accepted.append(f"{who}: {operation.name} took {name}: {answer.status_code}")
    assert accepted == []
    assert before == await world.tables()
