"""The table of attacks over the API: what an owner types and reads, stage by stage, while victims wait in vain (P11).

Tests of a team are paced, so the rows are shared out among many teams; refusals take two seconds each, so they overlap.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
import pytest_asyncio

from moorage.api.sentences import sentence
from moorage.connections.testing import TESTS_PER_MINUTE
from moorage.egress.policy import Address, parse_literal
from moorage.egress.resolver import LOOKUPS_PER_TEAM
from moorage.egress.urls import parse_base_url
from moorage.settings import Settings
from tests.egress.attacks import ACCEPTED, AIMED_PORT, ANSWERED, DNS, NEAR_MISSES, OWN, REFUSED, SERVERS, URLS
from tests.egress.attacks.rows import GOOD, INTERNAL, SECOND, UPSTREAM_WORDS, DnsRow, ServerRow, UrlRow
from tests.egress.attacks.syntax import OWN_HOST
from tests.egress.harbour import Listener, open_harbour
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, Harbour, Person, running

Row = TypeVar("Row")
AT_ONCE = 60
KEY = "sk-olga-9876543210"
STAGES = ["url", "dns", "address", "tcp", "tls", "credential", "models", "completion", "usage"]
ANSWERS = [row for row in DNS if row.verdict != ACCEPTED]
HOSTILE_SERVERS = [row for row in SERVERS if row.over_http]


def host_of(row: DnsRow | ServerRow) -> str:
    given = row.host if isinstance(row, DnsRow) else ""
    return given or f"{row.id.lower()}.attacks.example"


def address_of(row: ServerRow) -> str:
    number = SERVERS.index(row)
    return f"127.1.{number // 250}.{number % 250 + 1}"


class Names:
    """The DNS of the attackers. Whoever is not in the table has no address."""

    def __init__(self) -> None:
        self._answers: dict[str, Sequence[str]] = {host_of(row): row.answer for row in ANSWERS}
        self._answers |= {host_of(row): [address_of(row)] for row in HOSTILE_SERVERS}
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append((host, port))
        return [ip_address(text) for text in self._answers.get(host, ())]


@dataclass
class Siege:
    """A running Moorage, victims on loopback around it, and as many teams as the pace of tests asks for."""

    harbour: Harbour
    names: Names
    victims: list[Listener]
    port: int
    _team: Person | None = None
    _left: int = 0
    _teams: int = 0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def olga(self, acts: int = 1) -> Person:
        """Give an Olga whose team may still do this much that is paced."""
        async with self._lock:
            if self._team is None or self._left < acts:
                self._teams += 1
                account = {"name": "Olga", "email": f"olga{self._teams}@example.com", "password": PASSWORD}
                team = {**account, "team_name": f"Kanzlei {self._teams}"}
                self._team = await self.harbour.somebody().enter("/api/sign-up", team)
                self._left = min(TESTS_PER_MINUTE, LOOKUPS_PER_TEAM)  # all of a team at once
            self._left -= acts
            return self._team

    async def post(self, path: str, body: dict[str, Any], who: Person | None = None) -> httpx2.Response:
        """Post as a team that may; escaped, so that a lone surrogate travels, too."""
        async with self._slots:
            who = who or await self.olga()
            sent = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json", "Accept-Language": "en"}
            return await who.client.post(
                path, content=json.dumps(body).encode(), headers={**sent, "X-CSRF-Token": who.csrf or ""}
            )

    async def test(self, base_url: str) -> httpx2.Response:
        """Post a draft's test."""
        return await self.post("/api/connection-tests", {"base_url": base_url, "api_key": KEY})

    def aimed(self, text: str) -> str:
        """Let a text point at the port where the victims listen."""
        return text.replace(f":{AIMED_PORT}", f":{self.port}")


@pytest_asyncio.fixture
async def siege(tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[Siege]:
    """Stages don't differ by engine, so one is enough."""
    async with open_harbour(tmp_path / "servers") as port:
        victims = [await port.victim(at) for at in (INTERNAL, GOOD, SECOND, "::1")]
        names = Names()
        settings = Settings(
            data=tmp_path / "data",
            public_url=f"http://{OWN_HOST}",
            egress_ports=f"443,{AIMED_PORT},{port.port}",
            egress_allow=",".join(exceptions(port.port)),
            egress_refuse=",".join(literals()),
            extra_ca_file=port.authority.ca_pem,
            log_level="error",
        )
        async with running(settings, models[1], look_up=names) as harbour:
            for row in HOSTILE_SERVERS:
                await port.serve_as(row.script, row.tls(port.authority, host_of(row)), at=address_of(row))
            yield Siege(harbour, names, victims, port.port)


def exceptions(port: int) -> Iterable[str]:
    """Let the rows through that need it, each to its own address."""
    for row in ANSWERS:
        if row.excepted:
            yield from (f"{host_of(row)}:{port}={at}/32" for at in (GOOD, SECOND))
    yield from (f"{host_of(row)}:{port}={address_of(row)}/32" for row in HOSTILE_SERVERS)


def literals() -> Iterable[str]:
    """Close the public addresses that near misses spell: the test stays on this machine."""
    for row in NEAR_MISSES:
        literal = parse_literal(parse_base_url(row.text).host)
        if literal is not None:
            yield f"{literal}/{literal.max_prefixlen}"


def words_of(text: str) -> set[str]:
    """Give what would be recognised if it were repeated."""
    words = {word for word in re.findall(r"[\w.:-]{8,}", text) if not re.fullmatch(r"[0-9a-f]+", word)}
    return words | ({text[:2000]} if len(text) >= 8 else set())


def told(answer: httpx2.Response, *secrets: str) -> tuple[int, str, str]:
    """Give status, failed stage and code of an answer, after looking whether it repeats anything of what came in."""
    if "event-stream" not in answer.headers["content-type"]:
        error = answer.json()["error"]
        shown, stage, code = answer.text.replace(json.dumps(error["message"]), ""), "", error["code"]
    else:
        events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
        finished = events[-1]
        assert [one["stage"] for one in finished["stages"]] == STAGES
        failed = [one for one in finished["stages"] if one["state"] == "failed"]
        stage, code = (failed[0]["stage"], failed[0]["code"]) if failed else ("", "")
        stages = [one for event in events for one in [event, *event.get("stages", ())] if "stage" in one]
        messages = {one.pop("message") for one in stages}
        assert not failed or sentence(code, failed[0]["facts"], "en") in messages
        shown = json.dumps(events, ensure_ascii=False)
    assert [secret for secret in secrets if secret and secret in shown] == []
    return answer.status_code, stage, code


async def walk(rows: Iterable[Row], one: Callable[[Row], Awaitable[str | None]]) -> None:
    """Walk rows side by side and tell all that went wrong."""
    wrong = [problem for problem in await asyncio.gather(*(one(row) for row in rows)) if problem]
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
async def test_every_url_of_the_table_ends_at_its_stage_and_reaches_nobody(siege: Siege) -> None:
    async def enter(row: UrlRow) -> str | None:
        text, verdict = siege.aimed(row.text), row.over_http or row.verdict
        expected = (200, "url", verdict)
        if verdict.startswith("field_"):
            expected = (422, "", verdict)
        elif verdict in {ACCEPTED, "url_own_host"}:
            expected = (200, "dns", "address_not_public" if verdict == ACCEPTED else verdict)
        found = told(await siege.test(text), KEY, *words_of(text))
        return None if found == expected else f"{row.id} {row.what}: {found}, expected {expected}"

    await walk(URLS, enter)
    assert [victim.connections for victim in siege.victims] == [0, 0, 0, 0]
    taken = [parse_base_url(row.becomes) for row in NEAR_MISSES]
    names = [one for one in taken if parse_literal(one.host) is None]
    asked = {(one.host, siege.port if one.port == AIMED_PORT else one.port) for one in names}
    mended = {("llm.example", 443)}  # what was pasted with a space around it, or with an empty query
    assert set(siege.names.asked) == asked | mended


@pytest.mark.slow
async def test_every_dns_answer_of_the_table_ends_at_its_stage_and_reaches_nobody(siege: Siege) -> None:
    async def enter(row: DnsRow) -> str | None:
        answer = await siege.test(f"https://{host_of(row)}:{siege.port}/v1")
        found = told(answer, KEY, host_of(row), f":{siege.port}", *(text for text in row.answer if len(text) > 3))
        expected = (200, "dns", row.verdict)
        return None if found == expected else f"{row.id} {row.what}: {found}, expected {expected}"

    await walk(ANSWERS, enter)
    assert [victim.connections for victim in siege.victims] == [0, 0, 0, 0]
    assert {host for host, _ in siege.names.asked} == {host_of(row) for row in ANSWERS}


@pytest.mark.slow
async def test_every_server_of_the_table_fails_at_its_stage_and_not_a_word_of_it_is_shown(siege: Siege) -> None:
    async def enter(row: ServerRow) -> str | None:
        answer = await siege.test(f"https://{host_of(row)}:{siege.port}/v1")
        status, stage, code = told(answer, KEY, host_of(row), address_of(row), UPSTREAM_WORDS, str(siege.port))
        if row.verdict == ANSWERED:
            # It speaks HTTP and no more; what exactly is wrong with it is for the stages behind the door to say.
            fine = status == 200 and stage in {"credential", "models", "completion"}
            return None if fine else f"{row.id} {row.what}: {stage} {code}"
        found, expected = (status, stage, code), (200, row.stage, row.verdict)
        return None if found == expected else f"{row.id} {row.what}: {found}, expected {expected}"

    await walk(HOSTILE_SERVERS, enter)
    assert [victim.connections for victim in siege.victims] == [0, 0, 0, 0]


@pytest.mark.slow
async def test_saving_and_replacing_refuse_what_a_test_refuses(siege: Siege) -> None:
    some = [*REFUSED[::12], *OWN]

    async def save(row: UrlRow) -> str | None:
        text = siege.aimed(row.text)
        if row.over_http or row in OWN:
            return None
        body = {"name": "Kanzlei GPU", "base_url": text, "api_key": KEY}
        found = told(await siege.post("/api/connections", body), KEY, *words_of(text))
        return None if found == (422, "", row.verdict) else f"{row.id} {row.what}: {found}"

    async def replace(row: UrlRow | DnsRow) -> str | None:
        who = await siege.olga(acts=2)
        made = await siege.post("/api/connections", {"name": row.id, "base_url": "https://llm.example.com"}, who)
        path = f"/api/connections/{made.json()['id']}/endpoint"
        text = siege.aimed(row.text) if isinstance(row, UrlRow) else f"https://{host_of(row)}:{siege.port}/v1"
        found = told(await siege.post(path, {"base_url": text, "api_key": KEY}, who), KEY, *words_of(text))
        stage = "dns" if isinstance(row, DnsRow) or row in OWN else "url"
        return None if found == (200, stage, row.verdict) else f"{row.id} {row.what}: {found}"

    await walk(some, save)
    await walk([row for row in REFUSED[::25] if not row.over_http], replace)
    await walk(ANSWERS[::20], replace)
    assert [victim.connections for victim in siege.victims] == [0, 0, 0, 0]
