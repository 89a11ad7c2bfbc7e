"""Log lines: known events with checked values, one line each, whatever is handed in; libraries wordless (P13)."""

import ast
import json
import logging
import re
import uuid
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
import uvicorn

from moorage.api.wire import server_config
from moorage.telemetry import EVENTS, UNFIT, configure_logging, describe_place, keep_allowed_fields, say_warning
from tests.support.canaries import CANARIES, everything, found_in
from tests.support.codebase import ROOT, Source, dotted, python_sources

LEVELS = {"debug", "info", "warning", "error"}
ID = str(uuid.uuid4())
GOOD: dict[str, Any] = {
    "request_id": ID, "reply_id": ID, "method": "POST", "route": "/api/conversations/{conversation_id}/messages",
    "receipt": ID, "status": 201, "ms": 3.5, "kind": "KeyError", "code": "key_unreadable",
    "where": "moorage.chat.replies:17", "attempt": 3, "count": 0,
    "schema": "0003_sign_ins", "reason": "http_429", "team": ID, "connection": "standard:openai",
    "person": ID, "finding": "oidc_no_group", "purpose": "sign_in",
    "logger": "sqlalchemy.pool", "timestamp": "2026-11-27T10:00:00.123456Z", "level": "info",
}  # fmt: skip
HOSTILE = (
    *CANARIES.values(), everything(), "a\nb", "a\r\nlevel=error", "\x1b[31mred", "\x1b]0;title\x07", "\u202e", "\x00",
    "\u2028", f"{ID} {ID}", f"{ID}\n", 'x" event="y', None, {"a": 1}, ["x"], b"bytes", object(), True,
    ValueError(everything()),
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_value_that_does_not_look_as_its_field_must_is_hidden(name: str, value: Any) -> None:
    """ASVS 16.2.5, 16.4.1."""
    for event, fields in EVENTS.items():
        if name in (*fields, "request_id", "timestamp", "level"):
            assert keep_allowed_fields(None, "", {"event": event, name: value}) == {"event": event, name: UNFIT}


def test_a_good_value_passes_and_a_field_that_is_not_listed_does_not_exist() -> None:
    for event, fields in EVENTS.items():
        line = {"event": event, **GOOD, "prompt": "x", "exc_info": True, "password": "y"}
        kept = keep_allowed_fields(None, "", line)
        assert kept == {"event": event, **{name: GOOD[name] for name in (*fields, "request_id", "timestamp", "level")}}


@pytest.mark.parametrize("event", HOSTILE, ids=range(len(HOSTILE)))
def test_an_event_that_is_not_listed_loses_all_it_carries(event: Any) -> None:
    kept = keep_allowed_fields(None, "", {"event": event, "kind": "KeyError", "level": "info"})
    assert kept == {"event": "event_not_listed", "level": "info"}


@pytest.mark.parametrize("style", ["json", "console"])
def test_whatever_is_logged_is_one_line(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(style=style, level="debug")
    log = structlog.get_logger("any")
    for value in HOSTILE:
        for event, fields in EVENTS.items():
            log.warning(event, **dict.fromkeys(fields, value))
    lines = capsys.readouterr().out.removesuffix("\n").split("\n")
    assert len(lines) == len(HOSTILE) * len(EVENTS)
    assert all(line.replace(UNFIT, "").isprintable() for line in lines)
    assert all(found_in(line.encode()) == [] for line in set(lines))


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Give what was logged, as JSON."""
    configure_logging(style="json", level="debug")
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    configure_logging(style="console", level="info")


@pytest.mark.parametrize(
    "name", ["uvicorn.error", "sqlalchemy.pool.impl", "asyncio", "alembic.runtime", "aiohttp.client"]
)
def test_what_a_library_says_is_logged_without_its_words(
    name: str, said: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server_config(None, host="127.0.0.1", port=0)  # takes its hands off the loggers
    logger = logging.getLogger(name)
    logger.error("calling %s with %s", CANARIES["base_url"], {"Authorization": CANARIES["key"]})
    try:
        raise LookupError(everything())
    except LookupError:
        logger.exception(everything())
    logger.info(everything())
    first, second = said()
    assert (first["event"], first["logger"], first["level"]) == ("library_said", name, "error")
    assert first["where"].startswith("test_telemetry:")
    assert (second["kind"], second["where"].partition(":")[0]) == ("LookupError", __name__)
    assert found_in(json.dumps([first, second]).encode()) == []
    assert capsys.readouterr().err == ""


def test_a_library_that_says_its_name_wrongly_breaks_nothing(said: Any) -> None:
    logging.getLogger(everything()).warning(everything())
    [line] = said()
    assert line["logger"] == UNFIT


def test_a_warning_of_python_is_logged_without_its_words(said: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = say_warning
        warnings.warn(everything(), ResourceWarning, stacklevel=1)
    [line] = said()
    assert (line["event"], line["kind"]) == ("library_warned", "ResourceWarning")
    assert line["where"].startswith("test_telemetry:")
    assert found_in(json.dumps(line).encode()) == []


def test_the_web_server_logs_through_our_processors_and_writes_no_access_log() -> None:
    config = server_config(None, host="127.0.0.1", port=0)
    assert (config.log_config, config.access_log, config.server_header, config.proxy_headers) == (
        None,
        False,
        False,
        False,
    )
    assert logging.getLogger("uvicorn.error").handlers == []
    assert isinstance(config, uvicorn.Config)


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert describe_place(ValueError()) == "unknown"


def _calls(source: Source) -> Iterator[tuple[ast.Call, ast.expr | None]]:
    """Give each call that logs, with its event."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = dotted(node.func.value) or ast.unparse(node.func.value)
        if node.func.attr == "note" and owner.endswith("reports"):
            yield node, node.args[0]
        elif "structlog.get_logger" in owner or owner in {"log", "self._log"}:
            yield node, node.args[1 if node.func.attr == "log" else 0]


def _loops(source: Source) -> Iterator[str]:
    """Give the event that each loop beside the requests reports a broken turn as."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and dotted(node.func) == "Steady":
            yield from (
                str(keyword.value.value)
                for keyword in node.keywords
                if keyword.arg == "event" and isinstance(keyword.value, ast.Constant)
            )


def test_every_log_line_of_the_code_is_in_the_table_with_its_fields() -> None:
    wrong, used = [], {"event_not_listed"}
    for source in python_sources("moorage"):
        loops = list(_loops(source))
        used.update(loops)
        wrong += [f"{source.path} {name}" for name in loops if EVENTS.get(name) != ("kind", "where")]
        if source.path.name in {"desk.py", "steady.py"}:
            continue  # hands on what its callers say
        for call, event in _calls(source):
            name = event.value if isinstance(event, ast.Constant) and isinstance(event.value, str) else None
            fields = {keyword.arg for keyword in call.keywords} - {"request_id", None}
            used.add(str(name))
            if name is None or name not in EVENTS or not fields <= set(EVENTS[name]):
                wrong.append(f"{source.at(call)} {name} {sorted(map(str, fields))}")
    assert wrong == []
    assert sorted(set(EVENTS) - used) == []


def test_the_page_for_operators_lists_every_log_line() -> None:
    section = (ROOT / "docs" / "operate.md").read_text("utf-8").partition("## What is logged")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_]+)` \|([^|]*)\| [^|]+ \|$", section, re.MULTILINE)
    assert {name: tuple(re.findall(r"`([a-z_]+)`", fields)) for name, fields in rows} == EVENTS


def test_whoever_logs_an_error_hands_it_to_the_reports() -> None:
    """An error that is only logged is one that nobody reads."""
    elsewhere = [
        source.at(node)
        for source in python_sources("moorage")
        if not source.is_below("moorage/reports", "moorage/doctor", "moorage/commands")  # a command tells who typed it
        and source.path.name != "telemetry.py"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Name) and node.id == "describe_place"
    ]
    assert elsewhere == []
