"""Where somebody is signed in: browser and system in plain words, a coarse network, and the means to end it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import sign_ins
from moorage.accounts.holding import sign_ins_that_hold
from moorage.accounts.principal import Principal, require_proof
from moorage.accounts.tables import SignInRow, TeamRow
from moorage.audit.trail import Act, record
from moorage.errors import NotFound

# The first that fits, so what calls itself like others stands before them.
_BROWSERS: Final = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\bOPR/|\bOpera\b"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Vivaldi", r"\bVivaldi/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Headless)?(?:Chrome|CriOS|Chromium)/"),
    ("Safari", r"\bVersion/[\d.]+.*\bSafari/"),
)
_SYSTEMS: Final = (
    ("iPad", r"\biPad\b"),
    ("iPhone", r"\biPhone\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("macOS", r"\bMac OS X\b|\bMacintosh\b"),
    ("Linux", r"\bLinux\b"),
)


@dataclass(frozen=True, slots=True)
class Device:
    """One sign-in. `browser` and `system` are empty where the agent tells nothing we know."""

    id: UUID
    browser: str
    system: str
    network: str
    method: str
    has_second_factor: bool
    team_name: str
    signed_in_at: datetime
    seen_at: datetime
    is_this: bool


def name_browser(agent: str) -> tuple[str, str]:
    """Give browser and system of a User-Agent; "" for what is not known. It is what a browser claims, no more."""
    return _first(_BROWSERS, agent), _first(_SYSTEMS, agent)


def _first(names: Sequence[tuple[str, str]], agent: str) -> str:
    return next((name for name, pattern in names if re.search(pattern, agent)), "")


async def list_devices(tx: AsyncConnection, principal: Principal) -> list[Device]:
    """Give all sign-ins of the person that hold, in every team of theirs: this one first, then the last seen."""
    rows = await tx.execute(
        sign_ins_that_hold(
            SignInRow.id,
            SignInRow.agent,
            SignInRow.client,
            SignInRow.method,
            SignInRow.second_factor_at,
            SignInRow.created_at,
            SignInRow.seen_at,
            TeamRow.name,
        )
        .where(SignInRow.user_id == principal.user_id)
        .order_by(SignInRow.seen_at.desc(), SignInRow.id.desc())
    )
    found = [
        Device(
            row.id,
            *name_browser(row.agent),
            network=row.client,
            method=row.method,
            has_second_factor=row.second_factor_at is not None,
            team_name=row.name,
            signed_in_at=row.created_at,
            seen_at=row.seen_at,
            is_this=row.id == principal.sign_in.id,
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: not one.is_this)


async def end_device(tx: AsyncConnection, principal: Principal, sign_in_id: UUID, request_id: str) -> None:
    """End one sign-in of the person.

    Raises NotAllowed("proof_needed"), NotFound("device_gone"), for somebody else's too. A proof by one factor is
    enough: whose account is being taken must be able to give it (ASVS 7.5.2).
    """
    require_proof(principal)
    if not await sign_ins.end_one_of(tx, principal.user_id, sign_in_id):
        raise NotFound("device_gone")
    await _record(tx, principal, request_id, 1)


async def end_other_devices(tx: AsyncConnection, principal: Principal, request_id: str) -> None:
    """End all sign-ins of the person but this one. Raises NotAllowed("proof_needed")."""
    require_proof(principal)
    count = await sign_ins.end_all_of(tx, principal.user_id, but=principal.sign_in.id)
    if count:
        await _record(tx, principal, request_id, count)


async def _record(tx: AsyncConnection, principal: Principal, request_id: str, count: int) -> None:
    act = Act("person.devices_ended", "person", str(principal.user_id), principal.name, details={"sign_ins": count})
    await record(tx, principal.team_id, principal.actor(request_id), act)
