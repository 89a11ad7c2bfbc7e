"""Who may use a model, asked of every kind of call over HTTP; names for models in conversations and receipts."""

import asyncio
import itertools
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.plans import write_plans
from tests.support.running import MODEL_KEY, PASSWORD, Harbour, Person, running, settings_for

ROLES = ("owner", "admin", "member")
REFUSED = (403, "model_not_open")


@dataclass
class Crew:
    """Olga's team with an own connection and a standard provider at the same server, and what each once wrote."""

    harbour: Harbour
    people: dict[str, Person]
    connection: dict[str, Any]
    wrote: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def olga(self) -> Person:
        return self.people["owner"]

    @property
    def server(self) -> ModelServer:
        return self.harbour.models

    def own(self, model_id: str = "steady") -> str:
        return next(str(one["ref"]) for one in self.connection["models"] if one["model_id"] == model_id)

    async def rule(self, kind: str, *, roles: tuple[str, ...] = (), people: tuple[str, ...] = ()) -> None:
        """Let Olga rule who may use the connection."""
        ids = [self.people[role].session["me"]["id"] for role in people]
        body = {"kind": kind, "roles": list(roles), "people": ids}
        answer = await self.olga.call("PUT", f"/api/connections/{self.connection['id']}/audience", body)
        assert answer.status_code == 200, answer.text

    async def rule_standard(self, kind: str, *, roles: tuple[str, ...] = (), people: tuple[str, ...] = ()) -> None:
        """Let Olga rule who may use the standard model."""
        ids = [self.people[role].session["me"]["id"] for role in people]
        body = {"provider": "rack", "model_id": "steady", "kind": kind, "roles": list(roles), "people": ids}
        assert (await self.olga.call("PUT", "/api/standard-models/audience", body)).status_code == 200

    async def write_once(self, ref: str) -> None:
        """Let everybody have an answer of this model, to go on from."""
        for role, person in self.people.items():
            exchange = await person.ask(f"A question of {role}", ref)
            await person.wait_for(exchange)
            self.wrote[role, ref] = exchange

    async def calls(self, role: str, ref: str) -> dict[str, tuple[int, str]]:
        """Make a call of every kind with this model; gives status and code by kind."""
        person, exchange = self.people[role], self.wrote[role, ref]
        at = f"/api/conversations/{exchange['conversation_id']}/messages"
        question, answer = exchange["question"]["id"], exchange["answer"]["id"]
        made = {
            "send": (at, {"client_id": str(uuid.uuid4()), "text": "More?", "model_ref": ref, "parent_id": answer}),
            "edit": (at, {"client_id": str(uuid.uuid4()), "text": "Else?", "model_ref": ref, "parent_id": None}),
            "regenerate": (f"{at}/{answer}/regenerate", {"model_ref": None}),
            "regenerate with it": (f"{at}/{answer}/regenerate", {"model_ref": ref}),
            "answer the question": (f"{at}/{question}/regenerate", {"model_ref": ref}),
            "continue": (f"{at}/{answer}/continue", {"model_ref": None}),
            "continue with it": (f"{at}/{answer}/continue", {"model_ref": ref}),
            "compare": (at.replace("messages", "comparisons"), _several(ref, text="Which?", parent_id=answer)),
            "compare blind": (f"{at}/{question}/compare", _several(ref, blind=True)),
        }
        told = {}
        for kind, (path, body) in made.items():
            response = await person.call("POST", path, body)
            shown = response.json()
            told[kind] = (response.status_code, shown.get("error", {}).get("code", ""))
            for begun in shown.get("answers", [shown.get("answer")] if response.status_code == 201 else []):
                await person.wait_for({"answer": begun})
        return told


def _several(ref: str, **more: Any) -> dict[str, Any]:
    return {"client_id": str(uuid.uuid4()), "model_refs": [ref, "scripted:demo"], **more}


@pytest_asyncio.fixture
async def crew(database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> Any:
    authority, server = models
    (tmp_path / "standard.toml").write_text(
        f"[rack]\nname = 'Our rack'\nbase_url = '{server.base_url}'\nmodels = [{{id = 'steady', name = 'Steady'}}]\n"
    )
    (tmp_path / "keys").write_text(f"rack={MODEL_KEY}\n")
    settings = settings_for(
        database_url,
        tmp_path,
        authority,
        server,
        catalogue=tmp_path / "standard.toml",
        plans=write_plans(tmp_path),
        standard_keys_file=tmp_path / "keys",
        demo=True,
        demo_pause_ms=0,
    )
    async with running(settings, server) as harbour:
        olga = await harbour.olga()
        people = {"owner": olga}
        for name, role in (("Adam", "admin"), ("Mia", "member")):
            people[role] = await harbour.invited_by(olga, name, role)
        yield Crew(harbour, people, await olga.connect(server.base_url, ["steady", "held"]))


@pytest.mark.parametrize("rule", ["everyone", "roles", "people"])
async def test_every_kind_of_call_obeys_the_rule(crew: Crew, rule: str) -> None:
    ref, standard = crew.own(), "standard:rack/steady"
    for one in (ref, standard):
        await crew.write_once(one)
    named = {"everyone": ROLES, "roles": ("owner", "admin"), "people": ("member",)}[rule]
    for ruling in (crew.rule, crew.rule_standard):
        await ruling(rule, roles=named if rule == "roles" else (), people=named if rule == "people" else ())
    for role in ROLES:
        for one in (ref, standard):
            requests = crew.server.counts.requests
            told = await crew.calls(role, one)
            expected = (201, "") if role in named else REFUSED
            assert told == dict.fromkeys(told, expected), f"{role}, {one}"
            sent = crew.server.counts.requests - requests
            assert sent == (len(told) if role in named else 0)
            listed = {line["ref"] for line in (await crew.people[role].get("/api/models"))["models"]}
            assert (one in listed) == (role in named)


async def test_what_was_written_stays_readable_with_the_reason(crew: Crew) -> None:
    await crew.write_once(crew.own())
    await crew.rule("roles", roles=("owner",))
    mia, exchange = crew.people["member"], crew.wrote["member", crew.own()]
    shown = await mia.get(f"/api/conversations/{exchange['conversation_id']}")
    assert [len(one["text"]) > 0 for one in shown["messages"]] == [True, True]
    state = await mia.get(f"/api/models/state?ref={crew.own()}")
    assert (state["available"], state["problem"]["code"]) == (False, "model_not_open")
    assert "owners and admins" in state["problem"]["message"]
    assert (await crew.olga.get(f"/api/models/state?ref={crew.own()}"))["available"]
    assert "Kanzlei GPU" not in (await mia.call("GET", "/api/models")).text
    # What was sent before the right was lost is given again, not sent again.
    again = {"client_id": exchange["question"]["id"], "text": "A question of member", "model_ref": crew.own()}
    repeated = await mia.call("POST", f"/api/conversations/{exchange['conversation_id']}/messages", again)
    assert (repeated.status_code, repeated.json()["answer"]["id"]) == (201, exchange["answer"]["id"])


async def test_each_refusal_is_in_the_trail_by_name_and_tells_the_person_nothing(crew: Crew) -> None:
    """P17: whoever decides about the rule learns who met it; looking around is no try."""

    async def refusals() -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = (await crew.olga.get("/api/audit?action=model.refused"))["entries"]
        return entries

    standard, mia = "standard:rack/steady", crew.people["member"]
    await crew.write_once(crew.own())
    await crew.write_once(standard)
    await crew.rule("roles", roles=("owner",))
    await crew.rule_standard("nobody")
    await mia.get("/api/models")
    await mia.get(f"/api/models/state?ref={crew.own()}")
    assert await refusals() == []
    before = 0
    for ref, model, connection in ((crew.own(), "steady", "Kanzlei GPU"), (standard, "Steady", "Our rack")):
        told = await crew.calls("member", ref)
        entries = await refusals()
        assert len(entries) - before == len(told)
        before = len(entries)
        assert {(one["actor"], one["outcome"], one["sentence"]) for one in entries[: len(told)]} == {
            ("Mia", "refused", f"Mia wanted to write with {model}, which is not open to them; nothing was sent.")
        }
        assert {(one["object_id"], one["details"]["connection"]) for one in entries[: len(told)]} == {(ref, connection)}
    # What no catalogue has is what somebody typed.
    body: dict[str, Any] = {"provider": "rack", "model_id": None, "kind": "nobody", "roles": [], "people": []}
    assert (await crew.olga.call("PUT", "/api/standard-models/audience", body)).status_code == 200
    conversation = await mia.post("/api/conversations", {})
    wish = {"client_id": str(uuid.uuid4()), "text": "Hello?", "model_ref": "standard:rack/my secret"}
    refused = await mia.call("POST", f"/api/conversations/{conversation['id']}/messages", wish)
    assert (refused.status_code, refused.json()["error"]["code"]) == REFUSED
    assert "rack" not in refused.text
    newest = (await refusals())[0]
    assert (newest["object_id"], newest["object_name"]) == ("standard:rack", "Our rack")


async def test_a_right_that_is_taken_ends_what_is_being_written(crew: Crew) -> None:
    mia = crew.people["member"]
    exchange = await mia.ask("Hello?", crew.own("held"))
    olgas = await crew.olga.ask("Hello?", crew.own("held"))
    await crew.rule("roles", roles=("owner", "admin"))
    receipt = await mia.wait_for(exchange)  # the endpoint is never released: only the lost right can end this
    assert (receipt["state"], receipt["problem"]["code"]) == ("interrupted", "model_closed_meanwhile")
    stored = (await mia.get(f"/api/conversations/{exchange['conversation_id']}"))["messages"][1]
    assert stored["text"]
    crew.server.release()
    assert (await crew.olga.wait_for(olgas))["state"] == "done"


async def test_whoever_loses_a_role_loses_what_it_opened(crew: Crew) -> None:
    await crew.rule("roles", roles=("admin",))
    adam = crew.people["admin"]
    exchange = await adam.ask("Hello?", crew.own("held"))
    answer = await crew.olga.call("PATCH", f"/api/team/members/{adam.session['me']['id']}", {"role": "member"})
    assert answer.status_code == 200
    adam.csrf = None  # a change of role ends the sign-in, too
    await adam.enter("/api/sign-in", {"email": "adam@example.com", "password": PASSWORD})
    receipt = await adam.wait_for(exchange)
    assert receipt["problem"]["code"] == "model_closed_meanwhile"


async def test_asking_and_taking_the_right_at_once_leaves_no_answer_that_nobody_may_have(crew: Crew) -> None:
    """Whichever is first: it is refused and nothing was sent, or it began and is ended."""
    mia = crew.people["member"]
    for _ in range(6):
        await crew.rule("everyone")
        conversation = await mia.post("/api/conversations", {})
        body = {"client_id": str(uuid.uuid4()), "text": "Hello?", "model_ref": crew.own("held")}
        asking = mia.call("POST", f"/api/conversations/{conversation['id']}/messages", body)
        asked, _ = await asyncio.gather(asking, crew.rule("roles", roles=("owner",)))
        stored = (await mia.get(f"/api/conversations/{conversation['id']}"))["messages"]
        if asked.status_code == 201:
            receipt = await mia.wait_for(asked.json())
            assert receipt["problem"]["code"] == "model_closed_meanwhile"
        else:
            assert (asked.status_code, asked.json()["error"]["code"]) == REFUSED
            assert stored == []


async def _alias(crew: Crew, target: str, name: str = "House model") -> dict[str, Any]:
    made: dict[str, Any] = await crew.olga.post("/api/aliases", {"name": name, "target_ref": target})
    return dict(made["alias"])


async def _point(crew: Crew, alias: dict[str, Any], target: str) -> None:
    body = {"target_ref": target, "confirmed": True, "reason": ""}
    assert (await crew.olga.call("PUT", f"/api/aliases/{alias['id']}/target", body)).status_code == 200


async def test_the_receipt_names_the_alias_and_what_it_stood_for_then(crew: Crew) -> None:
    """P21: the conversation stays with the name, and each answer says what gave it."""
    alias, mia = await _alias(crew, crew.own()), crew.people["member"]
    first = await mia.ask("Hello?", alias["ref"])
    receipt = await mia.wait_for(first)
    named = {"id": alias["id"], "name": "House model", "target_ref": crew.own()}
    assert (receipt["model_ref"], receipt["alias"]) == (alias["ref"], named)
    assert (receipt["model_name"], receipt["connection_name"], receipt["origin"]) == (
        "steady",
        "Kanzlei GPU",
        "own_hardware",
    )
    await _point(crew, alias, "standard:rack/steady")
    again = {"client_id": str(uuid.uuid4()), "text": "More?", "model_ref": alias["ref"]}
    asked = await mia.call("POST", f"/api/conversations/{first['conversation_id']}/messages", again)
    # The zone is that of what it stands for now: words so far leave the house only if somebody says so.
    assert (asked.status_code, asked.json()["error"]["code"]) == (409, "leaves_own_hardware")
    at = f"/api/conversations/{first['conversation_id']}/messages/{first['answer']['id']}"
    for way in ("regenerate", "continue"):
        second = await mia.wait_for(await mia.post(f"{at}/{way}", {"model_ref": None, "may_leave": True}))
        assert (second["model_ref"], second["alias"]["target_ref"]) == (alias["ref"], "standard:rack/steady")
        assert (second["connection_name"], second["origin"]) == ("Our rack", "included")
    exported = await mia.call("GET", f"/api/conversations/{first['conversation_id']}/export?format=json")
    replies = [one["reply"] for one in exported.json()["messages"] if one["reply"]]
    assert {(reply["alias"], reply["connection"]) for reply in replies} == {
        ("House model", "Kanzlei GPU"),
        ("House model", "Our rack"),
    }
    receipts = (await mia.get(f"/api/conversations/{first['conversation_id']}/receipts"))["receipts"]
    assert {(one["alias"], one["asked_for"], one["connection"]) for one in receipts} == {
        ("House model", alias["ref"], "Kanzlei GPU"),
        ("House model", alias["ref"], "Our rack"),
    }
    assert (await crew.olga.call("DELETE", f"/api/aliases/{alias['id']}")).status_code == 200
    shown = await mia.get(f"/api/conversations/{first['conversation_id']}")
    assert {one["reply"]["alias"]["name"] for one in shown["messages"] if one["reply"]} == {"House model"}
    refused = await mia.call("POST", f"{at}/regenerate", {"model_ref": None})
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "alias_gone")
    assert "House model" in refused.json()["error"]["message"]


async def test_a_sealed_conversation_goes_nowhere_because_an_alias_was_pointed_elsewhere(crew: Crew) -> None:
    """P19: its zone is that of the model which would answer."""
    alias, mia = await _alias(crew, crew.own()), crew.people["member"]
    sealed = await mia.post("/api/conversations", {"sealed_to": ["own_hardware"]})
    exchange = await mia.ask("Hello?", alias["ref"], sealed["id"])
    await mia.wait_for(exchange)
    await _point(crew, alias, "standard:rack/steady")
    requests, at = crew.server.counts.requests, f"/api/conversations/{sealed['id']}/messages"
    answer = exchange["answer"]["id"]
    for path, body in (
        (at, {"client_id": str(uuid.uuid4()), "text": "More?", "model_ref": alias["ref"], "parent_id": answer}),
        (f"{at}/{answer}/regenerate", {"model_ref": None, "may_leave": True}),
        (f"{at}/{answer}/continue", {"model_ref": None, "may_leave": True}),
    ):
        refused = await mia.call("POST", path, body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "outside_seal"), refused.text
    assert crew.server.counts.requests == requests


async def test_a_name_that_is_pointed_elsewhere_while_asking_leaves_receipts_that_tell_the_truth(crew: Crew) -> None:
    alias, mia = await _alias(crew, crew.own()), crew.people["member"]
    running_on = await mia.ask("Hello?", (await _alias(crew, crew.own("held"), "Held model"))["ref"])
    targets = {crew.own(): "Kanzlei GPU", "standard:rack/steady": "Our rack"}

    async def turn() -> None:
        for target in list(targets) * 3:
            await _point(crew, alias, target)

    async def ask() -> list[dict[str, Any]]:
        return [await mia.wait_for(await mia.ask("Hello?", alias["ref"])) for _ in range(6)]

    _, receipts = await asyncio.gather(turn(), ask())
    for receipt in receipts:
        assert receipt["connection_name"] == targets[receipt["alias"]["target_ref"]]
    held = (await crew.olga.get("/api/aliases"))["aliases"][0]
    await _point(crew, held, "standard:rack/steady")
    crew.server.release()
    receipt = await mia.wait_for(running_on)
    assert (receipt["state"], receipt["connection_name"]) == ("done", "Kanzlei GPU")
    history = await crew.olga.get(f"/api/aliases/{alias['id']}")
    pointed = [turn["target_ref"] for turn in reversed(history["turns"])]
    assert all(before != after for before, after in itertools.pairwise(pointed))


async def test_two_admins_who_name_at_once_leave_one_name(crew: Crew) -> None:
    body = {"name": "House model", "target_ref": crew.own()}
    answers = await asyncio.gather(
        *(crew.people[role].call("POST", "/api/aliases", body) for role in ("owner", "admin") * 3)
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    assert {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409} == {"alias_name_taken"}


async def test_going_farther_asks_first_and_names_the_field(crew: Crew) -> None:
    alias = await _alias(crew, crew.own())
    body = {"target_ref": "standard:rack/steady", "reason": "Moving"}
    asked = await crew.olga.call("PUT", f"/api/aliases/{alias['id']}/target", body)
    assert (asked.status_code, asked.json()["error"]["code"], asked.json()["error"]["field"]) == (
        409,
        "alias_goes_farther",
        "confirmed",
    )
    await _point(crew, alias, "standard:rack/steady")
    trail = (await crew.olga.get("/api/audit"))["entries"]
    assert trail[0]["action"] == "alias.repointed"
    assert trail[0]["details"]["confirmed"] is True


async def test_rules_and_names_are_read_as_they_were_set(crew: Crew) -> None:
    await crew.rule("people", people=("member", "owner"))
    path = f"/api/connections/{crew.connection['id']}"
    model = crew.own().removeprefix("byom:")
    body = {"kind": "roles", "roles": ["member"]}
    assert (await crew.olga.call("PUT", f"{path}/models/{model}/audience", body)).status_code == 200
    read = await crew.people["admin"].get(f"{path}/audience")
    assert (read["audience"]["kind"], [one["name"] for one in read["audience"]["people"]]) == (
        "people",
        ["Mia", "Olga"],
    )
    by_id = {one["id"]: one["audience"] for one in read["models"]}
    assert by_id.pop(model) == {"kind": "roles", "roles": ["member"], "people": []}
    assert set(by_id.values()) == {None}
    await crew.rule_standard("nobody")
    [provider] = (await crew.olga.get("/api/standard-models"))["providers"]
    assert (provider["audience"], provider["models"][0]["audience"]["kind"]) == (None, "nobody")
    await crew.rule_standard("people", people=("member",))
    [provider] = (await crew.olga.get("/api/standard-models"))["providers"]
    ruled = provider["models"][0]["audience"]
    assert (ruled["kind"], ruled["roles"], [one["name"] for one in ruled["people"]]) == ("people", [], ["Mia"])
    back = {"kind": "inherit", "provider": "rack", "model_id": "steady"}
    [provider] = (await crew.olga.call("PUT", "/api/standard-models/audience", back)).json()["providers"]
    assert provider["models"][0]["audience"] is None
