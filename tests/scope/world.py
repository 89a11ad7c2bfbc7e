"""The cast with everything a route can name: what Olga's team has, what Eve has, and requests made from the routes.

A route that names a new kind of object needs a line in PATH_IDS or BODY_IDS, and `_belongings` must make one.
"""

import asyncio
import ipaddress
import itertools
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from string import Formatter
from typing import Any

from sqlalchemy import insert

from moorage.api.limits import HOUR, RateLimits
from moorage.api.parts import Parts
from moorage.api.permits import Open, Permit, permit_of
from moorage.api.routes import ROUTES
from moorage.app import make_bare_app
from moorage.egress.policy import Address
from moorage.egress.resolver import LookUp
from moorage.operating.tables import AnnouncementRow
from moorage.storage.database import Database
from moorage.storage.types import db_after, db_now, new_id
from tests.scope.sign_in_things import sign_in_things
from tests.support.attaching import attach, send
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import Harbour, Person, link_of, running, settings_for
from tests.support.samples import Document, body_of, body_schema, ids_in
from tests.support.tables import Contents, changes, read_tables

# What stands in a path, by the parameter's name → the kind of thing it is.
PATH_IDS: Mapping[str, str] = {
    "user_id": "person",
    "invitation_id": "invitation",
    "connection_id": "connection",
    "model_id": "model",
    "conversation_id": "conversation",
    "message_id": "message",
    "reply_id": "reply",
    "comparison_id": "comparison",
    "attachment_id": "attachment",
    "sign_in_id": "sign_in",
    "passkey_id": "passkey",
    "identity_id": "identity",
    "alias_id": "alias",
    "export_id": "export",
    "announcement_id": "announcement",
    # Both stand in the link of a team's sign-in page; of a team without a provider that is on, nothing is told.
    "team_id": "team",
    "provider": "team",
}
# What stands in a body, by the field's name.
BODY_IDS: Mapping[str, str] = {
    "team_id": "team",
    "maintainer_id": "person",
    "user_id": "person",
    "actor": "person",
    "test_id": "test",
    "parent_id": "message",
    "client_id": "message",
    "message_id": "message",
    "again_id": "message",
    "model_ref": "model_ref",
    "conversation_id": "conversation",
    "attachments": "attachment",
    "target_ref": "model_ref",
    "people": "person",
    "shared_with": "person",
}
# Not the team's but one person's.
PRIVATE = frozenset(
    {"conversation", "message", "reply", "comparison", "attachment", "sign_in", "passkey", "identity", "export"}
)
# What a body only looks for: what is not there is not found, and nothing is refused.
FILTERS = frozenset({"actor", "shared_with"})


@dataclass(frozen=True)
class Operation:
    """One route, with its permit and its place in the document."""

    method: str
    path: str
    permit: Permit
    entry: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_unsafe(self) -> bool:
        return self.method != "GET"

    @property
    def needs_sign_in(self) -> bool:
        return self.permit.needs not in {Open.ANYBODY, Open.BY_LINK, Open.MONITORING, Open.SIGNED}

    @property
    def is_signed(self) -> bool:
        """Whether it believes a signature alone: nothing that a browser holds, and no name, counts there."""
        return self.permit.needs is Open.SIGNED

    @property
    def is_operators(self) -> bool:
        """Whether it is closed to the whole cast: operators come with a second factor (test_operators.py)."""
        return self.permit.needs is Open.OPERATOR

    @property
    def ids(self) -> list[str]:
        """Names of the parameters in the path: ids of objects, never a secret."""
        return [name for _, name, _, _ in Formatter().parse(self.path) if name]


@dataclass
class World:
    """A running Moorage with its cast. `belongings` is by person: kind → id."""

    harbour: Harbour
    people: dict[str, Person]
    belongings: dict[str, dict[str, str]]
    document: Document = field(default_factory=dict)

    def operations(self) -> list[Operation]:
        """All routes, whoever added them."""
        return [
            Operation(
                route.method,
                route.path,
                permit_of(route.method, route.path),
                self.document["paths"][route.path][route.method.lower()],
            )
            for route in ROUTES
        ]

    def with_roles(self, *roles: str) -> Iterator[tuple[str, Person]]:
        """The people of Olga's team that have these roles."""
        by_role = {"owner": "olga", "admin": "adam", "member": "mia"}
        for role in roles:
            yield role, self.people[by_role[role]]

    def body(self, operation: Operation, **fields: Any) -> dict[str, Any] | None:
        """A good body, with these fields put in."""
        made = body_of(self.document, operation.entry)
        fields = {"base_url": self.harbour.models.base_url, **fields}
        if made is None:
            return None
        put = {name: value for name, value in fields.items() if name in made}
        return {**made, **{name: as_in(made[name], value) for name, value in put.items()}}

    def body_ids(self, operation: Operation) -> list[str]:
        """The fields of the body that name objects: by type, and those that do so in a text."""
        schema = body_schema(self.document, operation.entry)
        if schema is None:
            return []
        paths = list(ids_in(self.document, schema))
        # An id by itself, or a list of nothing but ids.
        known = all(len(path) == 1 or path[1:] == ("0",) for path in paths)
        assert known, f"{operation.name}: teach tests/scope about nested ids: {paths}"
        in_texts = [name for name in schema.get("properties", {}) if name in {"model_ref", "target_ref"}]
        return [path[0] for path in paths] + in_texts

    def at(self, operation: Operation, belongings: Mapping[str, str], **others: str) -> str:
        """The path with ids of somebody's own things; `others` by parameter name."""
        mine = {name: belongings[kind_of(name, PATH_IDS)] for name in operation.ids}
        return operation.path.format_map({**mine, **others})

    async def tables(self) -> Contents:
        """What is stored now."""
        return await read_tables(self.harbour.built.parts.database)

    async def expect(
        self, attempts: Iterable["Attempt"], allowed: Mapping[str, frozenset[int]] | None = None
    ) -> list[str]:
        """Make attempts that must be refused; tell which were answered otherwise, and what each changed."""
        wrong: list[str] = []
        before = await self.tables()
        for attempt in attempts:
            expected = (allowed or {}).get(attempt.field or "", attempt.expected)
            answer = await attempt.person.call(
                attempt.operation.method, attempt.path, attempt.body, **dict(attempt.headers)
            )
            if answer.status_code not in expected:
                wrong.append(f"{attempt} → {answer.status_code} {answer.text[:120]}")
            after = await self.tables()
            wrong += [f"{attempt} → {answer.status_code}, but changed {change}" for change in changes(before, after)]
            before = after
        return wrong


def as_in(sample: Any, value: Any) -> Any:
    """A value in the form of the sample: alone, or in a list."""
    return [value] if isinstance(sample, list) and not isinstance(value, list) else value


@dataclass(frozen=True)
class Attempt:
    """One request that must be refused with one of the statuses `expected`."""

    who: str
    person: Person
    operation: Operation
    path: str
    body: Any
    expected: frozenset[int]
    headers: tuple[tuple[str, str], ...] = ()
    field: str | None = None

    def __str__(self) -> str:
        what = "" if self.field is None else f" with {self.field} of another team"
        return f"{self.who}: {self.operation.method} {self.path}{what}"


def kind_of(name: str, table: Mapping[str, str]) -> str:
    """The kind of thing that a name stands for."""
    kind = table.get(name)
    if kind is None:
        which = "PATH_IDS" if table is PATH_IDS else "BODY_IDS"
        raise AssertionError(
            f"a route names {name!r}: say in {which} of tests/scope/world.py what kind of thing that is, and let "
            "`_belongings` there make one for Olga and one for Eve"
        )
    return kind


def some_of(names: list[str]) -> Iterator[frozenset[str]]:
    """Every choice of at least one name."""
    for count in range(1, len(names) + 1):
        yield from map(frozenset, itertools.combinations(names, count))


@asynccontextmanager
async def open_world(
    database_url: str,
    folder: Path,
    models: tuple[TestAuthority, ModelServer],
    *,
    look_up: LookUp | None = None,
    **changes_of_settings: Any,
) -> AsyncIterator[World]:
    """Run Moorage with Olga, Adam, Mia and Ben in one team, Eve in another, and a thing of every kind for both."""
    authority, server = models
    settings = settings_for(database_url, folder, authority, server, demo=True, demo_pause_ms=0, **changes_of_settings)
    async with running(settings, server, look_up=look_up or only_this_machine, change=without_limits) as harbour:
        yield await populate(harbour, harbour.built.parts.database)


async def populate(harbour: Harbour, database: Database) -> World:
    """Let the cast arrive, and make a thing of every kind for both teams, some of them in the database itself."""
    olga, eve, server = await harbour.olga(), await harbour.eve(), harbour.models
    people = {"olga": olga, "eve": eve}
    for name, role in (("adam", "admin"), ("mia", "member"), ("ben", "member")):
        people[name] = await harbour.invited_by(olga, name.capitalize(), role)
    frank = await harbour.invited_by(eve, "Frank", "member")
    pia, gil = await harbour.invited_by(olga, "Pia", "member"), await harbour.invited_by(eve, "Gil", "member")
    belongings = {
        "olga": await _belongings(olga, people["ben"], server) | await sign_in_things(harbour, olga, pia, database),
        "eve": await _belongings(eve, frank, server) | await sign_in_things(harbour, eve, gil, database),
    }
    told = await announced(database)
    belongings = {name: own | {"announcement": told} for name, own in belongings.items()}
    return World(harbour, people, belongings, document())


@cache
def document() -> Document:
    """The API's document, made once: it takes longer than a start."""
    return make_bare_app().openapi()


async def _belongings(owner: Person, member: Person, server: ModelServer) -> dict[str, str]:
    connection = await owner.connect(
        server.base_url, ["steady"], name=f"GPU of {owner.session['me']['name']}", key=server.key or ""
    )
    model = next(model for model in connection["models"] if model["enabled"])
    model_ref = model["ref"]
    attached = await attach(owner, f"File of {owner.session['me']['name']}.txt", b"words")
    exchange = await send(owner, f"A question of {owner.session['me']['name']}", attached, ref=model_ref)
    invitation = await owner.post("/api/team/invitations", {"role": "member", "note": "open"})
    wish = {"base_url": server.base_url, "api_key": server.key, "model_id": "steady"}
    finished = [event async for event in owner.events("POST", "/api/connection-tests", wish)][-1]
    name = f"House model of {owner.session['me']['name']}"
    alias = await owner.post("/api/aliases", {"name": name, "target_ref": model_ref})
    return {
        "team": owner.session["team"]["id"],
        "person": member.session["me"]["id"],
        "invitation": invitation["invitation"]["id"],
        "link": link_of(invitation),
        "connection": connection["id"],
        "model": model["id"],
        "model_ref": model_ref,
        "alias": alias["alias"]["id"],
        "test": finished.data["test_id"],
        "conversation": exchange["conversation_id"],
        "message": exchange["answer"]["id"],
        "question": exchange["question"]["id"],
        "reply": exchange["answer"]["reply"]["reply_id"],
        "comparison": await _comparison(owner, exchange, ["scripted:demo", model_ref]),
        "attachment": attached["id"],
        "export": await export_of(owner),
    }


async def _comparison(owner: Person, exchange: Any, model_refs: list[str]) -> str:
    path = f"/api/conversations/{exchange['conversation_id']}/messages/{exchange['question']['id']}/compare"
    body = {"client_id": str(uuid.uuid4()), "model_refs": model_refs, "blind": True}
    made = await owner.post(path, body)
    for answer in made["answers"]:
        await owner.wait_for({"answer": answer})
    return str(made["comparison"]["id"])


async def announced(database: Database) -> str:
    """Store an announcement, which belongs to no team; gives its id. The trail of another process is not for us."""
    announcement_id = new_id()
    texts = {"kind": "info", "text_en": "Maintenance", "text_de": "Wartung", "edition": 1}
    moments = {"from_at": db_now(), "until_at": db_after(timedelta(days=1)), "created_at": db_now()}
    async with database.write() as tx:
        await tx.execute(insert(AnnouncementRow).values(id=announcement_id, **texts, **moments))
    return str(announcement_id)


async def export_of(owner: Person) -> str:
    """Ask for an export of one's own data, and wait for it; gives its id."""
    made = await owner.post("/api/team/privacy/exports")
    # Ready, so that nothing is written in the background while requests are compared.
    while (await owner.get(f"/api/team/privacy/exports/{made['id']}"))["state"] != "done":
        await asyncio.sleep(0.05)
    return str(made["id"])


def only_this_machine(name: str, _port: int) -> list[Address]:
    """Look a name up where none is known but this machine's."""
    return [ipaddress.ip_address("127.0.0.1")] if name == "localhost" else []


def without_limits(parts: Parts) -> Parts:
    """Let an hour pass before each request: which of them may be made at all is the question, not how many."""
    return replace(parts, limits=RateLimits(partial(next, itertools.count(0.0, HOUR))))


def unheard_of(kind: str) -> str:
    """An id of this kind that nothing has."""
    return f"byom:{uuid.uuid4()}" if kind == "model_ref" else str(uuid.uuid4())
