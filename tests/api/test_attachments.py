"""Attachments over HTTP: kept with the message they go with, shown to who may read it, gone with the conversation."""

import asyncio
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from moorage.chat.attachments import sweep
from moorage.chat.tables import AttachmentContentRow, AttachmentRow, MessageAttachmentRow
from tests.support.attaching import attach, content, first_ref, put, send
from tests.support.authority import TestAuthority
from tests.support.comparing import asked_of
from tests.support.files import CAMERA, pdf, photo
from tests.support.model_server import ModelServer
from tests.support.running import Harbour, Person, running, settings_for

GONE = (404, "attachment_gone")


async def refused(person: Person, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = await person.call(method, path, body)
    return answer.status_code, answer.json()["error"]["code"]


async def stored(harbour: Harbour) -> tuple[int, int, int]:
    """How many attachments there are, contents, and links to messages."""
    async with harbour.built.parts.database.read() as tx:
        tables = (AttachmentRow, AttachmentContentRow, MessageAttachmentRow)
        return tuple([await tx.scalar(select(func.count()).select_from(one)) for one in tables])  # type: ignore[return-value]


async def olga_with_a_model(harbour: Harbour) -> Person:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "echo"])
    return olga


async def test_what_was_attached_stands_with_the_message(harbour: Harbour) -> None:
    """P2."""
    olga = await olga_with_a_model(harbour)
    picture = await attach(olga, "Baustelle Nord.jpg", photo())
    contract = await attach(olga, "Vertrag.pdf", pdf("Kaufvertrag", "Frist"))
    note = await attach(olga, "notes.md", b"# Frist\n\n3 Wochen")
    assert [one["kind"] for one in (picture, contract, note)] == ["image", "pdf", "text"]
    assert (contract["pages"], contract["has_text"]) == (2, True)
    exchange = await send(olga, "What does it say?", note, picture, contract)
    view = await olga.get(f"/api/conversations/{exchange['conversation_id']}")
    assert view["messages"][0]["attachments"] == exchange["question"]["attachments"] == [note, picture, contract]
    assert view["messages"][1]["attachments"] == []


async def test_a_picture_is_given_back_without_what_it_told_and_runs_nothing(harbour: Harbour) -> None:
    olga = await harbour.olga()
    shown = await content(olga, await attach(olga, "x.jpg", photo()))
    assert shown.status_code == 200
    assert CAMERA.encode() not in shown.content
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["content-disposition"] == "inline; filename*=UTF-8''x.jpg"
    saved = await content(olga, await attach(olga, "Ü <script>.html", b"<script>alert(1)</script>"))
    assert saved.headers["content-type"] == "text/plain; charset=utf-8"
    assert saved.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%9C%20%3Cscript%3E.html"
    assert saved.text == "<script>alert(1)</script>"
    for answer in (shown, saved):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'; sandbox" in answer.headers.get_list("content-security-policy")


async def test_one_persons_files_are_nobody_elses(harbour: Harbour) -> None:
    olga = await olga_with_a_model(harbour)
    mia, eve = await harbour.invited_by(olga, "Mia", "member"), await harbour.eve()
    waiting, sent = await attach(olga, "a.txt", b"waiting"), await attach(olga, "b.txt", b"sent")
    await send(olga, "Here", sent)
    for person in (mia, eve):
        for one in (waiting, sent):
            path = f"/api/attachments/{one['id']}"
            for method, where in (("GET", path), ("DELETE", path), ("GET", f"{path}/content")):
                assert await refused(person, method, where) == GONE, (method, where)
    theirs = (await mia.post("/api/conversations", {}))["id"]
    body = {"client_id": str(uuid.uuid4()), "text": "Mine?", "model_ref": await first_ref(mia)}
    wish = {**body, "attachments": [waiting["id"]]}
    assert await refused(mia, "POST", f"/api/conversations/{theirs}/messages", wish) == GONE
    assert (await mia.get(f"/api/conversations/{theirs}"))["messages"] == [], "nothing of it may be stored"


async def test_a_file_belongs_to_one_conversation_and_stays_with_its_edits(harbour: Harbour) -> None:
    olga = await olga_with_a_model(harbour)
    one = await attach(olga, "a.txt", b"words")
    first = await send(olga, "First", one)
    edited = {
        "client_id": str(uuid.uuid4()),
        "parent_id": None,
        "text": "Edited",
        "model_ref": await first_ref(olga),
        "attachments": [one["id"]],
    }
    path = f"/api/conversations/{first['conversation_id']}/messages"
    exchange = await olga.post(path, edited)
    assert exchange["question"]["attachments"] == [one]
    await olga.wait_for(exchange)
    assert (await olga.post(path, edited))["question"]["id"] == exchange["question"]["id"], "sent twice, it is one"
    assert await refused(olga, "POST", path, {**edited, "attachments": []}) == (409, "message_id_used")
    elsewhere = (await olga.post("/api/conversations", {}))["id"]
    again = {**edited, "client_id": str(uuid.uuid4())}
    assert await refused(olga, "POST", f"/api/conversations/{elsewhere}/messages", again) == GONE
    assert await refused(olga, "DELETE", f"/api/attachments/{one['id']}") == (409, "attachment_sent")


async def test_files_go_with_their_conversation_and_what_was_never_sent_after_a_day(harbour: Harbour) -> None:
    olga = await olga_with_a_model(harbour)
    sent, waiting, dropped = [await attach(olga, f"{at}.txt", b"words") for at in range(3)]
    exchange = await send(olga, "Here", sent)
    assert (await olga.call("DELETE", f"/api/attachments/{dropped['id']}")).status_code == 200
    assert await stored(harbour) == (2, 2, 1)
    async with harbour.built.parts.database.write() as tx:
        assert await sweep(tx) == 0, "it waits for a day"
        assert await sweep(tx, timedelta(0)) == 1
    assert await refused(olga, "GET", f"/api/attachments/{waiting['id']}") == GONE
    assert await stored(harbour) == (1, 1, 1), "what was sent stays"
    await olga.call("DELETE", f"/api/conversations/{exchange['conversation_id']}")
    assert await stored(harbour) == (0, 0, 0)


async def test_readers_of_a_shared_branch_see_its_files_and_no_others(harbour: Harbour) -> None:
    olga = await olga_with_a_model(harbour)
    mia, ben = await harbour.invited_by(olga, "Mia", "member"), await harbour.invited_by(olga, "Ben", "member")
    within, later, beside, waiting = [await attach(olga, f"{at}.txt", b"words %d" % at) for at in range(4)]
    first = await send(olga, "First", within)
    which = first["conversation_id"]
    await olga.call("PUT", f"/api/conversations/{which}/sharing/people/{mia.session['me']['id']}")
    await send(olga, "Later", later, after=first)
    edited = {**first, "answer": {"id": None}}
    await send(olga, "Beside", beside, after=edited)
    shown = await content(mia, within, which)
    assert (shown.status_code, shown.text) == (200, "words 0")
    assert "sandbox" in "".join(shown.headers.get_list("content-security-policy"))
    seen = (await mia.get(f"/api/shared-conversations/{which}"))["messages"]
    assert [one["attachments"] for one in seen] == [[within], []]
    for one in (later, beside, waiting):
        assert (await content(mia, one, which)).json()["error"]["code"] == "attachment_gone"
    assert (await content(ben, within, which)).status_code == 404
    assert (await content(mia, within)).status_code == 404, "only by way of what is shared"
    await olga.call("DELETE", f"/api/conversations/{which}/sharing")
    assert (await content(mia, within, which)).status_code == 404


async def test_an_export_names_what_was_attached(harbour: Harbour) -> None:
    olga = await olga_with_a_model(harbour)
    one = await attach(olga, "Vertrag *1*.pdf", pdf("Kaufvertrag"))
    exchange = await send(olga, "What does it say?", one)
    path = f"/api/conversations/{exchange['conversation_id']}/export"
    told = (await olga.get(f"{path}?format=json"))["messages"]
    assert told[0]["attachments"] == [
        {"id": one["id"], "name": "Vertrag *1*.pdf", "media_type": "application/pdf", "size": one["size"], "pages": 1}
    ]
    assert told[1]["reply"]["withheld"]["files"] == [{"id": one["id"], "name": "Vertrag *1*.pdf", "why": "as_text"}]
    text = (await olga.call("GET", f"{path}?format=markdown")).text
    assert "*Attached: Vertrag \\*1\\*.pdf*\n\nWhat does it say?" in text


async def test_files_go_without_a_word_and_nothing_at_all_does_not(harbour: Harbour) -> None:
    olga = await olga_with_a_model(harbour)
    one, other = await attach(olga, "Baustelle Nord.jpg", photo()), await attach(olga, "notes.md", b"# Frist")
    exchange = await send(olga, "", one, other)
    assert exchange["question"]["text"] == ""
    said: Any = harbour.models.last_chat["messages"]
    note = '[The attachment "Baustelle Nord.jpg" was not sent: this model takes no pictures.]'
    assert said == [{"role": "user", "content": f'<file name="notes.md">\n# Frist\n</file>\n\n{note}'}]
    await send(olga, "And now?", after=exchange)
    path = f"/api/conversations/{exchange['conversation_id']}"
    view = await olga.get(path)
    assert (view["title"], view["messages"][0]["attachments"]) == ("Baustelle Nord.jpg", [one, other])
    (found,) = (await olga.post("/api/searches", {"text": "baustelle"}))["results"]
    assert found["conversation_id"] == view["id"]
    assert (
        "*Attached: Baustelle Nord.jpg, notes.md*\n\n## "
        in (await olga.call("GET", f"{path}/export?format=markdown")).text
    )
    refs = [line["ref"] for line in (await olga.get("/api/models"))["models"]]
    third = await attach(olga, "more.md", b"more")
    made = await olga.post(
        f"{path}/comparisons", {**asked_of(refs, text="", parent_id=None), "attachments": [third["id"]]}
    )
    assert (made["question"]["text"], made["question"]["attachments"]) == ("", [third])
    nothing = {"client_id": str(uuid.uuid4()), "text": "  ", "model_ref": refs[0], "attachments": []}
    assert await refused(olga, "POST", f"{path}/messages", nothing) == (422, "field_empty")
    assert await refused(olga, "POST", f"{path}/comparisons", asked_of(refs, text="")) == (422, "field_empty")


async def test_the_document_says_what_an_upload_brings(harbour: Harbour) -> None:
    document = await (await harbour.olga()).get("/api/openapi.json")
    body = document["paths"]["/api/attachments"]["post"]["requestBody"]
    file = {"schema": {"type": "string", "format": "binary"}}
    assert body == {"required": True, "content": {"application/octet-stream": file}}


async def test_limits_are_kept_one_by_one(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    authority, server = models
    small: dict[str, Any] = {"attachment_mib": 1, "attachments_per_message": 2, "attachments_person_mib": 2}
    settings = settings_for(database_url, tmp_path, authority, server, attachments_team_mib=3, **small)
    async with running(settings, server) as harbour:
        olga = await olga_with_a_model(harbour)
        mia = await harbour.invited_by(olga, "Mia", "member")
        too_big = await put(olga, "big.txt", b"x" * (1024 * 1024 + 1))
        assert (too_big.status_code, too_big.json()["error"]["code"]) == (422, "attachment_too_big")
        assert "1 MiB" in too_big.json()["error"]["message"]
        mib = b"x" * (1024 * 1024)
        files = [await attach(olga, "a.txt", mib), await attach(olga, "b.txt", mib)]
        assert (await put(olga, "c.txt", b"x")).json()["error"]["code"] == "attachments_full_person"
        both = await asyncio.gather(put(mia, "d.txt", mib), put(mia, "e.txt", mib))
        assert sorted(one.status_code for one in both) == [201, 409], "two at once don't pass the team's limit"
        assert {one.json().get("error", {}).get("code") for one in both} == {None, "attachments_full_team"}
        await olga.call("DELETE", f"/api/attachments/{files.pop()['id']}")
        more = [await attach(olga, f"{at}.txt", b"x") for at in range(2)]
        body = {"client_id": str(uuid.uuid4()), "text": "Here", "model_ref": await first_ref(olga)}
        wish = {**body, "attachments": [one["id"] for one in (*files, *more)]}
        where = f"/api/conversations/{(await olga.post('/api/conversations', {}))['id']}/messages"
        assert await refused(olga, "POST", where, wish) == (422, "too_many_attachments")


async def test_a_page_learns_before_sending_what_will_not_go(harbour: Harbour) -> None:
    """P2: the same plan that decides it then; no endpoint is asked (P22)."""
    olga = await olga_with_a_model(harbour)
    asked = harbour.models.counts.requests
    one, other = await attach(olga, "x.png", photo(kind="PNG")), await attach(olga, "y.pdf", pdf("words"))
    ids = [one["id"], other["id"]]
    draft = {"model_ref": await first_ref(olga), "text_bytes": 30, "attachments": ids}
    foreseen = await olga.post("/api/message-previews", draft)
    assert foreseen["window"] == 8192
    assert [(file["name"], file["why"]) for file in foreseen["withheld"]["files"]] == [
        ("x.png", "no_images"),
        ("y.pdf", "as_text"),
    ]
    assert harbour.models.counts.requests == asked
    exchange = await send(olga, "What is this?" + " " * 17, one, other)
    assert exchange["answer"]["reply"]["withheld"] == foreseen["withheld"]
    long = await send(olga, "word " * 3600, after=exchange)
    draft |= {"conversation_id": long["conversation_id"], "parent_id": long["answer"]["id"], "attachments": []}
    then = await olga.post("/api/message-previews", draft | {"text_bytes": 9000})
    assert (then["withheld"]["messages"], then["withheld"]["from_id"] is not None) == (4, True)
    last = await send(olga, "w" * 9000, after=long)
    assert last["answer"]["reply"]["withheld"]["messages"] == 4
    assert await refused(olga, "POST", "/api/message-previews", draft | {"model_ref": "byom:none"}) == (
        422,
        "model_unknown",
    )


async def test_a_page_learns_what_will_not_go_for_another_answer(harbour: Harbour) -> None:
    """P2: to go on takes the answer along, so that less of what came before has room."""
    olga = await olga_with_a_model(harbour)
    mia = await harbour.invited_by(olga, "Mia", "member")
    one = await attach(olga, "x.png", photo(kind="PNG"))
    steady = next(line["ref"] for line in (await olga.get("/api/models"))["models"] if line["model_id"] == "steady")
    first = await send(olga, "w" * 9000, one, ref=steady)
    where = {"conversation_id": first["conversation_id"], "model_ref": steady}
    draft = {**where, "parent_id": first["answer"]["id"], "text_bytes": 3000}
    empty = (await olga.post("/api/message-previews", draft))["tokens"]
    room = 8192 * 3 // 4
    last = await send(olga, "w" * (3000 + 3 * (room - empty - 100)), after=first, ref=steady)
    assert last["answer"]["reply"]["withheld"]["messages"] == 0
    path = f"/api/conversations/{first['conversation_id']}/messages/{last['answer']['id']}"
    for again_id in (last["answer"]["id"], last["question"]["id"]):
        foreseen = await olga.post("/api/message-previews", {**where, "again_id": again_id})
        assert [(file["name"], file["why"]) for file in foreseen["withheld"]["files"]] == [("x.png", "no_images")]
        assert foreseen["withheld"] == last["answer"]["reply"]["withheld"]
    on = {**where, "again_id": last["answer"]["id"], "goes_on": True}
    foreseen = await olga.post("/api/message-previews", on)
    assert (foreseen["withheld"]["messages"], foreseen["withheld"]["files"][0]["why"]) == (2, "window")
    more = await olga.post(f"{path}/continue", {"model_ref": None})
    assert more["answer"]["reply"]["withheld"] == foreseen["withheld"]
    await olga.wait_for(more)
    for wish, refusal in (
        ({**on, "again_id": str(uuid.uuid4())}, (404, "message_gone")),
        ({**on, "again_id": last["question"]["id"]}, (422, "nothing_to_continue")),
        ({**on, "conversation_id": None}, (404, "message_gone")),
    ):
        assert await refused(olga, "POST", "/api/message-previews", wish) == refusal
    assert await refused(mia, "POST", "/api/message-previews", on) == (404, "conversation_gone")


@pytest.mark.parametrize("name", ["", "a" * 3000, "%", "%00%0a%ff", "..%2f..%2fpasswd"])
async def test_a_name_that_is_none_is_replaced_or_refused(harbour: Harbour, name: str) -> None:
    olga = await harbour.olga()
    headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": olga.csrf or "", "File-Name": name}
    answer = await olga.client.request("POST", "/api/attachments", content=b"words", headers=headers)
    assert answer.status_code == (422 if len(name) > 2000 else 201)
    if answer.status_code == 201:
        assert answer.json()["name"]
        assert "/" not in answer.json()["name"]


async def test_an_upload_without_the_sign_ins_token_is_refused(harbour: Harbour) -> None:
    olga = await harbour.olga()
    answer = await olga.client.request("POST", "/api/attachments", content=b"words", headers={"File-Name": "a.txt"})
    assert answer.status_code == 403
    assert await stored(harbour) == (0, 0, 0)
