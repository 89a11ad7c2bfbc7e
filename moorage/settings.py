"""Every setting, from environment variables only. An unknown `MOORAGE_` variable stops the start with a hint."""

import difflib
import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "MOORAGE_"
MAX_PORT = 65_535
POSTGRESQL_PORT = 5432
NAT64_PREFIX_BITS = 96
_HOST = re.compile(r"\.?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


class SettingsError(Exception):
    """The settings can't be used; the text names each variable and what is wrong with it."""


class Settings(BaseSettings):
    """The settings of one deployment. docs/settings.md lists them and a test holds the two together."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    data: Path = Field(default=Path("data"), description="Folder of the SQLite file and the key ring.")
    database_url: SecretStr | None = Field(
        default=None, description="A PostgreSQL URL (postgresql://…) instead of the SQLite file."
    )
    key_ring: SecretStr | None = Field(
        default=None, description="The key ring's text, instead of the file in the data folder."
    )
    key_ring_file: Path | None = Field(
        default=None, description="The key ring's file; default: keys in the data folder."
    )
    public_url: str = Field(default="", description="Address people use. With https:// cookies are marked Secure.")
    sign_up: Literal["open", "closed"] = Field(
        default="open", description="Whether people may sign up without invitation; the first account always may."
    )
    demo: bool = Field(default=False, description="Offer a model that is plainly labelled as scripted.")
    demo_pause_ms: int = Field(default=25, ge=0, le=1000, description="Pause between two words of the scripted model.")
    egress_allow: str = Field(
        default="",
        description="Exact targets on private networks: host:port=CIDR, comma separated. Never metadata or link-local.",
    )
    egress_allow_file: Path | None = Field(
        default=None, description="File with more such targets, one a line; # begins a remark."
    )
    egress_refuse: str = Field(
        default="",
        description="Own public hosts (name, or .domain for all below it) and networks that nobody may reach.",
    )
    egress_nat64: str = Field(
        default="", description="NAT64 prefixes (/96) of this network besides 64:ff9b::/96, comma separated."
    )
    egress_ports: str = Field(default="443,8443", description="Ports that endpoints may use, comma separated.")
    extra_ca_file: Path | None = Field(
        default=None, description="PEM file of certificate authorities to trust in addition."
    )
    catalogue: Path | None = Field(
        default=None, description="TOML file of standard providers; replaces those of the same name."
    )
    standard_keys: SecretStr = Field(
        default=SecretStr(""), description="Keys of standard providers: provider=key, comma separated."
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token for /api/metrics (Prometheus); without it there are none."
    )
    drain_s: float = Field(
        default=20, ge=0, le=600, description="How long running replies may go on when the server stops."
    )
    log_format: Literal["console", "json"] = Field(default="console", description="How log lines look.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest level that is logged."
    )

    @field_validator("demo", mode="before")
    @classmethod
    def _read_empty_as_off(cls, value: object) -> object:
        # A container's or service's file may name it and leave it empty.
        return False if value == "" else value

    @field_validator("egress_ports")
    @classmethod
    def _require_ports(cls, text: str) -> str:
        ports = [port.strip() for port in text.split(",") if port.strip()]
        if not ports or not all(port.isascii() and port.isdigit() and 0 < int(port) <= MAX_PORT for port in ports):
            message = "write port numbers from 1 to 65535, comma separated"
            raise ValueError(message)
        return text

    @field_validator("database_url")
    @classmethod
    def _require_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("postgresql://", "postgresql+psycopg://")):
            message = "write postgresql://user:password@host/database"
            raise ValueError(message)
        return url

    @field_validator("public_url")
    @classmethod
    def _require_address(cls, url: str) -> str:
        # An IPv6 address without its closing bracket raises the same error.
        if url and not (url.startswith(("https://", "http://")) and urlsplit(url).hostname):
            message = "write https:// and a host name"
            raise ValueError(message)
        return url

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> "Settings":
        if self.key_ring is not None and self.key_ring_file is not None:
            message = "MOORAGE_KEY_RING and MOORAGE_KEY_RING_FILE contradict each other: set one of them."
            raise ValueError(message)
        return self

    @field_validator("egress_refuse")
    @classmethod
    def _require_hosts_or_networks(cls, text: str) -> str:
        for entry in _entries(text):
            if _network(entry) is None and not _HOST.fullmatch(entry.lower()):
                message = "write host names, .domains and networks (CIDR), comma separated"
                raise ValueError(message)
        return text

    @field_validator("egress_nat64")
    @classmethod
    def _require_nat64_prefixes(cls, text: str) -> str:
        for entry in _entries(text):
            network = _network(entry)
            if not isinstance(network, IPv6Network) or network.prefixlen != NAT64_PREFIX_BITS:
                message = "write IPv6 networks of 96 bits, comma separated"
                raise ValueError(message)
        return text

    @property
    def nat64_prefixes(self) -> tuple[IPv6Network, ...]:
        """The prefixes of this network's own NAT64."""
        return tuple(IPv6Network(entry) for entry in _entries(self.egress_nat64))

    @property
    def refused_hosts(self) -> frozenset[str]:
        """The names, and domains with a dot before them, that count as this deployment's own."""
        return frozenset(entry.lower() for entry in _entries(self.egress_refuse) if _network(entry) is None)

    @property
    def refused_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks that nobody may reach."""
        networks = (_network(entry) for entry in _entries(self.egress_refuse))
        return tuple(network for network in networks if network is not None)

    def exceptions_text(self) -> str:
        """Give the operator's exceptions, those of the file too. Raises SettingsError if it can't be read."""
        if self.egress_allow_file is None:
            return self.egress_allow
        try:
            return f"{self.egress_allow}\n{self.egress_allow_file.read_text(encoding='utf-8')}"
        except (OSError, UnicodeError):
            raise SettingsError("MOORAGE_EGRESS_ALLOW_FILE: the file can't be read.") from None

    @property
    def database_ports(self) -> frozenset[int]:
        """The ports of the PostgreSQL server, as its URL names them."""
        if self.database_url is None:
            return frozenset()
        # Every number that could be one, wherever in the URL: a password may hold any sign, and a port too many
        # closes less than a port too few opens.
        hosts, _, query = self.database_url.get_secret_value().rpartition("@")[2].partition("?")
        written = re.findall(r":(\d{1,5})(?=[,/]|$)", hosts) + re.findall(r"(?:port=|:|,)(\d{1,5})(?=[,&]|$)", query)
        return frozenset(int(port) for port in written) or frozenset({POSTGRESQL_PORT})

    @property
    def ports(self) -> frozenset[int]:
        """The ports that endpoints may use."""
        return frozenset(int(port) for port in self.egress_ports.split(",") if port.strip())

    def keys_of_providers(self) -> dict[str, str]:
        """The operator's keys by provider name. For the moment of composing only."""
        pairs = (pair.partition("=") for pair in self.standard_keys.get_secret_value().split(",") if pair.strip())
        return {name.strip(): key.strip() for name, _, key in pairs if key.strip()}


def read_settings() -> Settings:
    """Read the environment and check it. Raises SettingsError with one line per problem; values are never repeated."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    problems = [
        _describe_unknown(name, known)
        for name in sorted(os.environ)
        if name.startswith(PREFIX) and name.upper() not in known
    ]
    try:
        settings = Settings()
    except ValidationError as error:
        problems += [
            f"{PREFIX}{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError("\n".join(problems)) from None
    if problems:
        raise SettingsError("\n".join(problems))
    settings.exceptions_text()  # a file that can't be read stops the start here, by name
    return settings


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text)
    except ValueError:
        return None


def _describe_unknown(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name}: no such setting." + (f" Did you mean {near[0]}?" if near else "")
