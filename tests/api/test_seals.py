"""Seals over HTTP: who tightens, who lifts, what the trail says, and that lifting lets nobody read (P19, P21)."""

import csv
import io
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.chat.bay import Bay, open_bay
from tests.support.authority import TestAuthority
from tests.support.running import Person

WORDS = "How long do I have for the objection?"


@pytest_asyncio.fixture
async def bay(database_url: str, tmp_path: Path) -> AsyncIterator[Bay]:
    async with open_bay(database_url, tmp_path, TestAuthority(tmp_path / "ca")) as bay:
        yield bay


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error", {}).get("code", "")


async def of_mia(bay: Bay, sealed_to: list[str]) -> tuple[Person, str]:
    mia = await bay.harbour.invited_by(bay.olga, "Mia", "member")
    return mia, (await mia.post("/api/conversations", {"title": "About Weber", "sealed_to": sealed_to}))["id"]


async def test_a_seal_only_gets_tighter_by_whom_the_conversation_belongs_to(bay: Bay) -> None:
    """P19."""
    mia, which = await of_mia(bay, ["own_hardware", "own_contract"])
    assert told(await bay.seal(which, ["own_hardware", "router"], mia)) == (403, "seal_only_tightens")
    assert told(await bay.seal(which, [], mia))[0] == 422
    tight = (await bay.seal(which, ["own_hardware"], mia)).json()
    assert tight["sealed_to"] == ["own_hardware"]
    assert told(await bay.seal(which, ["own_hardware", "own_contract"], mia)) == (403, "seal_only_tightens")
    assert told(await bay.lift(which, None, "I want to", mia)) == (403, "not_allowed")
    assert told(await bay.seal(which, ["own_hardware"])) == (404, "conversation_gone")  # Olga does not own it
    [entry] = await bay.acts("conversation.sealed")
    assert entry["sentence"] == "Mia sealed a conversation to: own hardware. Before: own hardware, own contract."
    assert (entry["object_id"], entry["object_name"]) == (which, "")


async def test_a_seal_is_told_wherever_a_conversation_is_listed_or_read(bay: Bay) -> None:
    """P19: to its owner, and to whom it is shared with; as it is now."""
    mia = await bay.harbour.invited_by(bay.olga, "Mia", "member")
    exchange = await bay.olga.ask("About Weber", bay.refs["gpu"])
    await bay.olga.wait_for(exchange)
    which = exchange["conversation_id"]
    assert (await bay.olga.call("PUT", f"/api/conversations/{which}/sharing/team")).is_success

    async def seals() -> list[Any]:
        [own] = (await bay.olga.get("/api/conversations"))["conversations"]
        [shared] = (await mia.get("/api/shared-conversations"))["conversations"]
        reads = [await who.get(f"/api/shared-conversations/{which}") for who in (mia, bay.olga)]
        return [one["sealed_to"] for one in (own, shared, *reads)]

    assert await seals() == [None] * 4
    assert (await bay.seal(which, ["own_contract", "own_hardware"])).is_success
    assert await seals() == [["own_hardware", "own_contract"]] * 4


async def test_lifting_takes_a_reason_and_stands_in_the_trail_and_lets_nobody_read(bay: Bay) -> None:
    """P19: an owner or admin names a conversation by its id and sees whose it is, and nothing that is in it."""
    mia, which = await of_mia(bay, ["own_hardware"])
    adam = await bay.harbour.invited_by(bay.olga, "Adam", "admin")
    eve = await bay.harbour.eve()
    for reason in ("", "  x ", "y" * 300):
        assert told(await bay.lift(which, None, reason, adam)) == (422, "reason_needed")
    assert told(await bay.lift(which, None, "a good reason", eve)) == (404, "conversation_gone")
    seen = await adam.get(f"/api/team/seals/{which}")
    assert seen.keys() == {"conversation_id", "owner_name", "is_own", "sealed_to", "sealed_at"}
    assert (seen["owner_name"], seen["is_own"], seen["sealed_to"]) == ("Mia", False, ["own_hardware"])
    wider = (await bay.lift(which, ["own_hardware", "included"], "Mia needs the vendor", adam)).json()
    assert wider["sealed_to"] == ["own_hardware", "included"]
    lifted = (await bay.lift(which, None, "The case is public", adam)).json()
    assert (lifted["sealed_to"], lifted["sealed_at"]) == (None, None)
    assert told(await bay.lift(which, None, "once more", adam)) == (409, "not_sealed")
    for person in (bay.olga, adam, eve):
        for method, path in (
            ("GET", f"/api/conversations/{which}"),
            ("GET", f"/api/conversations/{which}/export"),
            ("GET", f"/api/conversations/{which}/receipts"),
            ("GET", f"/api/shared-conversations/{which}"),
        ):
            assert told(await person.call(method, path)) == (404, "conversation_gone")
    [changed] = await bay.acts("conversation.seal_changed")
    assert changed["sentence"] == (
        "Adam changed the seal of a conversation to: own hardware, the operator's contract. Before: own hardware. "
        "Reason: Mia needs the vendor"
    )
    [entry] = await bay.acts("conversation.seal_lifted")
    assert entry["sentence"] == (
        "Adam lifted the seal of a conversation. Before: own hardware, the operator's contract. "
        "Reason: The case is public"
    )
    assert (await mia.get(f"/api/conversations/{which}"))["sealed_to"] is None


async def test_new_conversations_begin_as_the_team_has_decided_and_may_begin_tighter(bay: Bay) -> None:
    """P19."""
    mia, before = await of_mia(bay, ["own_hardware", "router"])
    adam = await bay.harbour.invited_by(bay.olga, "Adam", "admin")
    rules = {"sealed_to": ["own_hardware", "own_contract"], "titles": "model"}
    assert told(await mia.call("PUT", "/api/team/conversation-rules", rules)) == (403, "not_allowed")
    answer = await adam.call("PUT", "/api/team/conversation-rules", rules)
    assert answer.json()["sealed_to"] == ["own_hardware", "own_contract"]
    made = await mia.post("/api/conversations", {})
    assert made["sealed_to"] == ["own_hardware", "own_contract"]
    assert (await mia.post("/api/conversations", {"sealed_to": ["own_contract"]}))["sealed_to"] == ["own_contract"]
    wish = {"sealed_to": ["own_contract", "router"]}
    assert told(await mia.call("POST", "/api/conversations", wish)) == (403, "seal_only_tightens")
    assert (await mia.get(f"/api/conversations/{before}"))["sealed_to"] == ["own_hardware", "router"]
    assert (await mia.get("/api/models"))["new_sealed_to"] == ["own_hardware", "own_contract"]
    [entry] = await bay.acts("team.seal_changed")
    assert entry["sentence"].startswith("Adam decided what new conversations are sealed to: own hardware, own contract")


async def test_a_label_that_changes_is_in_the_trail_with_old_and_new_and_opens_no_earlier_seal(bay: Bay) -> None:
    """P19: calling a third party own hardware is no way around a seal; confirming it is an owner's act."""
    which = await bay.begin(["own_hardware"])
    before = bay.counts()["relay"]
    assert told(await bay.send(which, "relay")) == (409, "outside_seal")
    await bay.relabel("relay", "own_hardware")
    assert told(await bay.send(which, "relay")) == (409, "zone_restated")
    assert bay.counts()["relay"] == before
    [entry] = await bay.acts("connection.zone_changed")
    assert entry["sentence"] == "Olga said anew where relay runs: own hardware. Before: router."
    later = await bay.begin(["own_hardware"])
    await bay.finish(await bay.send(later, "relay"))
    assert (await bay.lift(which, ["own_hardware"], "relay is our own machine now")).status_code == 200
    await bay.finish(await bay.send(which, "relay"))
    await bay.relabel("relay", "router")
    for one in (which, later):
        assert told(await bay.send(one, "relay")) == (409, "outside_seal")


@pytest.mark.parametrize("name", ["azure", "relay", "vendor", "cloud"])
async def test_the_first_time_words_leave_own_hardware_somebody_is_asked_and_then_no_more(bay: Bay, name: str) -> None:
    """Nothing is stored or sent before the answer; it is remembered for this conversation alone."""
    which = await bay.begin()
    first = (await bay.send(which, "gpu", may_leave=False)).json()
    await bay.olga.wait_for(first)
    before = bay.counts()[name]
    asked = await bay.send(which, name, parent=first["answer"]["id"], may_leave=False)
    assert told(asked) == (409, "leaves_own_hardware")
    again = f"/api/conversations/{which}/messages/{first['answer']['id']}/regenerate"
    assert told(await bay.olga.call("POST", again, {"model_ref": bay.refs[name]})) == (409, "leaves_own_hardware")
    assert len((await bay.olga.get(f"/api/conversations/{which}"))["messages"]) == 2
    assert bay.counts()[name] == before
    for inside in ("demo", "rack"):
        await bay.finish(await bay.send(which, inside, parent=first["answer"]["id"], may_leave=False))
    await bay.finish(await bay.send(which, name, parent=first["answer"]["id"]))
    for _ in range(2):
        await bay.finish(await bay.send(which, "gpu", parent=first["answer"]["id"], may_leave=False))
        await bay.finish(await bay.send(which, name, parent=first["answer"]["id"], may_leave=False))
    other = await bay.begin()
    await bay.finish(await bay.send(other, name, may_leave=False))
    await bay.finish(await bay.send(other, "gpu", may_leave=False))
    assert told(await bay.send(other, name, may_leave=False)) == (409, "leaves_own_hardware")
    assert await bay.acts("seal.refused") == []


async def test_a_yes_to_leaving_own_hardware_is_in_the_trail_without_a_word(bay: Bay) -> None:
    """P19: who, which conversation, from where to where; once, as it is asked once."""

    async def yes() -> list[Any]:
        return await bay.acts("conversation.left_own_hardware")

    which = await bay.begin()
    first = (await bay.send(which, "gpu")).json()
    await bay.olga.wait_for(first)
    at = first["answer"]["id"]
    await bay.finish(await bay.send(which, "rack", parent=at))  # own hardware, too
    assert told(await bay.send(which, "relay", parent=at, may_leave=False)) == (409, "leaves_own_hardware")
    assert await yes() == []
    for name in ("relay", "azure"):
        await bay.finish(await bay.send(which, name, parent=at))
    [entry] = await yes()
    assert entry["sentence"] == ("Olga allowed the words of a conversation to leave own hardware for relay: router.")
    assert (entry["object_id"], entry["object_name"], entry["outcome"]) == (which, "", "done")
    assert entry["details"] == {"connection": "relay", "from_zone": "own_hardware", "to_zone": "router"}
    compared = await bay.begin()
    asked = (await bay.send(compared, "gpu")).json()
    await bay.olga.wait_for(asked)
    made = (await bay.compare(compared, ["cloud", "gpu", "azure"], again=asked["question"]["id"])).json()
    for answer in made["answers"]:
        await bay.olga.wait_for({"answer": answer})
    by_connection = {entry["details"]["connection"]: entry for entry in await yes()}
    assert by_connection.keys() == {"relay", "azure", "cloud"}
    assert {by_connection[name]["details"]["to_zone"] for name in ("azure", "cloud")} == {"own_contract", "unstated"}
    assert by_connection["cloud"]["object_id"] == compared


async def test_what_a_seal_admits_or_began_elsewhere_was_no_yes(bay: Bay) -> None:
    sealed = await bay.begin(["own_hardware", "router"])
    first = (await bay.send(sealed, "gpu")).json()
    await bay.olga.wait_for(first)
    await bay.finish(await bay.send(sealed, "relay", parent=first["answer"]["id"]))
    elsewhere = await bay.begin()
    await bay.finish(await bay.send(elsewhere, "relay"))
    await bay.finish(await bay.send(elsewhere, "gpu"))
    assert await bay.acts("conversation.left_own_hardware") == []


async def test_the_picker_says_where_each_line_leads(bay: Bay) -> None:
    """P19."""
    lines = (await bay.olga.get("/api/models"))["models"]
    assert {line["connection_name"] or "demo": (line["origin"], line["zone"]) for line in lines} == {
        "gpu": ("own_hardware", "own_hardware"),
        "azure": ("own_contract", "own_contract"),
        "relay": ("router", "router"),
        "vendor": ("included", "included"),
        "rack": ("included", "own_hardware"),
        "cloud": ("included", "unstated"),
        "demo": ("scripted", "scripted"),
    }


async def test_receipts_tell_where_words_went_and_not_one_of_them(bay: Bay) -> None:
    """P21: zone, place and seal as they were, whatever is said later."""
    path = f"/api/connections/{bay.connections['azure']}"
    await bay.olga.call("PATCH", path, {"data_location": "=Frankfurt"})
    which = await bay.begin(["own_hardware", "own_contract"])
    await bay.finish(await bay.send(which, "azure"))
    await bay.olga.call("PATCH", path, {"data_location": "Elsewhere", "zone": "router"})
    await bay.seal(which, ["own_hardware"])
    file = await bay.olga.call("GET", f"/api/conversations/{which}/receipts")
    assert file.headers["content-disposition"] == f'attachment; filename="receipts-{which}.json"'
    document = file.json()
    assert (document["conversation_id"], document["sealed_to"]) == (which, ["own_hardware"])
    [receipt] = document["receipts"]
    assert receipt["asked_by_name"] == "Olga"
    assert (receipt["purpose"], receipt["zone"], receipt["data_location"]) == ("reply", "own_contract", "=Frankfurt")
    assert receipt["sealed_to"] == ["own_contract", "own_hardware"]
    assert (receipt["model_reported"], receipt["count_source"], receipt["tokens_out"]) == ("steady", "reported", 20)
    assert receipt["ttft_ms"] > 0
    table = await bay.olga.call("GET", f"/api/conversations/{which}/receipts?format=csv")
    [row] = csv.DictReader(io.StringIO(table.text))
    assert row["data_location"] == "'=Frankfurt"
    assert row["zone"] == "own_contract"
    assert row.keys() == receipt.keys()
    for text in (file.text, table.text):
        assert WORDS not in text
        assert "objection" not in text
        assert "word1" not in text


async def test_an_owner_exports_the_receipts_of_any_conversation_of_the_team_and_it_is_recorded(bay: Bay) -> None:
    """P21: for the data protection officer; an admin does not, another team's is not there."""
    mia, which = await of_mia(bay, ["own_hardware"])
    await mia.wait_for(await mia.ask(WORDS, bay.refs["gpu"], which))
    adam, eve = await bay.harbour.invited_by(bay.olga, "Adam", "admin"), await bay.harbour.eve()
    path, wish = f"/api/team/receipts/{which}", {"format": "json"}
    assert told(await adam.call("POST", path, wish)) == (403, "not_allowed")
    assert told(await eve.call("POST", path, wish)) == (404, "conversation_gone")
    file = await bay.olga.call("POST", path, wish)
    [receipt] = file.json()["receipts"]
    assert receipt["asked_by_name"] == "Mia"
    assert "Weber" not in file.text
    assert "objection" not in file.text
    [entry] = await bay.acts("receipts.exported")
    assert (entry["sentence"], entry["object_id"]) == (
        "Olga exported the receipts of a conversation, 1 of them.",
        which,
    )
    gone = f"/api/team/receipts/{uuid.uuid4()}"
    assert told(await bay.olga.call("POST", gone, wish)) == (404, "conversation_gone")
