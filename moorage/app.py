"""Composition root: settings → parts → application. The only file that knows all of them."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Lifespan

from moorage import __version__
from moorage.api import errors as api_errors
from moorage.api import routes
from moorage.api.open_streams import OpenStreams
from moorage.api.pages import Pages, SecurityHeaders
from moorage.api.parts import Parts
from moorage.api.proxies import Proxies
from moorage.api.requests import Requests
from moorage.audit.deployment import record_start
from moorage.audit.keeping import TrailKeeper
from moorage.audit.keys import KeyChest
from moorage.audit.rotation import open_pen
from moorage.chat.replies import Replies
from moorage.composition.attachments import build_uploads
from moorage.composition.doors import build_door, build_rules, own_hosts_of, read_exceptions
from moorage.composition.ground import Ground, build_database, lay_ground
from moorage.composition.key_sources import KeySources, build_vault
from moorage.composition.models import build_models
from moorage.composition.operating import build_billing
from moorage.composition.privacy import build_privacy
from moorage.composition.sign_in import build_ways_in
from moorage.connections.operator_zones import note_zones
from moorage.egress.resolver import LookUp
from moorage.reports.desk import Reports
from moorage.reports.steady import Steady
from moorage.settings import Settings
from moorage.storage.database import Database, GroupWriter
from moorage.storage.migrate import upgrade
from moorage.usage.closing import DayCloser
from moorage.usage.ledger import Ledger
from moorage.usage.months import MonthMaker
from moorage.vault.keys import Vault
from moorage.vault.passwords import Passwords
from moorage.vault.tokens import hash_token
from moorage.vault.transit import TransitSource

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Built:
    """An application and what its owner has to know to stop it well."""

    app: FastAPI
    parts: Parts


async def build(
    settings: Settings,
    *,
    look_up: LookUp | None = None,
    ground: Ground | None = None,
    passwords: Passwords | None = None,
) -> Built:
    """Migrate, compose everything, and give the application. Raises MoorageError with the exact cause.

    `look_up` resolves names instead of the system; `ground` is what was laid before; `passwords` hash otherwise.
    """
    ground = ground or lay_ground(settings, look_up=look_up, passwords=passwords)
    database = build_database(settings)
    try:
        await upgrade(database)
        vault, sources = await build_vault(settings, database, ground.operator_door)
        await open_pen(database, await KeyChest.over(vault))
        parts = compose(settings, database, vault, sources, ground)
        parts.trail_keeper.require_ready()
        async with database.write() as tx:
            await record_start(tx, version=__version__, exceptions=parts.exceptions.tell())
            await parts.ledger.budgets.follow_plans(tx)
        await note_zones(database, parts.picker.providers)
        # Before anybody is let in: a database that was put back does not know whom it must not know any more.
        await parts.privacy.erasures.replay()
    except BaseException:
        await ground.operator_door.aclose()
        await database.close()
        raise
    return Built(make_app(parts), parts)


def compose(settings: Settings, database: Database, vault: Vault, sources: KeySources, ground: Ground) -> Parts:
    """Make every part of the process and hand each what it needs. Raises MoorageError for what can't be read."""
    reports = ground.reports
    writer = GroupWriter(database, reports)
    instance, ledger = begin_ledger(settings.data)
    exceptions = read_exceptions(settings)
    door = build_door(settings, exceptions, ground.resolver, ground.metrics)
    rules = build_rules(settings, exceptions, door)
    ways_in = build_ways_in(settings, database, vault, door=door, ground=ground, rules=rules)
    models = build_models(settings, ground, ways_in, ledger, database=database, door=door, vault=vault, rules=rules)
    uploads = build_uploads(settings, database, reports)
    return Parts(
        database=database,
        writer=writer,
        metrics=ground.metrics,
        reports=reports,
        metrics_token_digest=digest_of(settings.metrics_token),
        vault=vault,
        key_store=sources.transit,
        door=door,
        operator_door=ground.operator_door,
        exceptions=exceptions,
        resolver=ground.resolver,
        ledger=ledger,
        picker=models.picker,
        desk=models.desk,
        connections=models.connections,
        model_access=models.model_access,
        aliases=models.aliases,
        prices=models.prices,
        standard_keys=models.standard_keys,
        billing=build_billing(settings, database, ledger.budgets),
        privacy=build_privacy(settings, database, ledger.owner, reports, models.undertakings),
        people=ways_in.accounts.people,
        own_password=ways_in.accounts.own_password,
        resets=ways_in.accounts.resets,
        notices=ways_in.accounts.notices,
        post=ways_in.post,
        streams=OpenStreams(database, reports),
        replies=Replies(database, writer, ledger, models.picker, models.desk, reports, uploads.limits, settings.titles),
        uploads=uploads,
        trail_keeper=TrailKeeper(database, settings.audit_anchor_file, reports),
        use_cleaner=models.use_cleaner,
        month_maker=MonthMaker(database, reports),
        day_closer=DayCloser(database, reports),
        watch=models.watch,
        trusted_proxies=settings.trusted_networks,
        second_step=ways_in.accounts.second_step,
        own_factors=ways_in.accounts.own_factors,
        providers=ways_in.providers,
        provider_sign_in=ways_in.provider_sign_in,
        provider_trial=ways_in.provider_trial,
        provider_logout=ways_in.provider_logout,
        sign_up_open=settings.sign_up == "open",
        public_url=settings.public_url.rstrip("/"),
        own_hosts=own_hosts_of(settings),
        demo=settings.demo,
        titles_by_model=settings.titles == "model",
        instance_lock=instance.lock,
    )


def digest_of(token: SecretStr | None) -> bytes | None:
    """Give what a configured token is compared by; an empty one is none."""
    text = "" if token is None else token.get_secret_value()
    return hash_token(text) if text else None


def make_app(parts: Parts) -> FastAPI:
    """Make the application around composed parts. Starting and stopping them is its lifespan."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        parts.reports.start()
        parts.writer.start()
        await parts.replies.start()
        parts.streams.start()
        parts.trail_keeper.start()
        parts.use_cleaner.start()
        parts.month_maker.start()
        parts.day_closer.start()
        parts.watch.start()
        parts.uploads.start()
        parts.privacy.runner.start()
        if parts.post is not None:
            parts.post.start()
        async with _kept_signed_in(parts.key_store, parts.reports):
            yield
        await close(parts)

    app = make_bare_app(lifespan)
    app.state.parts = parts
    app.add_api_route("/{path:path}", Pages().serve, methods=["GET"], include_in_schema=False)
    app.add_api_route("/{path:path}", Pages().look, methods=["HEAD"], include_in_schema=False)
    api_errors.install(app)
    app.add_middleware(Requests, reports=parts.reports)
    # Outside of it, so that an error nobody expected is answered with them, too.
    app.add_middleware(SecurityHeaders, https=parts.secure_cookies)
    app.add_middleware(Proxies, trusted=parts.trusted_proxies)
    return app


@contextlib.asynccontextmanager
async def _kept_signed_in(key_store: TransitSource | None, reports: Reports) -> AsyncIterator[None]:
    if key_store is None:
        yield
        return
    keeping = Steady(key_store.stay_signed_in, reports, name="key-store", event="key_store_keeping_broke")
    keeping.start()
    try:
        yield
    finally:
        await keeping.aclose()


def make_bare_app(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Make the application with its routes and no parts: enough to tell its OpenAPI document."""
    return routes.Api(
        title="Moorage",
        version=__version__,
        openapi_url=None,  # a row of the table, for people who are signed in
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        # FastAPI traces by itself where it finds OpenTelemetry, query strings included, and a variable lets it export.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )


async def close(parts: Parts) -> None:
    """Settle what still runs, then close everything, outermost first."""
    await parts.replies.drain(0)
    await parts.streams.aclose()
    if parts.post is not None:
        await parts.post.aclose()
    await parts.connections.aclose()
    await parts.watch.aclose()
    await parts.writer.close()
    await parts.trail_keeper.close()
    await parts.use_cleaner.aclose()
    await parts.month_maker.aclose()
    await parts.day_closer.aclose()
    await parts.uploads.aclose()
    await parts.privacy.runner.aclose()
    await parts.door.aclose()
    await parts.reports.aclose()
    await parts.operator_door.aclose()
    parts.resolver.close()
    await parts.database.close()
    if parts.instance_lock is not None:
        os.close(parts.instance_lock)


@dataclass(frozen=True, slots=True)
class Instance:
    """A process's lasting name, and the lock that proves that no other process bears it."""

    name: str
    lock: int | None


def begin_ledger(data: Path) -> tuple[Instance, Ledger]:
    """Take this process's place over a data folder, and begin its ledger under that name."""
    instance = take_instance(data)
    return instance, Ledger(instance.name, secrets.token_hex(8))


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
