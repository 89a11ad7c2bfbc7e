"""The trail as NDJSON: one object a line, with all that verifying takes, so that nobody needs us to do it.

docs/audit-export.md describes the lines; `offline` reads them.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from moorage import __version__
from moorage.audit.formats import readable, tell_time
from moorage.audit.heads import Head
from moorage.audit.keys import PublicKeys

FORMAT: Final = "moorage-audit/1"


def tell_opening(team_name: str, at: datetime, wanted: Mapping[str, str], head: Head, keys: PublicKeys) -> str:
    """Give the first line: the head of the chain as it was then, and the public keys."""
    return _line(
        {
            "type": "export",
            "format": FORMAT,
            "moorage": __version__,
            "team": {"id": str(head.team_id), "name": team_name},
            "at": tell_time(at),
            "filter": dict(wanted),
            "keys": [{"number": number, "public_key": _b64(key)} for number, key in keys.by_number.items()],
            "head": {
                "seq": head.seq,
                "hash": head.hash.hex(),
                "pruned_through": head.pruned_through,
                "keep_days": head.keep_days,
                "clients": head.clients,
                "key": head.key_number,
                "signature": _b64(head.signature),
            },
        }
    )


def tell_entry(row: Any) -> str:
    """Give an entry as people read it, then the bytes that were hashed."""
    return _line(
        {
            "type": "entry",
            **readable(row),
            "form": row.form,
            "canonical": _b64(row.canonical),
            "prev_hash": row.prev_hash.hex(),
            "hash": row.hash.hex(),
            "key": row.key_number,
            "signature": _b64(row.signature),
        }
    )


def tell_tombstone(row: Any) -> str:
    """Give what stands where entries were pruned."""
    return _line(
        {
            "type": "tombstone",
            "first_seq": row.first_seq,
            "last_seq": row.last_seq,
            "entries": row.entries,
            "last_hash": row.last_hash.hex(),
            "at": tell_time(row.at),
            "keep_days": row.keep_days,
            "older_than": tell_time(row.older_than),
            "key": row.key_number,
            "signature": _b64(row.signature),
        }
    )


def tell_key_use(credential: str, hour: datetime, purpose: str, uses: int) -> str:
    """Give how often a key was used in an hour. Counts are not chained."""
    used = {"credential": credential, "hour": tell_time(hour), "purpose": purpose, "uses": uses}
    return _line({"type": "key_use", **used})


def tell_end(entries: int) -> str:
    """Give the last line: a file that was cut short has none."""
    return _line({"type": "end", "entries": entries})


def _b64(value: bytes | None) -> str | None:
    return None if value is None else b64encode(value).decode("ascii")


def _line(value: Mapping[str, Any]) -> str:
    # ASCII only: what prints as nothing, or turns a line around, can't hide in a file that people look at.
    return json.dumps(value, separators=(",", ":")) + "\n"
