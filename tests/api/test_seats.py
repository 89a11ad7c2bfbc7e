"""A plan includes so many members: nobody more is invited or comes in, whoever is there stays (P4)."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio

from moorage.accounts.seats import count_members
from moorage.plans.catalogue import Plans, carry_plans
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.plans import write_plans
from tests.support.running import PASSWORD, Harbour, Person, link_of, running, settings_for

Open = Callable[..., Any]


@pytest_asyncio.fixture
async def with_seats(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> AsyncIterator[Open]:
    """Give what runs a Moorage whose plans have so many seats."""
    async with contextlib.AsyncExitStack() as stack:

        async def open_one(members: int) -> Harbour:
            plans = write_plans(tmp_path, members=members)
            return await stack.enter_async_context(
                running(settings_for(database_url, tmp_path, *models, plans=plans), models[1])
            )

        yield open_one


async def invite(olga: Person, name: str) -> Any:
    return await olga.call("POST", "/api/team/invitations", {"role": "member", "note": name})


async def accept(harbour: Harbour, token: str, name: str) -> Any:
    account = {"name": name, "email": f"{name.lower()}@example.com", "password": PASSWORD}
    return await harbour.somebody().call("POST", "/api/invitations/accept", {"token": token, **account})


async def members_of(harbour: Harbour, olga: Person) -> int:
    async with harbour.built.parts.database.read() as tx:
        return await count_members(tx, uuid.UUID(olga.session["team"]["id"]))


async def test_every_seat_is_offered_once_and_a_link_taken_back_frees_its_seat(with_seats: Open) -> None:
    harbour = await with_seats(2)
    olga = await harbour.olga()
    first = (await invite(olga, "Mia")).json()
    refused = await invite(olga, "Adam")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "seats_offered")
    assert "2 members: 1 are there, and 1 are invited" in refused.json()["error"]["message"]
    await olga.call("DELETE", f"/api/team/invitations/{first['invitation']['id']}")
    second = (await invite(olga, "Adam")).json()
    assert (await accept(harbour, link_of(second), "Adam")).status_code < 300
    assert (await invite(olga, "Mia")).json()["error"]["code"] == "seats_offered"
    assert await members_of(harbour, olga) == 2


async def test_of_two_who_come_at_once_for_the_last_seat_one_gets_it_and_the_others_link_stays_good(
    with_seats: Open,
) -> None:
    harbour = await with_seats(3)
    olga = await harbour.olga()
    links = [link_of((await invite(olga, name)).json()) for name in ("Mia", "Adam")]
    database = harbour.built.parts.database
    carry_plans(database, Plans.load(write_plans(harbour.data, members=2)))
    answers = await asyncio.gather(
        *(accept(harbour, link, name) for link, name in zip(links, ("Mia", "Adam"), strict=True))
    )
    assert sorted(answer.status_code >= 400 for answer in answers) == [False, True]
    [refused] = [answer for answer in answers if answer.status_code >= 400]
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "team_full")
    assert await members_of(harbour, olga) == 2
    carry_plans(database, Plans.load(write_plans(harbour.data, members=3)))
    late = answers.index(refused)
    assert (await accept(harbour, links[late], ("Mia", "Adam")[late])).status_code < 300
    assert await members_of(harbour, olga) == 3


async def test_nobody_has_to_leave_when_a_plan_becomes_smaller(with_seats: Open) -> None:
    harbour = await with_seats(3)
    olga = await harbour.olga()
    mia = await harbour.invited_by(olga, "Mia", "member")
    carry_plans(harbour.built.parts.database, Plans.load(write_plans(harbour.data, members=1)))
    assert len((await mia.get("/api/team"))["members"]) == 2
    assert (await invite(olga, "Adam")).json()["error"]["code"] == "seats_offered"
