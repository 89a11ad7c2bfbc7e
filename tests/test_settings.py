"""What the operator's texts about the door mean, and that no value is repeated where one can't be read."""

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from moorage.composition.doors import build_policy, read_exceptions
from moorage.egress.policy import Exceptions
from moorage.errors import Invalid
from moorage.settings import Settings, SettingsError, read_settings


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
        ("postgresql://moorage:a#b@db:6543/moorage", {6543}),
        ("postgresql://moorage:a/b?c@db:6543/moorage", {6543}),
        ("postgresql://moorage:a[b℀@db:6543/moorage", {6543}),
        ("postgresql://moorage:hush@/moorage?host=db:6543", {6543}),
        ("postgresql://moorage:hush@/moorage?host=one:6543,two:6544&sslmode=require", {6543, 6544}),
        ("postgresql:///moorage?host=one,two&port=7000,7001", {7000, 7001}),
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


@pytest.mark.parametrize(
    ("public_url", "host"),
    [
        ("https://Moorage.example.com", "moorage.example.com"),
        ("https://moorage.example.com.:8443", "moorage.example.com"),
        ("https://münchen.example.com", "xn--mnchen-3ya.example.com"),
        ("https://[2A01:04F8:0:0::7]", "2a01:4f8::7"),
    ],
)
def test_the_deployments_own_name_is_known_however_it_is_written(public_url: str, host: str) -> None:
    assert build_policy(Settings(public_url=public_url), Exceptions()).is_own(host, 443)


def test_what_the_operator_says_reaches_the_judge() -> None:
    """P11: each of these would be missed by nobody but an attacker."""
    settings = Settings(
        port=8123,
        database_url=SecretStr("postgresql://moorage:hush@db:6543/moorage"),
        egress_refuse="203.0.114.0/24,.intern.example.com",
        egress_nat64="2a01:4f8:0:64::/96",
        egress_allow="llm.test:8123=127.0.0.1/32,llm.test:443=127.0.0.1/32",
    )
    policy = build_policy(settings, read_exceptions(settings))
    told = {
        ("llm.test", 443, "127.0.0.1"): None,
        ("llm.test", 8123, "127.0.0.1"): "own_port",
        ("llm.test", 6543, "127.0.0.1"): "own_port",
        ("llm.test", 443, "203.0.114.9"): "refused_network",
        ("llm.test", 443, "64:ff9b::203.0.114.9"): "refused_network",
        ("llm.test", 443, "2a01:4f8:0:64::10.0.0.1"): "private",
    }
    assert {key: policy.refusal(key[0], key[1], ip_address(key[2])) for key in told} == told
    assert policy.is_own("a.intern.example.com", 443)
    with pytest.raises(Invalid, match="exceptions_never"):
        read_exceptions(settings.model_copy(update={"egress_allow": "db:6543=10.0.0.0/8"}))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"key_source": "transit"}, "MOORAGE_KEY_SOURCE"),
        ({"transit_url": "https://bao"}, "MOORAGE_TRANSIT_TOKEN_FILE"),
        ({"transit_url": "https://bao", "transit_role_id": "r"}, "MOORAGE_TRANSIT_SECRET_ID_FILE"),
        (
            {
                "transit_url": "https://bao",
                "transit_token_file": "t",
                "transit_role_id": "r",
                "transit_secret_id_file": "s",
            },
            "one way to sign in",
        ),
        ({"transit_key": "../keys"}, "transit_key"),
        ({"transit_mount": "transit/../sys"}, "transit_mount"),
        ({"transit_namespace": "a b"}, "transit_namespace"),
        ({"key_cache_s": 1}, "key_cache_s"),
    ],
)
def test_a_key_store_that_is_half_configured_stops_the_start(given: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Settings.model_validate(given)


MAILING = {
    "MOORAGE_SMTP_URL": "smtps://moorage:secret@mail.example.com",
    "MOORAGE_MAIL_FROM": "moorage@example.com",
    "MOORAGE_PUBLIC_URL": "https://moorage.example.com",
}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"MOORAGE_SMTP_URL": "smtp://moorage:secret@mail.example.com"}, "MOORAGE_SMTP_URL"),
        ({"MOORAGE_MAIL_FROM": ""}, "MOORAGE_MAIL_FROM"),
        ({"MOORAGE_MAIL_FROM": "m@example.com\r\nBcc: eve@example.com"}, "MOORAGE_MAIL_FROM"),
        ({"MOORAGE_PUBLIC_URL": ""}, "MOORAGE_PUBLIC_URL"),
        ({"MOORAGE_SMTP_PASSWORD_FILE": "/nowhere/password"}, "MOORAGE_SMTP_PASSWORD_FILE"),
    ],
)
def test_mail_without_tls_sender_or_address_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], named: str
) -> None:
    for name, value in {**MAILING, **changes}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=named) as refused:
        read_settings()
    assert "secret" not in str(refused.value)


def test_mail_that_is_left_empty_is_not_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOORAGE_SMTP_URL", "")
    monkeypatch.setenv("MOORAGE_SMTP_PASSWORD_FILE", "")
    assert read_settings().smtp_url is None
