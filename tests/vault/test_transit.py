"""The transit source against a faithful double over real TLS, and against a server that answers badly."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.transit_double import TransitDouble, transit_double
from tests.vault.transit_promises import *  # noqa: F403 - the same tests run against OpenBao
from tests.vault.transit_promises import Opened, code_of, opened, source

__all__ = ["opened", "source"]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[TransitDouble]:
    async with transit_double(tmp_path / "store") as double:
        yield double


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b"hush <html>", "key_store_garbled"),
        (200, b"[]", "key_store_garbled"),
        (200, b'{"data": {"ciphertext": "hush"}}', "key_store_garbled"),
        (200, b'{"data": {"ciphertext": ["vault:v1:AAAA"]}}', "key_store_garbled"),
        (200, b'{"data": null}', "key_store_failed"),
        (200, b'{"data": {"ciphertext": "vault:v99999999999:AAAA"}}', "key_store_garbled"),
        (400, b'{"errors": ["hush"]}', "key_store_failed"),
        (400, b'{"errors": {"hush": 1}}', "key_store_failed"),
        (429, b"hush", "key_store_failed"),
        (500, b'{"errors": ["hush"]}', "key_store_failed"),
        (502, b"", "key_store_failed"),
        (301, b"hush", "key_store_unreachable"),
        (200, b"x" * 300_000, "key_store_unreachable"),
    ],
)
async def test_a_bad_answer_is_a_named_cause_and_none_of_its_words_come_back(
    store: TransitDouble, opened: Opened, status: int, body: bytes, code: str
) -> None:
    await store.make_key("moorage")
    async with opened() as source:
        await source.refresh()
        store.answers_with = (status, body)
        assert await code_of(source.refresh()) == code
        store.answers_with = None
        await source.refresh()


async def test_a_server_that_is_away_or_that_nobody_vouches_for_is_unreachable(
    store: TransitDouble, opened: Opened, tmp_path: Path
) -> None:
    async with opened(transit_url="https://localhost:1") as source:
        assert await code_of(source.refresh()) == "key_store_unreachable"
    async with opened(transit_url=store.url.replace("localhost", "127.0.0.1")) as source:
        assert await code_of(source.refresh()) == "key_store_unreachable"


@pytest.mark.parametrize("url", ["http://localhost:8200", "https://169.254.169.254", "localhost", "https://a b"])
async def test_an_address_that_can_not_be_a_key_store_is_refused(opened: Opened, url: str) -> None:
    if url.endswith("169.254.169.254"):
        async with opened(transit_url=url) as source:
            assert await code_of(source.refresh()) == "key_store_unreachable"
        return
    assert await code_of(opened(transit_url=url).__aenter__()) == "key_store_address"


async def test_a_token_file_that_is_missing_or_empty_is_named(opened: Opened, tmp_path: Path) -> None:
    async with opened() as source:
        (tmp_path / "token").write_text("")
        assert await code_of(source.refresh()) == "key_store_secret_file"
        (tmp_path / "token").unlink()
        assert await code_of(source.refresh()) == "key_store_secret_file"


async def test_the_namespace_travels(store: TransitDouble, opened: Opened) -> None:
    await store.make_key("moorage")
    store.namespace = "firm/team-a"
    async with opened(transit_namespace="firm/team-a") as source:
        await source.refresh()
    async with opened() as source:
        assert await code_of(source.refresh()) == "key_store_path"
