"""Codes of authenticator apps are those of RFC 6238, and recovery codes are read however people write them."""

import base64
import hashlib

import pytest

from moorage.errors import Unavailable
from moorage.vault.one_time_codes import new_app_secret, step_of
from moorage.vault.recovery import hash_recovery_code, new_recovery_codes
from moorage.vault.secret import Secret

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at_s", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_the_vectors_of_rfc_6238(at_s: int, code: str) -> None:
    assert step_of(Secret(RFC_SECRET), code, at_s) == at_s // 30


@pytest.mark.parametrize(("late_s", "step"), [(-30, 1), (0, 1), (30, 1), (60, None), (-60, None)])
def test_a_code_is_good_one_step_before_and_after(late_s: int, step: int | None) -> None:
    assert step_of(Secret(RFC_SECRET), "287082", 59 + late_s) == (step if 59 + late_s >= 0 else None)


def test_a_secret_is_160_random_bits_and_its_address_is_what_apps_read() -> None:
    new = new_app_secret(account="olga+test@example.com", issuer="Moorage at Brandt & Co")
    assert len(base64.b32decode(new.text)) == 20
    assert new.text != new_app_secret(account="a", issuer="b").text
    assert new.uri == (
        "otpauth://totp/Moorage%20at%20Brandt%20%26%20Co:olga%2Btest@example.com"
        f"?secret={new.text}&issuer=Moorage%20at%20Brandt%20%26%20Co"
    )
    assert new.text not in repr(new)


def test_what_is_no_secret_of_an_app_is_unreadable_rather_than_a_crash() -> None:
    with pytest.raises(Unavailable):
        step_of(Secret("not base32 at all!"), "287082", 59)


def test_recovery_codes_are_ten_and_hold_125_bits_each() -> None:
    codes = new_recovery_codes()
    assert len({code.text for code in codes}) == 10
    for code in codes:
        groups = code.text.split("-")
        assert [len(group) for group in groups] == [5, 5, 5, 5, 5]
        assert set("".join(groups)) <= set("0123456789abcdefghjkmnpqrstvwxyz")
        assert hash_recovery_code(code.text) == code.digest


@pytest.mark.parametrize("typed", ["4F7KQ 8M2XC 0WZ5R 1N3TA", "4f7kq8m2xcOwz5rIn3ta", " 4f7kq-8m2xc–owz5r-ln3ta "])
def test_a_recovery_code_is_read_however_it_is_written(typed: str) -> None:
    assert hash_recovery_code(typed) == hash_recovery_code("4f7kq-8m2xc-0wz5r-1n3ta")


def test_a_code_of_four_groups_from_before_still_fits_what_is_stored() -> None:
    stored = hashlib.sha256(b"4f7kq8m2xc0wz5r1n3ta").digest()
    assert hash_recovery_code("4f7kq-8m2xc-0wz5r-1n3ta") == stored
