"""Who has which address in the two namespaces: what is public by the policy answers outside, the rest is the victim."""

from typing import Final

LINK_INSIDE: Final = ("10.64.0.2/24", "2a01:a::2/64")
LINK_OUTSIDE: Final = ("10.64.0.1/24", "2a01:a::1/64")
NAME_SERVER: Final = "20.0.0.53"

MODELS_4: Final = "20.0.0.10"
MODELS_6: Final = "2a01:b::10"
SECOND_4: Final = "20.0.0.11"
REDIRECTING: Final = "20.0.0.12"
"""Its model list is at the victim's, it says."""
NAMES_ONLY: Final = "20.0.0.13"
"""Its certificate names hosts and no address."""
CLOSED: Final = "20.0.0.67"
"""A machine where nothing listens."""
DEAD_4: Final = "20.0.0.66"
DEAD_6: Final = "2a01:b::66"
"""Routed, and nobody has them: packets vanish."""

ENDPOINTS: Final = (MODELS_4, MODELS_6, SECOND_4, REDIRECTING, NAMES_ONLY)
REACHABLE: Final = (*ENDPOINTS, CLOSED, DEAD_4, DEAD_6)
"""Public addresses that a test may lead to."""

VICTIMS_OUTSIDE: Final = (
    "10.0.0.5",
    "172.16.0.9",
    "192.168.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "fd00::5",
    "fd00:ec2::254",
)
VICTIMS_INSIDE: Final = ("127.0.0.1", "::1")
VICTIMS: Final = (*VICTIMS_OUTSIDE, *VICTIMS_INSIDE)

OWN_PUBLIC: Final = ("20.0.0.1", "2a01:a::2")
"""The deployment's own addresses that a table can't know to be internal."""

PORT: Final = 443
MODELS_NAME: Final = "llm.firm.test"
HOSTILE_DOMAIN: Final = "attacker.test"
SEARCH_DOMAIN: Final = "corp.test"
"""What resolv.conf appends to names, if anybody lets it; every name below it is a good endpoint."""

CERTIFIED_NAMES: Final = (MODELS_NAME, f"*.{HOSTILE_DOMAIN}", f"*.firm.test.{SEARCH_DOMAIN}")
"""The victim's certificate fits these, too: what doesn't get there was not stopped by TLS."""
