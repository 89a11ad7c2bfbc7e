"""Scope: whatever the route, another team's thing is as unknown as none, and nothing is changed by asking for it."""

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import update

from moorage.accounts.permissions import Permission
from moorage.accounts.tables import SignInRow, TeamRow
from moorage.api.permits import Open
from moorage.storage.types import UtcTime
from tests.scope.world import BODY_IDS, FILTERS, PATH_IDS, PRIVATE, Attempt, World, kind_of, some_of, unheard_of
from tests.support.running import PASSWORD, Person

UNKNOWN = frozenset({404})
# The operator's desk, to whoever does not operate: whatever is named.
CLOSED = frozenset({403})
# A thing that is named in a body and is not there: unknown, or a field that is wrong.
UNKNOWN_IN_BODY = frozenset({404, 422})
# The id of a message is made by the client. That one is taken can be learned by whoever guesses its 74 random bits.
# An answer, which is what everybody has here, is no question that could be compared: 404 comes first then.
TAKEN = {"client_id": frozenset({404, 409})}


def _with_foreign_ids_in_the_path(world: World) -> Iterator[Attempt]:
    eve, olgas, eves = world.people["eve"], world.belongings["olga"], world.belongings["eve"]
    for operation in world.operations():
        for theirs in some_of(operation.ids):
            foreign = {name: olgas[kind_of(name, PATH_IDS)] for name in theirs}
            path = world.at(operation, eves, **foreign)
            expected = CLOSED if operation.is_operators else UNKNOWN
            yield Attempt("Eve", eve, operation, path, world.body(operation), expected)


def _with_foreign_ids_in_the_body(world: World) -> Iterator[Attempt]:
    eve, olgas, eves = world.people["eve"], world.belongings["olga"], world.belongings["eve"]
    usable = ["scripted:demo", eves["model_ref"]]
    for operation in world.operations():
        for name in set(world.body_ids(operation)) - FILTERS if operation.needs_sign_in else ():
            body = world.body(operation, model_refs=usable, **{name: olgas[kind_of(name, BODY_IDS)]})
            yield Attempt("Eve", eve, operation, world.at(operation, eves), body, UNKNOWN_IN_BODY, field=name)


async def test_another_teams_things_are_unknown_on_every_route_and_nothing_changes(world: World) -> None:
    attempts = list(_with_foreign_ids_in_the_path(world))
    assert {name for attempt in attempts for name in attempt.operation.ids} == set(PATH_IDS), "an id that is no more"
    assert await world.expect(attempts) == []


async def test_another_teams_things_are_unknown_in_every_body_and_nothing_changes(world: World) -> None:
    assert await world.expect(list(_with_foreign_ids_in_the_body(world)), TAKEN) == []


async def test_a_filter_by_another_teams_person_finds_as_little_as_one_by_nobody(world: World) -> None:
    eve, theirs = world.people["eve"], world.belongings["olga"]["person"]
    for actor in (theirs, str(uuid.uuid4())):
        assert (await eve.get(f"/api/audit?actor={actor}"))["entries"] == []
        found = await eve.call("POST", "/api/audit/exports", {"format": "csv", "actor": actor})
        assert (found.status_code, len(found.text.splitlines())) == (200, 1)
        wish = {"text": "question", "shared_with": actor}
        assert (await eve.post("/api/searches", wish))["results"] == []
    filters = {name for one in world.operations() for name in world.body_ids(one) if name in FILTERS}
    assert filters == FILTERS


async def test_another_teams_thing_and_none_at_all_are_told_apart_by_nothing(world: World) -> None:
    """Neither by the status nor by a word: otherwise ids could be tried."""
    eve, olgas, eves = world.people["eve"], world.belongings["olga"], world.belongings["eve"]
    told_apart, usable = [], ["scripted:demo", eves["model_ref"]]
    for attempt in (*_with_foreign_ids_in_the_path(world), *_with_foreign_ids_in_the_body(world)):
        if attempt.field in TAKEN:
            continue
        operation, path, body = attempt.operation, attempt.path, attempt.body
        if attempt.field is None:
            nothing = {name: str(uuid.uuid4()) for name in operation.ids if olgas[kind_of(name, PATH_IDS)] in path}
            path = world.at(operation, eves, **nothing)
        else:
            unknown_id = unheard_of(kind_of(attempt.field, BODY_IDS))
            body = world.body(operation, model_refs=usable, **{attempt.field: unknown_id})
        asked = ((attempt.path, attempt.body), (path, body))
        answers = [await eve.call(operation.method, where, what) for where, what in asked]
        if 429 in {answer.status_code for answer in answers}:
            continue  # ten tests a minute are what a team may ask for; which ten is not the question here
        foreign, unknown = [(answer.status_code, answer.json()["error"]) for answer in answers]
        if foreign != unknown:
            told_apart.append(f"{attempt}: {foreign} and {unknown}")
    assert told_apart == []


async def test_what_is_one_persons_own_is_unknown_to_the_team(world: World) -> None:
    """Conversations are private: not even an owner reads a member's."""
    adam, olgas = world.people["adam"], world.belongings["olga"]
    attempts = [
        Attempt("Adam", adam, operation, world.at(operation, olgas), world.body(operation), UNKNOWN)
        for operation in world.operations()
        if {kind_of(name, PATH_IDS) for name in operation.ids} & PRIVATE
        # Seals are lifted, and receipts exported, by an office that sees nothing of what was said.
        and operation.permit.needs not in {Permission.LIFT_SEALS, Permission.EXPORT_RECEIPTS}
    ]
    assert len(attempts) > 5
    assert await world.expect(attempts) == []


async def test_nothing_a_stranger_can_read_names_another_teams_things(world: World) -> None:
    eve, eves = world.people["eve"], world.belongings["eve"]
    own = [value for kind, value in world.belongings["olga"].items() if kind != "announcement"]
    olgas = [*own, "GPU of Olga", "question of Olga", "Kanzlei", "Mia", "olga@"]
    seen = []
    for operation in world.operations():
        if not operation.is_unsafe:
            text = (await eve.call("GET", world.at(operation, eves))).text
            seen += [f"{operation.name}: {thing}" for thing in olgas if thing in text]
    assert seen == []


@pytest.mark.timeout(600)  # each id at each route that takes one
async def test_an_id_of_another_kind_is_unknown(world: World) -> None:
    olga, olgas = world.people["olga"], world.belongings["olga"]
    # A question is a message, too.
    kinds = {kind: value for kind, value in olgas.items() if kind not in {"link", "model_ref", "question"}}
    attempts = [
        Attempt("Olga", olga, operation, world.at(operation, olgas, **{name: value}), world.body(operation), UNKNOWN)
        for operation in world.operations()
        if not operation.is_operators
        for name in operation.ids
        for kind, value in kinds.items()
        # Each question to an endpoint counts, and a team has ten a minute.
        if kind != kind_of(name, PATH_IDS) and (kind == "reply" or "/connections/" not in operation.path)
    ]
    assert len(attempts) > 50
    assert await world.expect(attempts) == []


async def test_what_is_no_id_is_an_ordinary_error(world: World) -> None:
    olga, olgas = world.people["olga"], world.belongings["olga"]
    attempts = [
        Attempt("Olga", olga, operation, world.at(operation, olgas, **{name: text}), world.body(operation), refused)
        for operation in world.operations()
        for name in operation.ids
        for text in ("%00", "x" * 300, "-1", "null", "%F0%9F%9A%A2", "..%2f..", "00000000-0000-0000-0000-00000000000g")
        # A path that leads elsewhere may lead to where only pages are given.
        for refused in [frozenset({404, 405, 422}) | (CLOSED if operation.is_operators else frozenset())]
    ]
    assert await world.expect(attempts) == []


async def test_who_is_not_signed_in_is_refused_on_every_route_that_asks_for_it(world: World) -> None:
    olgas, nobody = world.belongings["olga"], frozenset({401})
    attempts = [
        Attempt("nobody", world.harbour.somebody(), operation, world.at(operation, olgas), body, nobody)
        for operation in world.operations()
        if operation.needs_sign_in
        for body in (world.body(operation), None)
    ]
    assert len(attempts) > 60
    assert await world.expect(attempts) == []


async def _expect_the_end_of(world: World, who: str, person: Person) -> list[str]:
    olgas = world.belongings["olga"]
    return await world.expect(
        [
            Attempt(who, person, operation, world.at(operation, olgas), world.body(operation), frozenset({401}))
            for operation in world.operations()
            if operation.needs_sign_in
        ]
    )


async def test_a_removed_member_is_nobody_with_the_next_request(world: World) -> None:
    adam = world.people["adam"]
    await world.people["olga"].call("DELETE", f"/api/team/members/{adam.session['me']['id']}")
    assert await _expect_the_end_of(world, "Adam, removed", adam) == []


async def test_a_sign_in_that_is_over_opens_nothing(world: World) -> None:
    """Idle too long, older than it may be, or signed out: the cookie is still there."""
    idle, old = world.people["mia"], world.people["adam"]
    out = await world.harbour.somebody().enter("/api/sign-in", {"email": "ben@example.com", "password": PASSWORD})
    kept = dict(out.client.cookies)
    await out.post("/api/sign-out")
    out.client.cookies.update(kept)
    long_ago = {"seen_at": (idle, 0), "expires_at": (old, 1)}
    async with world.harbour.built.parts.database.write() as tx:
        for column, (person, microseconds) in long_ago.items():
            moment = UtcTime().process_result_value(microseconds, tx.dialect)
            whose = SignInRow.user_id == uuid.UUID(person.session["me"]["id"])
            await tx.execute(update(SignInRow).where(whose).values({column: moment}))
    for who, person in (("idle", idle), ("old", old), ("signed out", out)):
        assert await _expect_the_end_of(world, who, person) == []


async def test_without_the_second_factor_that_the_team_asks_for_a_sign_in_only_adds_one_or_leaves(world: World) -> None:
    mia, olgas = world.people["mia"], world.belongings["olga"]
    async with world.harbour.built.parts.database.write() as tx:
        await tx.execute(update(TeamRow).values(needs_second_factor=True))
    attempts = [
        Attempt("Mia", mia, operation, world.at(operation, olgas), world.body(operation), frozenset({403}))
        for operation in world.operations()
        if operation.needs_sign_in and operation.permit.needs is not Open.ENTERED
    ]
    assert len(attempts) > 20
    assert await world.expect(attempts) == []
    assert (await mia.call("GET", "/api/team")).json()["error"]["code"] == "factor_needed"
    assert (await mia.call("POST", "/api/sign-out")).status_code == 200
