"""The servers that the operator names in the settings: a key store, an identity provider, an error collector.

They stand in the operator's own network as often as not, so private addresses are theirs to give. All else holds as
for any endpoint: https only, one lookup, every address judged, no redirect; metadata and link-local never.
"""

from ipaddress import IPv6Address
from typing import Final

from moorage.egress.policy import (
    Address,
    AddressPolicy,
    Exceptions,
    Reason,
    Verdict,
    classify,
    embedded_ipv4,
    may_be_permitted,
)
from moorage.egress.urls import MAX_PORT, Endpoint, parse_base_url
from moorage.vault.secret import Secret

_EVERY_PORT: Final = frozenset(range(1, MAX_PORT + 1))


class _AnyName(Exceptions):
    """Lets a URL name any host: `localhost`, a single label, an address."""

    def names(self, host: str, port: int) -> bool:  # noqa: ARG002 - the signature of what it stands for
        return True


def read_as_stored(stored: Secret) -> Endpoint:
    """Read an address that came out of the vault as it is, to seal it anew: it is judged when it is used."""
    return parse_service_url(stored.reveal())


def parse_service_url(text: str) -> Endpoint:
    """Read the URL of a server of the operator. Raises AddressRefused as `parse_base_url`, but for ports and names."""
    return parse_base_url(text, allowed_ports=_EVERY_PORT, exceptions=_AnyName())


class ServicePolicy(AddressPolicy):
    """Admits what an exception could open, without asking for one: the operator has named the server already."""

    def is_own(self, host: str, port: int) -> bool:  # noqa: ARG002 - the signature of what it stands for
        """Own names are as good as any: the key store may run on this machine."""
        return False

    def refusal(self, host: str, port: int, address: Address) -> Verdict | Reason | None:  # noqa: ARG002 - as above
        """Say why an address must not be dialled, whoever names it; None if it may."""
        verdict = classify(address)
        if isinstance(address, IPv6Address) and embedded_ipv4(address) is not None and not address.is_loopback:
            return Verdict.EMBEDDED
        return None if may_be_permitted(verdict) else verdict
