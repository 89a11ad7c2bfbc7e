"""Whoever looks after a connection learns of it first, once, and why; and of their key's end in good time (P10)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, update

from moorage.accounts.tables import MembershipRow, UserRow
from moorage.connections.attention import find_matters
from moorage.connections.noting import note
from moorage.connections.tables import ConnectionRow
from moorage.connections.telling import step_of
from tests.connections.lookout import Lookout, lookout_over
from tests.connections.quay import Quay

TODAY = date(2026, 11, 27)


async def _connect(lookout: Lookout, *, maintainer: UUID | None = None) -> UUID:
    connection_id = await lookout.quay.connect(maintainer_id=maintainer)
    await lookout.watch.judge()
    return connection_id


async def _note(quay: Quay, connection_id: UUID, code: str | None) -> None:
    async with quay.database.write() as tx:
        await note(tx, quay.olga.person.team_id, connection_id, code, facts={"port": 443})


async def _fall_over(lookout: Lookout, connection_id: UUID, code: str = "connect_refused") -> None:
    for _ in range(3):
        await _note(lookout.quay, connection_id, code)
        await lookout.later(seconds=40)


async def test_the_maintainer_is_told_once_that_it_fell_over_and_why_and_once_that_it_is_well(quay: Quay) -> None:
    lookout = lookout_over(quay)
    lookout.post.start()
    connection_id = await _connect(lookout, maintainer=quay.mia.person.user_id)
    await _note(quay, connection_id, "connect_refused")
    await lookout.teller.tell()
    assert await lookout.mails() == [], "one failure is no news"
    await _fall_over(lookout, connection_id)
    await lookout.teller.tell()
    await lookout.post.wait_until_tried()
    [letter] = lookout.letters
    text = letter.message.get_content()
    assert "The host answered that nothing listens on port 443." in text
    assert f"https://moorage.example.com/settings/models/custom/{connection_id}" in text
    assert "you are named" in text
    assert await lookout.mails() == [("mia@example.com", "Kanzlei GPU does not answer")]
    await lookout.teller.tell()
    assert await lookout.mails() == []
    await _note(quay, connection_id, None)
    await lookout.teller.tell()
    assert await lookout.mails() == [("mia@example.com", "Kanzlei GPU answers again")]
    acts = [act[:2] for act in await quay.acts()]
    assert acts[-2:] == [("connection.down", "Kanzlei GPU"), ("connection.well", "Kanzlei GPU")]
    await lookout.post.aclose()


async def test_what_flaps_is_told_once_a_day(quay: Quay) -> None:
    lookout = lookout_over(quay)
    lookout.post.start()
    connection_id = await _connect(lookout, maintainer=quay.mia.person.user_id)
    subjects: list[str] = []
    for _ in range(5):
        await _fall_over(lookout, connection_id)
        await lookout.teller.tell()
        await _note(quay, connection_id, None)
        await lookout.teller.tell()
        subjects += [subject for _, subject in await lookout.mails()]
    # Several carriers take the mails, so which arrives first is not fixed.
    assert sorted(subjects) == ["Kanzlei GPU answers again", "Kanzlei GPU does not answer"]
    await lookout.later(hours=24)
    await _fall_over(lookout, connection_id)
    await lookout.teller.tell()
    assert [subject for _, subject in await lookout.mails()] == ["Kanzlei GPU does not answer"]
    await lookout.post.aclose()


async def test_of_several_processes_one_tells(quay: Quay) -> None:
    one, other = lookout_over(quay), lookout_over(quay)
    connection_id = await _connect(one, maintainer=quay.mia.person.user_id)
    await _fall_over(one, connection_id, "bad_key")
    soon = (datetime.now(UTC).date() + timedelta(days=5)).isoformat()
    await quay.connections.change(quay.olga, connection_id, {"key_expires_on": soon})
    told = await asyncio.gather(*(lookout.teller.tell() for lookout in (one, other, one, other)))
    assert sum(told) == 2


@pytest.mark.parametrize("who", ["nobody", "somebody who left"])
async def test_without_a_maintainer_all_owners_are_told(quay: Quay, who: str) -> None:
    lookout = lookout_over(quay)
    lookout.post.start()
    connection_id = await _connect(lookout, maintainer=None if who == "nobody" else quay.mia.person.user_id)
    async with quay.database.write() as tx:
        await tx.execute(delete(MembershipRow).where(MembershipRow.user_id == quay.mia.person.user_id))
        await tx.execute(update(UserRow).where(UserRow.id == quay.olga.person.user_id).values(locale="de"))
    await _fall_over(lookout, connection_id, "bad_key")
    await lookout.teller.tell()
    await lookout.post.wait_until_tried()
    assert "Alle Inhaber des Teams" in lookout.letters[0].message.get_content()
    assert await lookout.mails() == [("olga@example.com", "Kanzlei GPU lehnt unsere Anfragen ab")]
    facts = await quay.connections.get(quay.olga, connection_id)
    assert facts.maintainer_left == (who != "nobody")
    await lookout.post.aclose()


async def test_without_a_mail_server_the_trail_and_the_pages_tell(quay: Quay) -> None:
    lookout = lookout_over(quay)  # its post is not started: nobody carries anything
    connection_id = await _connect(lookout, maintainer=quay.mia.person.user_id)
    await _fall_over(lookout, connection_id)
    assert await lookout.teller.tell() == 1
    assert (await quay.acts())[-1][0] == "connection.down"
    seen = {}
    for caller in (quay.olga, quay.adam, quay.mia, quay.eve):
        async with quay.database.read() as tx:
            matters = await find_matters(tx, caller.person)
        seen[caller.person.name] = [(one.connection_name, one.kind, one.cause) for one in matters]
    down = [("Kanzlei GPU", "unreachable", "connect_refused")]
    assert seen == {"Olga": down, "Adam": down, "Mia": down, "Eve": []}
    await quay.connections.change(quay.olga, connection_id, {"maintainer_id": quay.adam.person.user_id})
    async with quay.database.read() as tx:
        assert await find_matters(tx, quay.mia.person) == []


@pytest.mark.parametrize(
    ("left", "step"),
    [(400, None), (31, None), (30, 30), (8, 30), (7, 7), (2, 7), (1, 1), (0, 0), (-7, 0), (-8, None)],
)
def test_a_reminder_is_due_thirty_seven_and_one_day_before_and_on_the_day(left: int, step: int | None) -> None:
    assert step_of((TODAY + timedelta(days=left)).isoformat(), TODAY) == step


async def test_each_reminder_comes_once_and_a_new_date_begins_anew(quay: Quay) -> None:
    lookout = lookout_over(quay)
    lookout.post.start()
    last_day = TODAY + timedelta(days=40)
    await quay.connect(maintainer_id=quay.mia.person.user_id, key_expires_on=last_day.isoformat())
    await lookout.watch.judge()
    days = [day for day in range(55) for _ in range(3)]
    told_on = [40 - day for day in days if await lookout.teller.tell(TODAY + timedelta(days=day))]
    assert told_on == [30, 7, 1, 0]
    assert await lookout.mails() == [("mia@example.com", f"The key of Kanzlei GPU ends on {last_day}")] * 4
    [row] = await quay.rows(ConnectionRow)
    later = TODAY + timedelta(days=60)
    await quay.connections.change(quay.olga, row.id, {"key_expires_on": later.isoformat()})
    assert await lookout.teller.tell(TODAY + timedelta(days=55)) == 1
    assert [act[0] for act in await quay.acts()].count("connection.key_ends") == 5
    await lookout.post.aclose()


async def test_after_its_last_day_a_key_is_used_and_if_it_is_refused_the_date_is_said(quay: Quay) -> None:
    """P10: not blocked by the date alone."""
    connection_id = await quay.connect(key_expires_on="2026-01-31")
    assert await quay.reply(await quay.ref()) == "word1 word2 word3"
    await _note(quay, connection_id, "bad_key")
    condition = (await quay.connections.get(quay.olga, connection_id)).condition
    assert (condition.cause, condition.facts["last_day"]) == ("key_refused_expired", "2026-01-31")
    await quay.connections.change(quay.olga, connection_id, {"key_expires_on": "2099-01-31"})
    assert (await quay.connections.get(quay.olga, connection_id)).condition.cause == "bad_key"
