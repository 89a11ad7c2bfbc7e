"""llama.cpp and the LiteLLM proxy, really running, behind TLS: `llama` and `litellm` are what a connection needs."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.peers import Peer, PlainPeer, behind_tls, run_litellm, run_llama


@pytest.fixture(scope="session")
def plain_llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainPeer]:
    with run_llama(tmp_path_factory.mktemp("llama")) as peer:
        yield peer


@pytest.fixture(scope="session")
def plain_litellm(tmp_path_factory: pytest.TempPathFactory, plain_llama: PlainPeer) -> Iterator[PlainPeer]:
    with run_litellm(tmp_path_factory.mktemp("litellm"), llama=plain_llama) as peer:
        yield peer


@pytest.fixture
async def llama(plain_llama: PlainPeer, tmp_path: Path) -> AsyncIterator[Peer]:
    async with behind_tls(plain_llama, tmp_path / "llama-authority") as peer:
        yield peer


@pytest.fixture
async def litellm(plain_litellm: PlainPeer, tmp_path: Path) -> AsyncIterator[Peer]:
    async with behind_tls(plain_litellm, tmp_path / "litellm-authority") as peer:
        yield peer
