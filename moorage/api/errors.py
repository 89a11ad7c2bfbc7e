"""The only place where errors become HTTP: status by class, body by `ProblemBody`, sentence by language."""

from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from moorage.api.schemas.base import Problem, ProblemBody
from moorage.api.sentences import Language, choose_language, sentence
from moorage.errors import (
    AccessRefused,
    AddressRefused,
    Conflict,
    EndpointFailure,
    Invalid,
    MoorageError,
    NotAllowed,
    NotFound,
    Param,
    SignInNeeded,
    TooMany,
    Unavailable,
)
from moorage.telemetry import describe_place

log = structlog.get_logger(__name__)

STATUS_OF: Final[dict[type[MoorageError], int]] = {
    Invalid: 422,
    SignInNeeded: 401,
    NotAllowed: 403,
    AccessRefused: 403,
    NotFound: 404,
    Conflict: 409,
    TooMany: 429,
    Unavailable: 503,
    AddressRefused: 422,
    EndpointFailure: 502,
}

_STATUS_CODES: Final = {404: "not_found", 405: "not_found", 413: "body_too_big"}


def problem(error: MoorageError, language: Language) -> Problem:
    """Tell an error to a person."""
    return tell(error.code, dict(error.params), language, field=error.field, retryable=error.retryable)


def tell(
    code: str, params: dict[str, Param], language: Language, *, field: str | None = None, retryable: bool = False
) -> Problem:
    """Tell a stored error code to a person."""
    wait_s = params.get("retry_after_s")
    return Problem(
        code=code,
        message=sentence(code, params, language),
        field=field,
        retryable=retryable,
        retry_after_s=None if wait_s is None else int(wait_s),
    )


def language_of(request: Request) -> Language:
    """The language to answer a request in."""
    return choose_language(request.headers.get("accept-language", ""))


def status_of(error: MoorageError) -> int:
    """The HTTP status of an error, by its nearest class in the table."""
    return next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)


def answer(request: Request, status: int, body: Problem) -> JSONResponse:
    """Make the error answer."""
    headers = {} if body.retry_after_s is None else {"Retry-After": str(body.retry_after_s)}
    request_id = getattr(request.state, "request_id", "")
    shape = ProblemBody(error=body, request_id=request_id)
    return JSONResponse(shape.model_dump(), status_code=status, headers=headers)


def install(app: FastAPI) -> None:
    """Register the handlers of what can be expected. `unexpected` answers the rest."""

    @app.exception_handler(MoorageError)
    async def _expected(request: Request, error: MoorageError) -> JSONResponse:
        return answer(request, status_of(error), problem(error, language_of(request)))

    @app.exception_handler(RequestValidationError)
    async def _malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = [str(part) for part in first["loc"] if part not in {"body", "query", "path"}]
        code, params = _field_code(first)
        told = tell(code, params, language_of(request), field=".".join(place) or None)
        return answer(request, 422, told)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        code = _STATUS_CODES.get(error.status_code, "request_malformed")
        return answer(request, error.status_code, tell(code, {}, language_of(request)))


def unexpected(request: Request, error: Exception) -> JSONResponse:
    """Answer an error nobody expected, the only 500; its text is neither shown nor logged."""
    request_id = request.state.request_id
    log.error("unexpected_error", request_id=request_id, kind=type(error).__name__, where=describe_place(error))
    return answer(request, 500, tell("unexpected", {}, language_of(request), retryable=True))


def _field_code(found: dict[str, object]) -> tuple[str, dict[str, Param]]:
    kind = str(found["type"])
    context = found.get("ctx")
    limits = context if isinstance(context, dict) else {}
    if kind == "missing":
        return "field_missing", {}
    if kind == "string_too_short":
        length = int(limits["min_length"])
        return ("field_empty", {}) if length == 1 else ("field_too_short", {"length": length})
    if kind == "string_too_long":
        return "field_too_long", {"length": int(limits["max_length"])}
    if kind == "json_invalid":
        return "body_not_json", {}
    if kind == "extra_forbidden":
        return "field_unknown", {}
    return "field_invalid", {}
