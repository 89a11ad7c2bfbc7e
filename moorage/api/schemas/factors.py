"""Second factors: authenticator app, passkeys, recovery codes, and the step of a sign-in that asks for one."""

from typing import Any
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.base import Input, Shape


class SecondStepView(Shape):
    """The password was right; one of these is still asked for."""

    app: bool
    passkey: bool
    recovery_code: bool


class AppView(Shape):
    """One's authenticator app."""

    name: str
    created_at: str
    used_at: str | None


class PasskeyView(Shape):
    """One of one's passkeys. `suspected_at`: used as a copy of it would be, and refused then."""

    id: UUID
    name: str
    can_sync: bool
    is_backed_up: bool
    created_at: str
    used_at: str | None
    suspected_at: str | None


class FactorsView(Shape):
    """One's second factors. `has_shown`: this sign-in had one; `passkeys_work`: browsers allow them at this address."""

    app: AppView | None
    passkeys: list[PasskeyView]
    recovery_codes: int
    has_shown: bool
    passkeys_work: bool


class QrCode(Shape):
    """A QR code as one SVG path: `size` modules in a square with its quiet zone, each of width 1."""

    size: int
    path: str


class AppSetup(Shape):
    """What an authenticator app is set up with. It is shown this once, and stored sealed."""

    secret: str
    uri: str
    qr: QrCode


class FactorAdded(Shape):
    """A factor was added. With the first one come recovery codes, which are shown this once.

    The sign-in goes on under a new cookie, and so with another `csrf_token`.
    """

    factors: FactorsView
    recovery_codes: list[str] | None
    csrf_token: str


class RecoveryCodes(Shape):
    """New recovery codes, shown this once; the old ones have ended."""

    codes: list[str]


class PasskeyQuestion(Shape):
    """What the browser's `navigator.credentials` is asked, as JSON of WebAuthn level 3."""

    options: dict[str, Any]


class CodeAnswer(Input):
    """A code of the app, or a recovery code."""

    code: str = Field(min_length=1, max_length=60)


class AppConfirmation(Input):
    """A first code, and what the app is to be called."""

    code: str = Field(min_length=1, max_length=20)
    name: str = Field(min_length=1, max_length=120)


class NameChange(Input):
    """Call it something else."""

    name: str = Field(min_length=1, max_length=120)


class PasskeyAnswer(Input):
    """What the browser's authenticator answered: `PublicKeyCredential.toJSON()`."""

    credential: dict[str, Any]


class NewPasskeyAnswer(PasskeyAnswer):
    """A new passkey, and what it is to be called."""

    name: str = Field(min_length=1, max_length=120)


class SecondFactorRule(Shape):
    """Whether everybody in the team needs a second factor, and how many have none."""

    is_needed: bool
    members_without: int


class SecondFactorRuleChange(Input):
    """Ask for a second factor, or no more."""

    is_needed: bool
