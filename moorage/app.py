"""Composition root: settings → parts → application. The only file that knows all of them."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Lifespan

from moorage import __version__
from moorage.accounts.people import People
from moorage.api import errors as api_errors
from moorage.api import routes
from moorage.api.pages import Pages, SecurityHeaders
from moorage.api.parts import Parts
from moorage.api.requests import Requests
from moorage.audit.deployment import record_start
from moorage.chat.replies import Replies
from moorage.connections.catalogue import Catalogue
from moorage.connections.credentials import AddressRules
from moorage.connections.facade import Connections
from moorage.connections.opening import ProviderDesk
from moorage.connections.picker import Picker
from moorage.egress.door import Door
from moorage.egress.interfaces import own_addresses
from moorage.egress.policy import DATA_PORTS, AddressPolicy, Exceptions
from moorage.egress.resolver import LookUp, Resolver, SystemResolver
from moorage.egress.urls import canonical_host
from moorage.settings import Settings
from moorage.storage.database import Database, GroupWriter, sqlite_url
from moorage.storage.migrate import upgrade
from moorage.telemetry import Metrics
from moorage.usage.ledger import Ledger
from moorage.vault.check import check_ring, require_unsealed
from moorage.vault.keyring import KeyRing
from moorage.vault.seal import Vault
from moorage.vault.secret import Secret
from moorage.vault.tokens import hash_token

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Built:
    """An application and what its owner has to know to stop it well."""

    app: FastAPI
    parts: Parts


def build_database(settings: Settings, *, looks_only: bool = False) -> Database:
    """Give the database: the operator's PostgreSQL, or the file in the data folder (0700). To look, nothing is made."""
    if not looks_only:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        return Database(url.replace("postgresql://", "postgresql+psycopg://", 1), looks_only=looks_only)
    return Database(sqlite_url(settings.data / "moorage.db"), looks_only=looks_only)


async def build_vault(settings: Settings, database: Database) -> Vault:
    """Open the key ring, or make one where nothing was ever sealed. Never a new key over an old database."""
    if settings.key_ring is not None:
        vault = Vault(KeyRing.from_text(settings.key_ring.get_secret_value()))
    else:
        file = settings.key_ring_file or settings.data / "keys"
        if not file.exists():
            async with database.read() as tx:
                await require_unsealed(tx)
            KeyRing.create(file)
        vault = Vault(KeyRing.from_file(file))
    async with database.write() as tx:
        await check_ring(tx, vault)
    return vault


async def build(settings: Settings, *, look_up: LookUp | None = None) -> Built:
    """Migrate, compose everything, and give the application. Raises MoorageError with the exact cause.

    `look_up` resolves names instead of the system.
    """
    database = build_database(settings)
    try:
        await upgrade(database)
        vault = await build_vault(settings, database)
        parts = compose(settings, database, vault, look_up=look_up)
        async with database.write() as tx:
            await record_start(tx, version=__version__, exceptions=parts.exceptions.tell())
    except BaseException:
        await database.close()
        raise
    return Built(make_app(parts), parts)


def compose(settings: Settings, database: Database, vault: Vault, *, look_up: LookUp | None = None) -> Parts:
    """Make every part of the process and hand each what it needs. Raises MoorageError for what can't be read."""
    writer = GroupWriter(database)
    instance = take_instance(settings.data)
    ledger = Ledger(instance.name, secrets.token_hex(8))
    metrics, resolver = Metrics(), SystemResolver(look_up=look_up)
    exceptions = read_exceptions(settings)
    door = build_door(settings, exceptions, resolver, metrics)
    rules = build_rules(settings, exceptions, door)
    catalogue = Catalogue.load(
        settings.catalogue, {name: Secret(key) for name, key in settings.keys_of_providers().items()}
    )
    picker = Picker(catalogue, demo=settings.demo)
    desk = ProviderDesk(door, vault, catalogue, rules=rules, demo_pause_s=settings.demo_pause_ms / 1000)
    return Parts(
        database=database,
        writer=writer,
        metrics=metrics,
        metrics_token_digest=digest_of(settings.metrics_token),
        vault=vault,
        door=door,
        exceptions=exceptions,
        resolver=resolver,
        ledger=ledger,
        picker=picker,
        desk=desk,
        connections=Connections(database=database, door=door, vault=vault, ledger=ledger, rules=rules),
        people=People(database, sign_up_open=settings.sign_up == "open"),
        replies=Replies(database, writer, ledger, picker, desk),
        sign_up_open=settings.sign_up == "open",
        secure_cookies=settings.public_url.startswith("https://"),
        demo=settings.demo,
        version=__version__,
        instance_lock=instance.lock,
    )


def digest_of(token: SecretStr | None) -> bytes | None:
    """Give what a configured token is compared by; an empty one is none."""
    text = "" if token is None else token.get_secret_value()
    return hash_token(text) if text else None


def read_exceptions(settings: Settings) -> Exceptions:
    """Read what the operator lets through. The ports of the deployment's own data never are."""
    return Exceptions.parse(settings.exceptions_text(), never_ports=DATA_PORTS | settings.database_ports)


def build_policy(settings: Settings, exceptions: Exceptions) -> AddressPolicy:
    """Make the judge of addresses, as the operator configured it."""
    public_host = urlsplit(settings.public_url).hostname
    return AddressPolicy(
        exceptions=exceptions,
        own_hosts=settings.refused_hosts | ({canonical_host(public_host)} if public_host else set()),
        own_addresses=own_addresses(),
        own_ports=settings.database_ports | {settings.port},
        refused_networks=settings.refused_networks,
        nat64_prefixes=settings.nat64_prefixes,
    )


def build_door(settings: Settings, exceptions: Exceptions, resolver: Resolver, metrics: Metrics) -> Door:
    """Make the only way out, as the operator configured it."""
    policy = build_policy(settings, exceptions)
    return Door(policy=policy, resolver=resolver, extra_ca_file=settings.extra_ca_file, metrics=metrics)


def build_rules(settings: Settings, exceptions: Exceptions, door: Door) -> AddressRules:
    """Make the rules for base URLs, as the operator configured them; what they refuse is counted with the door's."""
    return AddressRules(door.refusals, allowed_ports=settings.ports, exceptions=exceptions)


def make_app(parts: Parts) -> FastAPI:
    """Make the application around composed parts. Starting and stopping them is its lifespan."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        parts.writer.start()
        await parts.replies.start()
        yield
        await close(parts)

    app = make_bare_app(lifespan)
    app.state.parts = parts
    app.add_api_route("/{path:path}", Pages().serve, methods=["GET"], include_in_schema=False)
    api_errors.install(app)
    app.add_middleware(Requests)
    # Outermost, so that an error nobody expected is answered with them, too.
    app.add_middleware(SecurityHeaders, https=parts.secure_cookies)
    return app


def make_bare_app(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Make the application with its routes and no parts: enough to tell its OpenAPI document."""
    app = FastAPI(
        title="Moorage",
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    routes.install(app)
    return app


async def close(parts: Parts) -> None:
    """Settle what still runs, then close everything, outermost first."""
    await parts.replies.drain(0)
    await parts.connections.aclose()
    await parts.writer.close()
    await parts.door.aclose()
    parts.resolver.close()
    await parts.database.close()
    if parts.instance_lock is not None:
        os.close(parts.instance_lock)


@dataclass(frozen=True, slots=True)
class Instance:
    """A process's lasting name, and the lock that proves that no other process bears it."""

    name: str
    lock: int | None


def take_instance(data: Path) -> Instance:
    """Give this instance's lasting name, so that a restart knows its own earlier calls.

    Where another process of the same folder still lives, a name of its own: calls of the living are not to be closed.
    """
    descriptor = os.open(data / "instance", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # The kernel lets go when the process ends, however it ends.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        log.warning("data_folder_shared")
        return Instance(secrets.token_hex(8), None)
    name = os.read(descriptor, 64).decode("ascii", "replace").strip()
    if not name:
        name = secrets.token_hex(8)
        os.write(descriptor, name.encode("ascii"))
    return Instance(name, descriptor)
