"""What may stand in an error report: an event is built anew from this list, whatever the SDK or a library put into it.

Nothing is searched for and blackened: what is not named here does not exist in the report (P13, docs/adr/0015).
"""

import errno
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sentry_sdk.consts import VERSION
from sentry_sdk.types import Event, Hint

MAX_EXCEPTIONS: Final = 20
MAX_FRAMES: Final = 60

_NAME: Final = re.compile(r"<?[A-Za-z_][A-Za-z0-9_]{0,80}>?(?:\.<?[A-Za-z_][A-Za-z0-9_]{0,80}>?){0,15}")
_EVENT_ID: Final = re.compile(r"[0-9a-f]{32}")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|\+00:00)")
_REQUEST_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# ENOSPC says more than the class of the error, and can't say anything else.
_SYSTEM_ERRORS: Final = frozenset(errno.errorcode.values())
_LINKS: Final = frozenset({"__cause__", "__context__"})
_GROUP_LINK: Final = re.compile(r"exceptions\[\d{1,4}\]")


@dataclass(frozen=True, slots=True)
class Told:
    """What reports may say beyond the place: our error codes, the log's events, and this deployment's two names."""

    codes: frozenset[str]
    events: frozenset[str]
    release: str
    environment: str


class Rebuilder:
    """Makes the event that leaves out of the one that the SDK made."""

    def __init__(self, told: Told) -> None:
        self._told = told

    def before_send(self, event: Event, _hint: Hint) -> Event | None:
        """Give the new event; None, which drops it, for anything that is no error (a transaction, a check-in)."""
        if event.get("type") is not None:
            return None
        return self.rebuild(event)

    def name_system_errors(self, event: Event) -> None:
        """Put the system's own name of an error in the place of its text, as long as the SDK still has its number."""
        exception: Any = event.get("exception", {})
        for value in exception.get("values", ()):
            number = value.get("mechanism", {}).get("meta", {}).get("errno", {}).get("number")
            if isinstance(number, int) and number in errno.errorcode:
                value["value"] = errno.errorcode[number]

    def rebuild(self, event: Mapping[str, Any]) -> Event:
        """Build it from the list. Doing it twice changes nothing."""
        exception = event.get("exception")
        values = exception.get("values") if isinstance(exception, Mapping) else None
        new: dict[str, Any] = {
            "platform": "python",
            "level": "error",
            "release": self._told.release,
            "environment": self._told.environment,
            "sdk": {"name": "sentry.python", "version": VERSION},
            "exception": {"values": [self._exception(value) for value in _dicts(values)[-MAX_EXCEPTIONS:]]},
            "tags": self._tags(event.get("tags")),
        }
        for name, shape in (("event_id", _EVENT_ID), ("timestamp", _MOMENT)):
            if (value := _fit(event.get(name), shape)) is not None:
                new[name] = value
        return new  # type: ignore[return-value]  # the SDK's own type lists every key there could be

    def _exception(self, value: Mapping[str, Any]) -> dict[str, Any]:
        stacktrace = value.get("stacktrace")
        frames = stacktrace.get("frames") if isinstance(stacktrace, Mapping) else None
        return {
            "type": _fit(value.get("type"), _NAME) or "Exception",
            "module": _fit(value.get("module"), _NAME),
            "value": self._code(value.get("value")),
            "mechanism": _mechanism(value.get("mechanism")),
            "stacktrace": {"frames": [_frame(frame) for frame in _dicts(frames)[-MAX_FRAMES:]]},
        }

    def _code(self, message: object) -> str:
        """Our error's text is its code; notes come after it, each on a line."""
        first = message.partition("\n")[0] if isinstance(message, str) else ""
        return first if first in self._told.codes or first in _SYSTEM_ERRORS else ""

    def _tags(self, tags: object) -> dict[str, str]:
        given = tags if isinstance(tags, Mapping) else {}
        kept = {
            "event": given.get("event") if given.get("event") in self._told.events else None,
            "request_id": _fit(given.get("request_id"), _REQUEST_ID),
        }
        return {name: value for name, value in kept.items() if value is not None}


def _frame(frame: Mapping[str, Any]) -> dict[str, Any]:
    module, line = _fit(frame.get("module"), _NAME), frame.get("lineno")
    return {
        "module": module,
        "function": _fit(frame.get("function"), _NAME),
        "lineno": line if isinstance(line, int) else None,
        "in_app": module is not None and module.split(".")[0] == "moorage",
    }


def _mechanism(mechanism: object) -> dict[str, Any]:
    """How this exception hangs together with the others: which led to which, or is in which group."""
    given = mechanism if isinstance(mechanism, Mapping) else {}
    new: dict[str, Any] = {"type": "chained" if given.get("parent_id") is not None else "generic", "handled": True}
    for name in ("exception_id", "parent_id"):
        if isinstance(given.get(name), int):
            new[name] = given[name]
    if given.get("is_exception_group") is True:
        new["is_exception_group"] = True
    source = given.get("source")
    if source in _LINKS or _fit(source, _GROUP_LINK) is not None:
        new["source"] = source
    return new


def _fit(value: object, shape: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and shape.fullmatch(value) else None


def _dicts(values: object) -> Sequence[Mapping[str, Any]]:
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []
