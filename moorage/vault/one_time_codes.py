"""Codes of authenticator apps (RFC 6238): six digits of every 30 seconds; tells which step a code belongs to.

SHA-1, six digits and 30 seconds are what every app can do; HMAC-SHA-1 is not weakened by the collisions of SHA-1.
"""

import base64
import os
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from moorage.errors import Unavailable
from moorage.vault.secret import Secret
from moorage.vault.tokens import same

STEP_S: Final = 30
DIGITS: Final = 6
_SECRET_BYTES: Final = 20
_STEPS_AROUND: Final = (0, -1, 1)


@dataclass(frozen=True, slots=True)
class NewAppSecret:
    """A secret at the moment it is shown: `secret` is sealed, `text` is typed or `uri` scanned into the app, once."""

    secret: Secret
    text: str = field(repr=False)
    uri: str = field(repr=False)


def new_app_secret(*, account: str, issuer: str) -> NewAppSecret:
    """Make a secret of 160 bits; `account` and `issuer` are what the app shows beside its codes."""
    text = base64.b32encode(os.urandom(_SECRET_BYTES)).decode("ascii")
    app = quote(issuer, safe="")
    uri = f"otpauth://totp/{app}:{quote(account, safe='@')}?secret={text}&issuer={app}"
    return NewAppSecret(Secret(text), text, uri)


def step_of(secret: Secret, code: str, at_s: int) -> int | None:
    """Give the step whose code this is: the present one, the one before or the one after. None: of none of them.

    `at_s` is seconds since 1970. Raises Unavailable("key_unreadable") for what was never a secret of an app.
    """
    try:
        totp = TOTP(base64.b32decode(secret.reveal()), DIGITS, SHA1(), STEP_S)  # noqa: S303 - see above
    except ValueError:
        raise Unavailable("key_unreadable") from None
    now = at_s // STEP_S
    steps = [now + around for around in _STEPS_AROUND if now + around >= 0]
    # All are compared, so that the time taken does not tell which one was near.
    fitting = [step for step in steps if same(totp.generate(step * STEP_S), code.encode("utf-8", "surrogatepass"))]
    return fitting[0] if fitting else None
