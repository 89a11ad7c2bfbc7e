"""What the operator names may stand in a private network; metadata and link-local stay closed, and http is refused."""

from ipaddress import ip_address

import pytest

from moorage.egress.operators import ServicePolicy, parse_service_url
from moorage.errors import AddressRefused


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.7.1", "100.64.0.1", "fd00::1", "::1", "8.8.8.8"])
def test_an_operators_server_may_stand_in_a_private_network(address: str) -> None:
    assert ServicePolicy().judge("vault", 8200, [ip_address(address)]) == [ip_address(address)]


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "fe80::1",
        "fd00:ec2::254",
        "168.63.129.16",
        "100.100.100.200",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "::ffff:10.0.0.1",
    ],
)
def test_not_even_the_operators_server_is_metadata_or_link_local(address: str) -> None:
    with pytest.raises(AddressRefused):
        ServicePolicy().judge("vault", 8200, [ip_address("10.1.2.3"), ip_address(address)])


@pytest.mark.parametrize(
    "text", ["https://vault:8200", "https://localhost:8200/v1", "https://[::1]:8200", "https://10.0.0.7"]
)
def test_an_operators_server_may_have_any_name_and_port(text: str) -> None:
    assert parse_service_url(text).url == text


@pytest.mark.parametrize(
    "text",
    [
        "http://vault:8200",
        "https://user@vault",
        "https://vault/?a",
        "https://vault/#a",
        "vault:8200",
        "https://",
        "https://vault:0",
    ],
)
def test_an_operators_server_speaks_https_and_its_url_is_read_as_strictly(text: str) -> None:
    with pytest.raises(AddressRefused):
        parse_service_url(text)
