"""A Moorage with a model server for each zone: three own connections, and three providers of the operator.

Every server counts what reaches it, so that a test need not believe what the product says of itself.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from moorage.chat.tables import ConversationRow
from tests.scope.world import without_limits
from tests.support.attaching import attach
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.plans import write_plans
from tests.support.running import MODEL_KEY, Harbour, Person, running, settings_for

# What stands behind each name, and in which zone; `cloud` is a provider whose zone the operator did not state.
OWN: Final = {"gpu": "own_hardware", "azure": "own_contract", "relay": "router"}
STANDARD: Final = {"vendor": "included", "rack": "own_hardware", "cloud": "unstated"}
ZONES: Final = {**OWN, **STANDARD}


@dataclass
class Bay:
    """What is running, with Olga signed in."""

    harbour: Harbour
    olga: Person
    servers: dict[str, ModelServer]
    refs: dict[str, str]
    connections: dict[str, str] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Give the connections that each server has accepted."""
        return {name: server.counts.connections for name, server in self.servers.items()}

    def chats(self) -> dict[str, int]:
        """Give the conversations that each server was asked to continue."""
        return {name: server.counts.chat_requests for name, server in self.servers.items()}

    async def begin(self, sealed_to: list[str] | None = None) -> str:
        """Make a conversation of Olga's."""
        wish = {} if sealed_to is None else {"sealed_to": sealed_to}
        return str((await self.olga.post("/api/conversations", wish))["id"])

    async def send(
        self, which: str, name: str, *, parent: str | None = None, may_leave: bool = True, attached: Sequence[str] = ()
    ) -> Any:
        """Ask a model; gives the answer of the API. `attached`: ids of what goes along."""
        body = {
            "client_id": str(uuid.uuid4()),
            "parent_id": parent,
            "text": "How long do I have for the objection?",
            "model_ref": self.refs.get(name, name),
            "may_leave": may_leave,
            "attachments": list(attached),
        }
        return await self.olga.call("POST", f"/api/conversations/{which}/messages", body)

    async def attach(self) -> str:
        """Upload a text, which every model is sent; gives its id."""
        return str((await attach(self.olga, "note.txt", b"The objection has to be in writing."))["id"])

    async def compare(self, which: str, names: list[str], *, again: str | None = None) -> Any:
        """Ask several models a new question; `again`: one that is there, by its id."""
        body = {
            "client_id": str(uuid.uuid4()),
            "model_refs": [self.refs[name] for name in names],
            "may_leave": True,
        }
        base = f"/api/conversations/{which}"
        if again is not None:
            return await self.olga.call("POST", f"{base}/messages/{again}/compare", body)
        return await self.olga.call("POST", f"{base}/comparisons", {**body, "text": "Which of you knows?"})

    async def name(self, alias: str, target: str) -> None:
        """Let a name of the team's own stand for a model, be it farther away than before; made if there is none."""
        wish = {"target_ref": self.refs[target], "reason": ""}
        if alias not in self.refs:
            made = await self.olga.post("/api/aliases", {"name": alias, **wish})
            self.refs[alias] = made["alias"]["ref"]
            return
        path = f"/api/aliases/{self.refs[alias].removeprefix('alias:')}/target"
        answer = await self.olga.call("PUT", path, {**wish, "confirmed": True})
        assert answer.status_code == 200, answer.text

    async def seal(self, which: str, zones: list[str], person: Person | None = None) -> Any:
        """Seal, or tighten."""
        return await (person or self.olga).call("PUT", f"/api/conversations/{which}/seal", {"zones": zones})

    async def lift(self, which: str, zones: list[str] | None, reason: str, person: Person | None = None) -> Any:
        """Lift or widen."""
        body = {"zones": zones, "reason": reason}
        return await (person or self.olga).call("POST", f"/api/team/seals/{which}/lift", body)

    async def relabel(self, name: str, zone: str) -> None:
        """Say anew where a connection runs."""
        answer = await self.olga.call("PATCH", f"/api/connections/{self.connections[name]}", {"zone": zone})
        assert answer.status_code == 200, answer.text

    async def finish(self, answer: Any) -> Any:
        """Wait for a reply that was announced; gives its receipt."""
        return await self.olga.wait_for(answer.json())

    async def titled(self, which: str) -> str:
        """Wait until somebody or something made a title or gave it up; gives who."""
        async with asyncio.timeout(20):
            while True:
                # Looked at first: what ends in between is read as it ended.
                is_under_way = self.harbour.built.parts.replies.titles_under_way > 0
                async with self.harbour.built.parts.database.read() as tx:
                    maker = await tx.scalar(
                        select(ConversationRow.title_by).where(ConversationRow.id == uuid.UUID(which))
                    )
                if maker != "words" and not is_under_way:
                    return str(maker)
                await asyncio.sleep(0.01)

    async def acts(self, action: str) -> list[dict[str, Any]]:
        """Give the entries of the trail of one kind, oldest first."""
        entries: list[dict[str, Any]] = (await self.olga.get(f"/api/audit?action={action}&limit=200"))["entries"]
        return entries[::-1]


@contextlib.asynccontextmanager
async def open_bay(
    database_url: str, folder: Path, authority: TestAuthority, *, plans: Path | None = None, **changes: Any
) -> AsyncIterator[Bay]:
    """Run everything; `changes` are settings. `plans`: their file; by default they limit nothing."""
    async with contextlib.AsyncExitStack() as stack:
        servers = {
            name: await stack.enter_async_context(
                ModelServer(authority.server_context("localhost"), key=MODEL_KEY, models=("steady",))
            )
            for name in ZONES
        }
        settings = settings_for(
            database_url,
            folder,
            authority,
            servers["gpu"],
            egress_allow=", ".join(f"localhost:{server.port}=127.0.0.1/32" for server in servers.values()),
            catalogue=_catalogue(folder, servers),
            standard_keys=", ".join(f"{name}={MODEL_KEY}" for name in STANDARD),
            demo=True,
            demo_pause_ms=0,
            plans=plans or write_plans(folder),
            **changes,
        )
        harbour = await stack.enter_async_context(running(settings, servers["gpu"], change=without_limits))
        olga = await harbour.olga()
        bay = Bay(harbour, olga, servers, {f"{name}": f"standard:{name}/steady" for name in STANDARD})
        bay.refs["demo"] = "scripted:demo"
        for name, zone in OWN.items():
            made = await olga.connect(servers[name].base_url, ["steady"], name=name, zone=zone)
            bay.connections[name] = made["id"]
        lines = (await olga.get("/api/models"))["models"]
        bay.refs |= {line["connection_name"]: line["ref"] for line in lines if line["connection_name"] in OWN}
        yield bay


def _catalogue(folder: Path, servers: dict[str, ModelServer]) -> Path:
    parts = []
    for name, zone in STANDARD.items():
        stated = "" if zone == "unstated" else f'zone = "{zone}"\n'
        parts.append(
            f'[{name}]\nname = "{name}"\nbase_url = "{servers[name].base_url}"\n{stated}'
            'models = [{ id = "steady", name = "Steady" }]\n'
        )
    path = folder / "standard.toml"
    path.write_text("\n".join(parts))
    return path
