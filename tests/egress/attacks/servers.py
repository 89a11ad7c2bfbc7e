# ruff: noqa: E501 - cases read as rows
"""Servers that the policy lets through and that misbehave before or around the answer: TLS, redirects, credentials."""

import ssl
from typing import Final

from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.egress.attacks.certificates import (
    Wish,
    certificate,
    encrypts_with,
    names,
    of_a_stranger,
    speaks_only,
)
from tests.egress.attacks.rows import ANSWERED, INTERNAL, UPSTREAM_WORDS, Patience, ServerRow, Tls, no_tls
from tests.egress.attacks.scripts import (
    MINE,
    OK,
    below_tls,
    each,
    hangs_up,
    once,
    redirect,
    resets,
    says_nothing,
    unasked,
    unasked_for_ever,
)

_WORDS: Final = UPSTREAM_WORDS.encode()
_HASTY: Final = Patience(connect_s=0.4)


def _tls(number: str, what: str, tls: Tls, verdict: str) -> ServerRow:
    return ServerRow(number, what, each(MINE), verdict, tls=tls, stage="tls")


# Certificates and versions. The key must not have left.
HANDSHAKES: Final = (
    _tls("S001", "a certificate for another name", names("other.example"), "tls_name"),
    _tls("S002", "a wildcard for the names below", names("*.{host}"), "tls_name"),
    _tls("S003", "a certificate for the address only", names("127.0.0.1"), "tls_name"),
    _tls("S004", "a wildcard for everything", names("*"), "tls_name"),
    _tls("S005", "a wildcard for a whole top level", names("*.example"), "tls_name"),
    _tls("S006", "wildcards in every label", names("*.*.*"), "tls_name"),
    _tls("S007", "the name with something behind it", names("{host}.evil.example"), "tls_name"),
    _tls("S008", "the name with something before it", names("evil-{host}"), "tls_name"),
    _tls("S009", "the name only as common name", certificate(Wish(names=None, common_name="{host}")), "tls_name"),
    _tls("S010", "the name as common name beside another", certificate(Wish(names=("other.example",), common_name="{host}")), "tls_name"),
    _tls("S011", "expired", certificate(Wish(ends_in_days=-1)), "tls_expired"),
    _tls("S012", "expired and for another name", certificate(Wish(names=("other.example",), ends_in_days=-1)), "tls_name"),
    _tls("S013", "not valid yet", certificate(Wish(starts_in_days=1)), "tls_untrusted"),
    _tls("S014", "by an unknown authority", of_a_stranger, "tls_untrusted"),
    _tls("S015", "signed by itself", certificate(Wish(signs_itself=True)), "tls_untrusted"),
    _tls("S016", "made for clients", certificate(Wish(purpose=ExtendedKeyUsageOID.CLIENT_AUTH)), "tls_untrusted"),
    _tls("S017", "a key of 1024 bits", certificate(Wish(rsa_bits=1024)), "tls_untrusted"),
    _tls("S018", "TLS 1.0 only", speaks_only(ssl.TLSVersion.TLSv1), "tls_failed"),
    _tls("S019", "TLS 1.1 only", speaks_only(ssl.TLSVersion.TLSv1_1), "tls_failed"),
    _tls("S020", "cipher suites that do not encrypt", encrypts_with("eNULL"), "tls_failed"),
    _tls("S021", "cipher suites that nobody signs", encrypts_with("aNULL:!eNULL"), "tls_failed"),
    ServerRow("S022", "TLS 1.2 only, which is fine", each(MINE), ANSWERED, tls=speaks_only(ssl.TLSVersion.TLSv1_2)),
    ServerRow("S023", "a good certificate with more names", each(MINE), ANSWERED, tls=names("other.example", "{host}")),
)  # fmt: skip

# What answers on a port where TLS is expected.
BANNERS: Final = (
    ServerRow("S030", "plain HTTP, unasked", unasked(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), "tls_failed", tls=no_tls, stage="tls"),
    ServerRow("S031", "SSH", unasked(b"SSH-2.0-OpenSSH_9.6 " + _WORDS + b"\r\n"), "tls_failed", tls=no_tls, stage="tls"),
    ServerRow("S032", "mail", unasked(b"220 mail.example ESMTP " + _WORDS + b"\r\n"), "tls_failed", tls=no_tls, stage="tls"),
    ServerRow("S033", "Redis refusing", unasked(b"-ERR unknown command " + _WORDS + b"\r\n"), "tls_failed", tls=no_tls, stage="tls"),
    ServerRow("S034", "a database's greeting", unasked(b"J\x00\x00\x00\x0a8.0.36\x00" + _WORDS), "tls_failed", tls=no_tls, stage="tls"),
    ServerRow("S035", "hanging up at once", hangs_up(), "tls_failed", tls=no_tls, stage="tls"),
    ServerRow("S036", "a reset at once", resets(is_asked=False), "tls_failed", tls=no_tls, stage="tls"),
    ServerRow("S037", "a fatal alert of TLS", unasked(b"\x15\x03\x03\x00\x02\x02\x28"), "tls_failed", tls=no_tls, stage="tls"),
    ServerRow("S038", "a record of TLS that is too long", unasked(b"\x16\x03\x03\xff\xff" + b"\x00" * 70_000), "tls_failed", tls=no_tls, stage="tls"),
    ServerRow("S039", "zeros without end", unasked_for_ever(bytes(4096)), "tls_failed", tls=no_tls, stage="tls"),
    ServerRow("S040", "silence", says_nothing(), "connect_timeout", tls=no_tls, patience=_HASTY, over_http=False),
    ServerRow("S041", "half a record of TLS, then silence", unasked(b"\x16\x03\x03\x40\x00\x02", hold=True), "connect_timeout", tls=no_tls, patience=_HASTY, over_http=False),
    ServerRow("S042", "a reset after the handshake", resets(is_asked=False), "connection_lost"),
    ServerRow("S043", "hanging up after the request", resets(), "connection_lost"),
    ServerRow("S044", "bytes past the encryption", below_tls(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), "connection_lost"),
)  # fmt: skip


def _moved(number: str, what: str, *pieces: bytes, verdict: str = "redirected") -> ServerRow:
    return ServerRow(number, what, each(*pieces), verdict)


# Redirections are not followed, wherever they lead, and where they lead is not told.
REDIRECTIONS: Final = (
    _moved("S060", "302 to an internal address", redirect("302 Found", f"https://{INTERNAL}:8443/{UPSTREAM_WORDS}")),
    _moved("S061", "301 to metadata", redirect("301 Moved", "http://169.254.169.254/latest/meta-data/iam")),
    _moved("S062", "303 to an internal name", redirect("303 See Other", "https://db.internal/")),
    _moved("S063", "307, which would repeat the body", redirect("307 X", f"https://{INTERNAL}:8443/")),
    _moved("S064", "308, which would repeat the body for ever", redirect("308 X", f"https://{INTERNAL}:8443/")),
    _moved("S065", "300 with a choice", redirect("300 Multiple", f"https://{INTERNAL}:8443/")),
    _moved("S066", "304, although nobody asked whether it changed", b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    _moved("S067", "305, use this proxy", redirect("305 Use Proxy", f"http://{INTERNAL}:8443/")),
    _moved("S068", "306, which nobody uses", redirect("306 Switch Proxy", f"http://{INTERNAL}:8443/")),
    _moved("S069", "399", redirect("399 X", f"https://{INTERNAL}:8443/")),
    _moved("S070", "302 to plain http on the same host", redirect("302 Found", "http://llm.example/v1")),
    _moved("S071", "302 to a file", redirect("302 Found", "file:///etc/passwd")),
    _moved("S072", "302 to a script", redirect("302 Found", "javascript:alert(1)")),
    _moved("S073", "302 to data", redirect("302 Found", "data:application/json,{}")),
    _moved("S074", "302 without a scheme", redirect("302 Found", f"//{INTERNAL}:8443/")),
    _moved("S075", "302 to a path of its own", redirect("302 Found", "/v2")),
    _moved("S076", "302 to itself", redirect("302 Found", "")),
    _moved("S077", "302 without a place", redirect("302 Found")),
    _moved("S078", "302 to two places", redirect("302 Found", "https://llm.example/", f"https://{INTERNAL}:8443/")),
    _moved("S079", "302 to a place in other letters", redirect("302 Found", "https://\xe9vil.example/")),
    _moved("S080", "302 with a page", redirect("302 Found", "/login", body=b"<html>" + _WORDS)),
    _moved("S081", "200 that says where else", OK + f"Location: https://{INTERNAL}:8443/\r\nContent-Length: 4\r\n\r\nmine".encode(), verdict=ANSWERED),
    _moved("S082", "200 that wants to be loaded again", OK + f"Refresh: 0; url=https://{INTERNAL}:8443/\r\nContent-Length: 4\r\n\r\nmine".encode(), verdict=ANSWERED),
    _moved("S083", "200 that offers another service", OK + f'Alt-Svc: h2="{INTERNAL}:8443"; ma=86400\r\nContent-Length: 4\r\n\r\nmine'.encode(), verdict=ANSWERED),
    _moved("S084", "200 that offers another protocol", OK + b"Upgrade: h2c\r\nContent-Length: 4\r\n\r\nmine", verdict=ANSWERED),
)  # fmt: skip


def _asks_for_more(number: str, what: str, status: int, header: str) -> ServerRow:
    head = f"HTTP/1.1 {status} X\r\n{header}\r\nContent-Length: 4\r\n\r\nmine".encode()
    return ServerRow(number, what, each(head), ANSWERED, status=status, asks=2)


# What makes other clients send a credential, a cookie or another request by themselves.
DEMANDS: Final = (
    _asks_for_more("S100", "401 with Basic", 401, f'WWW-Authenticate: Basic realm="{UPSTREAM_WORDS}"'),
    _asks_for_more("S101", "401 with Digest", 401, 'WWW-Authenticate: Digest realm="x", nonce="1", qop="auth"'),
    _asks_for_more("S102", "401 with Negotiate", 401, "WWW-Authenticate: Negotiate"),
    _asks_for_more("S103", "407 for a proxy", 407, 'Proxy-Authenticate: Basic realm="x"'),
    _asks_for_more("S104", "a cookie", 200, "Set-Cookie: a=b; Path=/"),
    _asks_for_more("S105", "a cookie for everybody", 200, "Set-Cookie: a=b; Domain=example; Path=/; Max-Age=99999"),
    _asks_for_more("S106", "forty cookies", 200, "\r\n".join(f"Set-Cookie: c{number}=b" for number in range(40))),
    _asks_for_more("S107", "a wish to be asked again", 503, "Retry-After: 0"),
    _asks_for_more("S108", "a wish for a misdirected request", 421, "Connection: keep-alive"),
    _asks_for_more("S109", "a wish for hints about the client", 200, "Accept-CH: Sec-CH-UA-Full-Version-List"),
    _asks_for_more("S110", "the times when it is too early", 425, "Retry-After: 0"),
    _asks_for_more("S111", "a request that took too long", 408, "Connection: keep-alive"),
    ServerRow("S112", "hanging up between two answers", once(MINE), ANSWERED, asks=2, dials=2),
)  # fmt: skip
