"""An address is kept as a network that many share."""

import pytest

from moorage.audit.client_address import coarsen


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("", ""),
        ("somewhere", ""),
        ("/run/moorage.sock", ""),
    ],
)
def test_an_address_is_kept_as_a_network(address: str, kept: str) -> None:
    assert coarsen(address) == kept
