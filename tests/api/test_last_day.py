"""A shared conversation may have an end; from then on nobody but its owner reads it, without anybody doing anything."""

from datetime import UTC, datetime, timedelta
from typing import Any

from moorage.chat.sharing import MAX_YEARS
from tests.api.test_search_narrowed import found
from tests.api.test_sharing import GONE, acts, crew, does, id_of, reads, ref, refused
from tests.support.attaching import attach, content, send
from tests.support.last_days import pass_the_end
from tests.support.running import Harbour, Person


def until(days: float) -> dict[str, str]:
    return {"ends_at": (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="milliseconds")}


async def terms(owner: Person, path: str) -> dict[str, Any]:
    """Who it is or was shared with: name → whether that is over. The team is called "team"."""
    sharing = await does(owner, "GET", path)
    lines = {one["name"]: one for one in sharing["people"]}
    return {name: one["is_over"] for name, one in {**lines, "team": sharing["team"]}.items() if one is not None}


async def test_after_its_end_nobody_reads_it_but_its_owner(harbour: Harbour) -> None:
    olga, mia, ben, exchange = await crew(harbour)
    which = exchange["conversation_id"]
    path = f"/api/conversations/{which}/sharing"
    told = await attach(olga, "told.txt", b"words")
    second = await send(olga, "Second", told, after=exchange)
    wish = until(3)
    sharing = await does(olga, "PUT", f"{path}/people/{id_of(mia)}", wish)
    await does(olga, "PUT", f"{path}/head", {"message_id": second["answer"]["id"]})
    moment = datetime.fromisoformat(sharing["people"][0]["ends_at"])
    assert moment == datetime.fromisoformat(wish["ends_at"])
    assert await reads(mia, which) == ["First", "Second"]
    [line] = (await mia.get("/api/shared-conversations"))["conversations"]
    seen = await mia.get(f"/api/shared-conversations/{which}")
    assert datetime.fromisoformat(line["ends_at"]) == datetime.fromisoformat(seen["ends_at"]) == moment
    assert (await olga.get(f"/api/shared-conversations/{which}"))["ends_at"] is None
    assert (await content(mia, told, which)).status_code == 200
    assert (await found(olga, "First", shared_with=id_of(mia))).keys() == {"First"}

    await pass_the_end(harbour, which)
    assert await reads(mia, which) is None
    for reader in (mia, ben):
        gone = await content(reader, told, which)
        assert (gone.status_code, gone.json()["error"]["code"]) == GONE
    # To its readers it is as if it had never been.
    never = await refused(ben, "GET", f"/api/shared-conversations/{which}")
    assert await refused(mia, "GET", f"/api/shared-conversations/{which}") == never == GONE
    assert await reads(olga, which) is None, "what readers see, which is nothing"
    own = await does(olga, "GET", f"/api/conversations/{which}")
    assert (own["shared"], len(own["messages"])) == (False, 4)
    assert [one["shared"] for one in (await olga.get("/api/conversations"))["conversations"]] == [False]
    assert await found(olga, "First", shared_with=id_of(mia)) == {}
    assert (await found(olga, "First")).keys() == {"First"}
    assert (await does(olga, "GET", path))["head_id"] is None
    assert await terms(olga, path) == {"Mia": True}
    head = {"message_id": second["answer"]["id"]}
    assert await refused(olga, "PUT", f"{path}/head", head) == (404, "share_gone")


async def test_each_share_has_an_end_of_its_own_and_the_later_one_counts(harbour: Harbour) -> None:
    olga, mia, ben, exchange = await crew(harbour)
    which = exchange["conversation_id"]
    path = f"/api/conversations/{which}/sharing"
    await does(olga, "PUT", f"{path}/people/{id_of(mia)}", until(1))
    team = await does(olga, "PUT", f"{path}/team", until(2))
    [hers] = (await mia.get("/api/shared-conversations"))["conversations"]
    assert hers["ends_at"] == team["team"]["ends_at"] > team["people"][0]["ends_at"]
    await pass_the_end(harbour, which, id_of(mia))
    assert (await reads(mia, which), await reads(ben, which)) == (["First"], ["First"]), "as one of the team"
    assert await terms(olga, path) == {"Mia": True, "team": False}
    await pass_the_end(harbour, which)
    assert (await reads(mia, which), await reads(ben, which)) == (None, None)
    assert await terms(olga, path) == {"Mia": True, "team": True}
    await does(olga, "PUT", f"{path}/people/{id_of(ben)}")
    await does(olga, "PUT", f"{path}/team", until(1))
    assert (await ben.get(f"/api/shared-conversations/{which}"))["ends_at"] is None
    await pass_the_end(harbour, which)
    assert (await reads(mia, which), await reads(ben, which)) == (None, ["First"])


async def test_it_is_given_longer_for_good_and_anew(harbour: Harbour) -> None:
    olga, mia, _, exchange = await crew(harbour)
    which = exchange["conversation_id"]
    path = f"/api/conversations/{which}/sharing"
    hers, wish = f"{path}/people/{id_of(mia)}", until(1)
    await does(olga, "PUT", hers, wish)
    await does(olga, "PUT", hers, wish)  # once more changes nothing
    later_day = until(9)
    longer = await does(olga, "PUT", hers, later_day)
    moment = datetime.fromisoformat(longer["people"][0]["ends_at"])
    assert moment == datetime.fromisoformat(later_day["ends_at"])
    # Who only says that it is shared takes no last day away.
    bodies: tuple[dict[str, str] | None, ...] = (None, {})
    for body in bodies:
        assert await does(olga, "PUT", hers, body) == longer
    endless = await does(olga, "PUT", hers, {"ends_at": None})
    assert [one["ends_at"] for one in endless["people"]] == [None]
    await does(olga, "PUT", hers, until(1))
    [before] = (await mia.get("/api/shared-conversations"))["conversations"]
    await pass_the_end(harbour, which)
    later = await olga.ask("Later", await ref(olga), which, exchange["answer"]["id"])
    await olga.wait_for(later)
    renewed = await does(olga, "PUT", hers, until(1))
    assert [one["is_over"] for one in renewed["people"]] == [False]
    # What was written meanwhile is not theirs until the owner says so.
    assert await reads(mia, which) == ["First"]
    assert renewed["head_id"] == exchange["answer"]["id"]
    [after] = (await mia.get("/api/shared-conversations"))["conversations"]
    assert after["shared_at"] > before["shared_at"]
    await pass_the_end(harbour, which)
    assert await does(olga, "DELETE", hers) == {"team": None, "people": [], "head_id": None}
    await does(olga, "PUT", f"{path}/team", until(1))
    assert await reads(mia, which) == ["First", "Later"], "nothing was left of it, so it began anew"
    kept = await does(olga, "PUT", f"{path}/team")
    assert kept["team"]["ends_at"] is not None
    await does(olga, "PUT", f"{path}/team", {"ends_at": None})
    done = [action for action, _ in await acts(olga)]
    changed = ["share_end_changed"] * 3
    assert done == ["shared", *changed, "shared", "unshared", "shared_with_team", "share_end_changed_for_team"]
    entries = (await olga.get("/api/audit?action=conversation"))["entries"][::-1]
    assert [one["details"]["ends_at"] is None for one in entries if "ends_at" in one["details"]] == [
        False, False, True, False, False, False, False, True,
    ]  # fmt: skip
    assert "Mia" in entries[1]["sentence"]


async def test_who_is_chosen_after_the_end_of_all_reads_what_is_shown_now(harbour: Harbour) -> None:
    olga, mia, ben, exchange = await crew(harbour)
    which = exchange["conversation_id"]
    path = f"/api/conversations/{which}/sharing"
    await does(olga, "PUT", f"{path}/people/{id_of(mia)}", until(1))
    await pass_the_end(harbour, which)
    instead = await olga.ask("Without the name", await ref(olga), which, None)
    await olga.wait_for(instead)
    await does(olga, "PUT", f"{path}/people/{id_of(ben)}")
    assert (await reads(mia, which), await reads(ben, which)) == (None, ["Without the name"])
    # The trail tells when it was over, not only when its row went.
    await does(olga, "DELETE", f"{path}/people/{id_of(mia)}")
    [entry] = (await olga.get("/api/audit?action=conversation.unshared"))["entries"]
    assert datetime.fromisoformat(entry["details"]["ends_at"]) < datetime.now(UTC)
    assert await reads(ben, which) == ["Without the name"]


async def test_an_end_lies_ahead_and_not_too_far(harbour: Harbour) -> None:
    olga, mia, _, exchange = await crew(harbour)
    path = f"/api/conversations/{exchange['conversation_id']}/sharing"
    hers = f"{path}/people/{id_of(mia)}"
    await does(olga, "PUT", hers, until(1))
    for days in (-0.0001, -400, MAX_YEARS * 366 + 1):
        for where in (hers, f"{path}/team"):
            assert await refused(olga, "PUT", where, until(days)) == (422, "share_end_invalid")
    answer = await olga.call("PUT", hers, until(-1))
    assert answer.json()["error"]["field"] == "ends_at"
    for bad in ("2030-01-01", "2030-01-01T00:00:00", "", "soon", "9999-12-31T23:59:59+00:00", True, "\0"):
        assert (await olga.call("PUT", hers, {"ends_at": bad})).status_code == 422, bad
    # Not as seconds since 1970, which nobody offers.
    for number in (10**30, 1893456000, "1893456000"):
        assert (await olga.call("PUT", hers, {"ends_at": number})).status_code == 422, number
    assert await terms(olga, path) == {"Mia": False}
    # A moment is a moment, wherever it is told.
    noon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    elsewhere = noon.replace(tzinfo=None).isoformat() + "+14:00"
    given = await does(olga, "PUT", hers, {"ends_at": elsewhere})
    assert datetime.fromisoformat(given["people"][0]["ends_at"]) == noon - timedelta(hours=14)
    # Nobody else changes it, and whoever it is shared with least of all.
    assert await refused(mia, "PUT", hers, until(9)) == GONE
