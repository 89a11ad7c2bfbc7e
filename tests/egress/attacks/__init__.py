"""The table of attacks: every hostile URL, DNS answer and server, each with the verdict that the product must give.

docs/attacks.md says what it holds and how a row is added; a house test holds the figures there to this table.
"""

from typing import Final

from tests.egress.attacks import answers, floods, framing, near_misses, servers, syntax, urls
from tests.egress.attacks.rows import ACCEPTED, AIMED_PORT, ANSWERED, DnsRow, ServerRow, UrlRow

__all__ = ["ACCEPTED", "AIMED_PORT", "ANSWERED", "DNS", "NEAR_MISSES", "OWN", "REFUSED", "SERVERS", "URLS"]
__all__ += ["DnsRow", "ServerRow", "UrlRow"]

# Refused by the text alone.
REFUSED: Final[tuple[UrlRow, ...]] = (
    *urls.NUMBERS, *urls.LITERALS, *urls.LETTERS,
    *syntax.SEPARATORS, *syntax.INVISIBLE, *syntax.BRACKETS, *syntax.SCHEMES, *syntax.PORTS, *syntax.LENGTHS,
    *syntax.NAMES, *syntax.PATHS,
)  # fmt: skip
# Refused by the door, which knows who we are.
OWN: Final[tuple[UrlRow, ...]] = syntax.OWN
NEAR_MISSES: Final[tuple[UrlRow, ...]] = near_misses.NEAR_MISSES
URLS: Final[tuple[UrlRow, ...]] = (*REFUSED, *OWN, *NEAR_MISSES)

DNS: Final[tuple[DnsRow, ...]] = (
    *answers.MIXED, *answers.NAMED, *answers.CARRIED, *answers.METADATA, *answers.SPECIAL, *answers.HONEST,
)  # fmt: skip

SERVERS: Final[tuple[ServerRow, ...]] = (
    *servers.HANDSHAKES, *servers.BANNERS, *servers.REDIRECTIONS, *servers.DEMANDS,
    *floods.BODIES, *floods.HEADS, *floods.SLOWNESS, *floods.BOMBS, *floods.BROKEN_OFF,
    *framing.NOT_HTTP, *framing.SMUGGLING, *framing.HARMLESS, *framing.POISON_AT_ONCE, *framing.POISON_LATER,
)  # fmt: skip
