"""What is older than a team's rule goes, in batches; what is newer never does; another team's rule is its own."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from moorage.accounts.tables import MembershipRow, SignInRow, TeamRow, UserRow
from moorage.audit.tables import AuditRow
from moorage.audit.trail import begin_trail
from moorage.chat.tables import AttachmentContentRow, AttachmentRow, ConversationRow, MessageAttachmentRow, MessageRow
from moorage.privacy.retention import CONVERSATIONS_AT_ONCE, Due, Retention, RetentionRule, count_due
from moorage.privacy.tables import RetentionRow
from moorage.storage.database import Database
from moorage.storage.types import db_after, db_now, new_id
from tests.scope.world import World

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


async def _team(database: Database, rule: RetentionRule | None) -> tuple[UUID, UUID]:
    team_id, person_id = new_id(), new_id()
    async with database.write() as tx:
        await tx.execute(
            insert(UserRow).values(
                id=person_id, email=str(person_id), name="Olga", password_hash="", locale="en", is_operator=False,
                created_at=db_now(),
            )
        )  # fmt: skip
        team = {"id": team_id, "name": "Kanzlei", "plan": "free", "standing": "active", "created_at": db_now()}
        await tx.execute(insert(TeamRow).values(**team))
        member = {"team_id": team_id, "user_id": person_id, "role": "owner", "joined_at": db_now()}
        await tx.execute(insert(MembershipRow).values(**member))
        await begin_trail(tx, team_id)
        if rule is not None:
            days = {"conversation_days": rule.conversation_days, "attachment_days": rule.attachment_days}
            await tx.execute(insert(RetentionRow).values(team_id=team_id, changed_at=db_now(), **days))
    return team_id, person_id


async def _conversation(database: Database, team_id: UUID, person_id: UUID, at: datetime, text: str = "words") -> UUID:
    conversation_id, message_id = new_id(), new_id()
    async with database.write() as tx:
        await tx.execute(
            insert(ConversationRow).values(
                id=conversation_id, team_id=team_id, owner_id=person_id, title="t", created_at=at, updated_at=at,
                pinned_at=at,
            )
        )  # fmt: skip
        message = {"id": message_id, "conversation_id": conversation_id, "role": "user", "text": text, "reasoning": ""}
        await tx.execute(insert(MessageRow).values(**message, created_at=at))
        file_id = new_id()
        file = {"kind": "text", "media_type": "text/plain", "size": 5, "text_bytes": 5, "name": "contract.txt"}
        of_whom = {"team_id": team_id, "owner_id": person_id, "conversation_id": conversation_id}
        await tx.execute(insert(AttachmentRow).values(id=file_id, created_at=at, **of_whom, **file))
        await tx.execute(insert(AttachmentContentRow).values(attachment_id=file_id, data=b"", text="inner"))
        await tx.execute(insert(MessageAttachmentRow).values(message_id=message_id, attachment_id=file_id, position=0))
    return conversation_id


async def _left(database: Database, table: type[ConversationRow] | type[AttachmentRow], team_id: UUID) -> set[UUID]:
    async with database.read() as tx:
        return set(await tx.scalars(select(table.id).where(table.team_id == team_id)))


@pytest.mark.parametrize("days", [1, 30, 400])
async def test_what_is_older_goes_and_what_is_newer_never_does_to_the_microsecond(
    database: Database, days: int
) -> None:
    team_id, olga = await _team(database, RetentionRule(days, None))
    edge = NOW - timedelta(days=days)
    moments = [edge - timedelta(days=1), edge - timedelta(microseconds=1), edge, edge + timedelta(microseconds=1), NOW]
    made = [await _conversation(database, team_id, olga, at) for at in moments]
    assert await Retention(database).run(now=NOW) == 2
    assert await _left(database, ConversationRow, team_id) == set(made[2:])
    assert await Retention(database).run(now=NOW) == 0


async def test_many_go_in_batches_and_the_trail_has_one_entry_without_a_name(database: Database) -> None:
    team_id, olga = await _team(database, RetentionRule(30, None))
    many = CONVERSATIONS_AT_ONCE * 2 + 3
    for _ in range(many):
        await _conversation(database, team_id, olga, NOW - timedelta(days=40))
    assert await Retention(database).run(now=NOW) == many
    async with database.read() as tx:
        [entry] = (await tx.execute(select(AuditRow.__table__).where(AuditRow.team_id == team_id))).all()
    assert (entry.action, entry.actor_id, entry.actor_name) == ("team.retention_ran", None, "retention")
    assert entry.details == f'{{"attachments":0,"conversations":{many}}}'


async def test_another_team_and_one_without_a_rule_keep_what_they_have(database: Database) -> None:
    _, eve = other = await _team(database, None)
    old = await _conversation(database, other[0], eve, NOW - timedelta(days=4000))
    team_id, olga = await _team(database, RetentionRule(1, 1))
    await _conversation(database, team_id, olga, NOW - timedelta(days=4000))
    await Retention(database).run(now=NOW)
    assert await _left(database, ConversationRow, other[0]) == {old}
    assert len(await _left(database, AttachmentRow, other[0])) == 1


async def test_files_go_and_the_words_stay_with_the_names_of_those_that_stood_alone(database: Database) -> None:
    team_id, olga = await _team(database, RetentionRule(None, 30))
    with_words = await _conversation(database, team_id, olga, NOW - timedelta(days=31))
    bare = await _conversation(database, team_id, olga, NOW - timedelta(days=31), text=" ")
    young = await _conversation(database, team_id, olga, NOW - timedelta(days=29))
    assert await Retention(database).run(now=NOW) == 2
    async with database.read() as tx:
        rows = await tx.execute(select(MessageRow.conversation_id, MessageRow.text))
        texts = {row.conversation_id: row.text for row in rows}
        kept = (await tx.scalars(select(AttachmentRow.conversation_id))).all()
    assert texts == {with_words: "words", bare: "(contract.txt)", young: "words"}
    assert kept == [young]


async def test_what_is_counted_before_is_what_goes(database: Database) -> None:
    team_id, olga = await _team(database, None)
    now = datetime.now(UTC)
    for days in (1, 10, 20, 30, 40):
        await _conversation(database, team_id, olga, now - timedelta(days=days, minutes=5))
    async with database.read() as tx:
        assert await count_due(tx, team_id, RetentionRule(20, 30)) == Due(3, 2)
        assert await count_due(tx, team_id, RetentionRule(None, None)) == Due(0, 0)


async def test_an_owner_sets_it_by_days_that_make_sense_and_it_stands_in_the_trail(world: World) -> None:
    olga, mia = world.people["olga"], world.people["mia"]
    for days in (0, 3651):
        answer = await olga.call(
            "PUT", "/api/team/privacy/retention", {"conversation_days": days, "attachment_days": None}
        )
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, "conversation_days")
    wish = {"conversation_days": 30, "attachment_days": None}
    database = world.harbour.built.parts.database
    async with database.write() as tx:
        old = ConversationRow.id == UUID(world.belongings["olga"]["conversation"])
        await tx.execute(update(ConversationRow).where(old).values(updated_at=NOW - timedelta(days=365 * 20)))
    assert (await olga.post("/api/team/privacy/retention/preview", wish))["conversations"] == 1
    set_ = await olga.call("PUT", "/api/team/privacy/retention", wish)
    assert set_.json()["conversation_days"] == 30
    told = (await olga.get("/api/audit"))["entries"][0]
    assert told["action"] == "team.retention_changed"
    assert (await mia.get("/api/team/privacy"))["retention"]["conversation_days"] == 30, "everybody may know"
    await world.harbour.built.parts.privacy.runner.tidy()
    gone = await olga.call("GET", f"/api/conversations/{world.belongings['olga']['conversation']}")
    assert gone.status_code == 404


async def test_a_sign_in_that_ended_is_gone_though_its_person_never_comes_back(world: World) -> None:
    database, mia, adam = world.harbour.built.parts.database, world.people["mia"], world.people["adam"]
    left = {name: UUID(person.session["me"]["id"]) for name, person in (("mia", mia), ("adam", adam))}
    async with database.write() as tx:
        long_ago = db_after(-timedelta(days=1))
        await tx.execute(update(SignInRow).where(SignInRow.user_id == left["mia"]).values(expires_at=long_ago))
    await world.harbour.built.parts.privacy.runner.tidy()
    async with database.read() as tx:
        signed_in = set(await tx.scalars(select(SignInRow.user_id)))
    assert left["mia"] not in signed_in
    assert left["adam"] in signed_in
