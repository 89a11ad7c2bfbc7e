"""The proxies of docs/connect-ollama.md, as they stand there, by the real Caddy and nginx, before an Ollama."""

import asyncio
import contextlib
import os
import re
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from moorage.egress.door import Door, Scope
from moorage.egress.policy import AddressPolicy, Exceptions
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from moorage.providers.ollama import Ollama
from moorage.providers.protocol import ChatRequest, Delta, End, Turn
from moorage.vault.secret import Secret
from tests.connections.quay import HOST, Names
from tests.support.authority import TestAuthority
from tests.support.codebase import ROOT
from tests.support.dialects.ollama import OllamaServer
from tests.support.programs import find_caddy, find_nginx
from tests.support.tls_front import tls_front

TOKEN = "tok-for-the-proxy-4711"
PAGE = (ROOT / "docs/connect-ollama.md").read_text(encoding="utf-8")
START_S = 20.0
REQUEST = ChatRequest("tiny", (Turn("user", "Hello"),))


def block(kind: str) -> str:
    """Give the one configuration of this kind on the page."""
    (found,) = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    assert isinstance(found, str)
    return found


def swap(text: str, *pairs: tuple[str, str]) -> str:
    """Replace what differs on this machine; each must be there."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


@dataclass(frozen=True)
class Place:
    """Where the proxy listens and leads, and with what certificate."""

    folder: Path
    port: int
    ollama_port: int
    chain: Path
    key: Path


def caddy(place: Place) -> list[str]:
    own = f"https://{HOST}:{place.port} {{\n\tbind 127.0.0.1\n\ttls {place.chain} {place.key}"
    text = swap(
        block("caddyfile"), ("ollama.example.com {", own), ("127.0.0.1:11434", f"127.0.0.1:{place.ollama_port}")
    )
    options = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
    (place.folder / "Caddyfile").write_text(options + text)
    return [str(find_caddy()), "run", "--config", str(place.folder / "Caddyfile"), "--adapter", "caddyfile"]


def nginx(place: Place) -> list[str]:
    text = swap(
        block("nginx"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{place.port} ssl;"),
        ("server_name ollama.example.com;", f"server_name {HOST};"),
        ("/etc/ssl/ollama/fullchain.pem", str(place.chain)),
        ("/etc/ssl/ollama/privkey.pem", str(place.key)),
        ("PUT-THE-TOKEN-HERE", TOKEN),
        ("127.0.0.1:11434", f"127.0.0.1:{place.ollama_port}"),
    )
    kept = "".join(
        f"{name}_temp_path {place.folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    head = f"daemon off; worker_processes 1; pid {place.folder}/pid; error_log stderr;\nevents {{ }}\n"
    (place.folder / "nginx.conf").write_text(f"{head}http {{\naccess_log off;\n{kept}{text}}}\n")
    return [str(find_nginx()), "-p", str(place.folder), "-e", "stderr", "-c", str(place.folder / "nginx.conf")]


def caddy_in_a_tunnel(place: Place) -> list[str]:
    """Write what the page says of tunnels; the rest of the file is the same."""
    first, second = "http://:8443 {", "bind 127.0.0.1"
    assert f"**Caddy:** `{first}` as its first line and `{second}` as its second" in PAGE
    own = f"{swap(first, ('8443', str(place.port)))}\n\t{second}"
    text = swap(
        block("caddyfile"), ("ollama.example.com {", own), ("127.0.0.1:11434", f"127.0.0.1:{place.ollama_port}")
    )
    (place.folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text)
    return [str(find_caddy()), "run", "--config", str(place.folder / "Caddyfile"), "--adapter", "caddyfile"]


def nginx_in_a_tunnel(place: Place) -> list[str]:
    listens = "listen 127.0.0.1:8443;"
    assert f"**nginx:** `{listens}`, and leave out both lines that begin with `ssl_certificate`" in PAGE
    command = nginx(place)
    file = place.folder / "nginx.conf"
    text = swap(
        file.read_text(), (f"listen 127.0.0.1:{place.port} ssl;", swap(listens, ("8443", str(place.port)))),
        (f"server_name {HOST};", "server_name ollama.example.com;"),
    )  # fmt: skip
    kept = [line for line in text.splitlines() if not line.strip().startswith("ssl_certificate")]
    assert len(text.splitlines()) - len(kept) == 2
    file.write_text("\n".join(kept))
    return command


# A tunnel ends TLS elsewhere, and asks for the name that it is called by.
TUNNELLED = (caddy_in_a_tunnel, nginx_in_a_tunnel)


@dataclass
class Proxied:
    """A running proxy with an Ollama behind it; `speak` gives a provider of ours that reaches it through the door."""

    ollama: OllamaServer
    speak: Callable[..., Ollama]


@pytest_asyncio.fixture(params=[caddy, nginx, *TUNNELLED], ids=lambda one: one.__name__)
async def proxied(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Proxied]:
    authority = TestAuthority(tmp_path / "ca")
    chain, key = authority.write_pair(tmp_path, HOST)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with OllamaServer(None, checks_host=True) as ollama:
        command = request.param(Place(tmp_path, port, ollama.port, chain, key))
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "OLLAMA_PROXY_TOKEN": TOKEN}
        with (tmp_path / "proxy.log").open("wb") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: ASYNC220 - returns at once
        try:
            await started(process, port, tmp_path / "proxy.log")
            async with contextlib.AsyncExitStack() as stack:
                if request.param in TUNNELLED:
                    port = await stack.enter_async_context(tls_front(port, authority.server_context(HOST)))
                policy = AddressPolicy(Exceptions.parse(f"{HOST}:{port}=127.0.0.1"))
                door = Door(policy=policy, resolver=Names(), extra_ca_file=authority.ca_pem)
                await stack.enter_async_context(contextlib.aclosing(door))
                endpoint = Endpoint(HOST, port, "/v1")

                def speak(token: str = TOKEN) -> Ollama:
                    return Ollama(door.line(Scope("team", "connection", "mia"), endpoint), endpoint, Secret(token))

                yield Proxied(ollama, speak)
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 10)


async def started(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until it listens."""
    async with asyncio.timeout(START_S):
        while True:
            assert process.poll() is None, await asyncio.to_thread(log.read_text, errors="replace")
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)


async def test_models_and_their_windows_come_through(proxied: Proxied) -> None:
    found = {model.id: model.context_length for model in await proxied.speak().list_models()}
    assert found == {"tiny": 4096, "sees": None, "cloud": None}
    # The token is for the proxy; Ollama does not see it.
    assert {sent or None for _, sent in proxied.ollama.asked} == {None}


async def test_words_arrive_one_by_one(proxied: Proxied) -> None:
    """The second word is sent only after the first has arrived: a proxy that waits for more would wait for ever."""
    proxied.ollama.holds = True
    text = ""
    async with asyncio.timeout(30), contextlib.aclosing(proxied.speak().reply(REQUEST)) as items:
        async for item in items:
            if isinstance(item, Delta):
                text += item.text
                assert text == "word1 " or proxied.ollama.released.is_set()
                proxied.ollama.release()
            else:
                assert isinstance(item, End)
                assert item.finish_reason == "stop"
    assert text == "word1 word2 word3 "


@pytest.mark.parametrize("token", ["wrong", TOKEN.upper(), f"{TOKEN}x", TOKEN[:-1]])
async def test_another_token_opens_nothing(proxied: Proxied, token: str) -> None:
    with pytest.raises(EndpointFailure, match="bad_key"):
        await proxied.speak(token).list_models()
    assert proxied.ollama.asked == []


async def test_nothing_but_chat_is_published(proxied: Proxied) -> None:
    provider = proxied.speak()
    for act in ("pull", "delete", "create", "push", "generate", "../api/pull"):
        assert await provider._ask("POST", act, {"model": "tiny"}) is None
    assert proxied.ollama.asked == []


async def test_an_ollama_that_is_not_running_is_told(proxied: Proxied) -> None:
    await proxied.ollama.__aexit__(None, None, None)
    with pytest.raises(EndpointFailure, match="upstream_failed") as failure:
        await proxied.speak().list_models()
    assert failure.value.params == {"status": 502}
