"""Before an undertaking ends, whoever looks after the connection is reminded: once a step, never of what is gone."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import insert, update

from moorage.accounts.notices import Notices, Stationery
from moorage.accounts.post import Letter, Post
from moorage.api.sentences import sentence
from moorage.connections.catalogue import Catalogue
from moorage.connections.undertaking_news import UndertakingTeller
from moorage.connections.undertaking_tables import UndertakingRow
from moorage.errors import Param
from moorage.storage.types import db_now
from tests.connections.quay import Quay

TODAY = date(2026, 11, 27)


def _teller(quay: Quay) -> tuple[UndertakingTeller, Post, list[Letter]]:
    letters: list[Letter] = []

    async def send(letter: Letter) -> None:
        letters.append(letter)

    def tell(code: str, params: dict[str, Param], locale: str) -> str:
        return sentence(code, params, "de" if locale == "de" else "en")

    post = Post(send)
    notices = Notices(quay.database, Stationery("moorage@example.com", "https://moorage.example.com", tell), post)
    post.start()
    return UndertakingTeller(quay.database, notices, Catalogue.load(None, {})), post, letters


async def _bind(quay: Quay, place: str, expires_on: str | None) -> None:
    async with quay.database.write() as tx:
        await tx.execute(
            insert(UndertakingRow).values(
                team_id=quay.olga.person.team_id, place=place, signer="Rechenwerk", signed_on="2026-01-01",
                expires_on=expires_on, document="", set_by=quay.olga.person.user_id, set_at=db_now(),
            )
        )  # fmt: skip


async def test_each_reminder_comes_once_and_a_new_day_begins_anew(quay: Quay) -> None:
    teller, post, letters = _teller(quay)
    connection_id: UUID = await quay.connect(maintainer_id=quay.mia.person.user_id)
    ends = TODAY + timedelta(days=31)
    await _bind(quay, str(connection_id), ends.isoformat())
    told = [await teller.tell(TODAY + timedelta(days=day)) for day in range(36)]
    assert [day for day, count in enumerate(told) if count] == [1, 24, 30, 31]
    await post.wait_until_tried()
    assert {letter.recipient for letter in letters} == {"mia@example.com"}
    assert "Rechenwerk" not in str(letters[0].message)
    assert f"The secrecy undertaking for Kanzlei GPU ends on {ends}" in str(letters[0].message["Subject"])
    acts = [act[:2] for act in await quay.acts() if act[0] == "undertaking.ends"]
    assert acts == [("undertaking.ends", "Kanzlei GPU")] * 4
    async with quay.database.write() as tx:
        await tx.execute(update(UndertakingRow).values(expires_on=(TODAY + timedelta(days=20)).isoformat()))
    assert await teller.tell(TODAY) == 1
    await post.aclose()


async def test_however_many_were_told_of_before_whoever_is_next_is_reminded(quay: Quay) -> None:
    teller, post, _ = _teller(quay)
    connection_id = await quay.connect()
    for number in range(250):
        await _bind(quay, f"0-gone-{number}", TODAY.isoformat())
    await _bind(quay, str(connection_id), TODAY.isoformat())
    assert [await teller.tell(TODAY), await teller.tell(TODAY)] == [1, 0]
    await post.aclose()


async def test_of_one_without_an_end_and_of_a_connection_that_is_gone_nobody_is_reminded(quay: Quay) -> None:
    teller, post, _ = _teller(quay)
    without_end = await quay.connect()
    await _bind(quay, str(without_end), None)
    gone = await quay.connect(name="Old")
    await _bind(quay, str(gone), TODAY.isoformat())
    await quay.connections.delete(quay.olga, gone)
    assert await teller.tell(TODAY) == 0
    await post.aclose()
