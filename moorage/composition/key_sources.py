"""Composes the vault: settings → key ring and key store → vault. Never makes a new key over an old database."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from moorage.egress.door import Door, Scope
from moorage.egress.messages import Outbound
from moorage.egress.operators import ServicePolicy, parse_service_url
from moorage.egress.resolver import SystemResolver
from moorage.errors import AddressRefused, Unavailable
from moorage.settings import Settings
from moorage.storage.database import Database
from moorage.telemetry import Metrics
from moorage.vault.check import check_keys, require_unsealed
from moorage.vault.keyring import KeyRing
from moorage.vault.keys import Limits, Vault
from moorage.vault.seal import KEY_BYTES
from moorage.vault.secret import Secret
from moorage.vault.sources import LocalSource, Sources
from moorage.vault.transit import AppRole, Send, TokenFile, Transit, TransitSource

_WAIT_S: Final = 10.0
_MAX_ANSWER_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class KeySources:
    """The sources of a deployment; `transit` among them is to be kept signed in while the process lives."""

    all: Sources
    transit: TransitSource | None


async def build_vault(settings: Settings, database: Database, operator_door: Door) -> tuple[Vault, KeySources]:
    """Open the keys, or make a ring where nothing was ever sealed. Raises Unavailable with the exact cause."""
    if settings.key_source == "local" and settings.key_ring is None and not ring_file(settings).exists():
        await require_unsealed(database)
        KeyRing.create(ring_file(settings))
    sources = read_sources(settings, operator_door)
    await check_keys(database, sources.all)
    return Vault(database, sources.all, Limits(kept_s=settings.key_cache_s)), sources


def read_sources(settings: Settings, operator_door: Door, *, lacks_ring: bool = False) -> KeySources:
    """Give the sources: the one that the settings choose, and the other where it is configured, to move from it.

    Raises Unavailable as `KeyRing.from_file`, or "key_store_address"; nothing is sent yet.
    """
    transit = read_transit(settings, operator_door) if settings.transit_url else None
    if settings.key_source == "local" or transit is None:
        local = _stand_in(settings) if lacks_ring else read_ring(settings)
        return KeySources(Sources(local) if transit is None else Sources(local, transit), transit)
    sources = Sources(transit, read_ring(settings)) if has_ring(settings) else Sources(transit)
    return KeySources(sources, transit)


def ring_file(settings: Settings) -> Path:
    """Give where the ring's file is, or will be."""
    return settings.key_ring_file or settings.data / "keys"


def read_ring(settings: Settings) -> LocalSource:
    """Read the key ring. Raises Unavailable as `KeyRing.from_file` and `KeyRing.from_text`."""
    if settings.key_ring is not None:
        return LocalSource(ring_of(settings))
    return LocalSource(ring_of(settings), lambda: ring_of(settings))


def ring_of(settings: Settings) -> KeyRing:
    """Read the key ring itself. Raises as `read_ring`."""
    if settings.key_ring is not None:
        return KeyRing.from_text(settings.key_ring.get_secret_value())
    return KeyRing.from_file(ring_file(settings))


def has_ring(settings: Settings) -> bool:
    """True where there is a ring, or should be one: a file that the settings name counts, even if it is gone."""
    return settings.key_ring is not None or settings.key_ring_file is not None or ring_file(settings).exists()


def _stand_in(settings: Settings) -> LocalSource:
    """Give a ring of one key that seals nothing, until there is a file."""
    file = ring_file(settings)
    nothing = KeyRing({"none": os.urandom(KEY_BYTES)}, "none")
    return LocalSource(nothing, lambda: KeyRing.from_file(file) if file.exists() else nothing)


def read_transit(settings: Settings, operator_door: Door) -> TransitSource:
    """Compose the transit key with the operator's way out. Raises Unavailable("key_store_address")."""
    if settings.transit_token_file is not None:
        sign_in: TokenFile | AppRole = TokenFile(settings.transit_token_file)
    elif settings.transit_secret_id_file is not None:
        sign_in = AppRole(settings.transit_role_id, settings.transit_secret_id_file, settings.transit_auth_mount)
    else:
        raise Unavailable("key_store_address")
    transit = Transit(
        settings.transit_key, settings.transit_mount, settings.transit_namespace, settings.transit_binding
    )
    return TransitSource(_way_to(settings.transit_url, operator_door), sign_in, transit)


def _way_to(url: str, door: Door) -> Send:
    try:
        endpoint = parse_service_url(url)
    except AddressRefused:
        raise Unavailable("key_store_address") from None
    line = door.line(Scope("operator", "key-store"), endpoint)
    prefix = endpoint.path.rstrip("/")

    async def send(path: str, headers: Mapping[str, Secret | str], body: bytes) -> tuple[int, bytes]:
        answer = await line.fetch(
            Outbound(
                "POST",
                prefix + path,
                headers=headers,
                body=body,
                first_byte_timeout_s=_WAIT_S,
                idle_timeout_s=_WAIT_S,
                total_timeout_s=2 * _WAIT_S,
                max_body_bytes=_MAX_ANSWER_BYTES,
            )
        )
        return answer.status, answer.body

    return send


def build_operator_door(settings: Settings, resolver: SystemResolver, metrics: Metrics) -> Door:
    """Make the way to the servers that the operator names in the settings; no team's words ever take it."""
    return Door(policy=ServicePolicy(), resolver=resolver, extra_ca_file=settings.extra_ca_file, metrics=metrics)


@asynccontextmanager
async def open_sources(settings: Settings, *, lacks_ring: bool = False) -> AsyncIterator[KeySources]:
    """Give the sources for one command, and close the way to them after it. Raises as `read_sources`.

    `lacks_ring`: the ring's file is not there, and what follows does without; a new one is read by `refresh`.
    """
    resolver = SystemResolver()
    door = build_operator_door(settings, resolver, Metrics())
    try:
        yield read_sources(settings, door, lacks_ring=lacks_ring)
    finally:
        await door.aclose()
        resolver.close()
