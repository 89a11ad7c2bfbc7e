"""What every shape shares: strict input, no unknown fields, and the error body."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


def _without_nul(value: object) -> object:
    # PostgreSQL can't store U+0000, and nobody types it: it comes along when text is pasted from files.
    return value.replace("\0", "") if isinstance(value, str) else value


FreeText = Annotated[str, BeforeValidator(_without_nul)]
"""What a person writes and wants kept: everything in it is stored, except U+0000."""


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
