"""Mail addresses and names as people type them: tidied where harmless, refused where doubtful."""

import re
import unicodedata
from typing import Final

from moorage.errors import Invalid

MAX_NAME_CHARS: Final = 120

_LOCAL_PART: Final = re.compile(r"[^\s@\"(),:;<>\[\\\]]{1,64}")
_LABEL: Final = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_MAX_ADDRESS_CHARS: Final = 254


def read_mail_address(text: str) -> str:
    """Give the address in the one form that is stored: trimmed, NFKC, lower-case. Raises Invalid("email_invalid").

    Modest on purpose: it catches typos and what could not be stored. Only a mail that arrives proves an address.
    """
    address = unicodedata.normalize("NFKC", text).strip().lower()
    local, _, domain = address.rpartition("@")
    labels = domain.split(".")
    fits = (
        len(address) <= _MAX_ADDRESS_CHARS
        and address.isprintable()
        and _LOCAL_PART.fullmatch(local) is not None
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
    )
    if not fits:
        raise Invalid("email_invalid", field="email")
    return address


def read_name(text: str, field: str) -> str:
    """Give a name of a person or team, trimmed. Raises Invalid("name_invalid") for control characters and nothing.

    Raises Invalid("field_too_long"), too: some characters become three in the form that is stored.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if len(name) > MAX_NAME_CHARS:
        raise Invalid("field_too_long", field=field, length=MAX_NAME_CHARS)
    if not name or not name.isprintable():
        raise Invalid("name_invalid", field=field)
    return name
