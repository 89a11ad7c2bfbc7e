"""The attacks: what is asked for, what names answer meanwhile, and four requests that everybody should serve."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.network.name_server import Name, changes, says

PUBLIC: Final = "20.0.0.10"
PUBLIC_6: Final = "2a05::10"
PUBLIC_NAT64: Final = "64:ff9b::1400:a"
DEAD: Final = "20.0.0.66"
INNER: Final = "10.0.0.5"
INNER_6: Final = "fd00::5"
METADATA: Final = "169.254.169.254"
DOMAIN: Final = "attacker.test"
NAMED: Final = f"name.{DOMAIN}"

HONEST_ADDRESSES: Final = frozenset({PUBLIC, PUBLIC_6, PUBLIC_NAT64})
# Whom the public server sends on, by the host that was asked for.
REDIRECTIONS: Final = {
    f"to-an-address.{DOMAIN}": (302, f"https://{INNER}/v1/models"),
    f"to-a-name.{DOMAIN}": (307, f"https://inner.{DOMAIN}/v1/models"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One request. `names` is set before it; `keeps_client` asks with the client of the step before."""

    url: str
    names: Mapping[str, Name] = field(default_factory=dict)
    keeps_client: bool = False


@dataclass(frozen=True, slots=True)
class Attack:
    """One row of the table."""

    group: str
    title: str
    steps: tuple[Step, ...]
    is_honest: bool = False


def _url(host: str) -> str:
    return f"https://{host}/v1/models"


def _name(group: str, title: str, name: Name, *, is_honest: bool = False) -> Attack:
    return Attack(group, title, (Step(_url(NAMED), {NAMED: name}),), is_honest)


def _addressed(title: str, address: str) -> Attack:
    return _name("A name whose only address is", title, says(f"{'AAAA' if ':' in address else 'A'} {address}"))


def _literal(host: str, title: str = "") -> Attack:
    return Attack("Written in the URL", title or f"`{host}`", (Step(_url(host)),))


_HONEST: Final = "Nobody's attack: should be served"
_REBINDING: Final = "A name that moves"
_MIXED: Final = "Several addresses in one answer"
_REDIRECT: Final = "A redirect"

ATTACKS: Final = (
    _name(_HONEST, "a public endpoint", says(f"A {PUBLIC}"), is_honest=True),
    _name(_HONEST, "its IPv6 address", says(f"AAAA {PUBLIC_6}"), is_honest=True),
    _name(_HONEST, "the first of two addresses is dead", says(f"A {DEAD}", f"A {PUBLIC}"), is_honest=True),
    _name(_HONEST, "IPv4 behind NAT64", says(f"AAAA {PUBLIC_NAT64}"), is_honest=True),
    Attack(
        _REBINDING,
        "inside by the next request",
        (Step(_url(NAMED), {NAMED: says(f"A {PUBLIC}")}), Step(_url(NAMED), {NAMED: says(f"A {INNER}")})),
    ),
    Attack(
        _REBINDING,
        "the same, with one client kept",
        (
            Step(_url(NAMED), {NAMED: says(f"A {PUBLIC}")}),
            Step(_url(NAMED), {NAMED: says(f"A {INNER}")}, keeps_client=True),
        ),
    ),
    _name(_REBINDING, "between check and dial", changes((f"A {PUBLIC}",), (f"A {INNER}",))),
    _name(_REBINDING, "after the dialled address was dead", changes((f"A {DEAD}",), (f"A {INNER}",))),
    _name(_MIXED, "public, internal", says(f"A {PUBLIC}", f"A {INNER}")),
    _name(_MIXED, "internal, public", says(f"A {INNER}", f"A {PUBLIC}")),
    _name(_MIXED, "public but dead, internal", says(f"A {DEAD}", f"A {INNER}")),
    _name(_MIXED, "public but dead by IPv4, internal by IPv6", says(f"A {DEAD}", f"AAAA {INNER_6}")),
    *(
        Attack(
            _REDIRECT,
            title,
            (Step(_url(host), {host: says(f"A {PUBLIC}"), f"inner.{DOMAIN}": says(f"A {INNER}")}),),
        )
        for title, host in zip(("to an internal address", "to an internal name"), REDIRECTIONS, strict=True)
    ),
    _addressed("private", INNER),
    _addressed("private, IPv6", INNER_6),
    _addressed("loopback", "127.0.0.1"),
    _addressed("unspecified", "0.0.0.0"),  # noqa: S104 - a name that answers so
    _addressed("metadata", METADATA),
    _addressed("metadata, AWS IPv6", "fd00:ec2::254"),
    _addressed("metadata, Alibaba", "100.100.100.200"),
    _addressed("metadata, Oracle Classic", "192.0.0.192"),
    _addressed("WireServer, Azure", "168.63.129.16"),
    _addressed("benchmarking", "198.18.0.5"),
    _addressed("reserved", "240.0.0.5"),
    _addressed("mapped private", f"::ffff:{INNER}"),
    _addressed("mapped Alibaba metadata", "::ffff:100.100.100.200"),
    _addressed("IPv4-compatible private", f"::{INNER}"),
    _addressed("SIIT of metadata", f"::ffff:0:{METADATA}"),
    _addressed("NAT64 of private", f"64:ff9b::{INNER}"),
    _addressed("NAT64 of metadata", f"64:ff9b::{METADATA}"),
    _addressed("local NAT64 of private", f"64:ff9b:1::{INNER}"),
    _addressed("6to4 of metadata", "2002:a9fe:a9fe::1"),
    _addressed("Teredo", "2001:0:53aa:64c::5"),
    _addressed("ISATAP of private, in public space", "2a05::5efe:a00:5"),
    _addressed("site-local", "fec0::5"),
    _addressed("never allocated", "4000::5"),
    _addressed("documentation, 2024", "3fff::5"),
    _addressed("segment routing, 2024", "5f00::5"),
    _literal("127.0.0.1"),
    _literal(INNER),
    _literal(METADATA),
    _literal("[::1]"),
    _literal(f"[{INNER_6}]"),
    _literal("[::ffff:127.0.0.1]"),
    _literal("[::ffff:a00:5]"),
    _literal("[64:ff9b::a00:5]"),
    _literal("[2002:a00:5::1]"),
    _literal("0.0.0.0"),  # noqa: S104 - a URL that says so
    _literal("2130706433"),
    _literal("0x7f000001"),
    _literal("0177.0.0.1"),
    _literal("127.1"),
    _literal("１２７.0.0.1", "`127.0.0.1` in wide digits"),
    _literal("127。0。0。1", "`127.0.0.1` with ideographic dots"),
)
