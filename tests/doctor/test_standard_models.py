"""`moorage doctor` says which models their providers do not offer any more, and which providers no seal can admit."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.doctor.conftest import Doctor, check
from tests.support.authority import TestAuthority
from tests.support.dialects import GeminiServer, MessagesServer
from tests.support.model_server import LEAK_MARKER, ModelServer

KEY = "sk-doctor-standard-0123456789"
CATALOGUE = """
[open]
name = "Open models"
base_url = "{openai}"
models = [{{ id = "steady" }}, {{ id = "left" }}]

[anthropic]
name = "Anthropic"
speaks = "anthropic"
base_url = "{anthropic}"
models = [{{ id = "claude-one" }}, {{ id = "claude-retired" }}]

[google]
name = "Google"
speaks = "google"
base_url = "{google}"
models = [{{ id = "gemini-one" }}, {{ id = "gemini-embedding-2" }}]
"""


@dataclass
class Clouds:
    """Three providers, and what reaches them."""

    settings: dict[str, Any]


@pytest_asyncio.fixture
async def clouds(tmp_path: Path) -> AsyncIterator[Clouds]:
    authority = TestAuthority(tmp_path / "ca")
    context = authority.server_context("localhost")
    async with AsyncExitStack() as stack:
        servers = {
            "openai": await stack.enter_async_context(ModelServer(context, key=KEY)),
            "anthropic": await stack.enter_async_context(
                MessagesServer(context, key=KEY, models=["claude-one", "claude-retired"])
            ),
            "google": await stack.enter_async_context(GeminiServer(context, key=KEY, models=["gemini-one"])),
        }
        file = tmp_path / "catalogue.toml"
        file.write_text(CATALOGUE.format(**{name: server.base_url for name, server in servers.items()}))
        yield Clouds(
            {
                "EGRESS_ALLOW": ", ".join(f"localhost:{server.port}=127.0.0.1/32" for server in servers.values()),
                "EXTRA_CA_FILE": authority.ca_pem,
                "CATALOGUE": file,
            }
        )


async def test_without_a_key_nobody_is_asked(doctor: Doctor, tmp_path: Path) -> None:
    found = check(await doctor("--json", settings={"DATA": tmp_path / "data"}), "standard_models")
    assert (found["state"], found["code"]) == ("ok", "doctor.standard_models.none")


@pytest.mark.parametrize(
    ("keys", "code", "items"),
    [
        (
            f"open={KEY},anthropic={KEY},google={KEY}",
            "doctor.standard_models.gone",
            ["anthropic/claude-retired", "google/gemini-embedding-2", "open/left"],
        ),
        (
            f"anthropic={KEY},google=AIza-wrong",
            "doctor.standard_models.gone",
            ["anthropic/claude-retired", "google: bad_key"],
        ),
        (
            "anthropic=sk-wrong,google=AIza-wrong",
            "doctor.standard_models.silent",
            ["anthropic: bad_key", "google: bad_key"],
        ),
    ],
)
async def test_what_is_not_offered_any_more_is_named(
    doctor: Doctor, clouds: Clouds, keys: str, code: str, items: list[str]
) -> None:
    """P1; neither a key nor a provider's words are told (P12)."""
    said = await doctor("--json", settings={**clouds.settings, "STANDARD_KEYS": keys})
    found = check(said, "standard_models")
    assert (found["state"], found["code"], found["items"]) == ("warning", code, items)
    assert not {word for word in (KEY, LEAK_MARKER, "wrong") if word in said.out + said.err}


async def test_a_catalogue_that_is_wrong_is_a_problem_with_its_line(doctor: Doctor, clouds: Clouds) -> None:
    file = clouds.settings["CATALOGUE"]
    file.write_text(file.read_text() + "max_ouput = 3\n")
    found = check(
        await doctor("--json", settings={**clouds.settings, "STANDARD_KEYS": f"open={KEY}"}), "standard_models"
    )
    assert (found["state"], found["code"]) == ("problem", "catalogue_unknown")
    assert (found["facts"]["line"], found["facts"]["place"]) == (18, "google.max_ouput")


@pytest.mark.parametrize(
    ("keys", "stated", "state", "items"),
    [
        (f"open={KEY},google={KEY}", (), "warning", ["google (Google)", "open (Open models)"]),
        (f"open={KEY},google={KEY}", ("[google]",), "warning", ["open (Open models)"]),
        (f"open={KEY},google={KEY}", ("[google]", "[open]"), "ok", []),
        (f"mistral={KEY}", (), "ok", []),
        ("", (), "ok", []),
    ],
)
async def test_a_provider_without_a_zone_is_named(
    doctor: Doctor, clouds: Clouds, keys: str, stated: tuple[str, ...], state: str, items: list[str]
) -> None:
    """P19: no sealed conversation can use it, and nothing else would say so."""
    file = clouds.settings["CATALOGUE"]
    text = file.read_text()
    for table in stated:
        text = text.replace(table, f'{table}\nzone = "included"')
    file.write_text(text)
    found = check(await doctor("--json", settings={**clouds.settings, "STANDARD_KEYS": keys}), "standard_zones")
    assert (found["state"], sorted(found["items"])) == (state, items)


async def test_zones_of_a_catalogue_that_can_not_be_read_are_not_looked_at(doctor: Doctor, clouds: Clouds) -> None:
    clouds.settings["CATALOGUE"].write_text("[open")
    said = await doctor("--json", settings={**clouds.settings, "STANDARD_KEYS": f"open={KEY}"})
    assert check(said, "standard_models")["state"] == "problem"
    assert check(said, "standard_zones")["state"] == "skipped"
