"""Conversations that are kept, found, taken along and continued, over the real API."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from moorage.chat.announcing import MAX_CONTINUED_CHARS
from moorage.chat.conversations import MAX_PINNED
from moorage.chat.tables import MessageRow
from tests.support.running import MODEL_KEY, Harbour, Person


async def ref(person: Person, model_id: str) -> str:
    lines = (await person.get("/api/models"))["models"]
    return str(next(line["ref"] for line in lines if line["model_id"] == model_id))


async def titled(person: Person, title: str) -> str:
    return str((await person.post("/api/conversations", {"title": title}))["id"])


async def change(person: Person, conversation_id: str, **wish: Any) -> Any:
    answer = await person.call("PATCH", f"/api/conversations/{conversation_id}", wish)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def lists(person: Person) -> tuple[list[str], list[str], list[str]]:
    """Titles: pinned, in use, archived."""
    used = await person.get("/api/conversations")
    archived = await person.get("/api/conversations?archived=true")
    assert archived["pinned"] == []
    pinned, newest, put_away = (
        [str(line["title"]) for line in lines]
        for lines in (used["pinned"], used["conversations"], archived["conversations"])
    )
    return pinned, newest, put_away


async def test_what_is_pinned_stands_apart_and_what_is_archived_out_of_the_way(harbour: Harbour) -> None:
    olga = await harbour.olga()
    one, two, three = [await titled(olga, title) for title in ("one", "two", "three")]
    assert (await change(olga, two, pinned=True))["pinned"]
    await change(olga, one, pinned=True)
    assert (await change(olga, three, archived=True))["archived"]
    assert await lists(olga) == (["two", "one"], [], ["three"])
    await change(olga, two, archived=True)
    await change(olga, three, pinned=True)
    assert await lists(olga) == (["one", "three"], [], ["two"])
    await change(olga, one, pinned=False)
    await change(olga, two, archived=False, title="second")
    assert await lists(olga) == (["three"], ["second", "one"], [])
    assert (await olga.get(f"/api/conversations/{three}"))["pinned"]


async def test_writing_takes_a_conversation_out_of_the_archive(harbour: Harbour) -> None:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady"])
    exchange = await olga.ask("Hello?", await ref(olga, "steady"))
    await olga.wait_for(exchange)
    await change(olga, exchange["conversation_id"], archived=True)
    again = await olga.ask("And?", await ref(olga, "steady"), exchange["conversation_id"], exchange["answer"]["id"])
    await olga.wait_for(again)
    assert await lists(olga) == ([], ["Hello?"], [])


async def test_only_so_many_can_be_pinned(harbour: Harbour) -> None:
    olga = await harbour.olga()
    for number in range(MAX_PINNED):
        await change(olga, await titled(olga, str(number)), pinned=True)
    one_more = await titled(olga, "one more")
    refused = await olga.call("PATCH", f"/api/conversations/{one_more}", {"title": "renamed", "pinned": True})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "pins_full")
    assert str(MAX_PINNED) in refused.json()["error"]["message"]
    assert (await olga.get(f"/api/conversations/{one_more}"))["title"] == "one more"  # and never half a change


async def test_questions_answers_and_titles_are_found_as_soon_as_they_are_stored(harbour: Harbour) -> None:
    olga, eve = await harbour.olga(), await harbour.eve()
    await olga.connect(harbour.models.base_url, ["steady", "echo"])
    exchange = await olga.ask("Wie lange gilt die Mietpreisbremse?", await ref(olga, "echo"))
    await olga.wait_for(exchange)
    (found,) = (await olga.post("/api/searches", {"text": "mietpreis"}))["results"]
    assert found["conversation_id"] == exchange["conversation_id"]
    assert {hit["message_id"] for hit in found["hits"]} == {exchange["question"]["id"], exchange["answer"]["id"]}
    assert {"text": "Mietpreisbremse", "marked": True} in found["title"]
    assert await eve.post("/api/searches", {"text": "mietpreis"}) == {"results": [], "more": False}
    empty = await olga.call("POST", "/api/searches", {"text": "  "})
    assert empty.status_code == 422


async def test_an_export_is_a_file_with_what_was_said_and_neither_key_nor_address(harbour: Harbour) -> None:
    """P12."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "echo"])
    exchange = await olga.ask("# Größe\n\n*wie* viel?", await ref(olga, "steady"))
    await olga.wait_for(exchange)
    path = f"/api/conversations/{exchange['conversation_id']}"
    again = await olga.post(f"{path}/messages/{exchange['answer']['id']}/regenerate", {"model_ref": None})
    await olga.wait_for(again)
    shown = {one["id"]: one for one in (await olga.get(path))["messages"]}
    await change(olga, exchange["conversation_id"], title='Größe "1"\n/../ähnlich')
    markdown = await olga.call("GET", f"{path}/export?format=markdown", **{"Accept-Language": "de"})
    assert markdown.headers["content-disposition"] == 'attachment; filename="groesse-1-aehnlich.md"'
    assert markdown.headers["content-type"].startswith("text/markdown")
    assert markdown.text.startswith('# Größe "1" /../ähnlich\n\n*Aus Moorage exportiert, ')
    assert "## Olga\n\n# Größe\n\n*wie* viel?\n\n## " in markdown.text
    assert markdown.text.count(shown[again["answer"]["id"]]["text"].strip()) == 1  # only the branch that is shown
    exported = await olga.call("GET", f"{path}/export?format=json")
    assert exported.headers["content-disposition"] == 'attachment; filename="groesse-1-aehnlich.json"'
    content = json.loads(exported.text)
    assert (content["format"], content["version"]) == ("moorage-conversation", 1)
    assert [one["role"] for one in content["messages"]] == ["user", "assistant", "assistant"]
    assert content["messages"][1]["reply"]["connection"] == "Kanzlei GPU"
    for text in (markdown.text, exported.text):
        assert MODEL_KEY not in text
        assert str(harbour.models.port) not in text
        assert "localhost" not in text
    assert (await olga.call("GET", f"{path}/export?format=pdf")).status_code == 422


async def test_an_answer_that_broke_off_goes_on_beside_itself(harbour: Harbour) -> None:
    """P2, P16: what was there stays, the new one begins with it, and only what is new is counted."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "held", "echo"])
    exchange = await olga.ask("Hello?", await ref(olga, "held"))
    reply_id = exchange["answer"]["reply"]["reply_id"]
    async for event in olga.events("GET", f"/api/replies/{reply_id}/events"):
        if event.name != "end" and event.data["text"]:
            await olga.post(f"/api/replies/{reply_id}/stop")
    path = f"/api/conversations/{exchange['conversation_id']}"
    begun = (await olga.get(path))["messages"][1]["text"]
    goes_on = {"model_ref": await ref(olga, "echo")}
    more = await olga.post(f"{path}/messages/{exchange['answer']['id']}/continue", goes_on)
    assert more["answer"]["text"] == begun
    assert more["answer"]["parent_id"] == exchange["question"]["id"]
    seen, receipt = "", {}
    async for event in olga.events("GET", f"/api/replies/{more['answer']['reply']['reply_id']}/events"):
        if event.name != "end":
            seen = event.data["text"] if event.name == "snapshot" else seen + event.data["text"]
        else:
            receipt = event.data["receipt"]
    shown = {one["id"]: one for one in (await olga.get(path))["messages"]}
    assert shown[exchange["answer"]["id"]]["text"] == begun
    text = shown[more["answer"]["id"]]["text"]
    assert text == seen
    assert text.startswith(begun)
    assert receipt["continues_id"] == exchange["answer"]["id"]
    heard = json.loads(text.removeprefix(begun))
    turns = heard if isinstance(heard, list) else heard["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[1]["content"] == begun
    assert "Continue" in turns[2]["content"]
    (found,) = (await olga.post("/api/searches", {"text": "continue exactly"}))["results"]
    assert [hit["message_id"] for hit in found["hits"]] == [more["answer"]["id"]]


@pytest.mark.parametrize("which", ["question", "answer"])
async def test_what_has_no_words_can_not_be_continued(harbour: Harbour, which: str) -> None:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "error-401"])
    exchange = await olga.ask("Hello?", await ref(olga, "error-401"))
    await olga.wait_for(exchange)
    path = f"/api/conversations/{exchange['conversation_id']}/messages/{exchange[which]['id']}/continue"
    refused = await olga.call("POST", path, {"model_ref": await ref(olga, "steady")})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "nothing_to_continue")


async def test_an_edit_is_a_sibling_and_each_version_can_be_shown_again(harbour: Harbour) -> None:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady"])
    model = await ref(olga, "steady")
    first = await olga.ask("First", model)
    await olga.wait_for(first)
    edited = await olga.ask("Edited", model, first["conversation_id"], None)
    await olga.wait_for(edited)
    path = f"/api/conversations/{first['conversation_id']}"
    assert (await olga.get(path))["head_id"] == edited["answer"]["id"]
    shown = await olga.call("PUT", f"{path}/head", {"message_id": first["answer"]["id"]})
    assert shown.json()["head_id"] == first["answer"]["id"]
    assert [one["text"] for one in shown.json()["messages"] if one["role"] == "user"] == ["First", "Edited"]


async def test_an_answer_without_end_can_not_be_continued_for_ever(harbour: Harbour) -> None:
    """Each that goes on holds the text of those before it."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady"])
    exchange = await olga.ask("First", await ref(olga, "steady"))
    await olga.wait_for(exchange)
    answer_id = exchange["answer"]["id"]
    path = f"/api/conversations/{exchange['conversation_id']}/messages/{answer_id}/continue"
    of_answer = update(MessageRow).where(MessageRow.id == UUID(answer_id))
    async with harbour.built.parts.database.write() as tx:
        await tx.execute(of_answer.values(text="x" * (MAX_CONTINUED_CHARS + 1)))
    refused = await olga.call("POST", path, {})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "nothing_to_continue")
    async with harbour.built.parts.database.write() as tx:
        await tx.execute(of_answer.values(text="x" * MAX_CONTINUED_CHARS))
    assert (await olga.call("POST", path, {})).status_code == 201
