"""The only place where errors become HTTP: status by class, body by `ProblemBody`, sentence by language.

What is refused to somebody is logged: code, route and who asked, never what they sent (ASVS 16.3.2, 16.3.3).
"""

import logging
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from moorage.api.schemas.base import Problem, ProblemBody
from moorage.api.sentences import Language, choose_language, sentence
from moorage.errors import (
    AccessRefused,
    AddressRefused,
    BudgetSpent,
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

STATUS_OF: Final[dict[type[MoorageError], int]] = {
    Invalid: 422,
    SignInNeeded: 401,
    NotAllowed: 403,
    AccessRefused: 403,
    BudgetSpent: 429,
    NotFound: 404,
    Conflict: 409,
    TooMany: 429,
    Unavailable: 503,
    AddressRefused: 422,
    EndpointFailure: 502,
}

_STATUS_CODES: Final = {
    404: "not_found",
    405: "method_not_allowed",
    408: "body_too_slow",
    413: "body_too_big",
    415: "body_type_wrong",
}
_TIMED_OUT: Final = 408
# What whoever tries doors meets: not allowed, not theirs or not there, too often.
_WORTH_A_WARNING: Final = frozenset({403, 404, 429})

log = structlog.get_logger(__name__)


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
    if status == _TIMED_OUT:
        headers["Connection"] = "close"
    request_id = getattr(request.state, "request_id", "")
    shape = ProblemBody(error=body, request_id=request_id)
    return JSONResponse(shape.model_dump(), status_code=status, headers=headers)


def install(app: FastAPI) -> None:
    """Register the handlers of what can be expected. `unexpected` answers the rest."""

    @app.exception_handler(MoorageError)
    async def _expected(request: Request, error: MoorageError) -> JSONResponse:
        status = status_of(error)
        note_refusal(request, status, error.code)
        return answer(request, status, problem(error, language_of(request)))

    @app.exception_handler(RequestValidationError)
    async def _malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = [str(part) for part in first["loc"] if part not in {"body", "query", "path"}]
        code, params = _field_code(first)
        told = tell(code, params, language_of(request), field=".".join(place) or None)
        note_refusal(request, 422, code)
        return answer(request, 422, told)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        code = _STATUS_CODES.get(error.status_code, "request_malformed")
        note_refusal(request, error.status_code, code)
        told = answer(request, error.status_code, tell(code, {}, language_of(request)))
        if error.status_code == 405:  # noqa: PLR2004 - the one status that has to say what is allowed (RFC 9110)
            told.headers["Allow"] = ", ".join(_methods_of(request))
        return told


def note_refusal(request: Request, status: int, code: str) -> None:
    """Log that a request was refused, and by whom it was made, if they are signed in. Failures of ours are not this."""
    if status >= 500:  # noqa: PLR2004 - from here on it is not the request
        return
    log.log(
        logging.WARNING if status in _WORTH_A_WARNING else logging.INFO,
        "refused",
        code=code,
        status=status,
        person=getattr(request.state, "person", ""),
        method=request.method,
        route=getattr(request.scope.get("route"), "path", ""),
        request_id=getattr(request.state, "request_id", ""),
    )


def _methods_of(request: Request) -> list[str]:
    """Give the methods of a path: each is a route of its own."""
    if not request.url.path.startswith("/api/"):
        return ["GET", "HEAD"]  # the pages
    routes = [route for route in request.app.routes if isinstance(route, APIRoute) and route.include_in_schema]
    found = (route.methods or set() for route in routes if route.path_regex.match(request.url.path))
    return sorted(set().union(*found))


def unexpected(request: Request) -> JSONResponse:
    """Answer an error nobody expected, the only 500; its text is not shown."""
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
