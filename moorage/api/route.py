"""One row of the table of routes: method, path, handler, what it answers with."""

from collections.abc import Callable
from typing import Any, NamedTuple

from moorage.api import limits
from moorage.api.bodies import Body

Handler = Callable[..., Any]


class Route(NamedTuple):
    """One row. `shape` is the answer's body; `events` are the bodies of an event stream.

    `body` bounds what a request may bring, `limit` how often one may ask. `files`: content types of an answer that is
    a file.
    """

    method: str
    path: str
    handler: Handler
    shape: Any
    events: tuple[Any, ...] = ()
    status: int = 200
    body: Body = Body.SMALL
    limit: limits.Limit | None = None
    files: tuple[str, ...] = ()
