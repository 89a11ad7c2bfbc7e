"""What a transit server and Moorage's way to it must keep: against the double, and in tests/real against OpenBao."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from moorage.composition.key_sources import open_sources
from moorage.errors import Unavailable
from moorage.reports.desk import Reports
from moorage.reports.steady import Steady
from moorage.settings import Settings
from moorage.vault.sources import Wrapped
from moorage.vault.transit import TransitSource


class Store(Protocol):
    """The handles that both servers have."""

    @property
    def url(self) -> str: ...
    @property
    def ca_pem(self) -> Path: ...
    async def make_token(self, lasts_s: int = 0) -> str: ...
    async def revoke(self, token: str) -> None: ...
    async def make_key(self, name: str, *, is_derived: bool = False) -> None: ...
    async def delete_key(self, name: str) -> None: ...
    async def rotate(self, name: str) -> None: ...
    async def set_min_decryption_version(self, name: str, number: int) -> None: ...
    async def seal(self) -> None: ...
    async def make_role(self, *, lasts_s: int) -> tuple[str, str]: ...


Opened = Callable[..., AbstractAsyncContextManager[TransitSource]]


async def settings_for(store: Store, folder: Path, **changes: Any) -> Settings:
    """Give settings that lead to the store with a token of ours."""
    token = folder / "token"
    if not token.exists():
        token.write_text(await store.make_token() + "\n")
    given = {"data": folder, "key_source": "transit", "transit_url": store.url, "extra_ca_file": store.ca_pem}
    role = {} if "transit_role_id" in changes else {"transit_token_file": token}
    return Settings.model_validate({**given, **role, **changes})


@pytest.fixture
def opened(store: Store, tmp_path: Path) -> Opened:
    @asynccontextmanager
    async def open_source(**changes: Any) -> AsyncIterator[TransitSource]:
        async with open_sources(await settings_for(store, tmp_path, **changes)) as sources:
            assert sources.transit is not None
            yield sources.transit

    return open_source


@pytest.fixture(params=[{}, {"transit_binding": "context", "transit_key": "derived"}], ids=["aead", "derived"])
async def source(request: pytest.FixtureRequest, store: Store, opened: Opened) -> AsyncIterator[TransitSource]:
    await store.make_key("moorage")
    await store.make_key("derived", is_derived=True)
    async with opened(**request.param) as source:
        yield source


def name_of(source: TransitSource) -> str:
    return source.current_id.partition("/")[2].partition(":")[0]


async def code_of(asking: Any) -> str:
    with pytest.raises(Unavailable) as refused:
        await asking
    assert "hush" not in str(refused.value.params)
    return refused.value.code


async def test_what_was_wrapped_comes_back_with_its_binding_only(source: TransitSource) -> None:
    wrapped = await source.wrap(b"data key", b"team 1")
    assert (wrapped.key_id, wrapped.data[:9]) == (source.current_id, b"vault:v1:")
    assert wrapped.key_id.endswith(":v1")
    assert await source.unwrap(wrapped, b"team 1") == b"data key"
    assert await code_of(source.unwrap(wrapped, b"team 2")) == "key_wrong"
    assert b"data key" not in wrapped.data
    assert "vault:" not in repr(wrapped)


async def test_a_rotated_key_opens_what_it_wrapped_and_wraps_with_the_new_version(
    source: TransitSource, store: Store
) -> None:
    old = await source.wrap(b"data key", b"team 1")
    await store.rotate(name_of(source))
    await source.refresh()
    assert source.ids == (old.key_id[:-1] + "2", old.key_id)
    assert await source.unwrap(old, b"team 1") == b"data key"
    new = await source.rewrap(old, b"team 1")
    assert (new.key_id, new.data[:9]) == (source.current_id, b"vault:v2:")
    assert await source.unwrap(new, b"team 1") == b"data key"
    assert await code_of(source.rewrap(old, b"team 2")) == "key_wrong"


async def test_a_version_that_may_not_decrypt_any_more_is_named_as_such(source: TransitSource, store: Store) -> None:
    old = await source.wrap(b"data key", b"team 1")
    name = name_of(source)
    await store.rotate(name)
    await store.set_min_decryption_version(name, 2)
    assert await code_of(source.unwrap(old, b"team 1")) == "key_store_version"
    assert await source.unwrap(await source.wrap(b"new", b"team 1"), b"team 1") == b"new"


async def test_garbage_and_versions_that_never_were_are_wrong_and_break_nothing(source: TransitSource) -> None:
    await source.refresh()
    for data in (b"\x03\xff", b"vault:v7:aGVsbG9oZWxsb2hlbGxvaGVsbG9oZWxsb2hlbGxv", b"", b"vault:v1:" + b"A" * 80):
        assert await code_of(source.unwrap(Wrapped(source.current_id, data), b"team 1")) == "key_wrong"


async def test_a_deleted_key_and_another_mount_are_named(source: TransitSource, store: Store, opened: Opened) -> None:
    wrapped = await source.wrap(b"data key", b"team 1")
    await store.delete_key(name_of(source))
    assert await code_of(source.unwrap(wrapped, b"team 1")) == "key_absent"
    # The documented rights don't include to make a key, so none comes into being by asking.
    assert await code_of(source.wrap(b"data key", b"team 1")) == "key_store_refused"
    async with opened(transit_namespace="team-a") as elsewhere:
        assert await code_of(elsewhere.refresh()) in {"key_store_path", "key_store_refused"}


async def test_a_token_that_was_taken_away_is_refused_until_the_file_has_a_new_one(
    store: Store, opened: Opened, tmp_path: Path
) -> None:
    await store.make_key("moorage")
    async with opened() as source:
        await source.refresh()
        await store.revoke((tmp_path / "token").read_text().strip())
        assert await code_of(source.refresh()) == "key_store_refused"
        (tmp_path / "token").write_text(await store.make_token())
        await source.refresh()


async def test_a_role_signs_in_and_again_when_its_token_ended(store: Store, opened: Opened, tmp_path: Path) -> None:
    await store.make_key("moorage")
    role_id, secret_id = await store.make_role(lasts_s=2)
    (tmp_path / "secret").write_text(secret_id)
    role = {"transit_role_id": role_id, "transit_secret_id_file": tmp_path / "secret"}
    async with opened(**role) as source:
        wrapped = await source.wrap(b"data key", b"team 1")
        await asyncio.sleep(2.5)
        assert await source.unwrap(wrapped, b"team 1") == b"data key"
    (tmp_path / "secret").write_text("hush-hush")
    async with opened(**role) as source:
        assert await code_of(source.refresh()) == "key_store_refused"


async def test_a_token_is_renewed_before_it_ends(store: Store, opened: Opened, tmp_path: Path) -> None:
    await store.make_key("moorage")
    role_id, secret_id = await store.make_role(lasts_s=4)
    (tmp_path / "secret").write_text(secret_id)
    async with opened(transit_role_id=role_id, transit_secret_id_file=tmp_path / "secret") as source:
        await source.refresh()
        (tmp_path / "secret").write_text("used up")
        keeping = Steady(source.stay_signed_in, Reports(), name="key-store", event="key_store_keeping_broke")
        keeping.start()
        try:
            await asyncio.sleep(5)
            await source.refresh()
        finally:
            await keeping.aclose()


async def test_a_sealed_server_is_named_as_such(source: TransitSource, store: Store) -> None:
    await source.refresh()
    await store.seal()
    assert await code_of(source.refresh()) == "key_store_sealed"
