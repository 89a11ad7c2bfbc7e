"""P19: whatever is asked for in a sealed conversation, not one word reaches a model outside of its seal."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from moorage.chat.tables import ReplyRow, TitleRunRow
from tests.chat.bay import OWN, ZONES, Bay, open_bay
from tests.support.authority import TestAuthority
from tests.support.running import Harbour

SEALABLE = ("own_hardware", "own_contract", "included", "router")
HOUSE = "House model"
Call: TypeAlias = Literal["send", "attach", "edit", "regenerate", "continue"]
some_zones = st.sets(st.sampled_from(SEALABLE), min_size=1).map(sorted)
models = st.sampled_from([*ZONES, "demo", HOUSE])
calls = st.tuples(st.sampled_from(get_args(Call)), models)
comparisons = st.tuples(
    st.sampled_from(["compare", "compare_again"]), st.lists(models, min_size=2, max_size=4, unique=True)
)
seals = st.tuples(st.just("seal"), some_zones)
lifts = st.tuples(st.just("lift"), st.none() | some_zones)
labels = st.tuples(st.just("relabel"), st.tuples(st.sampled_from(sorted(OWN)), st.sampled_from(sorted(OWN.values()))))
turns = st.tuples(st.just("point"), st.sampled_from([*ZONES]))
stories = st.lists(
    calls | calls | calls | comparisons | comparisons | seals | lifts | labels | turns, min_size=2, max_size=9
)


@pytest_asyncio.fixture
async def bay(database_url: str, tmp_path: Path) -> AsyncIterator[Bay]:
    authority = TestAuthority(tmp_path / "ca")
    async with open_bay(database_url, tmp_path, authority, titles="model") as bay:
        await bay.name(HOUSE, "gpu")
        yield bay


class Believed:
    """What a seal means, said once more in the fewest words: the product has to agree."""

    def __init__(self) -> None:
        self.zones = dict(ZONES)
        self.sealed: set[str] | None = None
        self.new_labels: set[str] = set()
        self.house = "gpu"

    def meant(self, name: str) -> str:
        return self.house if name == HOUSE else name

    def admits(self, name: str) -> bool:
        name = self.meant(name)
        if name == "demo" or self.sealed is None:
            return True
        return self.zones[name] in self.sealed and name not in self.new_labels

    def seal(self, zones: list[str]) -> int:
        if self.sealed is not None and not set(zones) <= self.sealed:
            return 403
        if self.sealed is None:
            self.new_labels = set()
        self.sealed = set(zones)
        return 200

    def lift(self, zones: list[str] | None) -> int:
        if self.sealed is None:
            return 409
        self.sealed = None if zones is None else set(zones)
        self.new_labels = set()
        return 200


async def _call(bay: Bay, which: str, kind: str, name: str, answered: list[Any]) -> Any:
    last = answered[-1] if answered else None
    if last is None or kind in {"send", "attach"}:
        attached = [await bay.attach()] if kind == "attach" else []
        return await bay.send(which, name, parent=last and last["answer"]["id"], attached=attached)
    if kind == "edit":
        return await bay.send(which, name, parent=last["question"]["parent_id"])
    path = f"/api/conversations/{which}/messages/{last['answer']['id']}/{kind}"
    return await bay.olga.call("POST", path, {"model_ref": bay.refs[name], "may_leave": True})


async def _rule(bay: Bay, which: str, believed: Believed, kind: str, target: Any) -> None:
    """Seal, lift, let a name stand for another model, or say anew where a connection runs."""
    if kind == "seal":
        assert (await bay.seal(which, target)).status_code == believed.seal(target)
    elif kind == "lift":
        assert (await bay.lift(which, target, "because of the test")).status_code == believed.lift(target)
    elif kind == "point":
        await bay.name(HOUSE, target)
        believed.house = target
    elif believed.zones[target[0]] != target[1]:
        await bay.relabel(*target)
        believed.zones[target[0]] = target[1]
        believed.new_labels.add(target[0])


async def _ask(bay: Bay, which: str, kind: str, target: Any, answered: list[Any], believed: Believed) -> None:
    """Ask one model or several: inside of the seal all is well, outside nothing is stored and nobody reached."""
    before = bay.counts(), bay.chats()
    compares = kind in {"compare", "compare_again"}
    asked = list(target) if compares else [target]
    inside, meant = all(map(believed.admits, asked)), {believed.meant(name) for name in asked}
    if compares:
        again = answered[-1]["question"]["id"] if answered and kind == "compare_again" else None
        answer = await bay.compare(which, asked, again=again)
    else:
        answer = await _call(bay, which, kind, target, answered)
    if inside and len(meant) < len(asked):
        assert answer.json()["error"]["code"] == "comparison_same_model"
        inside = False
    elif inside:
        assert answer.status_code == 201, answer.text
        made = answer.json()
        for one in made["answers"] if compares else [made["answer"]]:
            assert (await bay.olga.wait_for({"answer": one}))["state"] == "done"
        answered.append({"question": made["question"], "answer": made["answers"][0] if compares else made["answer"]})
    else:
        assert answer.status_code == 409, answer.text
        assert answer.json()["error"]["code"] in {"outside_seal", "zone_restated"}
    await _quiet(bay)
    assert _reached(bay, before) <= (meant if inside else set())


@given(story=stories)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_no_call_of_any_kind_reaches_a_zone_outside_of_the_seal(bay: Bay, story: list[tuple[str, Any]]) -> None:
    """P19: as long as a story goes on, the servers themselves count who was asked."""
    which, believed = await bay.begin(), Believed()
    answered: list[Any] = []
    for kind, target in story:
        if kind in {"seal", "lift", "relabel", "point"}:
            await _rule(bay, which, believed, kind, target)
        else:
            await _ask(bay, which, kind, target, answered, believed)
    for name, zone in OWN.items():
        if believed.zones[name] != zone:
            await bay.relabel(name, zone)
    await bay.name(HOUSE, "gpu")
    await _receipts_agree(bay, which)


def _reached(bay: Bay, before: tuple[dict[str, int], dict[str, int]]) -> set[str]:
    asked = {name for name, count in bay.chats().items() if count > before[1][name]}
    return asked | {name for name, count in bay.counts().items() if count > before[0][name]}


async def _quiet(bay: Bay) -> None:
    async with asyncio.timeout(20):
        while bay.harbour.built.parts.replies.titles_under_way:
            await asyncio.sleep(0.005)


async def _receipts_agree(bay: Bay, which: str) -> None:
    for table in (ReplyRow, TitleRunRow):
        async with bay.harbour.built.parts.database.read() as tx:
            rows = await tx.execute(
                select(table.zone, table.sealed_to).where(table.conversation_id == uuid.UUID(which))
            )
        for zone, sealed_to in rows:
            assert sealed_to is None or zone == "scripted" or zone in sealed_to.split()


async def test_after_everything_a_page_can_ask_outside_models_were_never_connected_to(
    database_url: str, tmp_path: Path
) -> None:
    """P19: each outside model is a bare listener that counts whoever knocks; nobody does, by whatever name."""
    authority, knocks = TestAuthority(tmp_path / "ca"), dict.fromkeys(("azure", "relay", "vendor", "cloud"), 0)
    async with open_bay(database_url, tmp_path, authority, titles="model") as bay:
        await bay.name(HOUSE, "gpu")
        for name in knocks:
            knocks[name] = bay.servers[name].counts.connections
        inside = bay.servers["gpu"].counts.connections
        which = await bay.begin(["own_hardware"])
        first = (await bay.send(which, HOUSE, attached=[await bay.attach()])).json()
        await bay.olga.wait_for(first)
        assert await bay.titled(which) == "model"
        for name in knocks:
            # After the seal the name comes to stand for a model outside of it.
            await bay.name(HOUSE, name)
            for ref in (bay.refs[name], bay.refs[HOUSE]):
                await _refused_each_way(bay, which, first, ref)
        shown = await bay.olga.get(f"/api/conversations/{which}")
        assert len(shown["messages"]) == 2
        await bay.name(HOUSE, "rack")
        again = await bay.olga.call("POST", _at(which, first["answer"], "regenerate"), {"model_ref": bay.refs[HOUSE]})
        await bay.finish(again)
        for name, count in knocks.items():
            assert bay.servers[name].counts.connections == count, name
        assert bay.servers["gpu"].counts.chat_requests >= 2
        assert bay.servers["gpu"].counts.connections >= inside > 0
        refusals = await bay.acts("seal.refused")
        assert len(refusals) == len(knocks) * 2 * 16
        assert {entry["details"]["zone"] for entry in refusals} == {"own_contract", "router", "included", "unstated"}


async def _refused_each_way(bay: Bay, which: str, first: Any, ref: str) -> None:
    """Ask one model in each of the eight ways that ask any, with and without leave to leave."""
    base, question, answer = f"/api/conversations/{which}", first["question"], first["answer"]
    several, new = {"model_refs": [bay.refs["gpu"], ref]}, {"text": "More", "parent_id": answer["id"]}
    for may_leave in (False, True):
        for path, body in (
            (f"{base}/messages", {**new, "model_ref": ref}),
            (f"{base}/messages", {**new, "model_ref": ref, "attachments": [await bay.attach()]}),
            (f"{base}/messages", {"text": "An edit", "model_ref": ref}),
            (_at(which, answer, "regenerate"), {"model_ref": ref}),
            (_at(which, question, "regenerate"), {"model_ref": ref}),
            (_at(which, answer, "continue"), {"model_ref": ref}),
            (f"{base}/comparisons", {**new, **several}),
            (_at(which, question, "compare"), several),
        ):
            has_id = "text" in body or "model_refs" in body
            mine = {"client_id": str(uuid.uuid4())} if has_id else {}
            refused = await bay.olga.call("POST", path, {**body, **mine, "may_leave": may_leave})
            assert (refused.status_code, refused.json()["error"]["code"]) == (409, "outside_seal"), path


def _at(which: str, message: Any, act: str) -> str:
    return f"/api/conversations/{which}/messages/{message['id']}/{act}"


async def test_sealing_ends_what_a_model_outside_is_writing(harbour: Harbour) -> None:
    """P19: its question is with it already; not one word more is taken, and inside everything goes on."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "held"], zone="router")
    refs = {line["model_id"]: line["ref"] for line in (await olga.get("/api/models"))["models"]}
    exchange = await olga.ask("Hello?", refs["held"])
    path = f"/api/conversations/{exchange['conversation_id']}/seal"
    assert (await olga.call("PUT", path, {"zones": ["own_hardware", "router"]})).status_code == 200
    assert harbour.built.parts.replies.running_count == 1
    assert (await olga.call("PUT", path, {"zones": ["own_hardware"]})).status_code == 200
    receipt = await olga.wait_for(exchange)
    assert receipt["state"] == "stopped"


async def test_saying_anew_where_a_model_runs_ends_what_it_is_writing_in_a_sealed_conversation(
    harbour: Harbour,
) -> None:
    """P19: the receipt names the zone that was, and from here on nothing goes to the one that is."""
    olga = await harbour.olga()
    made = await olga.connect(harbour.models.base_url, ["steady", "held"])
    refs = {line["model_id"]: line["ref"] for line in (await olga.get("/api/models"))["models"]}
    sealed = await olga.post("/api/conversations", {"sealed_to": ["own_hardware"]})
    inside = await olga.ask("Hello?", refs["held"], sealed["id"])
    beside = await olga.ask("Hello?", refs["held"])
    changed = await olga.call("PATCH", f"/api/connections/{made['id']}", {"zone": "router"})
    assert changed.status_code == 200
    receipt = await olga.wait_for(inside)
    assert (receipt["state"], receipt["origin"]) == ("stopped", "own_hardware")
    harbour.models.release()
    assert (await olga.wait_for(beside))["state"] == "done"
