"""`moorage audit show` tells the deployment's own chain: its starts, and the exceptions each began with (P17)."""

from pathlib import Path

import pytest

from moorage import app
from moorage.settings import Settings
from tests.doctor.conftest import Doctor


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """Give the data folder of a deployment that was started three times, the last time with an exception."""
    for allow in ("", "", "llm.kanzlei.internal:443=10.20.0.0/24"):
        built = await app.build(Settings(data=tmp_path / "data", egress_allow=allow))
        await app.close(built.parts)
    return tmp_path / "data"


async def test_starts_and_exceptions_are_shown_newest_last(moorage: Doctor, data: Path) -> None:
    """P11, P17."""
    said = await moorage("audit", "show", settings={"DATA": data})
    assert said.code == 0
    told = [line.split("Z  ", 1) for line in said.out.splitlines()]
    assert [text for _, text in told] == [
        "Key 1 signs the audit trails of this deployment from here on.",
        "Moorage 0.1.0 was started; exceptions from the address rules: 0.",
        "Moorage 0.1.0 was started; exceptions from the address rules: 0.",
        "Moorage 0.1.0 was started; exceptions from the address rules: 1.",
        "llm.kanzlei.internal on port 443 may be reached in 10.20.0.0/24.",
    ]
    assert [when.split()[0] for when, _ in told] == ["1", "2", "3", "4", "5"]


async def test_the_newest_are_shown_when_fewer_are_asked_for_and_in_the_readers_language(
    moorage: Doctor, data: Path
) -> None:
    said = await moorage("audit", "show", "--limit", "2", "--language", "de", settings={"DATA": data})
    assert [line.split("Z  ", 1)[1] for line in said.out.splitlines()] == [
        "Moorage 0.1.0 wurde gestartet; Ausnahmen von den Adressregeln: 1.",
        "llm.kanzlei.internal darf über Port 443 in 10.20.0.0/24 erreicht werden.",
    ]


async def test_more_than_a_page_can_be_asked_for(moorage: Doctor, data: Path) -> None:
    for _ in range(2):
        allow = ",".join(f"a{number}.internal:443=10.0.0.0/8" for number in range(150))
        built = await app.build(Settings(data=data, egress_allow=allow))
        await app.close(built.parts)
    said = await moorage("audit", "show", "--limit", "250", settings={"DATA": data})
    assert [line.split()[0] for line in said.out.splitlines()] == [str(number) for number in range(58, 308)]
    assert (await moorage("audit", "show", "--limit", "0", settings={"DATA": data})).code == 64
