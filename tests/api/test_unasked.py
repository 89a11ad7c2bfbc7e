"""A question that is saved without being asked: kept beside the earlier one, sent to nobody until it is asked."""

import json
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select

from moorage.accounts.standing import set_standing
from moorage.accounts.tables import TeamRow
from moorage.audit.tables import AuditRow
from moorage.chat.tables import ReplyRow
from moorage.usage.tables import ReservationRow
from tests.support.attaching import attach, send
from tests.support.running import Harbour, Person
from tests.support.tables import read_tables


async def _begin(harbour: Harbour, text: str = "Erste Fassung") -> tuple[Person, Any, str]:
    """Let Olga ask once; gives her, the exchange and the address of its conversation."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["echo", "steady"])
    exchange = await send(olga, text, ref=await _ref(olga, "steady"))
    return olga, exchange, f"/api/conversations/{exchange['conversation_id']}"


async def _ref(person: Person, model_id: str) -> str:
    lines = (await person.get("/api/models"))["models"]
    return str(next(line["ref"] for line in lines if line["model_id"] == model_id))


def _version(text: str, *files: Any) -> dict[str, Any]:
    return {"client_id": str(uuid.uuid4()), "text": text, "attachments": [one["id"] for one in files]}


async def _counts(harbour: Harbour) -> list[int]:
    async with harbour.built.parts.database.read() as tx:
        rows = [await tx.scalar(select(func.count()).select_from(one)) for one in (ReplyRow, ReservationRow, AuditRow)]
    return [harbour.models.counts.requests, *(one or 0 for one in rows)]


async def test_a_saved_version_goes_nowhere_and_the_earlier_one_stays_as_it_was(harbour: Harbour) -> None:
    olga, exchange, path = await _begin(harbour)
    before, shown_before = await _counts(harbour), await olga.get(path)
    tables = await read_tables(harbour.built.parts.database)
    versions = f"{path}/messages/{exchange['question']['id']}/versions"
    saved = await olga.post(versions, _version("Zweite Fassung"))
    assert (saved["role"], saved["text"], saved["unasked"]) == ("user", "Zweite Fassung", True)
    assert (saved["parent_id"], saved["reply"]) == (exchange["question"]["parent_id"], None)
    shown = await olga.get(path)
    assert shown["head_id"] == saved["id"]
    assert shown["messages"][:2] == shown_before["messages"]
    assert [one["unasked"] for one in shown["messages"]] == [False, False, True]
    assert shown["messages"][2] | {"created_at": ""} == saved | {"created_at": ""}
    # One that was not asked yet is not overwritten either; an answer leads to its question.
    third = await olga.post(f"{path}/messages/{saved['id']}/versions", _version("Dritte Fassung"))
    fourth = await olga.post(f"{path}/messages/{exchange['answer']['id']}/versions", _version("Vierte Fassung"))
    texts = {one["id"]: one["text"] for one in (await olga.get(path))["messages"]}
    assert [texts[one["id"]] for one in (saved, third, fourth)] == [
        "Zweite Fassung",
        "Dritte Fassung",
        "Vierte Fassung",
    ]
    assert await _counts(harbour) == before
    after = await read_tables(harbour.built.parts.database)
    assert {name for name in after if after[name] != tables[name]} == {"conversation", "message", "search_entry"}


async def test_asked_later_it_is_the_same_question_and_its_answer_follows_it(harbour: Harbour) -> None:
    olga, exchange, path = await _begin(harbour)
    saved = await olga.post(f"{path}/messages/{exchange['question']['id']}/versions", _version("Zweite Fassung"))
    asked = await olga.post(f"{path}/messages/{saved['id']}/regenerate", {"model_ref": await _ref(olga, "echo")})
    assert (asked["question"]["id"], asked["question"]["unasked"]) == (saved["id"], False)
    assert asked["answer"]["parent_id"] == saved["id"]
    assert (await olga.wait_for(asked))["state"] == "done"
    shown = await olga.get(path)
    assert [one["text"] for one in shown["messages"] if one["role"] == "user"] == ["Erste Fassung", "Zweite Fassung"]
    assert not any(one["unasked"] for one in shown["messages"])
    assert shown["head_id"] == asked["answer"]["id"]
    heard = next(one["text"] for one in shown["messages"] if one["id"] == asked["answer"]["id"])
    assert "Zweite Fassung" in heard
    assert "Erste Fassung" not in heard
    # Without a model there is none to take again.
    third = await olga.post(f"{path}/messages/{saved['id']}/versions", _version("Dritte Fassung"))
    refused = await olga.call("POST", f"{path}/messages/{third['id']}/regenerate", {"model_ref": None})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "model_needed")


async def test_nothing_follows_one_that_was_not_asked_and_what_is_written_beside_it_does_not_take_it_along(
    harbour: Harbour,
) -> None:
    olga, exchange, path = await _begin(harbour)
    second = await olga.ask(
        "Und dann?", await _ref(olga, "steady"), exchange["conversation_id"], exchange["answer"]["id"]
    )
    await olga.wait_for(second)
    saved = await olga.post(f"{path}/messages/{second['question']['id']}/versions", _version("Geheim bis gefragt"))
    echo = await _ref(olga, "echo")
    message = {"client_id": str(uuid.uuid4()), "parent_id": saved["id"], "text": "Weiter", "model_ref": echo}
    several = {**message, "model_refs": [echo, await _ref(olga, "steady")], "blind": False}
    del several["model_ref"]
    before = await _counts(harbour)
    for to, body in ((f"{path}/messages", message), (f"{path}/comparisons", several)):
        refused = await olga.call("POST", to, body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "question_unasked")
    assert (await _counts(harbour))[:3] == before[:3]
    beside = await olga.post(f"{path}/messages", message | {"parent_id": saved["parent_id"]})
    await olga.wait_for(beside)
    messages = {one["id"]: one for one in (await olga.get(path))["messages"]}
    assert "Geheim" not in messages[beside["answer"]["id"]]["text"]
    assert messages[saved["id"]]["unasked"] is True


async def test_sent_twice_it_is_stored_once_and_its_id_is_no_others(harbour: Harbour) -> None:
    olga, exchange, path = await _begin(harbour)
    versions, body = f"{path}/messages/{exchange['question']['id']}/versions", _version("Zweite Fassung")
    first = await olga.post(versions, body)
    again = await olga.post(versions, body)
    assert again | {"created_at": ""} == first | {"created_at": ""}
    assert len((await olga.get(path))["messages"]) == 3
    other = await send(olga, "Anderswo", ref=await _ref(olga, "steady"))
    elsewhere = f"/api/conversations/{other['conversation_id']}/messages/{other['question']['id']}/versions"
    message = {"client_id": body["client_id"], "text": body["text"], "model_ref": await _ref(olga, "steady")}
    for to, what in ((versions, body | {"text": "Andere"}), (elsewhere, body), (f"{path}/messages", message)):
        refused = await olga.call("POST", to, what)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "message_id_used"), to


async def test_its_files_stay_with_it_and_foreign_ones_do_not_come(harbour: Harbour) -> None:
    olga, eve = await harbour.olga(), await harbour.eve()
    await olga.connect(harbour.models.base_url, ["steady"])
    file, theirs = await attach(olga, "Akte.txt", b"words"), await attach(eve, "Eves.txt", b"hers")
    exchange = await send(olga, "Lies das", file)
    path = f"/api/conversations/{exchange['conversation_id']}"
    versions = f"{path}/messages/{exchange['question']['id']}/versions"
    saved = await olga.post(versions, _version("", file))
    assert [one["id"] for one in saved["attachments"]] == [file["id"]]
    assert (await olga.get(path))["messages"][-1]["attachments"] == saved["attachments"]
    for body, status in ((_version("x", theirs), 404), (_version(""), 422), (_version("x" * 400_001), 422)):
        assert (await olga.call("POST", versions, body)).status_code == status
    for text, status in (("\0", 422), ("a\0b", 201)):
        assert (await olga.call("POST", versions, _version(text))).status_code == status, repr(text)
    assert (await olga.get(path))["messages"][-1]["text"] == "ab"
    assert (await eve.call("POST", versions, _version("Ihres"))).status_code == 404


async def test_a_team_that_may_ask_nobody_keeps_its_words_and_asks_once_it_may(harbour: Harbour) -> None:
    """P14: no gate stands before what goes nowhere; the one before asking stands."""
    olga, exchange, path = await _begin(harbour)
    database = harbour.built.parts.database
    async with database.write() as tx:
        team_id = await tx.scalar(select(TeamRow.id).where(TeamRow.id == uuid.UUID(olga.session["team"]["id"])))
        assert team_id is not None
        await set_standing(tx, team_id, plan=None, standing="suspended")
    saved = await olga.post(f"{path}/messages/{exchange['question']['id']}/versions", _version("Zweite Fassung"))
    ask = (f"{path}/messages/{saved['id']}/regenerate", {"model_ref": await _ref(olga, "steady")})
    refused = await olga.call("POST", *ask)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "access_suspended")
    async with database.write() as tx:
        await set_standing(tx, team_id, plan=None, standing="active")
    assert (await olga.wait_for(await olga.post(*ask)))["state"] == "done"


@pytest.mark.parametrize(("language", "said"), [("en", "*Not asked: "), ("de", "*Nicht gestellt: ")])
async def test_files_readers_and_the_search_have_it_and_say_that_it_went_nowhere(
    harbour: Harbour, language: str, said: str
) -> None:
    """P12, P21."""
    olga, exchange, path = await _begin(harbour)
    mia = await harbour.invited_by(olga, "mia", "member")
    saved = await olga.post(f"{path}/messages/{exchange['question']['id']}/versions", _version("Kündigungsfrist?"))
    markdown = (await olga.call("GET", f"{path}/export?format=markdown", **{"Accept-Language": language})).text
    assert f"## Olga\n\nKündigungsfrist?\n\n{said}" in markdown
    assert markdown.count("## ") == 1
    exported = json.loads((await olga.call("GET", f"{path}/export?format=json")).text)
    assert [one["unasked"] for one in exported["messages"]] == [False, False, True]
    receipts = json.loads((await olga.call("GET", f"{path}/receipts?format=json")).text)
    assert saved["id"] not in json.dumps(receipts)
    [found] = (await olga.post("/api/searches", {"text": "kündigungsfr"}))["results"]
    assert [hit["message_id"] for hit in found["hits"]] == [saved["id"]]
    await olga.call("PUT", f"{path}/sharing/team")
    seen = (await mia.get(f"/api/shared-conversations/{exchange['conversation_id']}"))["messages"]
    assert [(one["text"], one["unasked"]) for one in seen] == [("Kündigungsfrist?", True)]
    # What its readers see of an older version was asked, though they don't see the answer.
    await olga.call("PUT", f"{path}/sharing/head", {"message_id": exchange["question"]["id"]})
    seen = (await mia.get(f"/api/shared-conversations/{exchange['conversation_id']}"))["messages"]
    assert [(one["text"], one["unasked"]) for one in seen] == [("Erste Fassung", False)]
