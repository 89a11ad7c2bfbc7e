"""For which name and origin passkeys are made: the deployment's public address, or localhost while it has none.

Never what a request claims: a name from a Host header is believed only where a browser needs no proof of it.
"""

from urllib.parse import urlsplit

from moorage.errors import Conflict
from moorage.vault.passkeys import RelyingParty

NAME = "Moorage"
_LOCAL = "localhost"


def read_relying_party(public_url: str, host_header: str) -> RelyingParty | None:
    """Give the relying party; None where browsers refuse passkeys: an address of numbers, or plain http.

    With a public address, the request's host says nothing. Without one, only `localhost` is trusted.
    """
    try:
        parts = urlsplit(public_url or f"http://{host_header}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    is_local = host == _LOCAL
    if not is_local and (not public_url or parts.scheme != "https" or _is_number(host)):
        return None
    is_usual = port is None or (parts.scheme, port) in {("https", 443), ("http", 80)}
    origin = f"{parts.scheme}://{host}" + ("" if is_usual else f":{port}")
    return RelyingParty(host, origin, NAME)


def require_relying_party(party: RelyingParty | None) -> RelyingParty:
    """Raise Conflict("passkeys_need_name") where passkeys can't be used."""
    if party is None:
        raise Conflict("passkeys_need_name")
    return party


def _is_number(host: str) -> bool:
    return ":" in host or host.rpartition(".")[2].isdigit()
