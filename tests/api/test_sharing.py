"""Shared conversations: one branch, to read, within the team, until it is taken back."""

from typing import Any

from tests.support.running import Harbour, Person

GONE = (404, "conversation_gone")


async def crew(harbour: Harbour) -> tuple[Person, Person, Person, dict[str, Any]]:
    """Olga with a conversation of one question, Mia and Ben of her team."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady"])
    mia, ben = await harbour.invited_by(olga, "Mia", "member"), await harbour.invited_by(olga, "Ben", "member")
    exchange = await olga.ask("First", await ref(olga))
    await olga.wait_for(exchange)
    return olga, mia, ben, exchange


async def ref(person: Person) -> str:
    return str((await person.get("/api/models"))["models"][0]["ref"])


def id_of(person: Person) -> str:
    return str(person.session["me"]["id"])


async def does(person: Person, method: str, path: str, body: Any = None) -> Any:
    answer = await person.call(method, path, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(person: Person, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = await person.call(method, path, body)
    return answer.status_code, answer.json()["error"]["code"]


async def reads(person: Person, conversation_id: str) -> list[str] | None:
    """The questions somebody reads in a shared conversation; None if it is not theirs to read."""
    answer = await person.call("GET", f"/api/shared-conversations/{conversation_id}")
    listed = [line["id"] for line in (await person.get("/api/shared-conversations"))["conversations"]]
    if answer.status_code == 404:
        assert conversation_id not in listed
        return None
    assert answer.json()["is_own"] or conversation_id in listed
    return [one["text"] for one in answer.json()["messages"] if one["role"] == "user"]


async def acts(person: Person) -> list[tuple[str, str]]:
    entries = (await person.get("/api/audit?action=conversation"))["entries"]
    return [(one["action"].removeprefix("conversation."), one["object_name"]) for one in entries][::-1]


async def test_who_it_is_shared_with_reads_and_nobody_else(harbour: Harbour) -> None:
    olga, mia, ben, exchange = await crew(harbour)
    eve, which = await harbour.eve(), exchange["conversation_id"]
    path = f"/api/conversations/{which}/sharing"
    assert await reads(mia, which) is None
    sharing = await does(olga, "PUT", f"{path}/people/{id_of(mia)}")
    for_good = {"ends_at": None, "is_over": False}
    assert (sharing["team"], sharing["people"]) == (None, [{"user_id": id_of(mia), "name": "Mia", **for_good}])
    assert await reads(mia, which) == ["First"]
    assert await reads(olga, which) == ["First"]
    assert await reads(ben, which) is None
    assert await reads(eve, which) is None
    assert (await does(olga, "GET", f"/api/conversations/{which}"))["shared"]
    await does(olga, "PUT", f"{path}/team")
    assert await reads(ben, which) == ["First"]
    assert await reads(eve, which) is None
    later = await harbour.invited_by(olga, "Pia", "member")
    assert await reads(later, which) == ["First"]


async def test_it_ends_with_the_next_request(harbour: Harbour) -> None:
    olga, mia, ben, exchange = await crew(harbour)
    which = exchange["conversation_id"]
    path = f"/api/conversations/{which}/sharing"
    await does(olga, "PUT", f"{path}/people/{id_of(mia)}")
    await does(olga, "PUT", f"{path}/team")
    await does(olga, "DELETE", f"{path}/team")
    assert (await reads(mia, which), await reads(ben, which)) == (["First"], None)
    await does(olga, "DELETE", f"{path}/people/{id_of(mia)}")
    assert await reads(mia, which) is None
    await does(olga, "PUT", f"{path}/people/{id_of(ben)}")
    await does(olga, "PUT", f"{path}/people/{id_of(ben)}")  # once more changes nothing
    assert await does(olga, "DELETE", path) == {"team": None, "people": [], "head_id": None}
    await does(olga, "DELETE", path)
    assert await reads(ben, which) is None
    assert not (await does(olga, "GET", f"/api/conversations/{which}"))["shared"]
    assert await acts(olga) == [
        ("shared", "Mia"),
        ("shared_with_team", ""),
        ("unshared_with_team", ""),
        ("unshared", "Mia"),
        ("shared", "Ben"),
        ("unshared_with_all", ""),
    ]


async def test_what_is_written_later_and_other_versions_stay_ones_own_until_they_are_shared(harbour: Harbour) -> None:
    olga, mia, _, exchange = await crew(harbour)
    which, model = exchange["conversation_id"], await ref(olga)
    path = f"/api/conversations/{which}/sharing"
    await does(olga, "PUT", f"{path}/people/{id_of(mia)}")
    later = await olga.ask("Later", model, which, exchange["answer"]["id"])
    await olga.wait_for(later)
    edited = await olga.ask("Edited", model, which, None)
    await olga.wait_for(edited)
    assert await reads(mia, which) == ["First"]
    sharing = await does(olga, "PUT", f"{path}/head", {"message_id": later["answer"]["id"]})
    assert sharing["head_id"] == later["answer"]["id"]
    assert await reads(mia, which) == ["First", "Later"]
    await does(olga, "PUT", f"{path}/head", {"message_id": edited["answer"]["id"]})
    assert await reads(mia, which) == ["Edited"]
    seen = await mia.get(f"/api/shared-conversations/{which}")
    assert [one["id"] for one in seen["messages"]] == [edited["question"]["id"], edited["answer"]["id"]]
    assert (await acts(olga))[-1] == ("share_moved", "")


async def test_a_reader_reads_and_does_nothing_else(harbour: Harbour) -> None:
    olga, mia, _, exchange = await crew(harbour)
    which = exchange["conversation_id"]
    path = f"/api/conversations/{which}"
    await does(olga, "PUT", f"{path}/sharing/people/{id_of(mia)}")
    message = {"client_id": id_of(mia), "text": "Me too", "model_ref": await ref(mia)}
    answer = f"{path}/messages/{exchange['answer']['id']}"
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"title": "Mine"}),
        ("DELETE", path, None),
        ("POST", f"{path}/messages", message),
        ("POST", f"{answer}/regenerate", {}),
        ("POST", f"{answer}/continue", {}),
        ("PUT", f"{path}/head", {"message_id": exchange["question"]["id"]}),
        ("GET", f"{path}/export", None),
        ("GET", f"{path}/sharing", None),
        ("PUT", f"{path}/sharing/team", None),
        ("DELETE", f"{path}/sharing", None),
        ("PUT", f"{path}/sharing/head", {"message_id": exchange["question"]["id"]}),
    ):
        assert await refused(mia, method, where, body) == GONE, (method, where)
    reply_id = exchange["answer"]["reply"]["reply_id"]
    assert (await refused(mia, "GET", f"/api/replies/{reply_id}/events"))[0] == 404
    assert await mia.post("/api/searches", {"text": "First"}) == {"results": [], "more": False}
    assert (await olga.get(path))["title"] == "First"


async def test_who_leaves_the_team_takes_what_they_share_along_and_reads_nothing_more(harbour: Harbour) -> None:
    olga, mia, ben, exchange = await crew(harbour)
    olgas = exchange["conversation_id"]
    mias = (await mia.ask("Mia's", await ref(mia)))["conversation_id"]
    await does(olga, "PUT", f"/api/conversations/{olgas}/sharing/people/{id_of(mia)}")
    await does(mia, "PUT", f"/api/conversations/{mias}/sharing/team")
    assert (await reads(mia, olgas), await reads(ben, mias)) == (["First"], ["Mia's"])
    await does(olga, "DELETE", f"/api/team/members/{id_of(mia)}")
    assert await reads(ben, mias) is None
    assert await reads(olga, mias) is None
    assert (await mia.call("GET", f"/api/shared-conversations/{olgas}")).status_code == 401
    nobody: dict[str, Any] = {"team": None, "people": [], "head_id": None}
    assert await does(olga, "GET", f"/api/conversations/{olgas}/sharing") == nobody


async def test_a_deleted_conversation_is_shared_with_nobody(harbour: Harbour) -> None:
    olga, mia, _, exchange = await crew(harbour)
    which = exchange["conversation_id"]
    await does(olga, "PUT", f"/api/conversations/{which}/sharing/people/{id_of(mia)}")
    await does(olga, "DELETE", f"/api/conversations/{which}")
    assert await reads(mia, which) is None


async def test_sharing_says_what_it_can_not_do(harbour: Harbour) -> None:
    olga, mia, ben, exchange = await crew(harbour)
    eve = await harbour.eve()
    path = f"/api/conversations/{exchange['conversation_id']}/sharing"
    empty = (await olga.post("/api/conversations", {}))["id"]
    assert await refused(olga, "PUT", f"/api/conversations/{empty}/sharing/team") == (422, "nothing_to_share")
    assert await refused(olga, "PUT", f"{path}/people/{id_of(olga)}") == (422, "share_with_oneself")
    assert await refused(olga, "PUT", f"{path}/people/{id_of(eve)}") == (404, "member_gone")
    assert await refused(olga, "DELETE", f"{path}/people/{id_of(ben)}") == (404, "share_gone")
    head = {"message_id": exchange["question"]["id"]}
    assert await refused(olga, "PUT", f"{path}/head", head) == (404, "share_gone")
    await does(olga, "PUT", f"{path}/people/{id_of(mia)}")
    foreign = await mia.ask("Mia's", await ref(mia))
    assert await refused(olga, "PUT", f"{path}/head", {"message_id": foreign["question"]["id"]}) == (
        404,
        "message_gone",
    )
