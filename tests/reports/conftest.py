"""`collector`: where reports arrive; `reporting`: a Moorage that sends them there; `hooks`: its last resort."""

import asyncio
import sys
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from moorage.api.parts import Parts
from moorage.reports.last_resort import LastResort
from moorage.settings import Settings
from tests.support.authority import TestAuthority
from tests.support.collector import Collector
from tests.support.model_server import ModelServer
from tests.support.running import settings_for

Reporting = Callable[..., Settings]
Install = Callable[[Parts], LastResort]


@pytest_asyncio.fixture
async def collector(models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[Collector]:
    async with Collector(models[0].server_context("localhost")) as collector:
        yield collector


@pytest.fixture
def reporting(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer], collector: Collector
) -> Reporting:
    """Give the settings of a Moorage that reports to the collector and logs everything."""

    def reporting(**changes: Any) -> Settings:
        given = {"sentry_dsn": collector.dsn, "sentry_environment": "test-harbour", "log_level": "debug"}
        return settings_for(database_url, tmp_path, *models, **{**given, "log_format": "json", **changes})

    return reporting


@pytest.fixture
def hooks() -> Iterator[Install]:
    """Give what installs the last resort of a Moorage in this process; afterwards all is as it was."""
    kept = sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning
    watched: list[asyncio.AbstractEventLoop] = []

    def install(parts: Parts) -> LastResort:
        last_resort = LastResort(parts.reports)
        last_resort.install()
        watched.append(asyncio.get_running_loop())
        last_resort.watch(watched[0])
        return last_resort

    yield install
    sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning = kept
    for loop in watched:
        loop.set_exception_handler(None)
