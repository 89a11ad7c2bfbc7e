"""Which headers and forms may leave: names from an allow-list, plain visible values, nothing that steers a proxy."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from moorage.errors import Invalid
from moorage.vault.secret import Secret

MAX_VALUE_CHARS: Final = 4096

# Allow-list, because the deny-list (Host, Cookie, Proxy-*, Metadata-Flavor …) grows with every new proxy and cloud.
SENDABLE_NAMES: Final = frozenset(
    {
        "accept",
        "anthropic-beta",
        "anthropic-version",
        "api-key",
        "authorization",
        "content-type",
        "http-referer",
        "idempotency-key",
        "openai-organization",
        "openai-project",
        "x-api-key",
        "x-goog-api-key",
        "x-openrouter-title",
        "x-request-id",
        "x-sentry-auth",
        "x-title",
        "x-vault-namespace",
        "x-vault-request",
    }
)

_SECRET: Final = re.compile(rf"(?:[A-Za-z]{{1,16}} )?[\x21-\x7e]{{1,{MAX_VALUE_CHARS}}}")
_VALUE: Final = re.compile(rf"[\x21-\x7e](?:[\x20-\x7e]{{0,{MAX_VALUE_CHARS - 2}}}[\x21-\x7e])?")


def require_sendable(key: Secret) -> None:
    """Refuse a key that can't travel in a header: not visible ASCII, or not 1–4096 characters long.

    Raises Invalid("key_not_sendable", field="api_key"). Clients print a bad header value whole, so it never gets there.
    """
    if not _SECRET.fullmatch(key.reveal()):
        raise Invalid("key_not_sendable", field="api_key")


def sendable_headers(headers: Mapping[str, Secret | str], *, has_body: bool) -> dict[str, str]:
    """Reveal and check the headers of one request, at the moment of sending.

    Raises Invalid("key_not_sendable"); ValueError for a name that is not on the list, which is a mistake in our code.
    """
    sendable = {"content-type": "application/json"} if has_body else {}
    for name, value in headers.items():
        lowered = name.lower()
        if lowered not in SENDABLE_NAMES:
            raise ValueError(lowered)
        if isinstance(value, Secret):
            require_sendable(value)
            text = value.reveal()
            sendable[lowered] = f"Bearer {text}" if lowered == "authorization" and " " not in text else text
        elif _VALUE.fullmatch(value):
            sendable[lowered] = value
        else:
            raise Invalid("key_not_sendable", field="api_key")
    return sendable


def encode_form(fields: Mapping[str, Secret | str]) -> bytes:
    """Write the fields of a form (application/x-www-form-urlencoded), secrets revealed, at the moment of sending."""
    return urlencode(
        {name: value.reveal() if isinstance(value, Secret) else value for name, value in fields.items()}
    ).encode("ascii")
