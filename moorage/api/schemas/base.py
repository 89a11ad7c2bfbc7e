"""What every shape shares: strict input, no unknown fields, and the error body."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def _without_nul(value: object) -> object:
    # PostgreSQL can't store U+0000, and nobody types it: it comes along when text is pasted from files.
    return value.replace("\0", "") if isinstance(value, str) else value


def _as_written(value: object) -> object:
    # A number would be read as seconds since 1970, which the document does not offer.
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        # Without the value: half a surrogate pair in it would break the telling.
        raise ValueError
    return value


def _not_counted(value: object) -> object:
    # As for a day.
    if isinstance(value, int | float) or (isinstance(value, str) and not _DAY.match(value)):
        raise ValueError
    return value


Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(9990, 12, 31)), BeforeValidator(_as_written)]
"""A day as `YYYY-MM-DD`, not so far away that a month could not be counted from it."""

Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1970, 1, 1, tzinfo=UTC), le=datetime(9990, 12, 31, tzinfo=UTC)),
    BeforeValidator(_not_counted),
]
"""A moment with its time zone, not so far away that it could not be told in another one."""

FreeText = Annotated[str, BeforeValidator(_without_nul)]
"""What a person writes and wants kept: everything in it is stored, except U+0000."""


Password = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=200)]
"""A password exactly as it was typed: not stripped, not cut. How long a new one must be is the policy's to say."""


class Shape(BaseModel):
    """An answer of the API."""

    model_config = ConfigDict(frozen=True)


class Input(BaseModel):
    """Something a client sends: unknown fields are refused, texts are stripped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Problem(Shape):
    """One error as a person reads it. `code` is stable (docs/errors.md); `message` is in the reader's language."""

    code: str
    message: str
    field: str | None = None
    retryable: bool = False
    retry_after_s: int | None = None


class ProblemBody(Shape):
    """The body of every answer with a status of 400 or above."""

    error: Problem
    request_id: str


class Done(Shape):
    """Acknowledges an act that has nothing to show."""

    ok: bool = True
