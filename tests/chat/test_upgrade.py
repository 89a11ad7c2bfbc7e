"""A database from before conversations could be searched and shared is brought up to date with what is in it."""

from uuid import UUID, uuid4

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from moorage.chat.conversations import ConversationStore
from moorage.chat.search import search
from moorage.storage.database import Database
from moorage.storage.migrate import alembic_config, upgrade

OURS = "0011_conversations"
# Table, columns, values.
ROWS = (
    ("team", "id, name, plan, standing, created_at", ":team, 'Kanzlei', 'free', 'active', 1"),
    (
        "user_account",
        "id, email, name, password_hash, locale, is_operator, created_at",
        ":user, 'olga@example.com', 'Olga', '-', 'en', false, 1",
    ),
    (
        "conversation",
        "id, team_id, owner_id, title, head_id, created_at, updated_at",
        ":conversation, :team, :user, 'Mahnung', :answer, 1, 1",
    ),
    (
        "message",
        "id, conversation_id, parent_id, role, text, reasoning, created_at",
        ":question, :conversation, NULL, 'user', 'Wann läuft die Frist ab?', '', 1",
    ),
    (
        "message",
        "id, conversation_id, parent_id, role, text, reasoning, created_at",
        ":answer, :conversation, :question, 'assistant', 'Am Freitag.', 'hidden thoughts', 1",
    ),
    (
        "reply",
        (
            "id, message_id, conversation_id, team_id, model_ref, model_id, model_name, connection_name, origin, "
            "state, count_source, owner, created_at"
        ),
        ":reply, :answer, :conversation, :team, 'r', 'm', 'M', 'GPU', 'own_hardware', 'done', 'missing', 'o', 1",
    ),
)


def as_before(connection: Connection) -> None:
    """Bring the schema to the step before ours."""
    config = alembic_config()
    before = ScriptDirectory.from_config(config).get_revision(OURS).down_revision
    config.attributes["connection"] = connection
    command.upgrade(config, str(before))


async def test_what_was_written_before_is_found_after_the_upgrade(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    ids = {name: str(uuid4()) for name in ("team", "user", "conversation", "question", "answer", "reply")}
    team_id, user_id = UUID(ids["team"]), UUID(ids["user"])
    try:
        async with database.write() as tx:
            await tx.run_sync(as_before)
            for table, columns, values in ROWS:
                await tx.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), ids)
        await upgrade(database)
        for typed, hits in (("frist", ["question"]), ("freitag", ["answer"]), ("mahnung", []), ("hidden", None)):
            found = (await search(database, team_id, user_id, typed)).results
            told = [[str(hit.message_id) for hit in one.hits] for one in found]
            assert told == ([] if hits is None else [[ids[name] for name in hits]]), typed
        async with database.read() as tx:
            facts = await ConversationStore(tx, team_id, user_id).get(UUID(ids["conversation"]))
        assert (facts.pinned, facts.archived, facts.shared) == (False, False, False)
        assert [message.text for message in facts.messages] == ["Wann läuft die Frist ab?", "Am Freitag."]
    finally:
        await database.close()
