"""Every kind of call of a standard model is held against the budget before it is sent, and sent with a limit (P15)."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio
from sqlalchemy import func, select, update

from moorage.chat.tables import MessageRow
from moorage.usage.budgets import Budget
from moorage.usage.drift import find_drift
from moorage.usage.tables import BudgetPeriodRow, ReservationRow, StandardUsageRow
from tests.chat.bay import Bay, open_bay
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.plans import write_plans

Open = Callable[..., Any]
ANSWER = 1000


@pytest_asyncio.fixture
async def bays(database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[Open]:
    """Give what opens a bay with plans."""
    async with contextlib.AsyncExitStack() as stack:

        async def open_one(titles: str = "words", **plan: Any) -> Bay:
            plans = write_plans(tmp_path, **{"answer_tokens": ANSWER, **plan})
            bay = open_bay(database_url, tmp_path, models[0], plans=plans, titles=titles)
            return await stack.enter_async_context(bay)

        yield open_one


async def budget_of(bay: Bay) -> Budget:
    parts = bay.harbour.built.parts
    async with parts.database.read() as tx:
        assert list(await find_drift(tx)) == []
        return await parts.ledger.budgets.read(tx, uuid.UUID(bay.olga.session["team"]["id"]))


async def leave(bay: Bay, tokens: int) -> None:
    """Let so many tokens be left of this month's budget, as a plan with a smaller one would."""
    async with bay.harbour.built.parts.database.write() as tx:
        row = BudgetPeriodRow
        await tx.execute(update(row).values(limit_tokens=row.settled + row.reserved + tokens))


async def rows(bay: Bay, table: Any) -> int:
    async with bay.harbour.built.parts.database.read() as tx:
        return int(await tx.scalar(select(func.count()).select_from(table)) or 0)


async def test_an_answer_is_sent_with_its_limit_and_takes_what_was_reported(bays: Open) -> None:
    bay = await bays()
    receipt = await bay.finish(await bay.send(await bay.begin(), "vendor"))
    assert receipt["state"] == "done"
    assert bay.servers["vendor"].last_chat["max_tokens"] == ANSWER
    budget = await budget_of(bay)
    assert (budget.settled, budget.reserved) == (receipt["tokens_in"] + receipt["tokens_out"], 0)


async def test_an_own_model_is_sent_no_limit_and_takes_nothing(bays: Open) -> None:
    bay = await bays(tokens_per_month=0)
    which = await bay.begin()
    assert (await bay.finish(await bay.send(which, "gpu")))["state"] == "done"
    assert "max_tokens" not in bay.servers["gpu"].last_chat
    budget = await budget_of(bay)
    assert (budget.limit, budget.settled, await rows(bay, StandardUsageRow)) == (0, 0, 0)


async def test_every_kind_of_call_is_refused_at_a_spent_budget_and_nothing_is_stored_or_sent(bays: Open) -> None:
    """Sent, asked again, gone on with, compared; once in the trail, and own models go on."""
    bay = await bays()
    which = await bay.begin()
    first = (await bay.send(which, "vendor")).json()
    await bay.olga.wait_for(first)
    answer_id = first["answer"]["id"]
    await leave(bay, 10)
    stored, asked = await rows(bay, MessageRow), bay.chats()
    base = f"/api/conversations/{which}/messages/{answer_id}"
    refused = [
        await bay.send(which, "vendor", parent=answer_id),
        await bay.olga.call("POST", f"{base}/regenerate", {"model_ref": None}),
        await bay.olga.call("POST", f"{base}/continue", {"model_ref": None}),
        await bay.compare(which, ["vendor", "rack"]),
        # One that could be asked does not go alone.
        await bay.compare(which, ["gpu", "rack"]),
    ]
    for answer in refused:
        problem = answer.json()["error"]
        assert (answer.status_code, problem["code"], problem["retryable"]) == (429, "budget_spent", False)
        assert "begins on 20" in problem["message"]
    assert (await rows(bay, MessageRow), bay.chats(), await rows(bay, ReservationRow)) == (stored, asked, 0)
    assert [act["action"] for act in await bay.acts("budget.spent")] == ["budget.spent"]
    lines = {line["ref"]: line for line in (await bay.olga.get("/api/models"))["models"]}
    shown = lines[bay.refs["vendor"]]
    assert (shown["available"], shown["problem"]["code"]) == (False, "budget_spent")
    assert lines[bay.refs["gpu"]]["available"]
    receipt = await bay.finish(await bay.send(which, "gpu", parent=answer_id))
    assert receipt["state"] == "done"


async def test_an_answer_that_had_to_be_short_says_so(bays: Open) -> None:
    bay = await bays()
    await bay.finish(await bay.send(await bay.begin(), "vendor"))
    await leave(bay, 500)
    receipt = await bay.finish(await bay.send(await bay.begin(), "vendor"))
    limit = bay.servers["vendor"].last_chat["max_tokens"]
    assert 256 <= limit < 500
    assert (receipt["state"], receipt["problem"]["code"]) == ("done", "budget_shortened")
    assert f"{limit} tokens" in receipt["problem"]["message"]
    assert "„" not in receipt["problem"]["message"]


async def test_a_comparison_shares_what_is_left(bays: Open) -> None:
    bay = await bays()
    await bay.finish(await bay.send(await bay.begin(), "vendor"))
    await leave(bay, 900)
    compared = await bay.compare(await bay.begin(), ["vendor", "rack"])
    assert compared.status_code == 201, compared.text
    for answer in compared.json()["answers"]:
        await bay.olga.wait_for({"answer": answer})
    limits = [bay.servers[name].last_chat["max_tokens"] for name in ("vendor", "rack")]
    assert limits[0] == limits[1]
    assert 256 <= limits[0] < 450
    budget = await budget_of(bay)
    assert budget.reserved == 0
    assert budget.settled <= budget.limit


async def test_a_title_counts_and_at_a_spent_budget_the_first_words_stay(bays: Open) -> None:
    bay = await bays(titles="model")
    which = await bay.begin()
    receipt = await bay.finish(await bay.send(which, "vendor"))
    assert await bay.titled(which) in {"model", "asked"}
    budget = await budget_of(bay)
    assert budget.settled > receipt["tokens_in"] + receipt["tokens_out"]
    assert await rows(bay, StandardUsageRow) == 2

    server = bay.servers["vendor"]
    await leave(bay, 300)
    later = await bay.begin()
    receipt = await bay.finish(await bay.send(later, "vendor"))
    assert receipt["problem"]["code"] == "budget_shortened"
    # Its title may be under way still, and hold something.
    async with asyncio.timeout(20):
        while bay.harbour.built.parts.replies.titles_under_way:
            await asyncio.sleep(0.01)
    await leave(bay, 20)
    last = await bay.begin()
    assert (await bay.send(last, "vendor")).status_code == 429
    assert (await budget_of(bay)).reserved == 0
    assert server.counts.chat_requests >= 3


async def test_many_at_once_never_take_more_than_there_is(bays: Open) -> None:
    bay = await bays()
    await bay.finish(await bay.send(await bay.begin(), "vendor"))
    await leave(bay, 3 * ANSWER)
    places = [await bay.begin() for _ in range(8)]
    answers = await asyncio.gather(*(bay.send(which, "vendor") for which in places))
    begun = [answer for answer in answers if answer.status_code < 300]
    assert {answer.status_code for answer in answers} == {201, 429}
    budget = await budget_of(bay)
    assert budget.settled + budget.reserved <= budget.limit
    for answer in begun:
        await bay.finish(answer)
    budget = await budget_of(bay)
    assert budget.reserved == 0
    assert budget.settled <= budget.limit


async def test_a_model_that_the_plan_does_not_include_is_shown_with_the_reason_and_refused(bays: Open) -> None:
    bay = await bays(standard_models=["vendor/*", "cloud/steady"])
    lines = {line["ref"]: line for line in (await bay.olga.get("/api/models"))["models"]}
    assert {name: lines[bay.refs[name]]["available"] for name in ("vendor", "rack", "cloud", "gpu")} == {
        "vendor": True,
        "rack": False,
        "cloud": True,
        "gpu": True,
    }
    assert lines[bay.refs["rack"]]["problem"]["code"] == "model_not_in_plan"
    which, before = await bay.begin(), bay.counts()
    answer = await bay.send(which, "rack")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "model_not_in_plan")
    assert bay.counts() == before
    assert [act["object_name"] for act in await bay.acts("plan.refused")] == ["Steady"]


async def test_where_the_plan_and_the_teams_rule_both_refuse_list_and_call_name_the_plan(bays: Open) -> None:
    """An owner who gets an undertaking signed for a model that the plan does not include has done it in vain."""
    bay = await bays(standard_models=["rack/*"])
    ruled = await bay.olga.call("PUT", "/api/team/privacy/clearing", {"only_cleared": True})
    assert ruled.status_code == 200, ruled.text
    lines = {line["ref"]: line["problem"] for line in (await bay.olga.get("/api/models"))["models"]}
    assert lines[bay.refs["vendor"]]["code"] == "model_not_in_plan"
    assert lines[bay.refs["azure"]]["code"] == "model_not_cleared"
    assert lines[bay.refs["rack"]] is None
    which = await bay.begin()
    for name, refused in (("vendor", (403, "model_not_in_plan")), ("azure", (409, "model_not_cleared"))):
        answer = await bay.send(which, name)
        assert (answer.status_code, answer.json()["error"]["code"]) == refused, name


async def test_the_pace_of_the_plan_counts_standard_models_alone(bays: Open) -> None:
    bay = await bays(person_per_minute=2, team_per_minute=3)
    which = await bay.begin()
    for _ in range(2):
        await bay.finish(await bay.send(await bay.begin(), "vendor"))
    answer = await bay.send(which, "vendor")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "plan_pace_person")
    assert int(answer.headers["Retry-After"]) <= 60
    assert (await bay.finish(await bay.send(which, "gpu")))["state"] == "done"
    mia = await bay.harbour.invited_by(bay.olga, "Mia", "member")
    assert (await mia.wait_for(await mia.ask("And I?", bay.refs["vendor"])))["state"] == "done"
    made = (await mia.post("/api/conversations", {}))["id"]
    body = {"client_id": str(uuid.uuid4()), "text": "Again?", "model_ref": bay.refs["vendor"], "parent_id": None}
    refused = await mia.call("POST", f"/api/conversations/{made}/messages", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "plan_pace_team")


async def test_a_question_that_the_budget_refuses_takes_nothing_of_the_pace(bays: Open) -> None:
    bay = await bays(person_per_minute=2, team_per_minute=2)
    await bay.finish(await bay.send(await bay.begin(), "vendor"))
    await leave(bay, 10)
    for _ in range(3):
        refused = await bay.send(await bay.begin(), "vendor")
        assert refused.json()["error"]["code"] == "budget_spent"
    await leave(bay, 1_000_000)
    assert (await bay.finish(await bay.send(await bay.begin(), "vendor")))["state"] == "done"
    assert (await bay.send(await bay.begin(), "vendor")).json()["error"]["code"] == "plan_pace_person"


async def test_a_provider_that_ignores_its_limit_is_flagged_and_charged(bays: Open) -> None:
    bay = await bays(answer_tokens=256)
    bay.servers["vendor"].answers_as = "talks-on-700"
    await bay.finish(await bay.send(await bay.begin(), "vendor"))
    async with bay.harbour.built.parts.database.read() as tx:
        row = (await tx.execute(select(StandardUsageRow.overrun, StandardUsageRow.charged_tokens))).one()
    assert row.overrun
    assert row.charged_tokens > 700


async def test_an_endpoint_without_usage_is_charged_by_the_estimate(bays: Open) -> None:
    bay = await bays()
    bay.servers["vendor"].answers_as = "no-usage"
    receipt = await bay.finish(await bay.send(await bay.begin(), "vendor"))
    assert receipt["count_source"] == "estimated"
    budget = await budget_of(bay)
    assert (budget.settled, budget.reserved) == (receipt["tokens_in"] + receipt["tokens_out"], 0)
    assert budget.settled > 0
