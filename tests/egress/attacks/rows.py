"""The shapes of the table's rows: what is tried, and what the product has to say to it."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.egress.harbour import Script
from tests.support.authority import TestAuthority

# The verdict of a near miss: it is taken, in the form that the row says.
ACCEPTED: Final = "accepted"
# The verdict of a server whose answer is taken as it is: only its own body, to the request that asked for it.
ANSWERED: Final = "answered"

# Addresses that an operator's exception opens for a row; everything else on loopback belongs to a victim.
GOOD: Final = "127.0.0.1"
SECOND: Final = "127.0.0.2"
INTERNAL: Final = "127.0.0.3"

# The port that the rows write where they aim at a listener; the tests put the victim's own port there.
AIMED_PORT: Final = 8443

# What hostile servers say. None of it may stand in anything that a person or an operator gets to see.
UPSTREAM_WORDS: Final = "UPSTREAM-WORDS"


@dataclass(frozen=True, slots=True)
class UrlRow:
    """A text that somebody enters as a base URL.

    `verdict` is the code of the refusal, or ACCEPTED and then `becomes` is the canonical form. `before_dns`: it must be
    refused before any name is looked up. `over_http` is the verdict where the API's own reading comes first: it cuts
    what people paste by mistake, and bounds the length.
    """

    id: str
    what: str
    text: str
    verdict: str
    becomes: str = ""
    over_http: str = ""

    @property
    def before_dns(self) -> bool:
        """Whether nobody may be asked about the name in it."""
        return self.verdict != ACCEPTED


@dataclass(frozen=True, slots=True)
class DnsRow:
    """An answer of the DNS to a question about `host`.

    `excepted`: the operator's exceptions let this host reach GOOD and SECOND, so that good and bad mix on loopback.
    """

    id: str
    what: str
    answer: tuple[str, ...]
    verdict: str = "address_not_public"
    host: str = ""
    excepted: bool = False


Tls = Callable[[TestAuthority, str], ssl.SSLContext | None]


def good_tls(authority: TestAuthority, host: str) -> ssl.SSLContext | None:
    """Give what an honest server has: a certificate for its name by a trusted authority."""
    return authority.server_context(host)


def no_tls(_authority: TestAuthority, _host: str) -> ssl.SSLContext | None:
    """Give none: the server speaks plainly."""
    return None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a row's request waits, where the door's own deadlines would take too long for a test."""

    connect_s: float = 10.0
    first_byte_s: float = 20.0
    idle_s: float = 20.0
    total_s: float = 30.0


@dataclass(frozen=True, slots=True)
class ServerRow:
    """A server that the policy lets through, and what it does to whoever comes.

    `verdict` is the code of the failure, or ANSWERED with `status` and `body`. `asks`: so many requests follow each
    other on one line, with a pause in which the server may do something; each must get the same. `dials`: so many
    connections the server must have counted in the end, 0 for any number. `stage`: where a test of a connection fails.
    `over_http` is False where the row takes deadlines that only a test can set.
    """

    id: str
    what: str
    script: Script
    verdict: str
    tls: Tls = good_tls
    status: int = 200
    body: bytes = b"mine"
    asks: int = 1
    dials: int = 0
    patience: Patience | None = None
    max_body_bytes: int = 1024 * 1024
    stage: str = "credential"
    over_http: bool = True
