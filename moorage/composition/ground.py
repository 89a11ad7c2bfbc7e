"""What stands before anything else: the database, the operator's way out, the desk for errors."""

from dataclasses import dataclass

from moorage import __version__
from moorage.api.sentences import known_codes
from moorage.composition.key_sources import build_operator_door
from moorage.egress.door import Door
from moorage.egress.error_collector import ErrorCollector
from moorage.egress.resolver import LookUp, SystemResolver
from moorage.plans.catalogue import Plans, carry_plans
from moorage.reports.desk import Reports
from moorage.reports.events import Told
from moorage.reports.outbox import Outbox
from moorage.settings import Settings
from moorage.storage.database import Database
from moorage.storage.engines import sqlite_url
from moorage.telemetry import EVENTS, Metrics
from moorage.vault.passwords import Passwords
from moorage.vault.secret import Secret


@dataclass(frozen=True, slots=True)
class Ground:
    """What is there before anything that can fail, so that a start that breaks can be reported."""

    metrics: Metrics
    resolver: SystemResolver
    operator_door: Door
    reports: Reports
    passwords: Passwords


def lay_ground(settings: Settings, *, look_up: LookUp | None = None, passwords: Passwords | None = None) -> Ground:
    """Make it. Raises MoorageError for a collector's address that can't be used. Both others: as in `build`."""
    metrics, resolver = Metrics(), SystemResolver(look_up=look_up)
    door = build_operator_door(settings, resolver, metrics)
    return Ground(metrics, resolver, door, build_reports(settings, door, metrics), passwords or Passwords())


def build_reports(settings: Settings, door: Door, metrics: Metrics) -> Reports:
    """Make the desk for errors; without MOORAGE_SENTRY_DSN it only logs."""
    dsn = settings.read_sentry_dsn()
    if not dsn:
        return Reports(metrics=metrics)
    told = Told(
        codes=known_codes(),
        events=frozenset(EVENTS),
        release=f"moorage@{__version__}",
        environment=settings.sentry_environment,
    )
    return Reports(Outbox(ErrorCollector(door, Secret(dsn)).post, metrics), told, metrics)


def build_database(settings: Settings, *, looks_only: bool = False) -> Database:
    """Give the database: the operator's PostgreSQL, or the file in the data folder (0700). To look, nothing is made.

    What is done with it goes by the operator's plans. Raises Unavailable for a file of plans that can't be used.
    """
    database = _open_database(settings, looks_only=looks_only)
    if not looks_only:
        carry_plans(database, Plans.load(settings.plans))
    return database


def _open_database(settings: Settings, *, looks_only: bool) -> Database:
    if not looks_only:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        return Database(url.replace("postgresql://", "postgresql+psycopg://", 1), looks_only=looks_only)
    return Database(sqlite_url(settings.data / "moorage.db"), looks_only=looks_only)
