"""`everything_is_logged`: lines of the level `info` are written as well, whatever tests before have set."""

from collections.abc import Iterator

import pytest

from moorage.telemetry import configure_logging


@pytest.fixture
def everything_is_logged() -> Iterator[None]:
    """Log as a deployment does, for as long as the test takes."""
    configure_logging(style="json", level="info")
    yield
    configure_logging(style="console", level="error")
