"""What handlers work with: the composed parts of this process, handed in by `app` and reached through the request."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from moorage.accounts.people import People
from moorage.chat.replies import Replies
from moorage.connections.facade import Connections
from moorage.connections.opening import ProviderDesk
from moorage.connections.picker import Picker
from moorage.egress.door import Door
from moorage.egress.policy import Exceptions
from moorage.egress.resolver import SystemResolver
from moorage.storage.database import Database, GroupWriter
from moorage.telemetry import Metrics
from moorage.usage.ledger import Ledger
from moorage.vault.seal import Vault


@dataclass(frozen=True, slots=True)
class Parts:
    """One process's parts. Built once in `app.py`."""

    database: Database
    writer: GroupWriter
    metrics: Metrics
    metrics_token_digest: bytes | None
    vault: Vault
    door: Door
    exceptions: Exceptions
    resolver: SystemResolver
    ledger: Ledger
    picker: Picker
    desk: ProviderDesk
    connections: Connections
    people: People
    replies: Replies
    sign_up_open: bool
    secure_cookies: bool
    demo: bool
    version: str
    instance_lock: int | None


async def give_parts(request: Request) -> Parts:
    """Give the parts of this process. A coroutine, because FastAPI calls a plain function in a thread."""
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(give_parts)]
