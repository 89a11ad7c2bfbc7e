"""P11: in a full run of the product, every connection of its process is one that egress opened, and leads to a model.

The whole process is recorded at the kernel's door; nothing of it is replaced. SQLite, so no database is on the network.
"""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.network.addresses import ENDPOINTS, MODELS_NAME, NAME_SERVER, PORT
from tests.network.cases import INTERNAL
from tests.network.name_server import says
from tests.network.on_loopback import Loopback, open_loopback
from tests.network.recorder import Peer, RecordedServing, Recorder
from tests.network.world import Product, Site, ask, open_product, settings_of, try_address
from tests.support.running import MODEL_KEY, Person

METRICS_TOKEN = "a-token-for-the-counters-0123456789"
COUNTER = "moorage_egress_connections_total "


@dataclass(frozen=True, slots=True)
class Place:
    """Where the product runs: what it may reach, and who says how many connections arrived there."""

    site: Site | Loopback
    base_url: str
    settings: dict[str, str | Path | float]
    endpoints: frozenset[Peer]
    resolvers: frozenset[Peer]
    arrived: Callable[[], int]


@pytest.fixture(params=["on loopback", "in namespaces"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "on loopback":
        with open_loopback(tmp_path / "loopback") as loopback:
            yield _place_on_loopback(loopback)
    else:
        yield _place_in_namespaces(request.getfixturevalue("site"))


def _place_on_loopback(site: Loopback) -> Place:
    return Place(
        site,
        f"https://localhost:{site.port}/v1",
        site.settings,
        frozenset((host, site.port) for host in site.endpoints),
        frozenset(),
        lambda: sum(site.station.tell().accepted[host] for host in site.endpoints),
    )


def _place_in_namespaces(site: Site) -> Place:
    site.station_outside.set_names({"inner.firm.test": says(f"A {INTERNAL}")})
    endpoints = frozenset((host, PORT) for host in ENDPOINTS)

    def arrived() -> int:
        told = site.told_outside()
        accepted = sum(told.accepted[host] for host in ENDPOINTS)
        # Packets on the cable say the same as those who accepted them.
        assert [contact[1:] in endpoints for contact in told.contacts if contact[0] == "tcp"].count(True) == accepted
        return accepted

    return Place(
        site,
        f"https://{MODELS_NAME}/v1",
        settings_of(site.ca_pem),
        endpoints,
        frozenset({(NAME_SERVER, 53)}),
        arrived,
    )


async def test_every_connection_of_the_process_is_one_that_egress_opened(place: Place, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "recording")
    settings = {**place.settings, "METRICS_TOKEN": METRICS_TOKEN}
    serving = RecordedServing(tmp_path / "deployment", settings, wrapper=[*place.site.wrapper, *recorder.wrapper])
    before = place.arrived()
    async with open_product(place.site, serving) as product:
        await use_everything(product, place.base_url)
        counted = await count_of_egress(product)
        assert await serving.stop() == 0
    record = recorder.read()
    assert record.unseen == []
    assert set(record.tcp) - place.endpoints == set()
    assert set(record.datagrams) == place.resolvers
    assert len(record.tcp) == place.arrived() - before > 5
    assert len(record.tcp) == counted
    assert place.site.trespasses() == []


async def use_everything(product: Product, base_url: str) -> None:
    """Do once whatever could make the product call somebody, and what should not."""
    olga = await product.team()
    for refused in ("https://inner.firm.test/v1", "https://169.254.169.254/latest", "http://localhost:11434"):
        if refused.startswith("https://inner") and "localhost" in base_url:
            continue  # there, a name would be asked of whatever name server this machine has
        assert (await try_address(olga, refused)).ends is not None
    made = await olga.connect(base_url, ["steady", "slow", "redirect"])
    path = f"/api/connections/{made['id']}"
    await talk(olga, made)
    await olga.post(f"{path}/discovery")
    await read_through(olga, f"{path}/tests", {})
    await read_through(olga, f"{path}/endpoint", {"base_url": base_url, "api_key": MODEL_KEY})
    for enabled in (False, True):
        await olga.call("PATCH", path, {"enabled": enabled})
    await ask(olga, made)
    await look_at_everything(olga, path)
    await olga.call("DELETE", path)
    await olga.post("/api/sign-out")


async def talk(olga: Person, made: dict[str, Any]) -> None:
    """Ask each model, ask one again, stop one in the middle."""
    refs = {model["model_id"]: model["ref"] for model in made["models"]}
    exchange = await olga.ask("What about the deadline?", refs["steady"])
    assert (await olga.wait_for(exchange))["state"] == "done"
    messages = f"/api/conversations/{exchange['conversation_id']}/messages"
    again = await olga.post(f"{messages}/{exchange['answer']['id']}/regenerate", {"model_ref": refs["steady"]})
    assert (await olga.wait_for(again))["state"] == "done"
    assert (await olga.wait_for(await olga.ask("Go on", refs["redirect"])))["problem"]["code"] == "redirected"
    slow = await olga.ask("Take your time", refs["slow"])
    await olga.post(f"/api/replies/{slow['answer']['reply']['reply_id']}/stop")
    assert (await olga.wait_for(slow))["state"] == "stopped"


async def read_through(olga: Person, path: str, body: Any) -> None:
    finished = [event.data async for event in olga.events("POST", path, body)][-1]
    assert finished["passed"], finished


async def look_at_everything(olga: Person, connection: str) -> None:
    """Read every page's data, and the page itself."""
    for path in ("models", "connections", "conversations", "usage", "audit", "audit/check", "team", "health/ready"):
        await olga.get(f"/api/{path}")
    await olga.get(connection)
    await olga.call("GET", "/")


async def count_of_egress(product: Product) -> int:
    transport = httpx2.AsyncHTTPTransport(uds=str(product.front))
    async with httpx2.AsyncClient(base_url=product.serving.url, transport=transport) as operator:
        answer = await operator.get("/api/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    [line] = [line for line in answer.text.splitlines() if line.startswith(COUNTER)]
    return int(float(line.removeprefix(COUNTER)))


WAYS = {
    "a plain socket": "import socket; socket.create_connection(('127.0.0.1', PORT))",
    "asyncio": "import asyncio; asyncio.run(asyncio.open_connection('127.0.0.1', PORT))",
    "uvloop": """
import asyncio, uvloop
async def call(): await asyncio.open_connection('127.0.0.1', PORT)
uvloop.run(call())""",
    "a thread": """
import socket, threading
thread = threading.Thread(target=lambda: socket.create_connection(('127.0.0.1', PORT)))
thread.start(); thread.join()""",
    "a child process": """
import subprocess, sys
subprocess.run([sys.executable, '-c', "import socket; socket.create_connection(('127.0.0.1', PORT))"], check=True)""",
}
DATAGRAMS = {
    "sendto": "s.sendto(b'hello', ('127.0.0.1', PORT))",
    "sendmsg": "s.sendmsg([b'hello'], [], 0, ('127.0.0.1', PORT))",
    "a connected socket": "s.connect(('127.0.0.1', PORT)); s.send(b'hello')",
    "a plain write": "import os; s.connect(('127.0.0.1', PORT)); os.write(s.fileno(), b'hello')",
}


async def record_script(folder: Path, script: str) -> Recorder:
    recorder = Recorder(folder)
    command = [*recorder.wrapper, sys.executable, "-c", script]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=60)
    return recorder


@pytest.mark.parametrize("way", WAYS)
async def test_the_recorder_sees_a_connection_however_it_is_made(tmp_path: Path, way: str) -> None:
    """The control: without it, an empty recording would look like a product that behaves."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        record = (await record_script(tmp_path / "recording", WAYS[way].replace("PORT", str(port)))).read()
    assert (record.tcp, record.datagrams, record.unseen) == ([("127.0.0.1", port)], [], [])


@pytest.mark.parametrize("way", DATAGRAMS)
async def test_the_recorder_sees_a_datagram_however_it_is_sent(tmp_path: Path, way: str) -> None:
    script = f"import socket; s = socket.socket(type=socket.SOCK_DGRAM); {DATAGRAMS[way].replace('PORT', '9')}"
    record = (await record_script(tmp_path / "recording", script)).read()
    assert (record.tcp, record.datagrams, record.unseen) == ([], [("127.0.0.1", 9)], [])


async def test_the_recorder_does_not_take_a_question_about_the_way_for_a_datagram(tmp_path: Path) -> None:
    script = "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.connect(('127.0.0.1', 9))"
    record = (await record_script(tmp_path / "recording", script)).read()
    assert (record.tcp, record.datagrams, record.unseen) == ([], [], [])
