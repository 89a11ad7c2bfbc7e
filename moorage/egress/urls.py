"""One strict parser for base URLs: what it returns is what is dialled, and what it does not understand it refuses.

Own ASCII grammar, because no two libraries read a hostile URL alike; nothing downstream parses a URL again.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NoReturn

import idna

from moorage.egress.policy import Exceptions, Verdict, classify, parse_literal
from moorage.errors import AddressRefused
from moorage.vault.secret import Secret

MAX_URL_CHARS: Final = 2048
MAX_NAME_CHARS: Final = 253
HTTPS_PORT: Final = 443
MAX_PORT: Final = 65_535
DEFAULT_PORTS: Final = frozenset({HTTPS_PORT, 8443})

_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_AUTHORITY_END: Final = re.compile(r"(?::([0-9]{1,5}))?(?:/.*)?$", re.DOTALL)
_PORT: Final = re.compile(r"0|[1-9][0-9]{0,4}")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?")
_SCHEME: Final = "https://"
_JOINERS: Final = frozenset("\u200c\u200d")

# Names that mean "not the internet". The address check is the control; these give the person a better sentence.
_LOCAL_SUFFIXES: Final = (
    ".localhost",
    ".localdomain",
    ".local",
    ".internal",
    ".intranet",
    ".private",
    ".corp",
    ".home",
    ".lan",
    ".home.arpa",
    ".svc",
    ".onion",
)
_LOCAL_NAMES: Final = frozenset({"metadata.goog"})


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """Where requests go: canonical host, port, path prefix. Does not print itself: a base URL may be confidential."""

    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and port, without the port when it is 443."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{_SCHEME}{host}" if self.port == HTTPS_PORT else f"{_SCHEME}{host}:{self.port}"

    @property
    def url(self) -> str:
        """The canonical text; parsing it again gives an equal endpoint."""
        return self.origin + self.path

    def under(self, path: str) -> "Endpoint":
        """Give the same origin with another path prefix. Raises AddressRefused("url_invalid"|"url_too_long")."""
        return _bounded(Endpoint(self.host, self.port, _canonical_path(path)))

    def __repr__(self) -> str:
        return "Endpoint(•••)"


def parse_base_url(
    text: str,
    *,
    allowed_ports: frozenset[int] = DEFAULT_PORTS,
    exceptions: Exceptions = Exceptions(),  # noqa: B008 - frozen, so sharing the default is harmless
) -> Endpoint:
    """Read a base URL by the strict grammar `https://host[:port][/path]`. Touches no network.

    Raises AddressRefused, field "base_url", with one of: url_too_long, url_invalid, url_not_https, url_userinfo,
    url_query, url_fragment, url_port(port), url_host, url_local. The text is never repeated.
    """
    if len(text) > MAX_URL_CHARS:
        _refuse("url_too_long")
    if "\\" in text or any(char <= " " or char == "\x7f" or (not char.isascii() and char.isspace()) for char in text):
        _refuse("url_invalid")
    if text[: len(_SCHEME)].lower() != _SCHEME:
        _refuse(_code_without_https(text, exceptions))
    authority, path = _split_authority(text[len(_SCHEME) :])
    host_text, port = _split_port(authority)
    host = _canonical_host(host_text)
    excepted = exceptions.names(host, port)
    if is_local_name(host) and not excepted:
        _refuse("url_local")
    if port not in allowed_ports and not excepted:
        raise AddressRefused("url_port", field="base_url", port=port)
    return _bounded(Endpoint(host, port, _canonical_path(path)))


def read_stored_url(
    stored: Secret,
    *,
    allowed_ports: frozenset[int] = DEFAULT_PORTS,
    exceptions: Exceptions = Exceptions(),  # noqa: B008 - frozen, so sharing the default is harmless
) -> Endpoint:
    """Read an address that came out of the vault. It is judged again: the operator's rules may have got tighter."""
    return parse_base_url(stored.reveal(), allowed_ports=allowed_ports, exceptions=exceptions)


def canonical_host(text: str) -> str:
    """Give a host as addresses of endpoints are compared with it; the text itself, lowered, if it is none."""
    try:
        return _canonical_host(f"[{text}]" if ":" in text else text)
    except AddressRefused:
        return text.lower()


def is_local_name(host: str) -> bool:
    """Tell whether a canonical host means this machine, a private network or a metadata service by its text alone."""
    literal = parse_literal(host)
    if literal is not None:
        return classify(literal) is not Verdict.PUBLIC
    return "." not in host or host in _LOCAL_NAMES or host.endswith(_LOCAL_SUFFIXES)


def _refuse(code: str) -> NoReturn:
    raise AddressRefused(code, field="base_url")


def _bounded(endpoint: Endpoint) -> Endpoint:
    """Refuse what would be too long to be read again: an A-label is longer than the letters it stands for."""
    if len(endpoint.url) > MAX_URL_CHARS:
        _refuse("url_too_long")
    return endpoint


def _code_without_https(text: str, exceptions: Exceptions) -> str:
    """Name what is wrong with an address of another scheme; `http://localhost:11434` is local before it is plain."""
    if text[:6].lower() == "https:":
        return "url_invalid"
    scheme, _, rest = text.partition("://")
    name, port = _AUTHORITY_END.sub("", rest), _AUTHORITY_END.search(rest)
    host = name.strip("[]").lower()
    is_excepted = port is not None and port[1] is not None and exceptions.names(host, int(port[1]))
    return (
        "url_local"
        if scheme.lower() == "http" and host and is_local_name(host) and not is_excepted
        else "url_not_https"
    )


def _split_authority(rest: str) -> tuple[str, str]:
    """Cut after the authority; refuse userinfo, query and fragment, an empty one included."""
    cut = min((place for place in map(rest.find, "/?#") if place >= 0), default=len(rest))
    authority, tail = rest[:cut], rest[cut:]
    if "@" in authority:
        _refuse("url_userinfo")
    if "#" in tail:
        _refuse("url_fragment")
    if "?" in tail:
        _refuse("url_query")
    return authority, tail


def _split_port(authority: str) -> tuple[str, int]:
    """Separate `host` or `[v6]` from the port; an empty port means 443."""
    if authority.startswith("["):
        inside, closed, after = authority[1:].partition("]")
        if not closed or (after and not after.startswith(":")):
            _refuse("url_host")
        host, port = f"[{inside}]", after[1:]
    else:
        host, _, port = authority.partition(":")
    if not port:
        return host, HTTPS_PORT
    if not _PORT.fullmatch(port):
        _refuse("url_invalid")
    number = int(port)
    if not 1 <= number <= MAX_PORT:
        raise AddressRefused("url_port", field="base_url", port=number)
    return host, number


def _canonical_host(text: str) -> str:
    if text.startswith("["):
        literal = parse_literal(text[1:-1])
        if not isinstance(literal, IPv6Address):
            _refuse("url_host")
        return str(literal)
    # `str.lower` only for ASCII: the Kelvin sign and its kin must not turn into letters.
    lowered = "".join(char.lower() if char.isascii() else char for char in text)
    dotted = lowered.removesuffix(".")
    labels = [_canonical_label(label) for label in dotted.split(".")]
    host = ".".join(labels)
    if len(host) > MAX_NAME_CHARS:
        _refuse("url_host")
    if _NUMERIC.fullmatch(labels[-1]):
        # "Ends in a number" is an IPv4 address or nothing: 127.1, 0x7f000001 and 127.0.0.1. are nothing.
        literal = parse_literal(host)
        if not isinstance(literal, IPv4Address) or str(literal) != lowered:
            _refuse("url_host")
    return host


def _canonical_label(label: str) -> str:
    """Check one label; a non-ASCII one becomes its A-label by strict IDNA 2008, without any mapping."""
    try:
        if not label.isascii():
            if not _JOINERS.isdisjoint(label):
                _refuse("url_host")
            label = idna.alabel(label).decode("ascii")
        elif label.startswith("xn--") and (
            idna.ulabel(label).isascii() or idna.alabel(idna.ulabel(label)).decode() != label
        ):
            _refuse("url_host")
    except UnicodeError:
        raise AddressRefused("url_host", field="base_url") from None
    if not _LABEL.fullmatch(label):
        _refuse("url_host")
    return label


def _canonical_path(path: str) -> str:
    """Check a path prefix and drop its trailing slash; `%`, `//` and dot segments are refused, not normalised."""
    if len(path) > MAX_URL_CHARS or not _PATH.fullmatch(path) or not {".", ".."}.isdisjoint(path.split("/")):
        _refuse("url_invalid")
    return path.removesuffix("/")
