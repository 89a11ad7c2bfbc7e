"""The door of teams as the operator configured it: what it judges by, and the rules for base URLs."""

from urllib.parse import urlsplit

from moorage.connections.credentials import AddressRules
from moorage.egress.door import Door
from moorage.egress.interfaces import own_addresses
from moorage.egress.policy import DATA_PORTS, AddressPolicy, Exceptions
from moorage.egress.resolver import Resolver
from moorage.egress.urls import canonical_host
from moorage.settings import Settings
from moorage.telemetry import Metrics


def read_exceptions(settings: Settings) -> Exceptions:
    """Read what the operator lets through. The ports of the deployment's own data never are."""
    return Exceptions.parse(settings.exceptions_text(), never_ports=DATA_PORTS | settings.database_ports)


def build_policy(settings: Settings, exceptions: Exceptions) -> AddressPolicy:
    """Make the judge of addresses, as the operator configured it."""
    public_host = urlsplit(settings.public_url).hostname
    return AddressPolicy(
        exceptions=exceptions,
        own_hosts=settings.refused_hosts | ({canonical_host(public_host)} if public_host else set()),
        own_addresses=own_addresses(),
        own_ports=settings.database_ports | {settings.port},
        refused_networks=settings.refused_networks,
        nat64_prefixes=settings.nat64_prefixes,
    )


def build_door(settings: Settings, exceptions: Exceptions, resolver: Resolver, metrics: Metrics) -> Door:
    """Make the only way out, as the operator configured it."""
    policy = build_policy(settings, exceptions)
    return Door(policy=policy, resolver=resolver, extra_ca_file=settings.extra_ca_file, metrics=metrics)


def build_rules(settings: Settings, exceptions: Exceptions, door: Door) -> AddressRules:
    """Make the rules for base URLs, as the operator configured them; what they refuse is counted with the door's."""
    return AddressRules(door.refusals, allowed_ports=settings.ports, exceptions=exceptions)


def own_hosts_of(settings: Settings) -> frozenset[str] | None:
    """Give the names by which this deployment is reached; None if nobody has said.

    On loopback, and without an address that people use, only this machine's own names are meant.
    """
    public_host = urlsplit(settings.public_url).hostname
    if public_host:
        return frozenset({canonical_host(public_host), "localhost"})
    return frozenset({"localhost"}) if settings.host in {"127.0.0.1", "::1", "localhost"} else None
