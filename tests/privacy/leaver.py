"""Somebody with a row in every table, a name and words that nobody else has, and a search for all of it."""

import asyncio
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.factor_tables import PasskeyRow
from moorage.accounts.provider_tables import IdentityRow, ProviderSessionRow
from moorage.accounts.tables import ResetRow, SignInRow
from moorage.connections.tables import ConnectionRow
from moorage.connections.undertaking_tables import UndertakingRow
from moorage.storage.database import Database
from moorage.storage.types import db_after, db_now, new_id
from moorage.usage.estimates import Count
from moorage.usage.ledger import Call, Ledger
from moorage.usage.outcomes import Outcome
from moorage.usage.tables import ReservationRow
from tests.scope.sign_in_things import ISSUER
from tests.scope.world import World, export_of
from tests.support.attaching import attach, send
from tests.support.running import PASSWORD, Person
from tests.support.second_factors import code_of
from tests.support.tables import Contents

NAME = "Quillfeather"
MAIL = "quillfeather@example.com"
WORD = "zebrafinken"
FILE_WORD = "nachtigallen"


@dataclass
class Leaver:
    """Who is to be erased."""

    person: Person
    id: str
    conversation_id: str

    @property
    def marks(self) -> tuple[str, ...]:
        """What must be nowhere afterwards."""
        return (self.id, NAME.lower(), WORD, FILE_WORD)


async def settle_in(world: World) -> Leaver:
    """Let an admin come who leaves a trace in every table that can hold one."""
    harbour, olga = world.harbour, world.people["olga"]
    person = await harbour.invited_by(olga, NAME, "admin")
    their_id = person.session["me"]["id"]
    server = harbour.models
    connection = await person.connect(server.base_url, ["steady"], name="A GPU", key=server.key or "")
    await _worked(person, "PATCH", f"/api/connections/{connection['id']}", {"maintainer_id": their_id})
    ref = next(model["ref"] for model in connection["models"] if model["enabled"])
    attached = await attach(person, f"{FILE_WORD}.txt", f"{WORD} in a file".encode())
    exchange = await send(person, f"What do {WORD} eat?", attached, ref=ref)
    conversation_id = exchange["conversation_id"]
    await _worked(person, "PUT", f"/api/conversations/{conversation_id}/sharing/team")
    mias = world.people["mia"].session["me"]["id"]
    await _worked(person, "PUT", f"/api/conversations/{conversation_id}/sharing/people/{mias}")
    await _compare(person, exchange, [ref, "scripted:demo"])
    await attach(person, "unsent.txt", f"{WORD} unsent".encode())
    await person.post("/api/aliases", {"name": "Their model", "target_ref": ref, "reason": ""})
    await person.post("/api/team/invitations", {"role": "member", "note": "open"})
    await _worked(person, "PUT", "/api/favourites", {"model_ref": ref})
    audience = {"kind": "people", "roles": [], "people": [their_id]}
    await _worked(person, "PUT", f"/api/connections/{connection['id']}/audience", audience)
    await export_of(person)
    setup = await person.post("/api/second-factors/app")
    added = {"code": code_of(setup["secret"]), "name": "Phone"}
    person.csrf = (await person.post("/api/second-factors/app/confirmation", added))["csrf_token"]
    # Begun, and not finished: the second factor is missing.
    await harbour.somebody().call("POST", "/api/sign-in", {"email": MAIL, "password": PASSWORD})
    await _rows(harbour.built.parts.database, UUID(their_id), UUID(world.belongings["olga"]["team"]), connection["id"])
    await _standard_calls(harbour.built.parts.database, UUID(their_id), UUID(world.belongings["olga"]["team"]))
    await _passkey(harbour.built.parts.database, UUID(their_id))
    return Leaver(person, their_id, conversation_id)


async def _compare(person: Person, exchange: Any, refs: list[str]) -> None:
    path = f"/api/conversations/{exchange['conversation_id']}/messages/{exchange['question']['id']}/compare"
    made = await person.post(path, {"client_id": str(uuid.uuid4()), "model_refs": refs, "blind": False})
    for answer in made["answers"]:
        await person.wait_for({"answer": answer})
    its = f"/api/conversations/{exchange['conversation_id']}/comparisons/{made['comparison']['id']}/verdict"
    await _worked(person, "PUT", its, {"outcome": "tie"})


async def _rows(database: Database, person_id: UUID, team_id: UUID, connection_id: str) -> None:
    """What no page makes here: other engines' doors, a reset under way."""
    now = db_now()
    async with database.write() as tx:
        await tx.execute(
            insert(ResetRow).values(token_hash=b"r" * 32, user_id=person_id, by_operator=True, expires_at=now)
        )
        identity = {"issuer": ISSUER, "subject": f"{NAME} there", "linked_at": now, "used_at": now}
        await tx.execute(insert(IdentityRow).values(id=new_id(), provider_id=new_id(), user_id=person_id, **identity))
        undertaking = {
            "signer": "Somebody",
            "signed_on": "2026-01-01",
            "document": "",
            "set_by": person_id,
            "set_at": now,
        }
        await tx.execute(insert(UndertakingRow).values(team_id=team_id, place=connection_id, **undertaking))
        await tx.execute(
            update(ConnectionRow).where(ConnectionRow.id == UUID(connection_id)).values(created_by=person_id)
        )
        from_there = {"provider_id": new_id(), "issuer": ISSUER, "subject": f"{NAME} there"}
        sign_in = await _sign_in_of(tx, person_id)
        await tx.execute(insert(ProviderSessionRow).values(sign_in_id=sign_in, session=None, **from_there))


async def _standard_calls(database: Database, person_id: UUID, team_id: UUID) -> None:
    """Calls of standard models: one that ended, one whose end became known late, one that is under way."""
    ledger = Ledger("gone", "1")
    calls = [standard_call(person_id, team_id) for _ in range(3)]
    async with database.write() as tx:
        await ledger.announce_all(tx, calls)
        await ledger.settle(tx, calls[0].call_id, Outcome(Count(90, 40, "reported"), "ok", 120.0))
        await ledger.settle(tx, calls[1].call_id, Outcome(Count(100, None, "orphan"), "crashed"))
        assert await ledger.settle(tx, calls[1].call_id, Outcome(Count(95, 7, "reported"), "ok"))
        held = update(ReservationRow).where(ReservationRow.call_id == calls[2].call_id)
        await tx.execute(held.values(lease_until=db_after(timedelta(hours=1))))


def standard_call(person_id: UUID, team_id: UUID) -> Call:
    """Give a call of a standard model."""
    return Call(
        call_id=new_id(), team_id=team_id, user_id=person_id, kind="standard", purpose="reply", connection_id=None,
        provider="p", model_id="m", tokens_in_estimate=100, tokens_out_most=1000,
    )  # fmt: skip


async def _sign_in_of(tx: AsyncConnection, person_id: UUID) -> UUID:
    found: UUID = (await tx.execute(select(SignInRow.id).where(SignInRow.user_id == person_id).limit(1))).scalar_one()
    return found


async def _passkey(database: Database, person_id: UUID) -> None:
    async with database.write() as tx:
        await tx.execute(
            insert(PasskeyRow).values(
                id=new_id(), user_id=person_id, name="Laptop", credential_id=b"theirs", public_key=b"", sign_count=0,
                can_sync=False, is_backed_up=False, transports="", created_at=db_now(),
            )
        )  # fmt: skip


async def _worked(person: Person, method: str, path: str, body: Any = None) -> None:
    answer = await person.call(method, path, body)
    assert answer.status_code < 400, f"{method} {path}: {answer.status_code} {answer.text}"


async def until_receipts(person: Person, count: int) -> list[dict[str, Any]]:
    """Wait until so many erasures of the team are done; gives their receipts."""
    for _ in range(400):
        receipts: list[dict[str, Any]] = (await person.get("/api/team/privacy/receipts"))["receipts"]
        if len(receipts) >= count:
            return receipts
        await asyncio.sleep(0.05)
    raise AssertionError("no receipt came")


def found_in(tables: Contents, marks: Iterable[str]) -> list[str]:
    """Name every cell that holds one of these, in whatever case."""
    wanted = [mark.lower() for mark in marks]
    hits = []
    for table, rows in tables.items():
        for row in rows:
            for column, value in row.items():
                text = bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
                hits += [f"{table}.{column}: {mark} in {text[:200]}" for mark in wanted if mark in text.lower()]
    return sorted(set(hits))


def tables_of(hits: Iterable[str]) -> set[str]:
    """Give the tables of these cells."""
    return {hit.partition(".")[0] for hit in hits}
