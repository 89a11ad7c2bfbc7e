"""The trail as CSV, for tables, and as CEF, for whoever collects events.

Entries hold what people named things: a CSV cell never begins like a formula, and a CEF value never ends early.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from ipaddress import IPv4Address, ip_address
from typing import Any, Final, Literal, get_args

from moorage import __version__
from moorage.audit.canonical import micros

FormatName = Literal["ndjson", "csv", "cef"]
FORMATS: Final[tuple[FormatName, ...]] = get_args(FormatName)
MEDIA_TYPES: Final[Mapping[FormatName, str]] = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8; header=present",
    "cef": "text/plain; charset=utf-8",
}
COLUMNS: Final = (
    "seq",
    "at",
    "actor_id",
    "actor_name",
    "action",
    "object_type",
    "object_id",
    "object_name",
    "outcome",
    "request_id",
    "client",
    "details",
    "hash",
)
# OWASP's list, and the full-width signs that some spreadsheets read alike.
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_SEVERITY: Final = {"done": 3, "failed": 5, "refused": 6}


def csv_line(cells: Iterable[Any]) -> str:
    """Give a line by RFC 4180 (comma, CRLF, quotes doubled) in which no spreadsheet finds a formula."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([_safe_cell(cell) for cell in cells])
    return out.getvalue()


def csv_entry(row: Any) -> str:
    """Give an entry, in the order of COLUMNS."""
    values = {**readable(row), "hash": row.hash.hex()}
    return csv_line(values[name] for name in COLUMNS)


def cef_entry(row: Any) -> str:
    """Give an entry as an event of ArcSight's Common Event Format, version 0, on a line of its own."""
    header = ("Moorage", "Moorage", __version__, row.action, row.action, str(_SEVERITY.get(row.outcome, 5)))
    values = {
        "rt": micros(row.at) // 1000,
        "externalId": row.seq,
        "act": row.action,
        "outcome": row.outcome,
        "suid": row.actor_id or "",
        "suser": row.actor_name,
        **_source(row.client),
        **_custom(1, "requestId", row.request_id),
        **_custom(2, "objectType", row.object_type),
        **_custom(3, "objectId", row.object_id),
        **_custom(4, "objectName", row.object_name),
        **_custom(5, "details", row.details),
        **_custom(6, "hash", row.hash.hex()),
    }
    told = " ".join(f"{name}={_cef_value(value)}" for name, value in values.items() if value != "")
    return "|".join(("CEF:0", *(_cef_header(part) for part in header), told)) + "\n"


def readable(row: Any) -> dict[str, Any]:
    """Give an entry's fields as people read them; `details` is JSON, as it was hashed."""
    return {
        "seq": row.seq,
        "at": tell_time(row.at),
        "actor_id": None if row.actor_id is None else str(row.actor_id),
        "actor_name": row.actor_name,
        "action": row.action,
        "object_type": row.object_type,
        "object_id": row.object_id,
        "object_name": row.object_name,
        "outcome": row.outcome,
        "request_id": row.request_id,
        "client": row.client,
        "details": row.details,
    }


def tell_time(moment: datetime) -> str:
    """Give a moment to the microsecond, as ISO 8601 in UTC."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _safe_cell(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text


def _source(client: str) -> dict[str, str]:
    try:
        address = ip_address(client)
    except ValueError:
        # A network is no address: the fields for addresses would refuse it.
        return {"flexString1Label": "clientNetwork", "flexString1": client} if client else {}
    if isinstance(address, IPv4Address):
        return {"src": client}
    return {"c6a2Label": "Source IPv6 Address", "c6a2": client}


def _custom(number: int, label: str, value: str) -> dict[str, str]:
    return {f"cs{number}Label": label, f"cs{number}": value} if value else {}


def _cef_header(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\r", " ").replace("\n", " ")


def _cef_value(value: Any) -> str:
    text = str(value).replace("\\", "\\\\").replace("=", "\\=")
    return text.replace("\r", "\\r").replace("\n", "\\n")
