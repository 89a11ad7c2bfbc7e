"""The control of the canary test: each form is planted and found, and nothing is found where nothing is."""

import secrets
import zlib

import pytest

from tests.canary.nose import EXACT, FOLDED, Nose, pack

SECRETS = {"key": "Zx8-qJ_" + secrets.token_urlsafe(24), "url": "/k4n/" + secrets.token_urlsafe(12) + "?a=b&c=d e"}


@pytest.mark.parametrize("form", [*EXACT, *FOLDED])
@pytest.mark.parametrize("name", SECRETS)
def test_each_form_is_found_in_the_midst_of_others(name: str, form: str) -> None:
    planted = {**EXACT, **FOLDED}[form](SECRETS[name])
    found = Nose(SECRETS).sniff(("a log", b"before " + planted + b" after"))
    assert (name, form) in {(hit.secret, hit.form) for hit in found}
    assert {hit.secret for hit in found} == {name}


@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"abc"])
def test_base64_is_found_wherever_the_secret_begins(before: bytes) -> None:
    hits = []
    for encode in (EXACT["base64 at 0"], EXACT["base64url at 0"]):
        whole = encode(before.decode() + SECRETS["key"] + " and more")
        hits += Nose(SECRETS).sniff(("a header", b"Basic " + whole))
    assert {hit.form.partition(" at")[0] for hit in hits} == {"base64", "base64url"}


@pytest.mark.parametrize("folded", [str.upper, str.lower, str.swapcase])
def test_another_case_hides_nothing(folded: object) -> None:
    assert callable(folded)
    assert Nose(SECRETS).sniff(("a name", folded(SECRETS["key"]).encode())) != []


@pytest.mark.parametrize(
    "packed",
    [
        pack(SECRETS["key"]),
        zlib.compress(SECRETS["key"].encode()),
        zlib.compress(SECRETS["key"].encode(), 1),
        pack("x" * 1000 + pack(SECRETS["key"]).hex()),
        b"head" + pack(SECRETS["key"]) + b"tail",
    ],
    # Names of their own: the secrets are others in each process.
    ids=["gzip", "zlib", "zlib, fast", "gzip in hex in gzip", "in the middle"],
)
def test_what_is_packed_is_unpacked(packed: bytes) -> None:
    inner = Nose({"key": SECRETS["key"], "packed key": pack(SECRETS["key"]).hex()}).sniff(("a file", packed))
    assert inner != []


def test_nothing_is_found_where_nothing_is() -> None:
    assert Nose(SECRETS).sniff(("noise", secrets.token_bytes(2_000_000) + b"the usual words of a log " * 1000)) == []
