"""Names and addresses that a team may type, what the name server says to each, and where the test of it must end."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.network.addresses import (
    CLOSED,
    DEAD_4,
    DEAD_6,
    HOSTILE_DOMAIN,
    MODELS_4,
    MODELS_6,
    MODELS_NAME,
    NAMES_ONLY,
    REDIRECTING,
    SECOND_4,
    VICTIMS,
)
from tests.network.name_server import Name, changes, says

PASSES: Final = None
NO_PUBLIC_ADDRESS: Final = ("dns", "address_not_public")
LOCAL: Final = ("url", "url_local")

INTERNAL: Final = "10.0.0.5"
INTERNAL_6: Final = "fd00::5"
PUBLIC: Final = f"A {MODELS_4}"
ALIASES: Final = 8
FLOOD: Final = tuple(f"A 20.0.1.{number}" for number in range(1, 101))


@dataclass(frozen=True, slots=True)
class Case:
    """One address to test. `ends` is (stage, code) of the failure; None: every stage passes."""

    sentence: str
    base_url: str
    ends: tuple[str, str] | None
    names: Mapping[str, Name] = field(default_factory=dict)
    model_id: str | None = None


def host_of(sentence: str) -> str:
    """Make a host name of a sentence, so that every case has its own."""
    return re.sub(r"[^a-z0-9]+", "-", sentence.lower()).strip("-")[:60].strip("-") + f".{HOSTILE_DOMAIN}"


def _named(
    sentence: str,
    what: Name | None,
    ends: tuple[str, str] | None,
    also: Mapping[str, Name] | None = None,
    model_id: str | None = None,
) -> Case:
    host = host_of(sentence)
    names = {**(also or {}), **({} if what is None else {host: what})}
    return Case(sentence, f"https://{host}/v1", ends, names, model_id)


def _chain(sentence: str, end: str) -> Case:
    """Aliases of aliases, the last of which has this address."""
    links = {
        f"link-{number}.{host_of(sentence)}": says(f"CNAME link-{number + 1}.{host_of(sentence)}")
        for number in range(1, ALIASES)
    }
    links[f"link-{ALIASES}.{host_of(sentence)}"] = says(f"A {end}")
    ends = PASSES if end == MODELS_4 else NO_PUBLIC_ADDRESS
    return _named(sentence, says(f"CNAME link-1.{host_of(sentence)}"), ends, links)


def _kind(address: str) -> str:
    return "AAAA" if ":" in address else "A"


_REFUSED: Final[Sequence[tuple[str, Name | None]]] = (
    *((f"a name of {victim}", says(f"{_kind(victim)} {victim}")) for victim in VICTIMS),
    ("a name of 0.0.0.0", says("A 0.0.0.0")),
    ("a name of a mapped internal address", says(f"AAAA ::ffff:{INTERNAL}")),
    ("a name of a mapped loopback address", says("AAAA ::ffff:127.0.0.1")),
    ("a name of an internal address behind NAT64", says(f"AAAA 64:ff9b::{INTERNAL}")),
    ("a name of an internal address in 6to4", says("AAAA 2002:a00:5::1")),
    ("the public address before the internal one", says(PUBLIC, f"A {INTERNAL}")),
    ("the internal address before the public one", says(f"A {INTERNAL}", PUBLIC)),
    ("public by IPv4 and private by IPv6", says(PUBLIC, f"AAAA {INTERNAL_6}")),
    ("public by IPv6 and private by IPv4", says(f"A {INTERNAL}", f"AAAA {MODELS_6}")),
    ("first internal and then public", changes((f"A {INTERNAL}",), (PUBLIC,), in_circle=True)),
    ("a name that does not exist", None),
    ("a name whose server fails", says(rcode="SERVFAIL")),
    ("a name whose server refuses", says(rcode="REFUSED")),
    ("a name without addresses", says()),
    ("a public answer that takes too long", says(PUBLIC, after_s=2.6)),
    ("an internal answer that takes too long", says(f"A {INTERNAL}", after_s=2.6)),
    ("a server that never answers", says(PUBLIC, is_silent=True)),
    ("a hundred public records", says(PUBLIC, *FLOOD[1:])),
    ("an internal record at the end of a hundred", says(*FLOOD[1:], f"A {INTERNAL}")),
    ("an internal answer over TCP", says(f"A {INTERNAL}", over_udp=())),
    ("a public piece over UDP and an internal answer over TCP", says(f"A {INTERNAL}", over_udp=(PUBLIC,))),
    ("a loop of aliases", says(f"CNAME {host_of('a loop of aliases')}")),
    ("an alias of nothing", says(f"CNAME nobody.{HOSTILE_DOMAIN}")),
)

NO_PUBLIC: Final = (
    *(_named(sentence, what, NO_PUBLIC_ADDRESS) for sentence, what in _REFUSED),
    _named(
        "an alias of an internal name",
        says("CNAME db.corp.test"),
        NO_PUBLIC_ADDRESS,
        {"db.corp.test": says(f"A {INTERNAL}")},
    ),
    _named("an alias of localhost", says("CNAME localhost"), NO_PUBLIC_ADDRESS, {"localhost": says("A 127.0.0.1")}),
    _chain("a chain of aliases to an internal address", INTERNAL),
    Case("a name that exists only with the search domain", "https://only-with-search.firm.test/v1", NO_PUBLIC_ADDRESS),
)
"""All of them are told in one way."""

WORKING: Final = (
    _named("a name of an IPv4 endpoint", says(PUBLIC), PASSES),
    _named("a name of an IPv6 endpoint", says(f"AAAA {MODELS_6}"), PASSES),
    Case("a name of an endpoint with both", f"https://{MODELS_NAME}/v1", PASSES),
    Case("a public IPv4 literal", f"https://{MODELS_4}/v1", PASSES),
    Case("a public IPv6 literal", f"https://[{MODELS_6}]/v1", PASSES),
    _named("an answer that is cut and fetched over TCP", says(PUBLIC, over_udp=()), PASSES),
    _named("an answer that is slow but in time", says(PUBLIC, after_s=0.7), PASSES),
    _chain("a chain of aliases to the endpoint", MODELS_4),
    _named("the first address is dead", says(f"A {DEAD_4}", PUBLIC), PASSES),
    _named("the first machine does not listen", says(f"A {CLOSED}", PUBLIC), PASSES),
    _named("dead by IPv6 and alive by IPv4", says(f"AAAA {DEAD_6}", PUBLIC), PASSES),
    _named("two good addresses", says(PUBLIC, f"A {SECOND_4}"), PASSES),
)
"""These get a message answered, too."""

_LITERALS: Final = (
    *(f"[{victim}]" if ":" in victim else victim for victim in VICTIMS),
    "0.0.0.0",
    "[::]",
    f"[::ffff:{INTERNAL}]",
    f"[64:ff9b::{INTERNAL}]",
    "[2002:a00:5::1]",
    "224.0.0.1",
    "255.255.255.255",
    "localhost",
    "metadata.google.internal",
    "intranet",
)
_TRICKS: Final = ("0x0a000005", "167772165", "10.5", "012.0.0.5", "10.0.0.5.", "①0.0.0.5", "10。0。0。5")

REFUSED_BY_TEXT: Final = (
    *(Case(f"the address {literal}", f"https://{literal}/v1", LOCAL) for literal in _LITERALS),
    *(Case(f"the address {trick}", f"https://{trick}/v1", ("url", "url_host")) for trick in _TRICKS),
    Case("another port than those allowed", f"https://{MODELS_NAME}:22/v1", ("url", "url_port")),
    Case("plain HTTP", f"http://{MODELS_NAME}/v1", ("url", "url_not_https")),
)

OTHERS: Final = (
    _named(
        "first public and then internal", changes((PUBLIC,), (f"A {INTERNAL}",)), ("credential", "address_not_public")
    ),
    _named("a public machine where nothing listens", says(f"A {CLOSED}"), ("tcp", "connect_refused")),
    _named("a model list that is at the victim", says(f"A {REDIRECTING}"), ("credential", "redirected")),
    _named("an answer that is at the victim", says(PUBLIC), ("completion", "redirected"), model_id="redirect"),
    Case("a literal that the certificate does not name", f"https://{NAMES_ONLY}/v1", ("tls", "tls_name")),
)

CASES: Final = (*NO_PUBLIC, *WORKING, *REFUSED_BY_TEXT, *OTHERS)
