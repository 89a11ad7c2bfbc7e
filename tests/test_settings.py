"""What the operator's texts about the door mean, and that no value is repeated where one can't be read."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from moorage.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("url", "ports"),
    [
        (None, set()),
        ("postgresql://moorage:hush@db/moorage", {5432}),
        ("postgresql://moorage:hush@db:6543/moorage", {6543}),
        ("postgresql://moorage:hush:12@one:6543,two:6544/moorage", {6543, 6544}),
        ("postgresql:///moorage?host=/run/postgresql&port=7000", {7000}),
        ("postgresql://[fd00::5]:6543/moorage", {6543}),
        ("postgresql://[fd00::5]/moorage", {5432}),
    ],
)
def test_the_ports_of_the_database_are_those_of_its_url(url: str | None, ports: set[int]) -> None:
    """P11: no exception opens them, so none may be missed."""
    assert Settings.model_validate({"database_url": url}).database_ports == ports


def test_what_is_refused_is_names_domains_and_networks() -> None:
    settings = Settings(egress_refuse="Moorage.example.com, .intern.example.com ,203.0.113.0/24,2a01:db8::/32, ")
    assert settings.refused_hosts == {"moorage.example.com", ".intern.example.com"}
    assert settings.refused_networks == (ip_network("203.0.113.0/24"), ip_network("2a01:db8::/32"))
    assert Settings().refused_hosts == frozenset()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("egress_refuse", "https://moorage.example.com"),
        ("egress_refuse", "10.0.0.1/8"),
        ("egress_refuse", "a b"),
        ("egress_refuse", "*.example.com"),
        ("egress_nat64", "64:ff9b:1::/48"),
        ("egress_nat64", "10.0.0.0/8"),
        ("egress_nat64", "hush"),
    ],
)
def test_a_text_that_can_not_be_read_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({name: text})


def test_exceptions_come_from_the_variable_and_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "allow"
    file.write_text("# the plant in Kiel\nb:443=10.2.0.0/16\n")
    settings = Settings(egress_allow="a:443=10.1.0.0/16", egress_allow_file=file)
    assert settings.exceptions_text().splitlines() == ["a:443=10.1.0.0/16", "# the plant in Kiel", "b:443=10.2.0.0/16"]
    file.unlink()
    with pytest.raises(SettingsError, match="MOORAGE_EGRESS_ALLOW_FILE"):
        settings.exceptions_text()
