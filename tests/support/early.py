"""A database as the version of revision 0002 left it: rows in each of its tables, sealed and chained as it did then."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import MetaData, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.canonical import chain, encode, genesis, micros
from moorage.egress.trust import Trust
from moorage.storage.database import Database
from moorage.storage.migrate import upgrade
from moorage.storage.types import new_id
from moorage.vault.keyring import KeyRing
from moorage.vault.passwords import Passwords
from tests.support.codebase import ROOT
from tests.support.vaults import seal_as_before

REVISIONS: Final = ("0001_first", "0002_trust")
BEGUN: Final = datetime(2025, 3, 1, 9, tzinfo=UTC)
AT: Final = micros(BEGUN)
ENTRIES: Final = 5
EMAIL: Final = "olga@example.com"

Rows = dict[str, list[dict[str, Any]]]


@dataclass
class Early:
    """What is written; the ids are fixed before, the passwords and keys are those of the test."""

    ring: KeyRing
    base_url: str
    key: str
    trust: Trust
    password: str
    team_id: UUID = field(default_factory=new_id)
    olga_id: UUID = field(default_factory=new_id)
    connection_id: UUID = field(default_factory=new_id)
    conversation_id: UUID = field(default_factory=new_id)
    question_id: UUID = field(default_factory=new_id)
    answer_id: UUID = field(default_factory=new_id)

    async def fill(self, database: Database, folder: Path) -> Rows:
        """Make the schema of then and fill all of its tables; gives the rows by table."""
        scripts = folder / "early"
        (scripts / "versions").mkdir(parents=True)
        migrations = ROOT / "moorage" / "migrations"
        shutil.copy(migrations / "env.py", scripts)
        for revision in REVISIONS:
            shutil.copy(migrations / "versions" / f"{revision}.py", scripts / "versions")
        await upgrade(database, scripts=str(scripts))
        rows = {**self._people(), **self._connection(), **self._chat(), **self._usage(), **self._trail()}
        rows["user_account"][0]["password_hash"] = await Passwords().hash(self.password)
        async with database.write() as tx:
            tables = await reflect(tx)
            assert set(rows) == set(tables.tables) - {"alembic_version"}
            for table in tables.sorted_tables:
                for row in rows.get(table.name, []):
                    assert set(row) == set(table.c.keys()), table.name
                    await tx.execute(insert(table).values(**row))
        return rows

    def _people(self) -> Rows:
        olga, team = str(self.olga_id), str(self.team_id)
        account = {"id": olga, "email": EMAIL, "name": "Olga", "locale": "en", "is_operator": True, "created_at": AT}
        invitation = {"id": str(new_id()), "token_hash": b"i" * 32, "role": "member", "note": "Mia", "invited_by": olga}
        known = {"token_hash": b"s" * 32, "user_id": olga, "created_at": AT, "seen_at": AT, "expires_at": 2**62}
        unused = {"used_at": None, "used_by": None}
        return {
            "user_account": [account],
            "team": [{"id": team, "name": "Kanzlei", "plan": "free", "standing": "active", "created_at": AT}],
            "membership": [{"team_id": team, "user_id": olga, "role": "owner", "joined_at": AT}],
            "invitation": [{**invitation, **unused, "team_id": team, "created_at": AT, "expires_at": AT + 1}],
            "sign_in": [{**known, "team_id": team}],
        }

    def _connection(self) -> Rows:
        team, olga, connection = str(self.team_id), str(self.olga_id), str(self.connection_id)
        made = {"created_at": AT, "team_id": team}
        trust = self.trust.to_secret().reveal()
        key_origin = f"{self.base_url} {self.trust.digest.hex()}"
        row = {
            "id": connection,
            "name": "Kanzlei GPU",
            "provider": "openai_compatible",
            "zone": "own_hardware",
            "data_location": "Berlin",
            "sealed_base_url": self._seal("connection", connection, "base_url", self.base_url),
            "sealed_key": self._seal("connection", connection, "key", self.key, key_origin),
            "sealed_trust": self._seal("connection", connection, "trust", trust, self.base_url),
            "trust_facts": {"private_ca": None, "client_certificate": None, "pinned": False},
            "server_certificate": None,
            "key_number": 1,
            "key_set_at": AT,
            "key_set_by": olga,
            "key_expires_on": None,
            "quirks": {"auth": "bearer"},
            "enabled": True,
            "maintainer_id": olga,
            "health": "healthy",
            "health_code": None,
            "health_at": AT,
            "created_by": olga,
            "updated_at": AT,
            "deleted_at": None,
            **made,
        }
        return {"connection": [row], **self._of_connection(), "key_check": [self._check_value()]}

    def _check_value(self) -> dict[str, Any]:
        ring_key = self.ring.current_id
        return {"key_id": ring_key, "sealed": self._seal("key_check", ring_key, "sealed", "moorage", of_team=False)}

    def _of_connection(self) -> Rows:
        olga, connection = str(self.olga_id), str(self.connection_id)
        team = str(self.team_id)
        made = {"created_at": AT, "team_id": team}
        model = {
            "id": str(new_id()),
            "connection_id": connection,
            "model_id": "steady",
            "name": "Steady",
            "typed": False,
        }
        test_id = str(new_id())
        test = {"id": test_id, "connection_id": connection, "fingerprint": b"f" * 32, "passed": True}
        tested = {"stages": [], "models": [], "quirks": {}, "made_by": olga, "at": AT, "team_id": team}
        test_address = self._seal("connection_test", test_id, "base_url", self.base_url)
        return {
            "connection_model": [
                {
                    **model,
                    **made,
                    "enabled": True,
                    "typed": False,
                    "context_length": 4096,
                    "inputs": ["text"],
                    "vanished_at": None,
                }
            ],
            "connection_test": [{**test, **tested, "sealed_base_url": test_address}],
        }

    def _chat(self) -> Rows:
        talk, question, answer = str(self.conversation_id), str(self.question_id), str(self.answer_id)
        team, olga = str(self.team_id), str(self.olga_id)
        message = {"conversation_id": talk, "reasoning": "", "created_at": AT}
        asked = {"id": question, "parent_id": None, "role": "user", "text": "Is it deep enough?", "author_id": olga}
        told = {"id": answer, "parent_id": question, "role": "assistant", "text": "Three fathoms.", "author_id": None}
        reply = {
            "id": str(new_id()),
            "team_id": team,
            "conversation_id": talk,
            "message_id": answer,
            "state": "done",
            "model_ref": "old",
            "model_id": "steady",
            "model_name": "Steady",
            "model_reported": "steady",
            "connection_id": str(self.connection_id),
            "connection_name": "Kanzlei GPU",
            "origin": "own_hardware",
            "tokens_in": 5,
            "tokens_out": 3,
            "count_source": "reported",
            "ttft_ms": 4.0,
            "duration_ms": 9.0,
            "finish_reason": "stop",
            "problem_code": None,
            "problem_params": None,
            "owner": "gone",
            "created_at": AT,
            "ended_at": AT + 9000,
        }
        held = {"id": talk, "team_id": team, "owner_id": olga, "title": "Depth", "head_id": answer}
        return {
            "conversation": [{**held, "created_at": AT, "updated_at": AT}],
            "message": [{**message, **asked}, {**message, **told}],
            "reply": [reply],
        }

    def _usage(self) -> Rows:
        whose = {"team_id": str(self.team_id), "user_id": str(self.olga_id), "purpose": "reply", "model_id": "steady"}
        used = {"tokens_in": 5, "tokens_out": 3, "count_source": "reported", "ended": "ok", "ttft_ms": 4.0}
        when = {"duration_ms": 9.0, "started_at": AT, "at": AT + 9000}
        connection = {"connection_id": str(self.connection_id)}
        held = {"kind": "byom", "provider": "openai_compatible", "tokens_in_estimate": 5, "owner": "gone"}
        lease = {"lease_until": AT, "created_at": AT}
        return {
            "byom_usage_event": [{"call_id": str(new_id()), **connection, **whose, **used, **when}],
            "standard_usage_event": [{"call_id": str(new_id()), "provider": "mistral", **whose, **used, **when}],
            "reservation": [{"call_id": str(new_id()), **connection, **whose, **held, **lease}],
        }

    def _trail(self) -> Rows:
        entries, prev_hash = [], genesis(self.team_id)
        for seq in range(1, ENTRIES + 1):
            whole: Mapping[str, Any] = {
                "team_id": self.team_id,
                "seq": seq,
                "at": BEGUN,
                "actor_id": self.olga_id,
                "actor_name": "Olga",
                "action": "team.renamed",
                "object_type": "team",
                "object_id": str(self.team_id),
                "object_name": f"Kanzlei {seq}",
                "outcome": "done",
                "request_id": f"req-{seq}",
                "details": "{}",
            }
            canonical = encode(whole, 1)
            digest = chain(canonical, prev_hash, 1)
            stored = {"team_id": str(self.team_id), "actor_id": str(self.olga_id), "at": AT}
            entries.append({**whole, **stored, "canonical": canonical, "prev_hash": prev_hash, "hash": digest})
            prev_hash = digest
        return {
            "audit_entry": entries,
            "audit_head": [{"team_id": str(self.team_id), "seq": ENTRIES, "hash": prev_hash}],
        }

    def _seal(
        self, table: str, row_id: str, column: str, text: str, origin: str = "", *, of_team: bool = True
    ) -> bytes:
        whose = str(self.team_id) if of_team else ""
        return seal_as_before(self.ring, text, team=whose, table=table, row_id=row_id, column=column, origin=origin)


async def reflect(tx: AsyncConnection) -> MetaData:
    """Give the tables that are there."""
    found = MetaData()
    await tx.run_sync(found.reflect)
    return found


async def read_all(tx: AsyncConnection, columns_of: Rows) -> Rows:
    """Give all rows of these tables as the database holds them, of the columns that these rows have."""
    tables = (await reflect(tx)).tables
    read: Rows = {}
    for name, rows in columns_of.items():
        columns = [tables[name].c[column] for column in rows[0]]
        ordered = select(*columns).order_by(*tables[name].primary_key)
        read[name] = [dict(row) for row in (await tx.execute(ordered)).mappings()]
    return read
