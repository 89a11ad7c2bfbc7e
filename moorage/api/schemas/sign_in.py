"""Proofs, passwords, devices, and how long a team's sign-ins last."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.base import Input, Password, Shape


class ProofWays(Shape):
    """How the person can prove who they are; the first is offered first. `is_fresh`: they did a moment ago.

    `provider_name` is what the provider's button says, "" without that way.
    """

    ways: list[Literal["passkey", "code", "password", "provider"]]
    provider_name: str
    is_fresh: bool


class ProofByPassword(Input):
    """Prove with the password who one is."""

    way: Literal["password"] = "password"
    password: Password


class PasswordChange(Input):
    """Another password, with the present one."""

    present_password: Password
    new_password: Password


class ResetAsk(Input):
    """Have a link mailed that sets a new password."""

    email: str = Field(min_length=3, max_length=254)


class ResetLink(Input):
    """A link's token, from the fragment of its address."""

    token: str = Field(min_length=1, max_length=128)


class ResetPeek(Shape):
    """Whose password a link sets."""

    name: str
    email: str


class ResetFinish(Input):
    """Set the new password. Nobody is signed in by it."""

    token: str = Field(min_length=1, max_length=128)
    password: Password


class DeviceView(Shape):
    """One sign-in. `browser` and `system` are what the browser says of itself, "" where that tells nothing."""

    id: UUID
    browser: str
    system: str
    network: str
    method: str
    has_second_factor: bool
    team_name: str
    signed_in_at: str
    seen_at: str
    is_this: bool


class DeviceList(Shape):
    """Where the person is signed in, this one first."""

    devices: list[DeviceView]


class SessionLimitsView(Shape):
    """How long sign-ins of the team last, in minutes; null is the deployment's own, which `most_` names."""

    idle_limit_min: int | None
    lifetime_min: int | None
    least_idle_min: int
    most_idle_min: int
    least_lifetime_min: int
    most_lifetime_min: int


class SessionLimitsChange(Input):
    """Both limits in minutes; null for the deployment's own."""

    idle_limit_min: int | None = Field(ge=1, le=1_000_000)
    lifetime_min: int | None = Field(ge=1, le=1_000_000)


class OwnerChange(Input):
    """Who shall own the team from now on."""

    user_id: UUID
