"""The two namespaces at work: stations in both, a real `moorage serve` inside, and people with browsers."""

import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx2

from tests.network.addresses import (
    CERTIFIED_NAMES,
    ENDPOINTS,
    MODELS_4,
    MODELS_6,
    MODELS_NAME,
    NAME_SERVER,
    NAMES_ONLY,
    OWN_PUBLIC,
    PORT,
    REACHABLE,
    REDIRECTING,
    SEARCH_DOMAIN,
    VICTIMS,
    VICTIMS_INSIDE,
    VICTIMS_OUTSIDE,
)
from tests.network.name_server import says
from tests.network.namespaces import WAY_IN, Namespace, two_namespaces
from tests.network.stationed import StationProcess, Told, stationed
from tests.support.authority import TestAuthority
from tests.support.running import MODEL_KEY, PASSWORD, Person
from tests.support.serving import Serving

BROWSER_TIMEOUT_S = 60
ALLOWED_CONTACTS = {("udp", NAME_SERVER, 53), ("tcp", NAME_SERVER, 53)}
NAMES = {
    MODELS_NAME: says(f"A {MODELS_4}", f"AAAA {MODELS_6}"),
    f"*.firm.test.{SEARCH_DOMAIN}": says(f"A {MODELS_4}"),
}


@dataclass(frozen=True, slots=True)
class Site:
    """The ground without the product."""

    folder: Path
    inside: Namespace
    station_inside: StationProcess
    station_outside: StationProcess
    ca_pem: Path

    @property
    def wrapper(self) -> Sequence[str]:
        """The command that takes the product inside."""
        return self.inside.wrapper

    def forget(self) -> None:
        """Begin to count anew."""
        self.station_inside.forget()
        self.station_outside.forget()

    def trespasses(self) -> list[str]:
        """Name every connection and datagram that led anywhere but to an endpoint or to the name server."""
        inside, outside = self.station_inside.tell(), self.station_outside.tell()
        protected = VICTIMS + OWN_PUBLIC
        accepted = {**inside.accepted, **outside.accepted}
        reached = [f"{host} accepted {accepted[host]}" for host in protected if accepted[host]]
        allowed = ALLOWED_CONTACTS | {("tcp", host, PORT) for host in REACHABLE}
        allowed |= {("tcp", "127.0.0.1", port) for port in self.station_inside.fronts}
        contacts = (*inside.contacts, *outside.contacts)
        sent = [f"{kind} to {host}:{port}" for kind, host, port in contacts if (kind, host, port) not in allowed]
        lost = inside.lost + outside.lost
        return reached + sent + ([f"{lost} packets were not seen"] if lost else [])

    def told_outside(self) -> Told:
        """Give what the outside has counted."""
        return self.station_outside.tell()


class Ground(Protocol):
    """Where a product runs: here, or on loopback (on_loopback.py)."""

    @property
    def station_inside(self) -> StationProcess:
        """The one that opens ways for browsers."""
        ...


@dataclass
class Product:
    """A running Moorage inside and its people."""

    serving: Serving
    front: Path
    browsers: list[httpx2.AsyncClient] = field(default_factory=list)

    async def team(self) -> Person:
        """Give the owner of a new team."""
        transport = httpx2.AsyncHTTPTransport(uds=str(self.front))
        browser = httpx2.AsyncClient(
            base_url=self.serving.url, transport=transport, timeout=BROWSER_TIMEOUT_S, trust_env=False
        )
        self.browsers.append(browser)
        number = len(self.browsers)
        account = {
            "name": f"Olga {number}",
            "email": f"olga{number}@example.com",
            "password": PASSWORD,
            "team_name": f"Team {number}",
        }
        return await Person(browser).enter("/api/sign-up", account)


@dataclass(frozen=True, slots=True)
class World:
    """All of it."""

    site: Site
    product: Product


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test of an address went: who ran it, all events, and how long it took."""

    person: Person
    events: Sequence[tuple[str, Mapping[str, Any]]]
    took_s: float

    @property
    def finished(self) -> Mapping[str, Any]:
        """What the last event says."""
        return self.events[-1][1]

    @property
    def ends(self) -> tuple[str, str] | None:
        """The stage that failed and its code; None when all is well."""
        failed = next((stage for stage in self.finished["stages"] if stage["state"] == "failed"), None)
        if failed is None:
            assert self.finished["passed"], self.finished
            return None
        return failed["stage"], failed["code"]

    @property
    def told(self) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Everything that was told, without the id of the test and the time that reading the address took."""
        stages = [(name, _without_reading_time(data)) for name, data in self.events[:-1]]
        last = {name: value for name, value in self.finished.items() if name not in {"test_id", "stages"}}
        all_stages = [_without_reading_time(one) for one in self.finished["stages"]]
        return [*stages, ("finished", {**last, "stages": all_stages})]


async def try_address(person: Person, base_url: str, model_id: str | None = None) -> Outcome:
    """Test an address as the wizard does."""
    wish = {"base_url": base_url, "api_key": MODEL_KEY, "model_id": model_id}
    started_s = time.perf_counter()
    events = [(event.name, event.data) async for event in person.events("POST", "/api/connection-tests", wish)]
    return Outcome(person, events, time.perf_counter() - started_s)


async def save(
    person: Person, base_url: str, tested: Outcome | None, *models: str, name: str = "Kanzlei GPU"
) -> dict[str, Any]:
    """Save an address as the wizard does, with the result of its test if there was one."""
    body = {
        "name": name,
        "base_url": base_url,
        "api_key": MODEL_KEY,
        "test_id": None if tested is None else tested.finished["test_id"],
        "models": [{"model_id": model, "name": "", "enabled": True} for model in models],
    }
    made: dict[str, Any] = await person.post("/api/connections", body)
    return made


async def ask(person: Person, connection: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the first model of a connection something; gives the receipt."""
    model = next(model for model in connection["models"] if model["enabled"])
    receipt: dict[str, Any] = await person.wait_for(await person.ask("What about the deadline?", model["ref"]))
    return receipt


async def discover(person: Person, connection: Mapping[str, Any]) -> str | None:
    """Ask the endpoint for its models again; gives the code of the failure."""
    answer = await person.call("POST", f"/api/connections/{connection['id']}/discovery")
    return None if answer.status_code == 200 else answer.json()["error"]["code"]


@contextlib.contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """Make namespaces and stations."""
    with contextlib.ExitStack() as stack:
        inside, outside = stack.enter_context(two_namespaces())
        authority = TestAuthority(folder / "ca")
        fitting = _write_pair(authority, folder / "fitting", *CERTIFIED_NAMES, *ENDPOINTS, *VICTIMS, *OWN_PUBLIC)
        nameless = _write_pair(authority, folder / "names-only", *CERTIFIED_NAMES)
        posts_outside = [
            {"host": host, "port": PORT, "certificate": nameless if host == NAMES_ONLY else fitting, "key": MODEL_KEY}
            for host in ENDPOINTS
        ]
        posts_outside[ENDPOINTS.index(REDIRECTING)]["location"] = f"https://{VICTIMS_OUTSIDE[0]}/v1/models"
        posts_outside += [{"host": host, "port": PORT, "certificate": fitting} for host in VICTIMS_OUTSIDE]
        orders_outside = {
            "posts": posts_outside,
            "name_server": NAME_SERVER,
            "names": {name: what.to_json() for name, what in NAMES.items()},
            "tap": WAY_IN,
        }
        orders_inside = {
            "posts": [{"host": host, "port": PORT, "certificate": fitting} for host in (*VICTIMS_INSIDE, *OWN_PUBLIC)],
            "tap": "lo",
        }
        yield Site(
            folder,
            inside,
            stack.enter_context(stationed(folder / "inside", orders_inside, inside.wrapper)),
            stack.enter_context(stationed(folder / "outside", orders_outside, outside.wrapper)),
            authority.ca_pem,
        )


@contextlib.asynccontextmanager
async def open_product(site: Ground, serving: Serving) -> AsyncIterator[Product]:
    """Start a Moorage and open a way for browsers to it."""
    try:
        url = await serving.start()
        product = Product(serving, site.station_inside.open_front(int(url.rpartition(":")[2])))
        try:
            yield product
        finally:
            for browser in product.browsers:
                await browser.aclose()
    finally:
        await serving.close()


def settings_of(ca_pem: Path) -> dict[str, str | Path | float]:
    """Give the settings of a deployment without a single exception of its operator."""
    return {"EXTRA_CA_FILE": ca_pem, "EGRESS_ALLOW": ""}


def _write_pair(authority: TestAuthority, folder: Path, *names: str) -> list[str]:
    folder.mkdir()
    return [str(file) for file in authority.write_pair(folder, *names)]


def _without_reading_time(stage: Mapping[str, Any]) -> dict[str, Any]:
    return {**stage, "ms": None} if stage["stage"] == "url" else dict(stage)
