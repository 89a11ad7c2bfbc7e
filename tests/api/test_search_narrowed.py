"""A search narrowed by model, by somebody who may read, and by days: the same on both engines, only one's own."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from moorage.chat.search import MAX_HITS
from moorage.chat.search_index import Place, index_message
from moorage.chat.tables import ConversationRow, MessageRow
from moorage.storage.types import new_id
from tests.support.running import Harbour, Person

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


async def found(person: Person, text: str, **narrowed: str | None) -> dict[str, int]:
    """Titles of what is found, each with how many of its messages fit."""
    results = (await person.post("/api/searches", {"text": text, **narrowed}))["results"]
    return {"".join(piece["text"] for piece in one["title"]): len(one["hits"]) + one["more_hits"] for one in results}


async def refs_of(person: Person, harbour: Harbour, *models: str) -> list[str]:
    harbour.models.models = list(models)
    made = await person.connect(harbour.models.base_url, list(models))
    by_id = {one["model_id"]: one["ref"] for one in made["models"]}
    return [by_id[one] for one in models]


async def asked(person: Person, title: str, text: str, ref: str) -> Any:
    conversation_id = (await person.post("/api/conversations", {"title": title}))["id"]
    exchange = await person.ask(text, ref, conversation_id)
    await person.wait_for(exchange)
    return exchange


async def test_by_model_also_through_a_name_of_the_teams_own(harbour: Harbour) -> None:
    olga = await harbour.olga()
    steady, echo = await refs_of(olga, harbour, "steady", "echo")
    house = await olga.post("/api/aliases", {"name": "House model", "target_ref": echo})
    alias = house["alias"]["ref"]
    await asked(olga, "one", "kranich", steady)
    await asked(olga, "two", "kranich", echo)
    await asked(olga, "three", "kranich", alias)
    everything = await found(olga, "kranich")
    assert everything.keys() == {"one", "two", "three"}
    assert (await found(olga, "kranich", answered_by=steady)).keys() == {"one"}
    assert (await found(olga, "kranich", answered_by=echo)).keys() == {"two", "three"}
    assert (await found(olga, "kranich", answered_by=alias)).keys() == {"three"}
    assert (await found(olga, "three", answered_by=alias)).keys() == {"three"}
    # An id can be written in many ways, and nonsense is asked of nobody.
    assert (await found(olga, "kranich", answered_by=steady.upper().replace("BYOM", "byom"))).keys() == {"one"}
    for unknown in (f"byom:{new_id()}", "byom:nonsense", "nonsense", "' OR 1=1 --"):
        assert await found(olga, "kranich", answered_by=unknown) == {}


async def test_by_who_may_read_alone_or_as_one_of_the_team(harbour: Harbour) -> None:
    olga = await harbour.olga()
    [steady] = await refs_of(olga, harbour, "steady")
    mia, ben = [await harbour.invited_by(olga, name, "member") for name in ("Mia", "Ben")]
    mias, bens = mia.session["me"]["id"], ben.session["me"]["id"]
    ids = {title: (await asked(olga, title, "kranich", steady))["conversation_id"] for title in ("own", "hers", "all")}
    for path in (f"{ids['hers']}/sharing/people/{mias}", f"{ids['all']}/sharing/team"):
        assert (await olga.call("PUT", f"/api/conversations/{path}")).status_code == 200
    assert (await found(olga, "kranich", shared_with=mias)).keys() == {"hers", "all"}
    assert (await found(olga, "kranich", shared_with=bens)).keys() == {"all"}
    # What others share is not searched, narrowed to whomever.
    assert await found(mia, "kranich", shared_with=olga.session["me"]["id"]) == {}
    assert await found(mia, "kranich", shared_with=mias) == {}
    assert await found(olga, "kranich", shared_with=str(new_id())) != await found(olga, "kranich")


async def test_by_days_the_end_not_included(harbour: Harbour) -> None:
    olga = await harbour.olga()
    [steady] = await refs_of(olga, harbour, "steady")
    exchange = await asked(olga, "kranich", "kranich on Monday", steady)
    later = await olga.ask("kranich on Friday", steady, exchange["conversation_id"], exchange["answer"]["id"])
    await olga.wait_for(later)
    friday = MONDAY + timedelta(days=4)
    moments = {exchange["question"]["id"]: MONDAY, exchange["answer"]["id"]: MONDAY}
    moments |= {later["question"]["id"]: friday, later["answer"]["id"]: friday}
    async with harbour.built.parts.database.write() as tx:
        for message_id, at in moments.items():
            await tx.execute(update(MessageRow).where(MessageRow.id == UUID(message_id)).values(created_at=at))
        lived = {"created_at": MONDAY, "updated_at": friday}
        which = ConversationRow.id == UUID(exchange["conversation_id"])
        await tx.execute(update(ConversationRow).where(which).values(**lived))

    def day(days: int) -> str:
        return (MONDAY + timedelta(days=days)).isoformat()

    both = (await found(olga, "kranich on"))["kranich"]
    assert both == 2 * (await found(olga, "kranich on", until=day(4)))["kranich"] > 0
    assert (await found(olga, "kranich on", since=day(4)))["kranich"] == both / 2
    assert (await found(olga, "kranich on", since=day(0), until=day(5)))["kranich"] == both
    assert await found(olga, "kranich on", since=day(5)) == {}
    assert await found(olga, "kranich on", until=day(0)) == {}
    # The title, of a conversation that was written in then: no message of those days is needed.
    assert await found(olga, "kranich", since=day(1), until=day(2)) == {"kranich": 0}
    assert await found(olga, "kranich", since=day(5)) == {}


async def test_what_is_narrowed_is_not_hidden_by_newer_ones(harbour: Harbour) -> None:
    """The search reads the newest and stops: narrowing comes before that, or old ones would never be found."""
    olga = await harbour.olga()
    steady, echo = await refs_of(olga, harbour, "steady", "echo")
    await asked(olga, "old", "kranich", steady)
    newest = await asked(olga, "new", "kranich", echo)
    place = Place(UUID(olga.session["team"]["id"]), UUID(olga.session["me"]["id"]), UUID(newest["conversation_id"]))
    async with harbour.built.parts.database.write() as tx:
        for _ in range(MAX_HITS):
            await index_message(tx, place, new_id(), "kranich", is_new=True)
    assert "old" not in await found(olga, "kranich")
    assert (await found(olga, "kranich", answered_by=steady)).keys() == {"old"}
