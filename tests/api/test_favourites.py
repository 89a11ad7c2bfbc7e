"""Favourites among models: kept for one person in one team, told only where the model is, bounded."""

import asyncio
from typing import Any

from sqlalchemy import func, insert, select

from moorage.connections.access_tables import FavouriteRow
from moorage.connections.favourites import MAX_FAVOURITES
from moorage.storage.types import db_now, new_id
from tests.support.running import Harbour, Person

UNKNOWN = (422, "model_unknown", "model_ref")


async def star(person: Person, ref: str) -> tuple[int, Any]:
    answer = await person.call("PUT", "/api/favourites", {"model_ref": ref})
    told = answer.json()
    return answer.status_code, told.get("starred", told)


async def refused(person: Person, ref: str) -> tuple[int, str, str]:
    status, told = await star(person, ref)
    return status, told["error"]["code"], told["error"]["field"]


async def unstar(person: Person, ref: str) -> Any:
    answer = await person.call("DELETE", f"/api/favourites?ref={ref}")
    assert answer.status_code == 200, answer.text
    return answer.json()["starred"]


async def favourites(person: Person) -> Any:
    return (await person.get("/api/models"))["starred"]


async def refs_of(person: Person, harbour: Harbour, *models: str) -> list[str]:
    harbour.models.models = list(models)
    made = await person.connect(harbour.models.base_url, list(models))
    by_id = {one["model_id"]: one["ref"] for one in made["models"]}
    return [by_id[one] for one in models]


async def stored(harbour: Harbour) -> int:
    async with harbour.built.parts.database.read() as tx:
        return await tx.scalar(select(func.count()).select_from(FavouriteRow)) or 0


async def test_a_star_is_one_persons_in_one_team_and_in_the_order_of_starring(harbour: Harbour) -> None:
    olga = await harbour.olga()
    steady, echo = await refs_of(olga, harbour, "steady", "echo")
    mia = await harbour.invited_by(olga, "Mia", "member")
    assert await favourites(olga) == []
    assert await star(olga, echo) == (200, [echo])
    assert await star(olga, steady) == (200, [echo, steady])
    # Once more changes nothing, its place neither; and an id can be written in many ways.
    assert await star(olga, f"byom:{echo.removeprefix('byom:').upper()}") == (200, [echo, steady])
    assert await favourites(olga) == [echo, steady]
    assert await favourites(mia) == []
    assert await star(mia, steady) == (200, [steady])
    assert await unstar(olga, echo) == [steady]
    assert await unstar(olga, echo) == [steady]
    assert (await favourites(olga), await favourites(mia)) == ([steady], [steady])


async def test_what_is_not_theirs_is_unknown_however_it_is(harbour: Harbour) -> None:
    """Another team's, one that never was, one that is closed to them: nothing tells which."""
    olga, eve = await harbour.olga(), await harbour.eve()
    [steady] = await refs_of(olga, harbour, "steady")
    mia = await harbour.invited_by(olga, "Mia", "member")
    closed = {"kind": "roles", "roles": ["owner"], "people": []}
    connection = (await olga.get("/api/connections"))["connections"][0]["id"]
    assert (await olga.call("PUT", f"/api/connections/{connection}/audience", closed)).status_code == 200
    for person, ref in ((eve, steady), (mia, steady), (olga, f"byom:{new_id()}"), (olga, "byom:x"), (olga, "nonsense")):
        assert await refused(person, ref) == UNKNOWN
    assert await stored(harbour) == 0


async def test_the_star_of_a_model_that_was_closed_is_told_no_more_and_back_with_it(harbour: Harbour) -> None:
    olga = await harbour.olga()
    steady, echo = await refs_of(olga, harbour, "steady", "echo")
    mia = await harbour.invited_by(olga, "Mia", "member")
    await star(mia, steady)
    await star(mia, echo)
    connection = (await olga.get("/api/connections"))["connections"][0]
    rule = f"/api/connections/{connection['id']}/models/{steady.removeprefix('byom:')}/audience"
    closed = {"kind": "roles", "roles": ["owner"], "people": []}
    assert (await olga.call("PUT", rule, closed)).status_code == 200
    listed = await mia.get("/api/models")
    assert listed["starred"] == [echo]
    assert "steady" not in str(listed)
    assert await star(mia, echo) == (200, [echo])
    assert (await olga.call("PUT", rule, {**closed, "kind": "everyone", "roles": []})).status_code == 200
    assert await favourites(mia) == [steady, echo]
    # What is closed can be taken off all the same.
    assert (await olga.call("PUT", rule, closed)).status_code == 200
    assert await unstar(mia, steady) == [echo]
    assert await stored(harbour) == 1


async def test_stars_end_at_a_bound_and_gone_models_take_no_room(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(olga, harbour, "steady", *(f"m{number}" for number in range(MAX_FAVOURITES)))
    whose = {"team_id": olga.session["team"]["id"], "user_id": olga.session["me"]["id"]}
    for ref in refs[: MAX_FAVOURITES - 1]:
        assert (await star(olga, ref))[0] == 200
    gone = f"byom:{new_id()}"
    async with harbour.built.parts.database.write() as tx:
        await tx.execute(insert(FavouriteRow).values(**whose, ref=gone, created_at=db_now()))
    assert await star(olga, refs[-2]) == (200, refs[:MAX_FAVOURITES])
    status, told = await star(olga, refs[-1])
    assert (status, told["error"]["code"]) == (409, "too_many_favourites")
    assert str(MAX_FAVOURITES) in told["error"]["message"]
    assert await star(olga, refs[0]) == (200, refs[:MAX_FAVOURITES])


async def test_the_last_place_is_taken_once_however_many_reach_for_it(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(olga, harbour, "steady", *(f"m{number}" for number in range(MAX_FAVOURITES + 4)))
    for ref in refs[: MAX_FAVOURITES - 1]:
        await star(olga, ref)
    answers = await asyncio.gather(*(star(olga, ref) for ref in (*refs[MAX_FAVOURITES - 1 :], refs[-1])))
    assert {status for status, _ in answers} == {200, 409}
    assert await stored(harbour) == MAX_FAVOURITES


async def test_who_leaves_the_team_takes_their_stars_along(harbour: Harbour) -> None:
    olga = await harbour.olga()
    [steady] = await refs_of(olga, harbour, "steady")
    mia = await harbour.invited_by(olga, "Mia", "member")
    await star(mia, steady)
    await star(olga, steady)
    removed = await olga.call("DELETE", f"/api/team/members/{mia.session['me']['id']}")
    assert removed.status_code == 200, removed.text
    assert await stored(harbour) == 1
