"""What goes out and what comes back, as values; none of them prints a key, a prompt or an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from moorage.egress.limits import MIB
from moorage.vault.secret import Secret


@dataclass(frozen=True, slots=True)
class Outbound:
    """One request. `path` is absolute on the origin; `body` is JSON text.

    `first_byte_timeout_s` bounds the wait for the status line and again the wait for the first bytes of the body,
    `idle_timeout_s` every wait after that, `total_timeout_s` everything together.
    A Secret as `authorization` without a scheme of its own is sent as `Bearer <secret>`.
    `form` is sent instead of a body, as application/x-www-form-urlencoded; its secrets are opened when it is sent.
    """

    method: Literal["GET", "POST"]
    path: str = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, Secret | str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    form: Mapping[str, Secret | str] | None = field(default=None, repr=False)
    first_byte_timeout_s: float = 60.0
    idle_timeout_s: float = 60.0
    total_timeout_s: float = 600.0
    max_body_bytes: int = 32 * MIB


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. Header names are lower-case; the body is at most `max_body_bytes` long."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One passed step of a survey: "dns", "address", "tcp" or "tls". Facts hold no address and no host name."""

    step: str
    ms: float
    facts: Mapping[str, str | int | float]
