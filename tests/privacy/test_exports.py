"""An export has everything of a person and nothing of others, no secret; a killed one goes on; it ends by itself."""

import asyncio
import io
import json
import stat
import threading
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from moorage.accounts.provider_tables import IdentityProviderRow
from moorage.accounts.tables import SignInRow
from moorage.api.sentences import known_codes
from moorage.connections.price_tables import ModelPriceRow
from moorage.errors import Unavailable
from moorage.privacy import jobs
from moorage.privacy.archive import Archive
from moorage.privacy.exporting import Exports
from moorage.privacy.runner import Runner
from moorage.privacy.tables import JobRow
from moorage.storage.types import db_after
from tests.privacy.leaver import FILE_WORD, MAIL, NAME, WORD, settle_in
from tests.scope.world import World
from tests.support.attaching import attach, send
from tests.support.last_days import pass_the_end
from tests.support.running import MODEL_KEY, Person


async def export(person: Person, path: str = "/api/team/privacy/exports") -> zipfile.ZipFile:
    """Ask for an export, wait, and open what is fetched."""
    made = await person.post(path)
    told: Any = None
    for _ in range(400):
        told = await person.get(f"/api/team/privacy/exports/{made['id']}")
        if told["state"] not in {"waiting", "running"}:
            break
        await asyncio.sleep(0.05)
    assert told["state"] == "done", told
    assert told["done"] == told["total"]
    answer = await person.call("POST", f"/api/team/privacy/exports/{made['id']}/file")
    assert answer.status_code == 200, answer.text
    assert len(answer.content) == told["size"]
    return zipfile.ZipFile(io.BytesIO(answer.content))


def everything(packed: zipfile.ZipFile) -> str:
    """Give all of an export as one text."""
    return "\n".join([*packed.namelist(), *(packed.read(name).decode("latin-1") for name in packed.namelist())])


async def test_an_own_export_has_everything_of_a_person_as_data_and_to_read(world: World) -> None:
    leaver = await settle_in(world)
    packed = await export(leaver.person)
    names = packed.namelist()
    assert packed.testzip() is None
    facts = json.loads(packed.read("data.json"))
    assert facts["person"][0]["email"] == MAIL
    empty = {name for name, value in facts.items() if value == []}
    assert empty == {"shared_with_me"}, "the leaver of these tests leaves a trace everywhere"
    page = packed.read("index.html").decode()
    assert f"conversations/{leaver.conversation_id}.html" in page
    assert WORD in packed.read(f"conversations/{leaver.conversation_id}.html").decode()
    tree = json.loads(packed.read(f"conversations/{leaver.conversation_id}.json"))
    assert any(WORD in message["text"] for message in tree["messages"])
    files = [packed.read(name).decode() for name in names if name.startswith("files/")]
    assert sorted(files) == [f"{WORD} in a file", f"{WORD} unsent"]
    assert FILE_WORD in everything(packed)
    assert {name.partition("/")[0] for name in names} == {
        "conversations", "data.json", "files", "index.html", "trail", "usage-own-models", "usage-own-models-by-day",
        "usage-standard-models", "usage-standard-models-by-day",
    }  # fmt: skip


async def test_a_question_that_was_only_saved_says_so_to_whoever_reads_it(world: World) -> None:
    leaver = await settle_in(world)
    path = f"/api/conversations/{leaver.conversation_id}"
    question = (await leaver.person.get(path))["messages"][0]
    kept = {"client_id": str(uuid.uuid4()), "text": "Kept back", "attachments": []}
    assert (await leaver.person.call("POST", f"{path}/messages/{question['id']}/versions", kept)).status_code == 201
    page = (await export(leaver.person)).read(f"conversations/{leaver.conversation_id}.html").decode()
    said = "this version was saved and sent to no model"
    assert page.count(said) == 1
    assert page.index("Kept back") < page.index(said)


def lines(packed: zipfile.ZipFile, folder: str) -> list[dict[str, Any]]:
    """Give the lines of all files in a folder."""
    names = [name for name in packed.namelist() if name.startswith(f"{folder}/")]
    return [json.loads(line) for name in names for line in packed.read(name).decode().splitlines()]


async def test_what_it_tells_of_usage_is_what_the_ledger_knows(world: World) -> None:
    leaver = await settle_in(world)
    packed = await export(leaver.person)
    calls = {one["ended"]: one for one in lines(packed, "usage-standard-models")}
    assert calls.keys() == {"ok", "crashed"}
    assert (calls["ok"]["charged_tokens"], calls["ok"]["corrections"]) == (130, [])
    [late] = calls["crashed"]["corrections"]
    assert (late["tokens_in"], late["tokens_out"], late["ended"]) == (95, 7, "ok")
    assert calls["crashed"]["charged_tokens"] + late["charged_delta"] == 102
    [day] = lines(packed, "usage-standard-models-by-day")
    assert (day["calls"], day["reported_in"], day["reported_out"]) == (2, 185, 47)
    own = lines(packed, "usage-own-models-by-day")
    counted = [one for one in lines(packed, "usage-own-models") if one["purpose"] != "discovery"]
    assert sum(one["calls"] for one in own) == len(counted) > 0
    assert {one["user_id"] for one in [day, *own]} == {leaver.id}
    async with world.harbour.built.parts.database.write() as tx:
        price = {"place": "standard:p", "model_id": "m", "currency": "EUR", "changed_at": db_after(timedelta(0))}
        team = UUID(world.belongings["olga"]["team"])
        cost = {"per_million_in": Decimal("0.25"), "per_million_out": Decimal(2)}
        await tx.execute(insert(ModelPriceRow).values(team_id=team, **price, **cost))
    whole = await export(world.people["olga"], "/api/team/privacy/team-exports")
    facts = json.loads(whole.read("data.json"))
    assert [Decimal(one["per_million_in"]) for one in facts["model_prices"]] == [Decimal("0.25")]
    [month] = facts["budgets"]
    assert month["settled"] == 130 + 102
    assert month["reserved"] > 0
    assert len({one["user_id"] for one in lines(whole, "usage-own-models-by-day")}) > 1


async def test_it_has_nothing_of_others_and_no_secret(world: World) -> None:
    leaver, olga, eve = await settle_in(world), world.people["olga"], world.people["eve"]
    attached = await attach(olga, "olgas.txt", b"goldammern in Olgas file")
    shared = await send(olga, "What do kraniche eat?", attached, ref=world.belongings["olga"]["model_ref"])
    await olga.call("PUT", f"/api/conversations/{shared['conversation_id']}/sharing/people/{leaver.id}")
    await send(eve, "What do rohrdommeln eat?", ref=world.belongings["eve"]["model_ref"])
    text = everything(await export(leaver.person))
    assert shared["conversation_id"] in text, "that something is shared with them is about them"
    told = ("goldammern", "kraniche", "rohrdommeln", "olgas.txt", "eve@example.com", "Elsewhere")
    assert [word for word in told if word in text] == []
    secrets = [MODEL_KEY, world.harbour.models.base_url, leaver.person.csrf or "?", "password_hash", "token_hash"]
    secrets += [cookie for cookie in leaver.person.client.cookies.values() if len(cookie) > 20]
    assert [secret for secret in secrets if secret in text] == []


async def test_a_teams_export_has_what_it_decided_and_no_words_but_those_shared_with_all(world: World) -> None:
    leaver, olga = await settle_in(world), world.people["olga"]
    await send(olga, "What do kraniche eat?", ref=world.belongings["olga"]["model_ref"])
    packed = await export(olga, "/api/team/privacy/team-exports")
    facts = json.loads(packed.read("data.json"))
    assert {one["name"] for one in facts["members"]} >= {"Olga", "Adam", "Mia", NAME}
    assert {one["name"] for one in facts["connections"]} == {"GPU of Olga", "A GPU"}
    assert leaver.conversation_id in {one["id"] for one in facts["conversations"]}
    text = everything(packed)
    assert WORD in packed.read(f"conversations/{leaver.conversation_id}.html").decode(), "it is shared with the team"
    assert "kraniche" not in text
    found = (MODEL_KEY, world.harbour.models.base_url, "a secret of the provider", "Elsewhere")
    assert [secret for secret in found if secret in text] == []


async def test_each_column_of_the_pages_to_read_has_a_name_in_words(world: World) -> None:
    leaver = await settle_in(world)
    columns: set[str] = set()
    for packed in (await export(leaver.person), await export(world.people["olga"], "/api/team/privacy/team-exports")):
        facts = json.loads(packed.read("data.json"))
        columns |= {key for rows in facts.values() if isinstance(rows, list) for row in rows for key in row}
    assert len(columns) > 60
    assert {name for name in columns if f"data.field.{name}" not in known_codes()} == set()


async def test_a_teams_export_ends_where_the_readers_do(world: World) -> None:
    olga, mia = world.people["olga"], world.people["mia"]
    ref = world.belongings["olga"]["model_ref"]
    told = await attach(mia, "told.txt", b"goldammern in a file")
    first = await send(mia, "What do kraniche eat?", told, ref=ref)
    shared = f"/api/conversations/{first['conversation_id']}"
    assert (await mia.call("PUT", f"{shared}/sharing/team")).status_code == 200
    later = await attach(mia, "later.txt", b"rohrdommeln in a file")
    await send(mia, "What do eisvoegel eat?", later, after=first, ref=ref)
    beside = await attach(mia, "beside.txt", b"wiedehopfe in a file")
    await send(mia, "What do pirole eat?", beside, after={**first, "answer": {"id": None}}, ref=ref)
    packed = await export(olga, "/api/team/privacy/team-exports")
    text = everything(packed)
    assert [word for word in ("kraniche", "goldammern") if word not in text] == []
    hidden = ("rohrdommeln", "eisvoegel", "wiedehopfe", "pirole", "later.txt", "beside.txt")
    assert [word for word in hidden if word in text] == []
    tree = json.loads(packed.read(f"conversations/{first['conversation_id']}.json"))
    assert [one["id"] for one in tree["messages"]] == [first["question"]["id"], first["answer"]["id"]]
    assert tree["head_id"] == first["answer"]["id"]
    own = everything(await export(mia))
    assert [word for word in hidden if word not in own] == [], "it is all Mia's own"


async def test_what_was_shared_until_a_day_that_is_over_is_in_no_teams_export(world: World) -> None:
    olga, mia = world.people["olga"], world.people["mia"]
    told = await attach(mia, "told.txt", b"goldammern in a file")
    talk = await send(mia, "What do kraniche eat?", told, ref=world.belongings["olga"]["model_ref"])
    which = talk["conversation_id"]
    for whom in ("team", f"people/{olga.session['me']['id']}"):
        wish = {"ends_at": f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"}
        assert (await mia.call("PUT", f"/api/conversations/{which}/sharing/{whom}", wish)).status_code == 200
    before = everything(await export(olga, "/api/team/privacy/team-exports"))
    assert [word for word in ("kraniche", "goldammern") if word not in before] == []
    await pass_the_end(world.harbour, which)
    after = everything(await export(olga, "/api/team/privacy/team-exports"))
    assert [word for word in ("kraniche", "goldammern") if word in after] == []
    # What is stored of both ends is told to both: that it was shared, and until when.
    made = json.loads((await export(mia)).read("data.json"))["shared_with_others"]
    had = json.loads((await export(olga)).read("data.json"))["shared_with_me"]
    ends = [one["ends_at"] for one in (*made, *had) if one["conversation_id"] == which]
    assert len(ends) == 3
    assert all(datetime.fromisoformat(end) < datetime.now(UTC) for end in ends)


async def test_only_whoever_asked_fetches_it(world: World) -> None:
    mia, olga, eve = (world.people[name] for name in ("mia", "olga", "eve"))
    made = await mia.post("/api/team/privacy/exports")
    for person in (olga, eve):
        for method, path in (("GET", ""), ("POST", "/file"), ("DELETE", "")):
            answer = await person.call(method, f"/api/team/privacy/exports/{made['id']}{path}")
            assert answer.status_code == 404


async def test_what_tells_of_the_whole_account_is_closed_to_a_sign_in_by_the_teams_provider(world: World) -> None:
    mia, database = world.people["mia"], world.harbour.built.parts.database
    mias = UUID(mia.session["me"]["id"])
    await export(mia)
    [whole] = (await mia.get("/api/team/privacy"))["exports"]
    async with database.write() as tx:
        # The team's provider, as if it had been switched on and had vouched for her.
        await tx.execute(update(IdentityProviderRow).values(enabled=True))
        provider = await tx.scalar(
            select(IdentityProviderRow.id).where(IdentityProviderRow.team_id == UUID(mia.session["team"]["id"]))
        )
        await tx.execute(update(SignInRow).where(SignInRow.user_id == mias).values(provider_id=provider))
    answer = await mia.call("POST", f"/api/team/privacy/exports/{whole['id']}/file")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "bound_to_team")
    told = json.loads((await export(mia)).read("data.json"))
    assert told["person"]
    assert "passkeys" not in told


async def test_an_owner_who_is_none_any_more_does_not_get_the_teams(world: World) -> None:
    olga, adam = world.people["olga"], world.people["adam"]
    await export(olga, "/api/team/privacy/team-exports")
    adams = adam.session["me"]["id"]
    await olga.call("PATCH", f"/api/team/members/{adams}", {"role": "owner"})
    await olga.call("PATCH", f"/api/team/members/{olga.session['me']['id']}", {"role": "admin"})
    [mine] = [one for one in (await olga.get("/api/team/privacy"))["exports"] if one["of"] == "team"]
    answer = await olga.call("POST", f"/api/team/privacy/exports/{mine['id']}/file")
    assert answer.status_code == 403


async def test_its_file_is_for_this_process_alone_and_goes_with_its_time(world: World) -> None:
    mia, parts = world.people["mia"], world.harbour.built.parts
    await export(mia)
    folder = world.harbour.data / "exports"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    mias = UUID(mia.session["me"]["id"])
    async with parts.database.write() as tx:
        await tx.execute(
            update(JobRow).where(JobRow.asked_by == mias).values(expires_at=db_after(-timedelta(seconds=1)))
        )
    kept = len(list(folder.iterdir()))
    await parts.privacy.runner.tidy()
    assert len(list(folder.iterdir())) == kept - 1
    assert (await mia.get("/api/team/privacy"))["exports"] == []


class _Killed(BaseException):
    """The process is gone."""


class _DyingArchive(Archive):
    """Kills its process at the n-th write, or before the zip is there."""

    def __init__(self, archive: Archive, dies_at: int) -> None:
        super().__init__(archive._folder)
        self._left = dies_at

    def put(self, job_id: UUID, name: str, data: bytes) -> None:
        self._die()
        super().put(job_id, name, data)

    def close(self, job_id: UUID, least: int) -> tuple[int, str]:
        self._die()
        return super().close(job_id, least)

    def _die(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _Killed


async def ask_apart(world: World, person: Person, kind: jobs.JobKind = "own_export") -> UUID:
    """An export that is to be made, and that the running server leaves alone."""
    database = world.harbour.built.parts.database
    team, mine = UUID(world.belongings["olga"]["team"]), UUID(person.session["me"]["id"])
    async with database.write() as tx:
        job_id = await jobs.put_export(tx, kind, team, mine, "en", whole_account=True)
        await tx.execute(update(JobRow).where(JobRow.id == job_id).values(lease_until=db_after(timedelta(hours=1))))
    return job_id


async def take(world: World, job_id: UUID, worker: str) -> jobs.Job:
    """Claim it as the next process does when the lease of the dead one has run out."""
    async with world.harbour.built.parts.database.write() as tx:
        held = db_after(timedelta(hours=1))
        values: dict[str, Any] = {"state": "running", "worker": worker, "lease_until": held}
        await tx.execute(update(JobRow).where(JobRow.id == job_id).values(**values))
        return jobs.Job.of((await tx.execute(select(JobRow.__table__).where(JobRow.id == job_id))).one())


async def test_a_killed_export_goes_on_where_it_was_and_comes_out_whole(world: World) -> None:
    leaver, parts = await settle_in(world), world.harbour.built.parts
    whole = sorted((await export(leaver.person)).namelist())
    archive, steps = parts.privacy.archive, len(whole)
    for dies_at in range(0, steps + 1, 2):
        job_id = await ask_apart(world, leaver.person)
        dying = Exports(parts.database, _DyingArchive(archive, dies_at), "first", lambda code, _language: code)
        with pytest.raises(_Killed):
            await dying.work(await take(world, job_id, "first"))
        got = await take(world, job_id, "second")
        assert got.state == "running"
        assert got.cursor.get("stage", 0) > 0 or dies_at < 2
        await Exports(parts.database, archive, "second", lambda code, _language: code).work(got)
        packed = zipfile.ZipFile(io.BytesIO(b"".join(archive.read(job_id))))
        # The trail has grown by what the test itself did; its first file bears the same name.
        assert sorted(packed.namelist()) == whole, dies_at


@pytest.mark.parametrize("kind", jobs.EXPORTS)
async def test_what_was_read_is_written_down_beside_the_loop_that_serves_others(
    world: World, kind: jobs.JobKind
) -> None:
    olga, parts = world.people["olga"], world.harbour.built.parts
    by: set[threading.Thread] = set()

    def tell(code: str, _language: str) -> str:
        by.add(threading.current_thread())
        return code

    job_id = await ask_apart(world, olga, kind)
    await Exports(parts.database, parts.privacy.archive, "other", tell).work(await take(world, job_id, "other"))
    assert by
    assert threading.current_thread() not in by


async def test_one_that_was_only_slow_changes_nothing_once_another_goes_on(world: World) -> None:
    leaver, parts = await settle_in(world), world.harbour.built.parts
    job_id = await ask_apart(world, leaver.person)
    slow = await take(world, job_id, "slow")
    await take(world, job_id, "quick")
    with pytest.raises(jobs.LeaseLostError):
        await Exports(parts.database, parts.privacy.archive, "slow", lambda code, _language: code).work(slow)


def runner_with(world: World, archive: Archive) -> Runner:
    """What works on exports, with another archive."""
    parts = world.harbour.built.parts
    exports = Exports(parts.database, archive, "other:1", lambda code, _language: code)
    retention = parts.privacy.runner._retention
    return Runner(parts.database, archive, exports, parts.privacy.erasures, retention, "other:1", parts.reports)


class _FullArchive(Archive):
    """A disk that is full."""

    def put(self, job_id: UUID, name: str, data: bytes) -> None:
        raise Unavailable("export_no_room")


async def test_a_full_disk_is_told_and_leaves_no_half(world: World) -> None:
    mia, parts = world.people["mia"], world.harbour.built.parts
    broken = runner_with(world, _FullArchive(world.harbour.data / "exports"))
    await parts.privacy.runner.aclose()
    made = await mia.post("/api/team/privacy/exports")
    assert await broken.work_on_one()
    told = await mia.get(f"/api/team/privacy/exports/{made['id']}")
    assert told["state"] == "failed"
    assert told["problem"]["code"] == "export_no_room"
    assert [one for one in (world.harbour.data / "exports").iterdir() if made["id"] in one.name] == []


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b", "", "A", "files/\x00"])
def test_a_part_can_not_be_written_outside_of_its_export(name: str, tmp_path: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - nothing of ours but the name is judged there
        Archive(tmp_path).put(UUID(int=1), name, b"")
    assert list(tmp_path.iterdir()) == []


async def test_asking_twice_makes_one(world: World) -> None:
    mia = world.people["mia"]
    await ask_apart(world, mia)
    answer = await mia.call("POST", "/api/team/privacy/exports")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "export_under_way")
