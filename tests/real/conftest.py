"""llama-cpp-python, llama.cpp's own server and the LiteLLM proxy, running, behind TLS: what a connection needs."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.peers import Peer, PlainPeer, behind_tls, run_litellm, run_llama, run_llama_server


@pytest.fixture(scope="session")
def plain_llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainPeer]:
    with run_llama(tmp_path_factory.mktemp("llama")) as peer:
        yield peer


@pytest.fixture(scope="session")
def plain_llama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainPeer]:
    with run_llama_server(tmp_path_factory.mktemp("llama-server")) as peer:
        yield peer


@pytest.fixture(scope="session")
def plain_litellm(
    tmp_path_factory: pytest.TempPathFactory, plain_llama: PlainPeer, plain_aimock: PlainPeer
) -> Iterator[PlainPeer]:
    with run_litellm(tmp_path_factory.mktemp("litellm"), llama=plain_llama, aimock=plain_aimock) as peer:
        yield peer


@pytest.fixture
async def llama(plain_llama: PlainPeer, tmp_path: Path) -> AsyncIterator[Peer]:
    async with behind_tls(plain_llama, tmp_path / "llama-authority") as peer:
        yield peer


@pytest.fixture
async def llama_server(plain_llama_server: PlainPeer, tmp_path: Path) -> AsyncIterator[Peer]:
    async with behind_tls(plain_llama_server, tmp_path / "llama-server-authority") as peer:
        yield peer


@pytest.fixture
async def litellm(plain_litellm: PlainPeer, tmp_path: Path) -> AsyncIterator[Peer]:
    async with behind_tls(plain_litellm, tmp_path / "litellm-authority") as peer:
        yield peer
