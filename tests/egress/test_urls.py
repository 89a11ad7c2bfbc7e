# ruff: noqa: E501 - cases read as rows
"""What an endpoint shows and gives, and what an operator may open; hostile texts are in the table of attacks (P11)."""

from ipaddress import ip_address

import pytest

from moorage.egress.policy import AddressPolicy, Exceptions
from moorage.egress.urls import parse_base_url
from moorage.errors import AddressRefused


def test_an_endpoint_does_not_print_itself() -> None:
    """P12."""
    assert "example" not in f"{parse_base_url('https://llm.example/secret')!r}"


def test_another_path_stays_on_the_origin() -> None:
    endpoint = parse_base_url("https://llm.example:8443/v1")
    assert endpoint.under("/api/").url == "https://llm.example:8443/api"
    assert endpoint.under("").url == "https://llm.example:8443"
    with pytest.raises(AddressRefused, match="url_too_long"):
        endpoint.under("/" + "a" * 2030)
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
