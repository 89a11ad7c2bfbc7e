"""Comparing: several models answer one question; each for itself, all decided together (P3)."""

import asyncio
import uuid
from typing import Any

from sqlalchemy import func, select

from moorage.api.limits import MESSAGE
from moorage.chat.comparison_tables import ComparisonRow
from moorage.chat.tables import MessageRow, ReplyRow
from moorage.usage.tables import ByomUsageRow, ReservationRow
from tests.support.comparing import all_ended, asked_of, choose, compare, events_of, judge, refs_of
from tests.support.running import Harbour, Person


async def _count(harbour: Harbour, *tables: Any) -> list[int]:
    async with harbour.built.parts.database.read() as tx:
        return [int(await tx.scalar(select(func.count()).select_from(table)) or 0) for table in tables]


def _answers(shown: Any, made: Any) -> list[Any]:
    by_id = {message["id"]: message for message in shown["messages"]}
    return [by_id[one] for one in made["comparison"]["answer_ids"]]


async def test_two_to_four_models_answer_one_question_in_one_conversation(harbour: Harbour) -> None:
    """P3: side by side, without leaving the conversation; one message, a reply and a receipt for each."""
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "crlf", "no-usage", "comments")
    for some in (refs[:2], refs[:3], refs):
        made = await compare(olga, some)
        receipts = await all_ended(olga, made)
        assert [one["state"] for one in receipts] == ["done"] * len(some)
        assert [one["model_ref"] for one in receipts] == some
        shown = await olga.get(f"/api/conversations/{made['conversation_id']}")
        assert [one["role"] for one in shown["messages"]] == ["user"] + ["assistant"] * len(some)
        assert {one["parent_id"] for one in shown["messages"][1:]} == {made["question"]["id"]}
        assert all(one["text"].strip() for one in shown["messages"][1:])
        assert shown["comparisons"] == [made["comparison"]]
        assert shown["head_id"] == made["comparison"]["answer_ids"][0]
        assert shown["title"] == "Which court is competent?"


async def test_each_answer_is_counted_as_a_call_of_its_own(harbour: Harbour) -> None:
    """P15."""
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "crlf", "held")
    made = await compare(olga, refs)
    assert await _count(harbour, ReservationRow) == [3]
    harbour.models.release()
    await all_ended(olga, made)
    assert await _count(harbour, ReservationRow) == [0]
    async with harbour.built.parts.database.read() as tx:
        used = await tx.execute(select(ByomUsageRow.model_id).where(ByomUsageRow.purpose == "reply"))
    assert sorted(row[0] for row in used) == ["crlf", "held", "steady"]


async def test_one_model_that_cannot_be_used_is_named_and_nothing_is_stored(harbour: Harbour) -> None:
    """All are asked, or none; and nothing half."""
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "crlf")
    line = next(one for one in (await olga.get("/api/models"))["models"] if one["ref"] == refs[1])
    connection = (await olga.get("/api/connections"))["connections"][0]
    conversation = await olga.post("/api/conversations", {})
    path = f"/api/conversations/{conversation['id']}/comparisons"
    before = await olga.get(f"/api/conversations/{conversation['id']}")
    requests = harbour.models.counts.requests
    for bad in (f"byom:{uuid.uuid4()}", "standard:openai/none", "nonsense"):
        refused = await olga.call("POST", path, asked_of([refs[0], bad, refs[1]]))
        assert refused.status_code in {404, 422}
        assert refused.json()["error"]["field"] == "model_refs.1"
    models = [
        {"model_id": one["model_id"], "name": one["name"], "enabled": one["ref"] != refs[1]}
        for one in connection["models"]
    ]
    assert (await olga.call("PUT", f"/api/connections/{connection['id']}/models", {"models": models})).is_success
    refused = await olga.call("POST", path, asked_of(refs))
    assert (refused.status_code, refused.json()["error"]["field"]) == (409, "model_refs.1")
    assert line["name"] in refused.json()["error"]["message"]
    assert await _count(harbour, MessageRow, ReplyRow, ComparisonRow, ReservationRow) == [0, 0, 0, 0]
    assert await olga.get(f"/api/conversations/{conversation['id']}") == before
    assert harbour.models.counts.requests == requests


async def test_a_comparison_is_of_different_models_two_at_least_and_four_at_most(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "crlf", "no-usage", "comments", "bom")
    path = f"/api/conversations/{(await olga.post('/api/conversations', {}))['id']}/comparisons"
    for wrong, code in (
        ([], "comparison_count"),
        (refs[:1], "comparison_count"),
        (refs, "comparison_count"),
        ([refs[0], refs[1], refs[0]], "comparison_same_model"),
    ):
        refused = await olga.call("POST", path, asked_of(wrong))
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, code)
    assert await _count(harbour, MessageRow, ReplyRow) == [0, 0]


async def test_the_same_comparison_sent_again_is_the_same_comparison(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "crlf")
    path = f"/api/conversations/{(await olga.post('/api/conversations', {}))['id']}/comparisons"
    body = asked_of(refs)
    both = await asyncio.gather(*(olga.post(path, body) for _ in range(3)))
    assert len({tuple(one["comparison"]["answer_ids"]) for one in both}) == 1
    await all_ended(olga, both[0])
    again = await olga.post(path, body)
    assert again["comparison"] == both[0]["comparison"]
    assert [one["reply"]["state"] for one in again["answers"]] == ["done", "done"]
    assert await _count(harbour, MessageRow, ReplyRow, ComparisonRow) == [3, 2, 1]
    for other in ({**body, "text": "Another"}, {**body, "model_refs": refs[::-1] + refs[:1]}, {**body, "blind": True}):
        refused = await olga.call("POST", path, other)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "message_id_used")


async def test_an_id_is_the_same_model_however_it_is_spelt(harbour: Harbour) -> None:
    olga = await harbour.olga()
    [ref] = await refs_of(harbour, olga, "steady")
    path = f"/api/conversations/{(await olga.post('/api/conversations', {}))['id']}"
    bare = ref.removeprefix("byom:")
    for other in (bare.upper(), bare.replace("-", ""), f"{{{bare}}}", f"urn:uuid:{bare}"):
        refused = await olga.call("POST", f"{path}/comparisons", asked_of([ref, f"byom:{other}"]))
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "comparison_same_model")
        exchange = await olga.ask("Hello?", f"byom:{other}")
        assert (await olga.wait_for(exchange))["model_ref"] == ref
    long = await olga.call("POST", f"{path}/comparisons", asked_of([ref, f"byom:{'{' * 400}{bare}"]))
    assert long.status_code == 422


async def test_an_id_whose_verdict_is_counted_begins_no_other_comparison(harbour: Harbour) -> None:
    """The verdict outlives its conversation: a second one of the same id could never be judged."""
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "crlf")
    body = asked_of(refs)
    path = f"/api/conversations/{(await olga.post('/api/conversations', {}))['id']}"
    made = {**await olga.post(f"{path}/comparisons", body), "conversation_id": path.rpartition("/")[2]}
    await all_ended(olga, made)
    assert (await judge(olga, made, "tie")).is_success
    assert (await olga.call("DELETE", path)).is_success
    other = (await olga.post("/api/conversations", {}))["id"]
    again = await olga.call("POST", f"/api/conversations/{other}/comparisons", body)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "message_id_used")


async def test_a_question_that_was_asked_is_compared_and_its_first_answer_stays(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "crlf", "echo")
    first = await olga.ask("Hello?", refs[0])
    await olga.wait_for(first)
    path = f"/api/conversations/{first['conversation_id']}/messages"
    body = {"client_id": str(uuid.uuid4()), "model_refs": refs[1:], "blind": False}
    made = await olga.post(f"{path}/{first['question']['id']}/compare", body)
    await all_ended(olga, made)
    assert made["question"]["id"] == first["question"]["id"]
    shown = await olga.get(f"/api/conversations/{first['conversation_id']}")
    assert [one["id"] for one in shown["messages"][1:]] == [first["answer"]["id"], *made["comparison"]["answer_ids"]]
    assert "Hello?" in shown["messages"][3]["text"], "the second model was asked something else"
    of_an_answer = await olga.call("POST", f"{path}/{first['answer']['id']}/compare", {**body, "client_id": _new()})
    assert of_an_answer.status_code == 404


async def test_one_dead_one_stalled_one_failing_at_once_and_one_well_hurt_nobody_else(harbour: Harbour) -> None:
    """P3, P22: independent streams, independent ends; a stop of one stops that one."""
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "hang-mid", "error-500", "reset-mid")
    made = await compare(olga, refs)
    well, stalled, failing, cut = made["answers"]
    assert (await events_of(olga, well))[-1].data["receipt"]["state"] == "done"
    for broken in (failing, cut):
        assert (await events_of(olga, broken))[-1].data["receipt"]["state"] == "failed"
    assert harbour.built.parts.replies.running_count == 1
    await olga.post(f"/api/replies/{stalled['reply']['reply_id']}/stop")
    assert (await events_of(olga, stalled))[-1].data["receipt"]["state"] == "stopped"
    shown = await olga.get(f"/api/conversations/{made['conversation_id']}")
    texts = [one["text"] for one in _answers(shown, made)]
    assert len(texts[0].split()) == 20
    assert 0 < len(texts[1]) < len(texts[0]), "what had arrived before the stop is kept"
    assert await _count(harbour, ReservationRow) == [0]
    ended = await _ends(harbour)
    assert ended == {
        "steady": "ok",
        "hang-mid": "stopped",
        "error-500": "upstream_error",
        "reset-mid": "upstream_error",
    }


async def _ends(harbour: Harbour) -> dict[str, str]:
    async with harbour.built.parts.database.read() as tx:
        rows = await tx.execute(
            select(ByomUsageRow.model_id, ByomUsageRow.ended).where(ByomUsageRow.purpose == "reply")
        )
    return {row[0]: row[1] for row in rows}


async def test_the_conversation_goes_on_from_the_answer_that_was_chosen(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "echo", "crlf")
    made = await compare(olga, refs)
    await all_ended(olga, made)
    chosen = made["comparison"]["answer_ids"][1]
    shown = (await choose(olga, made, 1)).json()
    assert (shown["head_id"], shown["comparisons"][0]["chosen_id"]) == (chosen, chosen)
    assert shown["comparisons"][0]["outcome"] is None, "going on is no verdict"
    later = await olga.ask("And then?", refs[1], made["conversation_id"], chosen)
    await olga.wait_for(later)
    shown = await olga.get(f"/api/conversations/{made['conversation_id']}")
    sent = next(one["text"] for one in shown["messages"] if one["id"] == later["answer"]["id"])
    assert "And then?" in sent
    assert len(shown["messages"]) == 6, "the other answers stay"


async def test_a_verdict_in_the_open_is_counted_once_and_final(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "held")
    made = await compare(olga, refs)
    early = await judge(olga, made, "tie")
    assert (early.status_code, early.json()["error"]["code"]) == (409, "comparison_running")
    harbour.models.release()
    await all_ended(olga, made)
    for outcome, place in (("better", None), ("tie", 0), ("none", 1)):
        wrong = await judge(olga, made, outcome, place)
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, "comparison_answer_needed")
    for _ in range(2):
        shown = (await judge(olga, made, "better", 1)).json()
        assert shown["head_id"] == made["comparison"]["answer_ids"][1]
        assert shown["comparisons"][0]["outcome"] == "better"
    for outcome, place in (("better", 0), ("tie", None)):
        late = await judge(olga, made, outcome, place)
        assert (late.status_code, late.json()["error"]["code"]) == (409, "comparison_decided")
    tally = await olga.get("/api/comparisons/tally")
    assert (tally["open"]["verdicts"], tally["blind"]["verdicts"]) == (1, 0)
    by_name = {one["model_id"]: one for one in tally["open"]["models"]}
    assert [(one["wins"], one["losses"]) for one in (by_name["held"], by_name["steady"])] == [(1, 0), (0, 1)]


async def test_a_verdict_on_what_is_long_past_takes_nobody_back_there(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "crlf")
    made = await compare(olga, refs)
    await all_ended(olga, made)
    await choose(olga, made, 0)
    later = await olga.ask("On", refs[0], made["conversation_id"], made["comparison"]["answer_ids"][0])
    await olga.wait_for(later)
    assert (await judge(olga, made, "better", 1)).json()["head_id"] == later["answer"]["id"]


async def test_the_team_sees_the_tally_and_nothing_of_what_was_said(harbour: Harbour) -> None:
    """A member's verdicts count for the owner; a deleted conversation's stay; another team sees nothing."""
    olga, eve = await harbour.olga(), await harbour.eve()
    mia = await harbour.invited_by(olga, "Mia", "member")
    refs = await refs_of(harbour, olga, "steady", "echo")
    for person, outcome, place in ((olga, "better", 1), (mia, "better", 1), (mia, "tie", None), (mia, "none", None)):
        made = await compare(person, refs, text="Privileged: Mandant Meier")
        await all_ended(person, made)
        assert (await judge(person, made, outcome, place)).is_success
    before = [await person.get("/api/comparisons/tally") for person in (olga, mia)]
    made = (await mia.get("/api/conversations"))["conversations"][0]
    assert before[0] == before[1]
    assert (await mia.call("DELETE", f"/api/conversations/{made['id']}")).is_success
    tally = await mia.get("/api/comparisons/tally")
    assert tally == before[0]
    pair = tally["open"]["pairs"][0]
    assert (pair["wins"] + pair["losses"], pair["ties"], pair["nones"], pair["people"]) == (2, 1, 1, 2)
    assert pair["finding"] == "too_few"
    assert "Meier" not in str(tally)
    assert (await eve.get("/api/comparisons/tally"))["open"]["verdicts"] == 0
    empty = await olga.get("/api/comparisons/tally?from=2020-01-01&to=2020-12-31")
    assert empty["open"]["verdicts"] == 0


async def test_an_answer_that_did_not_come_loses_nothing(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "error-500")
    made = await compare(olga, refs)
    await all_ended(olga, made)
    assert (await judge(olga, made, "better", 0)).is_success
    tally = (await olga.get("/api/comparisons/tally"))["open"]
    assert (tally["verdicts"], tally["left_out"], tally["pairs"]) == (0, 1, [])


async def test_each_answer_counts_as_a_message_to_the_limit(harbour: Harbour) -> None:
    """Somebody who asks four at once has used four; refused, none is used."""
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "crlf", "bom", "comments")
    path = f"/api/conversations/{(await olga.post('/api/conversations', {}))['id']}/comparisons"
    most = MESSAGE.per_person or 0
    for _ in range(most // 4 - 1):
        # One model twice is refused after it was counted.
        refused = await olga.call("POST", path, asked_of([*refs[:3], refs[0]]))
        assert refused.status_code == 422
    assert (await olga.call("POST", path, asked_of(refs[:2]))).status_code == 201
    for _ in range(2):
        assert (await olga.call("POST", path, asked_of(refs[:3]))).status_code == 429
    made = await olga.call("POST", path, asked_of(refs[:2]))
    assert made.status_code == 201, "two were left: what was refused used none of them"
    assert (await olga.call("POST", path, asked_of(refs[:2]))).status_code == 429


async def test_nobody_compares_with_models_or_in_conversations_of_others(harbour: Harbour) -> None:
    olga, eve = await harbour.olga(), await harbour.eve()
    refs = await refs_of(harbour, olga, "steady", "crlf")
    own = await eve.post("/api/conversations", {})
    refused = await eve.call("POST", f"/api/conversations/{own['id']}/comparisons", asked_of(refs))
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "model_unknown")
    made = await compare(olga, refs)
    await all_ended(olga, made)
    for answer in (await judge(eve, made, "tie"), await choose(eve, made, 0)):
        assert answer.status_code == 404
    swapped = {**made, "conversation_id": own["id"]}
    assert (await judge(eve, swapped, "tie")).status_code == 404
    mia = await harbour.invited_by(olga, "Mia", "member")
    assert (await judge(mia, made, "tie")).status_code == 404


def _new() -> str:
    return str(uuid.uuid4())


async def test_who_asks_leaves_and_all_answers_come_all_the_same(harbour: Harbour) -> None:
    mia: Person = await harbour.olga()
    refs = await refs_of(harbour, mia, "steady", "paced-40")
    made = await compare(mia, refs)
    reading = mia.events("GET", f"/api/replies/{made['answers'][1]['reply']['reply_id']}/events")
    await anext(reading)
    await reading.aclose()
    assert [one["state"] for one in await all_ended(mia, made)] == ["done", "done"]


async def test_a_member_sees_no_model_in_the_tally_that_is_closed_to_them(harbour: Harbour) -> None:
    olga = await harbour.olga()
    mia = await harbour.invited_by(olga, "Mia", "member")
    refs = await refs_of(harbour, olga, "steady", "crlf", "bom")
    made = await compare(olga, refs)
    await all_ended(olga, made)
    assert (await judge(olga, made, "better", 0)).is_success
    line = next(one for one in (await olga.get("/api/models"))["models"] if one["ref"] == refs[2])
    models = (await olga.get("/api/connections"))["connections"][0]
    model_id = next(one["id"] for one in models["models"] if one["ref"] == line["ref"])
    path = f"/api/connections/{models['id']}/models/{model_id}/audience"
    rule = {"kind": "roles", "roles": ["owner"], "people": []}
    assert (await olga.call("PUT", path, rule)).is_success
    seen = [
        {one["model_id"] for one in (await person.get("/api/comparisons/tally"))["open"]["models"]}
        for person in (olga, mia)
    ]
    assert seen == [{"steady", "crlf", "bom"}, {"steady", "crlf"}]
