"""Model servers that are not ours, as processes of their own on loopback; `tls_front` puts TLS before them.

`aimock` (npm) belongs to the ordinary run. Others take minutes to install: `make test-real`.
"""

import asyncio
import contextlib
import os
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.authority import TestAuthority
from tests.support.programs import find_node
from tests.support.tls_front import tls_front

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "tests" / "peers"
STOP_TIMEOUT_S = 20
BEHIND = ("behind-openai", "behind-anthropic", "behind-gemini", "behind-azure")


@dataclass(frozen=True)
class PlainPeer:
    """A running server that speaks plain HTTP on 127.0.0.1:`port`."""

    port: int
    key: str
    models: tuple[str, ...]


@dataclass(frozen=True)
class Peer:
    """The same server behind TLS: what a connection needs, and the authority that it must trust."""

    base_url: str
    host: str
    port: int
    key: str
    models: tuple[str, ...]
    ca_pem: Path

    @property
    def target(self) -> str:
        """`host:port`, as the operator allows it."""
        return f"{self.host}:{self.port}"


@contextlib.contextmanager
def running(
    command: Sequence[str], *, port: int, log: Path, start_timeout_s: float, env: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run `command` until the block ends; the block starts when `port` on loopback accepts connections."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={**os.environ, **(env or {})}
        )
    try:
        deadline = time.monotonic() + start_timeout_s
        while not _accepts(port):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{command[0]} did not start:\n{log.read_text(errors='replace')[-3000:]}", pytrace=False)
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_TIMEOUT_S)


@contextlib.asynccontextmanager
async def behind_tls(peer: PlainPeer, directory: Path) -> AsyncIterator[Peer]:
    """Put TLS for `localhost` in front of `peer`, signed by an authority whose PEM file lies in `directory`."""
    authority = TestAuthority(directory)
    async with tls_front(peer.port, authority.server_context("localhost", "127.0.0.1")) as port:
        yield Peer(
            base_url=f"https://localhost:{port}/v1",
            host="localhost",
            port=port,
            key=peer.key,
            models=peer.models,
            ca_pem=authority.ca_pem,
        )


@contextlib.contextmanager
def run_aimock(directory: Path) -> Iterator[PlainPeer]:
    """Run @copilotkit/aimock; the last words of the user choose the answer (tests/peers/aimock/fixtures.json)."""
    program = RECIPES / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
    if not program.exists():
        pytest.fail("aimock is not installed: python3 tools/prepare.py peers", pytrace=False)
    port = free_port()
    command = [str(find_node()), str(program), "-h", "127.0.0.1", "-p", str(port), "-c", "6", "--log-level", "warn"]
    command += ["-f", str(RECIPES / "aimock" / "fixtures.json")]
    with running(
        command, port=port, log=directory / "aimock.log", start_timeout_s=30, env={"AIMOCK_API_KEYS": "sk-aimock-test"}
    ):
        yield PlainPeer(port, "sk-aimock-test", ("gpt-4.1-mini",))


@contextlib.contextmanager
def run_llama(directory: Path) -> Iterator[PlainPeer]:
    """Run the server of llama-cpp-python (llama.cpp in Python) with random weights and a context of 512 tokens."""
    python = peer_program("llama", "python")
    model = directory / "tiny-random.gguf"
    subprocess.run([python, RECIPES / "llama" / "mk_gguf.py", model], check=True, capture_output=True, timeout=60)
    port = free_port()
    command = [str(python), "-m", "llama_cpp.server", "--model", str(model), "--model_alias", "tiny-random"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--api_key", "sk-tiny-secret", "--n_ctx", "512"]
    command += ["--n_threads", "1", "--verbose", "False"]
    with running(command, port=port, log=directory / "llama.log", start_timeout_s=60):
        yield PlainPeer(port, "sk-tiny-secret", ("tiny-random",))


@contextlib.contextmanager
def run_llama_server(directory: Path) -> Iterator[PlainPeer]:
    """Run llama.cpp's own server with the same random weights, a window of 512 tokens and its own count of tokens."""
    model = directory / "tiny-random.gguf"
    recipe = [peer_program("llama", "python"), RECIPES / "llama" / "mk_gguf.py", model]
    subprocess.run(recipe, check=True, capture_output=True, timeout=60)
    port = free_port()
    command = [str(peer_program("llamaserver", "llama-server")), "--model", str(model), "--alias", "tiny-random"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--api-key", "sk-tiny-secret", "--ctx-size", "512"]
    command += ["--threads", "1", "--parallel", "1", "--metrics", "--offline"]
    with running(command, port=port, log=directory / "llama-server.log", start_timeout_s=60):
        yield PlainPeer(port, "sk-tiny-secret", ("tiny-random",))


@contextlib.contextmanager
def run_litellm(directory: Path, *, llama: PlainPeer, aimock: PlainPeer) -> Iterator[PlainPeer]:
    """Run the LiteLLM proxy with mocked models, with `tiny` of `llama`, and four makers' protocols of `aimock`."""
    port = free_port()
    command = [str(peer_program("litellmproxy", "litellm")), "--config", str(RECIPES / "litellm" / "config.yaml")]
    command += ["--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    bin_folder = peer_program("litellmproxy", "litellm").parent
    environment = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_MODE": "PRODUCTION",
        "DO_NOT_TRACK": "1",
        "NO_DOCS": "True",
        "TINY_BASE_URL": f"http://127.0.0.1:{llama.port}/v1",
        "AIMOCK_URL": f"http://127.0.0.1:{aimock.port}",
        "AIMOCK_OPENAI_URL": f"http://127.0.0.1:{aimock.port}/v1",
        "AIMOCK_GEMINI_URL": f"http://127.0.0.1:{aimock.port}/v1beta",
        "PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
    models = ("mock-hello", "mock-ratelimit", "mock-context", "mock-500", "mock-midstream", "tiny", "dead", *BEHIND)
    with running(command, port=port, log=directory / "litellm.log", start_timeout_s=120, env=environment):
        yield PlainPeer(port, "sk-litellm-test", models)


async def get(peer: Peer, path: str, *, key: str) -> tuple[int, bytes]:
    """Ask `peer` for `path` over TLS, by hand; give status and body."""
    trust = ssl.create_default_context(cafile=str(peer.ca_pem))
    reader, writer = await asyncio.open_connection(peer.host, peer.port, ssl=trust)
    head_lines = [f"GET {path} HTTP/1.1", f"host: {peer.target}", f"authorization: Bearer {key}", "connection: close"]
    writer.write("\r\n".join([*head_lines, "", ""]).encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return int(head.split()[1]), body


def peer_program(environment: str, program: str) -> Path:
    """Give a program of an environment that `make test-real` made, or that MOORAGE_PEERS names."""
    for folder in (os.environ.get("MOORAGE_PEERS"), ROOT / ".peers"):
        path = Path(folder or ROOT / ".peers") / environment / "bin" / program
        if path.exists():
            return path
    pytest.fail(f"{program} of {environment} is not installed: run `make test-real`", pytrace=False)


def free_port() -> int:
    """Give a port on loopback that nobody used a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="session")
def plain_aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainPeer]:
    """Give a running aimock, one per test process."""
    with run_aimock(tmp_path_factory.mktemp("aimock")) as peer:
        yield peer


@pytest.fixture
async def aimock(plain_aimock: PlainPeer, tmp_path: Path) -> AsyncIterator[Peer]:
    """Give aimock behind TLS, with an authority of this test's own."""
    async with behind_tls(plain_aimock, tmp_path / "aimock-authority") as peer:
        yield peer
