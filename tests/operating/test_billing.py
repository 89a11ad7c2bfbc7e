"""The billing system's way in: signed, of now, once, in order; whatever else arrives changes nothing."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import func, select, update

from moorage.accounts.tables import TeamRow
from moorage.audit.checking import check
from moorage.operating.tables import BillingEventRow
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.operating import BILLING_KEY, OLD_KEY, send_event, sign
from tests.support.running import Harbour, Person, running, settings_for


@pytest_asyncio.fixture
async def billed(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> AsyncIterator[Harbour]:
    """Give a Moorage that a billing system may speak to, with the key of now and the one before."""
    authority, server = models
    settings = settings_for(database_url, tmp_path, authority, server, billing_key=f"{BILLING_KEY}, {OLD_KEY}")
    async with running(settings, server) as harbour:
        yield harbour


def _event(olga: Person, **changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    said = {"id": "evt_1", "team_id": olga.session["team"]["id"], "plan": "business_pro", "reason": "invoice 17"}
    return {**said, "occurred_at": now, **changes}


async def _plan(harbour: Harbour, olga: Person) -> tuple[str, str]:
    team = (await olga.get("/api/session"))["team"]
    return team["plan"], team["standing"]


async def _entries(olga: Person) -> list[Any]:
    return list((await olga.get("/api/audit?action=team.plan_changed"))["entries"])


async def _count(harbour: Harbour) -> int:
    async with harbour.built.parts.database.read() as tx:
        return await tx.scalar(select(func.count()).select_from(BillingEventRow)) or 0


async def test_a_signed_event_sets_the_plan_with_an_entry_in_the_teams_trail(billed: Harbour) -> None:
    olga = await billed.olga()
    done = await send_event(billed, _event(olga, standing="trialing"))
    assert done.json() == {
        "event_id": "evt_1",
        "team_id": olga.session["team"]["id"],
        "outcome": "applied",
        "repeated": False,
        "plan": "business_pro",
        "standing": "trialing",
    }
    assert await _plan(billed, olga) == ("business_pro", "trialing")
    [entry] = await _entries(olga)
    assert (entry["actor"], entry["details"]["reason"], entry["details"]["event"]) == ("billing", "invoice 17", "evt_1")
    async with billed.built.parts.database.read() as tx:
        assert (await check(tx, await tx.scalar(select(TeamRow.id)))).intact  # type: ignore[arg-type]


async def test_what_is_sent_again_counts_once_and_is_answered_alike(billed: Harbour) -> None:
    """By the very same request, and signed anew: a billing system repeats what it got no answer to, for days."""
    olga = await billed.olga()
    event = _event(olga)
    first = await send_event(billed, event)
    async with billed.built.parts.database.write() as tx:
        await tx.execute(update(TeamRow).values(plan="free"))
    for at in (int(time.time()), int(time.time()) - 60):
        again = await send_event(billed, event, at=at)
        assert again.json() == {**first.json(), "repeated": True}
    assert await _plan(billed, olga) == ("free", "active"), "a replay must not undo what came after"
    assert len(await _entries(olga)) == 1


async def test_many_that_arrive_at_once_count_once(billed: Harbour) -> None:
    olga = await billed.olga()
    event = _event(olga)
    answers = await asyncio.gather(*(send_event(billed, event) for _ in range(12)))
    assert [answer.status_code for answer in answers] == [200] * 12
    assert sorted(answer.json()["repeated"] for answer in answers) == [False] + [True] * 11
    assert (len(await _entries(olga)), await _count(billed)) == (1, 1)


async def test_an_id_that_is_used_for_something_else_is_refused(billed: Harbour) -> None:
    olga, eve = await billed.olga(), await billed.eve()
    await send_event(billed, _event(olga))
    others = (_event(olga, plan="enterprise"), _event(olga, reason="another"), _event(eve))
    for other in others:
        refused = await send_event(billed, other)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "billing_event_differs")
    assert await _plan(billed, eve) == ("free", "active")


async def test_one_id_for_two_teams_at_the_same_moment_is_taken_for_one_of_them(billed: Harbour) -> None:
    olga, eve = await billed.olga(), await billed.eve()
    answers = await asyncio.gather(*(send_event(billed, _event(one)) for one in (olga, eve) for _ in range(4)))
    taken = {answer.json()["team_id"] for answer in answers if answer.status_code == 200}
    assert (len(taken), await _count(billed)) == (1, 1)
    assert sorted([(await _plan(billed, olga))[0], (await _plan(billed, eve))[0]]) == ["business_pro", "free"]


async def test_an_older_event_never_undoes_a_newer_one(billed: Harbour) -> None:
    olga = await billed.olga()
    now = datetime.now(UTC)
    await send_event(billed, _event(olga, id="new", occurred_at=now.isoformat()))
    late = _event(olga, id="old", plan="free", occurred_at=(now - timedelta(days=1)).isoformat())
    told = await send_event(billed, late)
    assert (told.json()["outcome"], told.json()["plan"]) == ("superseded", "business_pro")
    assert (await send_event(billed, late)).json()["repeated"]
    assert await _plan(billed, olga) == ("business_pro", "active")
    assert len(await _entries(olga)) == 1


async def test_what_is_so_already_is_remembered_and_leaves_no_entry(billed: Harbour) -> None:
    olga = await billed.olga()
    told = await send_event(billed, _event(olga, plan="free"))
    assert (told.json()["outcome"], await _count(billed), await _entries(olga)) == ("unchanged", 1, [])


@pytest.mark.parametrize("seconds", [-301, 301, -(10**9)])
async def test_what_was_signed_at_another_time_is_refused(billed: Harbour, seconds: int) -> None:
    olga = await billed.olga()
    refused = await send_event(billed, _event(olga), at=int(time.time()) + seconds + (5 if seconds > 0 else -5))
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "billing_out_of_time")
    assert await _count(billed) == 0


async def test_what_is_not_signed_by_a_key_of_now_is_refused_and_not_read(billed: Harbour) -> None:
    olga = await billed.olga()
    now, event = int(time.time()), _event(olga)
    body = b"{ no JSON at all"
    wrong: list[tuple[dict[str, str], str]] = [
        ({"Moorage-Signature": ""}, "billing_not_signed"),
        ({"Moorage-Timestamp": ""}, "billing_not_signed"),
        ({"Moorage-Timestamp": "-1"}, "billing_not_signed"),
        ({"Moorage-Timestamp": "9" * 40}, "billing_not_signed"),
        ({"Moorage-Signature": "v1="}, "billing_signature_wrong"),
        ({"Moorage-Signature": "v1=" + "0" * 64}, "billing_signature_wrong"),
        ({"Moorage-Signature": sign(body, now)[3:]}, "billing_signature_wrong"),
        ({"Moorage-Signature": sign(body, now).replace("v1=", "v2=")}, "billing_signature_wrong"),
        ({"Moorage-Signature": sign(body, now, "another key, as long as the right one")}, "billing_signature_wrong"),
        ({"Moorage-Signature": sign(body + b" ", now)}, "billing_signature_wrong"),
        ({"Moorage-Signature": sign(body, now - 1)}, "billing_signature_wrong"),
        ({"Moorage-Signature": "v1=" + "\u00e9" * 64}, "billing_signature_wrong"),
        ({"Moorage-Signature": ",".join(["v1=" + "0" * 64] * 9 + [sign(body, now)])}, "billing_signature_wrong"),
    ]
    for headers, code in wrong:
        sent = {name: value.encode("latin-1") for name, value in headers.items()}
        refused = await send_event(billed, body, at=now, **sent)  # type: ignore[arg-type]
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, code), headers
    assert (await send_event(billed, event, key="")).status_code == 403
    assert await _count(billed) == 0


async def test_while_a_key_is_replaced_both_are_good_alone_and_together(billed: Harbour) -> None:
    olga = await billed.olga()
    assert (await send_event(billed, _event(olga, id="by-old"), key=OLD_KEY)).json()["outcome"] == "applied"
    now, body = int(time.time()), b"x"
    both = f"{sign(body, now, 'a key that this deployment never had')}, {sign(body, now)}"
    told = await send_event(billed, body, at=now, **{"Moorage-Signature": both})
    assert told.json()["error"]["code"] == "billing_event_invalid", "signed well, and then read"


async def test_what_is_signed_and_wrong_names_the_field_and_can_be_sent_again_in_order(billed: Harbour) -> None:
    olga = await billed.olga()
    wrong: list[tuple[dict[str, Any], int, str, str | None]] = [
        ({"plan": "platinum"}, 422, "plan_unheard_of", "plan"),
        ({"standing": "happy"}, 422, "standing_unheard_of", "standing"),
        ({"plan": None}, 422, "standing_needed", None),
        ({"reason": "  "}, 422, "reason_needed", "reason"),
        ({"id": ""}, 422, "billing_event_invalid", "id"),
        ({"id": "e" * 101}, 422, "billing_event_invalid", "id"),
        ({"id": "two words"}, 422, "billing_event_invalid", "id"),
        ({"team_id": "Olga's"}, 422, "billing_event_invalid", "team_id"),
        ({"amount": 17}, 422, "billing_event_invalid", "amount"),
        ({"occurred_at": "2026-11-27T10:00:00"}, 422, "billing_event_invalid", "occurred_at"),
        ({"occurred_at": "2126-11-27T10:00:00Z"}, 422, "billing_event_invalid", "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, 422, "billing_event_invalid", "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:00-14:00"}, 422, "billing_event_invalid", "occurred_at"),
        ({"team_id": "00000000-0000-4000-8000-000000000000"}, 404, "team_unknown", "team_id"),
    ]
    for changes, status, code, field in wrong:
        refused = await send_event(billed, _event(olga, **changes))
        error = refused.json()["error"]
        assert (refused.status_code, error["code"], error["field"]) == (status, code, field), changes
    assert (await _plan(billed, olga), await _count(billed)) == (("free", "active"), 0)
    assert (await send_event(billed, _event(olga))).json()["outcome"] == "applied"


async def test_without_a_key_there_is_nothing_here(harbour: Harbour) -> None:
    olga = await harbour.olga()
    told = await send_event(harbour, _event(olga))
    assert (told.status_code, told.json()["error"]["code"]) == (404, "not_found")
