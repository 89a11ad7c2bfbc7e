"""Announcements: both languages, from one moment until another, to everybody who is signed in."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from moorage.operating.announcements import MOST_AT_ONCE
from moorage.operating.tables import AnnouncementRow
from tests.support.operating import operator_of
from tests.support.running import Harbour, Person

DESK = "/api/operator/announcements"


def _draft(begins_h: float, ends_h: float, **changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    moments = {"from_at": now + timedelta(hours=begins_h), "until_at": now + timedelta(hours=ends_h)}
    told = {name: moment.isoformat() for name, moment in moments.items()}
    return {"kind": "info", "text_en": "Maintenance at noon", "text_de": "Wartung am Mittag", **told, **changes}


async def _texts(person: Person, language: str = "en") -> list[str]:
    told = await person.get("/api/announcements", **{"Accept-Language": language})
    return [one["text"] for one in told["announcements"]]


async def test_everybody_who_is_signed_in_reads_it_in_their_language(harbour: Harbour) -> None:
    olga, eve = await operator_of(harbour), await harbour.eve()
    mia = await harbour.invited_by(eve, "Mia", "member")
    assert await _texts(mia) == []
    await olga.post(DESK, _draft(-1, 1, kind="warning"))
    for person in (olga, eve, mia):
        assert await _texts(person) == ["Maintenance at noon"]
        assert await _texts(person, "de") == ["Wartung am Mittag"]
    assert (await harbour.somebody().call("GET", "/api/announcements")).status_code == 401


async def test_it_is_shown_from_its_first_moment_until_its_last(harbour: Harbour) -> None:
    olga = await operator_of(harbour)
    await olga.post(DESK, _draft(1, 2, text_en="Later"))
    made = await olga.post(DESK, _draft(-1, 1, text_en="Now"))
    assert await _texts(olga) == ["Now"]
    assert {one["text_en"]: one["state"] for one in made["announcements"]} == {"Later": "waiting", "Now": "shown"}


async def test_a_change_is_another_edition_and_a_removed_one_is_gone(harbour: Harbour) -> None:
    olga = await operator_of(harbour)
    [made] = (await olga.post(DESK, _draft(-1, 1)))["announcements"]
    changed = await olga.call("PUT", f"{DESK}/{made['id']}", _draft(-1, 2, text_en="At one"))
    [now] = changed.json()["announcements"]
    assert (now["id"], now["edition"], now["text_en"]) == (made["id"], 2, "At one")
    [shown] = (await olga.get("/api/announcements"))["announcements"]
    assert (shown["edition"], shown["text"]) == (2, "At one")
    assert (await olga.call("DELETE", f"{DESK}/{made['id']}")).json() == {"announcements": []}
    for method, body in (("DELETE", None), ("PUT", _draft(-1, 1))):
        gone = await olga.call(method, f"{DESK}/{made['id']}", body)
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "announcement_gone")


async def test_what_makes_no_sense_is_refused_by_field_and_nothing_is_kept(harbour: Harbour) -> None:
    olga = await operator_of(harbour)
    wrong = [
        (_draft(2, 1), "announcement_reversed", "until_at"),
        (_draft(-2, -1), "announcement_over", "until_at"),
        (_draft(0, 24 * 400), "announcement_too_long", "until_at"),
        (_draft(-1, 1, text_de="   "), "field_empty", "text_de"),
        (_draft(-1, 1, text_en="x" * 501), "field_too_long", "text_en"),
        (_draft(-1, 1, kind="party"), "field_invalid", "kind"),
        (_draft(-1, 1, from_at="2026-01-01T00:00:00"), "field_invalid", "from_at"),
        (_draft(-1, 1, from_at="0001-01-01T00:00:00+14:00"), "field_invalid", "from_at"),
        (
            _draft(-1, 1, from_at="9999-12-30T00:00:00Z", until_at="9999-12-31T23:59:00-14:00"),
            "field_invalid",
            "from_at",
        ),
    ]
    for body, code, field in wrong:
        refused = await olga.call("POST", DESK, body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, code), body
        assert refused.json()["error"]["field"] == field
    assert (await olga.get(DESK))["announcements"] == []


async def test_not_more_than_some_wait_or_are_shown_at_once(harbour: Harbour) -> None:
    olga = await operator_of(harbour)
    for _ in range(MOST_AT_ONCE):
        await olga.post(DESK, _draft(-1, 1))
    full = await olga.call("POST", DESK, _draft(-1, 1))
    assert (full.status_code, full.json()["error"]["code"]) == (409, "announcements_full")
    async with harbour.built.parts.database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(AnnouncementRow)) == MOST_AT_ONCE
