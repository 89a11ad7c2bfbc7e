# ruff: noqa: E501 - cases read as rows
"""The URL grammar against hostile text: one reading only, no network, no word repeated (P11)."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.egress.policy import AddressPolicy, Exceptions, Verdict, classify
from moorage.egress.urls import Endpoint, is_local_name, parse_base_url
from moorage.errors import AddressRefused

HOSTILE = [
    # numbers that some parsers take for addresses
    ("https://127.1", "url_host"), ("https://127.0.1/", "url_host"), ("https://0177.0.0.1", "url_host"),
    ("https://0x7f.0.0.1", "url_host"), ("https://0x7f000001", "url_host"), ("https://2130706433/v1", "url_host"),
    ("https://017700000001", "url_host"), ("https://127.0.0.01", "url_host"), ("https://0", "url_host"),
    ("https://1.2.3.4.5", "url_host"), ("https://256.1.1.1", "url_host"), ("https://1.1.1.1.", "url_host"),
    ("https://127.0.0.1.", "url_host"), ("https://llm.example.0x7f", "url_host"), ("https://llm.example.1", "url_host"),
    ("https://0x.1", "url_host"), ("https://a.0x", "url_host"),
    # addresses that are not public
    ("https://0.0.0.0", "url_local"), ("https://127.0.0.1", "url_local"), ("https://10.1.2.3/v1", "url_local"),
    ("https://172.16.0.1", "url_local"), ("https://192.168.1.1:443", "url_local"), ("https://100.64.0.1", "url_local"),
    ("https://169.254.169.254/latest/meta-data", "url_local"), ("https://168.63.129.16", "url_local"),
    ("https://100.100.100.200", "url_local"), ("https://224.0.0.1", "url_local"),
    ("https://255.255.255.255", "url_local"), ("https://[::]", "url_local"), ("https://[::1]/", "url_local"),
    ("https://[0:0:0:0:0:0:0:1]", "url_local"), ("https://[::ffff:127.0.0.1]", "url_local"),
    ("https://[::ffff:7f00:1]", "url_local"), ("https://[::127.0.0.1]", "url_local"), ("https://[fd00::1]", "url_local"),
    ("https://[fd00:ec2::254]", "url_local"), ("https://[fe80::1]", "url_local"), ("https://[2002:7f00:1::]", "url_local"),
    ("https://[64:ff9b::7f00:1]", "url_local"), ("https://[ff02::1]", "url_local"), ("https://[4000::1]", "url_local"),
    # letters that only look right
    ("https://１２７.0.0.1", "url_host"), ("https://①②⑦.⓪.⓪.①", "url_host"), ("https://127。0。0。1", "url_host"),
    ("https://llm。example", "url_host"), ("https://ⅼlm.example", "url_host"), ("https://a\u00adb.example", "url_host"),
    ("https://a\u200db.example", "url_host"), ("https://क्\u200dष.example", "url_host"),
    ("https://\u212aelvin.example", "url_host"), ("https://ﬁ.example", "url_host"), ("https://\u202ea.example", "url_host"),
    ("https://xn--", "url_host"), ("https://xn--.example", "url_host"), ("https://xn--a.example", "url_host"),
    ("https://xn--abc.example", "url_host"), ("https://xn--1.0.0.1", "url_host"),
    ("https://xn--a-ecp.example", "url_host"), ("https://llm\u3000.example", "url_invalid"),
    ("https://llm\u2028.example", "url_invalid"), ("https://llm.example/\u00a0", "url_invalid"),
    ("https://llm.example/ü", "url_invalid"), ("https://llm.example:４４３", "url_invalid"),
    # userinfo, backslashes, fragments
    ("https://user:pw@llm.example", "url_userinfo"), ("https://@llm.example", "url_userinfo"),
    ("https://llm.example:443@evil.example", "url_userinfo"), ("https://a@b@llm.example", "url_userinfo"),
    ("https://h%40x.example", "url_host"), ("https://llm.example\\@evil.example", "url_invalid"),
    ("https://llm.example\\.evil.example", "url_invalid"), ("https:\\\\llm.example", "url_invalid"),
    ("https://evil.example#@llm.example", "url_fragment"), ("https://llm.example#", "url_fragment"),
    ("https://llm.example/v1#x?y", "url_fragment"), ("https://llm.example?", "url_query"),
    ("https://llm.example/v1?key=sk-mia", "url_query"), ("https://llm.example?@evil.example", "url_query"),
    # white space and control characters, wherever they stand
    (" https://llm.example", "url_invalid"), ("https://llm.example ", "url_invalid"),
    ("\thttps://llm.example", "url_invalid"), ("https://llm.exa\tmple", "url_invalid"),
    ("https://llm.exa\nmple", "url_invalid"), ("https://llm.example\r\nHost: x", "url_invalid"),
    ("https://llm.example\x00.evil.example", "url_invalid"), ("ht\ntps://llm.example", "url_invalid"),
    ("https://llm.example/\x7f", "url_invalid"), ("https://llm.example/a b", "url_invalid"),
    # dots
    ("https://llm..example", "url_host"), ("https://.llm.example", "url_host"), ("https://llm.example..", "url_host"),
    ("https://.", "url_host"), ("https://..", "url_host"),
    # brackets and zones
    ("https://[fe80::1%25eth0]", "url_host"), ("https://[::1%lo]", "url_host"), ("https://[127.0.0.1]", "url_host"),
    ("https://[llm.example]", "url_host"), ("https://[::1", "url_host"), ("https://[::1]x", "url_host"),
    ("https://[::1]evil.example/", "url_host"), ("https://[]", "url_host"), ("https://[[::1]]", "url_host"),
    ("https://::1", "url_invalid"), ("https://2606:4700::1111", "url_invalid"), ("https://[v1.a]", "url_host"),
    ("https://[2606:4700::1111]443", "url_host"), ("https://x[::1]", "url_invalid"),
    # percent
    ("https://a%2eb.example", "url_host"), ("https://%31%32%37.0.0.1", "url_host"), ("https://h%00.example", "url_host"),
    ("https://llm.example/%2e%2e", "url_invalid"), ("https://llm.example/a%2fb", "url_invalid"),
    # schemes
    ("http://llm.example", "url_not_https"), ("HTTP://llm.example", "url_not_https"), ("//llm.example", "url_not_https"),
    ("llm.example/v1", "url_not_https"), ("", "url_not_https"), ("https", "url_not_https"), ("https:", "url_invalid"),
    ("https:llm.example", "url_invalid"), ("https:/llm.example", "url_invalid"), ("https://", "url_host"),
    ("https:///llm.example", "url_host"), ("file:///etc/passwd", "url_not_https"), ("ftp://llm.example", "url_not_https"),
    ("gopher://llm.example", "url_not_https"), ("ws://llm.example", "url_not_https"), ("wss://llm.example", "url_not_https"),
    ("unix:///var/run/docker.sock", "url_not_https"), ("javascript:alert(1)", "url_not_https"),
    ("data:text/html,x", "url_not_https"), ("httpss://llm.example", "url_not_https"), ("ｈttps://llm.example", "url_not_https"),
    # ports
    ("https://llm.example:0", "url_port"), ("https://llm.example:0443", "url_invalid"),
    ("https://llm.example:65536", "url_port"), ("https://llm.example:-1", "url_invalid"),
    ("https://llm.example:443:80", "url_invalid"), ("https://llm.example:99999999999", "url_invalid"),
    ("https://llm.example:22", "url_port"), ("https://llm.example:25", "url_port"), ("https://llm.example:80", "url_port"),
    ("https://llm.example:6379", "url_port"), ("https://llm.example:8080", "url_port"), ("https://llm.example:+443", "url_invalid"),
    ("https://llm.example:sk-mia", "url_invalid"), ("https://[2606:4700::1111]:22", "url_port"),
    # lengths
    (f"https://{'a' * 64}.example", "url_host"), (f"https://{'a.' * 124}example", "url_host"),
    ("https://llm.example/" + "a" * 2029, "url_too_long"), ("https://llm.example" + "/.." * 10_000, "url_too_long"),
    # names that are not on the internet
    ("https://localhost", "url_local"), ("https://LOCALHOST:443", "url_local"), ("https://localhost.", "url_local"),
    ("https://foo", "url_local"), ("https://a.localhost", "url_local"), ("https://printer.local", "url_local"),
    ("https://db.internal", "url_local"), ("https://api.ns.svc.cluster.local", "url_local"),
    ("https://metadata.google.internal", "url_local"), ("https://metadata.goog", "url_local"),
    ("https://instance-data", "url_local"), ("https://host.docker.internal", "url_local"),
    ("https://kubernetes.default.svc", "url_local"), ("https://nas.lan", "url_local"), ("https://a.home.arpa", "url_local"),
    ("https://x.onion", "url_local"),
    # names that are none
    ("https://my_model.example", "url_host"), ("https://-a.example", "url_host"), ("https://a-.example", "url_host"),
    ("https://a!b.example", "url_host"), ("https://*.example", "url_host"), ("https://a,b.example", "url_host"),
    ("https://a;b.example", "url_host"), ("https://a'b.example", "url_host"), ("https://a|b.example", "url_host"),
    # paths
    ("https://llm.example/..", "url_invalid"), ("https://llm.example/v1/../admin", "url_invalid"),
    ("https://llm.example/./v1", "url_invalid"), ("https://llm.example//v1", "url_invalid"),
    ("https://llm.example/v1//", "url_invalid"), ("https://llm.example/v1/..;/x/.", "url_invalid"),
    ("https://llm.example/<script>", "url_invalid"), ('https://llm.example/"', "url_invalid"),
    ("https://llm.example/{x}", "url_invalid"), ("https://llm.example/a|b", "url_invalid"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), HOSTILE, ids=lambda value: ascii(value)[:70])
def test_hostile_text_is_refused_with_a_reason_and_never_repeated(text: str, code: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        parse_base_url(text)
    assert (caught.value.code, caught.value.field) == (code, "base_url")
    assert set(caught.value.params) <= ({"port"} if code == "url_port" else set())
    assert all(isinstance(value, int) for value in caught.value.params.values())
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("text", "url", "endpoint"),
    [
        ("https://llm.example.com", "https://llm.example.com", Endpoint("llm.example.com", 443, "")),
        ("HTTPS://LLM.Example.COM/", "https://llm.example.com", Endpoint("llm.example.com", 443, "")),
        ("https://llm.example.com.", "https://llm.example.com", Endpoint("llm.example.com", 443, "")),
        ("https://llm.example.com:443/v1/", "https://llm.example.com/v1", Endpoint("llm.example.com", 443, "/v1")),
        ("https://llm.example.com:/v1", "https://llm.example.com/v1", Endpoint("llm.example.com", 443, "/v1")),
        ("https://llm.example.com:8443", "https://llm.example.com:8443", Endpoint("llm.example.com", 8443, "")),
        ("https://bücher.example/V1", "https://xn--bcher-kva.example/V1", Endpoint("xn--bcher-kva.example", 443, "/V1")),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example", Endpoint("xn--bcher-kva.example", 443, "")),
        ("https://1.1.1.1/v1", "https://1.1.1.1/v1", Endpoint("1.1.1.1", 443, "/v1")),
        ("https://[2606:4700:0:0::1111]", "https://[2606:4700::1111]", Endpoint("2606:4700::1111", 443, "")),
        ("https://[2606:4700::1]:8443/a", "https://[2606:4700::1]:8443/a", Endpoint("2606:4700::1", 8443, "/a")),
        ("https://r3---sn-x.example/api/v1", "https://r3---sn-x.example/api/v1", Endpoint("r3---sn-x.example", 443, "/api/v1")),
        ("https://4chan.1st.example", "https://4chan.1st.example", Endpoint("4chan.1st.example", 443, "")),
        ("https://llm.example/v1/@cf/a:b", "https://llm.example/v1/@cf/a:b", Endpoint("llm.example", 443, "/v1/@cf/a:b")),
        (f"https://{'a' * 63}.example", f"https://{'a' * 63}.example", Endpoint(f"{'a' * 63}.example", 443, "")),
    ],
)  # fmt: skip
def test_a_good_address_has_one_canonical_form(text: str, url: str, endpoint: Endpoint) -> None:
    parsed = parse_base_url(text)
    assert parsed == endpoint
    assert parsed.url == url
    assert parse_base_url(parsed.url) == parsed


def test_an_endpoint_does_not_print_itself() -> None:
    """P12."""
    assert "example" not in f"{parse_base_url('https://llm.example/secret')!r}"


def test_another_path_stays_on_the_origin() -> None:
    endpoint = parse_base_url("https://llm.example:8443/v1")
    assert endpoint.under("/api/").url == "https://llm.example:8443/api"
    assert endpoint.under("").url == "https://llm.example:8443"
    for path in ("api", "/../x", "//evil.example", "/a?b", "/a#b", "@evil.example"):
        with pytest.raises(AddressRefused, match="url_invalid"):
            endpoint.under(path)


def test_an_operator_can_open_ports() -> None:
    assert parse_base_url("https://llm.example:11434", allowed_ports=frozenset({11434})).port == 11434
    with pytest.raises(AddressRefused, match="url_port"):
        parse_base_url("https://llm.example", allowed_ports=frozenset({11434}))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("https://localhost:11434", ""), ("https://127.0.0.1:9443/v1", ""), ("https://ollama:443", ""),
        ("https://[::1]:9443", ""), ("https://gpu.corp:443/v1", ""), ("https://metadata.google.internal", ""),
        ("https://localhost:11435", "url_local"), ("https://localhost", "url_local"), ("https://ollama:8443", "url_local"),
        ("https://127.0.0.2:9443", "url_local"), ("http://localhost:11434", "url_not_https"),
        ("https://127.1:9443", "url_host"),
    ],
)  # fmt: skip
def test_an_exception_lets_its_host_and_port_through_and_nothing_else(text: str, code: str) -> None:
    exceptions = Exceptions.parse(
        "localhost:11434=127.0.0.1/32, 127.0.0.1:9443=127.0.0.1/32, ollama:443=10.0.0.0/8, [::1]:9443=::1/128,"
        "gpu.corp:443=10.0.0.0/8, metadata.google.internal:443=10.0.0.0/8"
    )
    refused = AddressRefused("")
    try:
        parse_base_url(text, exceptions=exceptions)
    except AddressRefused as error:
        refused = error
    assert refused.code == code
    # An exception for a metadata name parses and is judged in vain.
    with pytest.raises(AddressRefused, match="address_not_public"):
        AddressPolicy(exceptions).judge("metadata.google.internal", 443, [ip_address("169.254.169.254")])


PIECES = st.sampled_from(
    ["https://", "http://", "llm.example", "localhost", "127.0.0.1", "1.1.1.1", "[::1]", "[2606:4700::1111]", ":", "443",
     "8443", "/", "v1", "..", "@", "#", "?", "\\", "%2e", ".", "xn--", "-", "é", "。", "\u200d", "0x7f", " ", "\n", "[", "]"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=10).map("".join)).map(lambda tail: "https://" + tail))
def test_an_accepted_address_is_canonical_and_not_local(text: str) -> None:
    """P11: no accepted URL ever names an address outside the policy."""
    try:
        endpoint = parse_base_url(text)
    except AddressRefused:
        return
    assert parse_base_url(endpoint.url) == endpoint
    assert endpoint.url.isascii()
    assert endpoint.host == endpoint.host.lower()
    assert not is_local_name(endpoint.host)
    assert endpoint.port in {443, 8443}
    host = endpoint.host
    if ":" in host or host.replace(".", "").isdigit():
        assert classify(ip_address(host)) is Verdict.PUBLIC
    else:
        with pytest.raises(ValueError, match="does not appear"):
            ip_address(host)
