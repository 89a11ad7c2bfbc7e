"""P12: a key ring travels sealed under a passphrase, or not at all."""

import pytest

from moorage.errors import Invalid
from moorage.vault.keyring import KeyRing
from moorage.vault.portable import MIN_PASSPHRASE_CHARS, open_ring, seal_ring
from moorage.vault.secret import Secret

PASSPHRASE = "heavy fog over the old pier"


@pytest.fixture(scope="module")
def ring() -> KeyRing:
    return KeyRing({"new": b"n" * 32, "old": b"o" * 32}, "new")


@pytest.fixture(scope="module")
def sealed(ring: KeyRing) -> bytes:
    return seal_ring(ring, Secret(PASSPHRASE))


def test_the_whole_ring_comes_back_in_its_order(ring: KeyRing, sealed: bytes) -> None:
    opened = open_ring(sealed, Secret(PASSPHRASE))
    assert opened.is_same(ring)
    assert (opened.current_id, opened.ids) == ("new", ("new", "old"))


def test_nothing_of_it_is_readable(sealed: bytes) -> None:
    assert all(part not in sealed for part in (b"n" * 8, b"o" * 8, b"bm5u", b"new:", b"old", PASSPHRASE.encode()))


def test_the_same_ring_is_never_sealed_to_the_same_bytes(ring: KeyRing, sealed: bytes) -> None:
    again = seal_ring(ring, Secret(PASSPHRASE))
    assert again[:27] == sealed[:27]  # format and costs
    assert again[27:43] != sealed[27:43]
    assert again[43:] != sealed[43:]


def test_another_passphrase_opens_nothing(sealed: bytes) -> None:
    with pytest.raises(Invalid, match="passphrase_wrong"):
        open_ring(sealed, Secret(PASSPHRASE + "."))


def test_a_passphrase_is_the_same_however_the_keyboard_sends_it(ring: KeyRing) -> None:
    sealed = seal_ring(ring, Secret("Möwen über dem Hafen"))
    assert open_ring(sealed, Secret("Mo\u0308wen u\u0308ber dem Hafen")).is_same(ring)


def test_a_short_passphrase_is_refused(ring: KeyRing) -> None:
    with pytest.raises(Invalid, match="passphrase_short"):
        seal_ring(ring, Secret("x" * (MIN_PASSPHRASE_CHARS - 1)))


@pytest.mark.parametrize("at", [0, 14, 28, 44, 60, -1])
def test_a_changed_byte_is_noticed(sealed: bytes, at: int) -> None:
    changed = bytearray(sealed)
    changed[at] ^= 1
    with pytest.raises(Invalid):
        open_ring(bytes(changed), Secret(PASSPHRASE))


@pytest.mark.parametrize("costs", [(2**31, 3, 4), (256 * 1024, 2**31, 4), (256 * 1024, 3, 255), (0, 3, 4), (8, 0, 1)])
def test_a_made_up_ring_does_not_take_the_machines_memory_or_time(sealed: bytes, costs: tuple[int, int, int]) -> None:
    stated = b"".join(cost.to_bytes(4, "big") for cost in costs)
    with pytest.raises(Invalid, match="sealed_ring_garbled"):
        open_ring(sealed[:15] + stated + sealed[27:], Secret(PASSPHRASE))


@pytest.mark.parametrize("cut", [0, 5, 20, 43, 55])
def test_a_ring_that_was_cut_off_is_refused(sealed: bytes, cut: int) -> None:
    with pytest.raises(Invalid, match="sealed_ring_garbled"):
        open_ring(sealed[:cut], Secret(PASSPHRASE))
