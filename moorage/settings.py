"""Every setting, from environment variables only. An unknown `MOORAGE_` variable stops the start with a hint."""

import os
import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from moorage.setting_texts import as_network, describe_unknown, entries, ports_in

PREFIX = "MOORAGE_"
MAX_PORT = 65_535
LEAST_KEY_CHARS = 32
NAT64_PREFIX_BITS = 96
_MAIL_ADDRESS = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_NAME = r"^[A-Za-z0-9_.-]{1,80}$"
_PATH = r"^[A-Za-z0-9_-]{1,40}(/[A-Za-z0-9_-]{1,40}){0,3}$"
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
    key_ring_file: Path | None = Field(default=None, description="The key ring's file; default: data/keys.")
    key_source: Literal["local", "transit"] = Field(
        default="local",
        description="What wraps data keys: the key ring, or a transit key of HashiCorp Vault or OpenBao.",
    )
    key_cache_s: float = Field(
        default=600, ge=10, le=86_400, description="How long an unwrapped data key stays in the process, in seconds."
    )
    transit_url: str = Field(default="", description="Address of the transit server: https://host:8200.")
    transit_key: str = Field(default="moorage", pattern=_NAME, description="Name of the transit key.")
    transit_mount: str = Field(default="transit", pattern=_PATH, description="Where the transit engine is mounted.")
    transit_namespace: str = Field(default="", pattern=rf"^$|{_PATH}", description="Namespace, if the server has some.")
    transit_binding: Literal["associated_data", "context"] = Field(
        default="associated_data", description="How a data key is bound to its team; context for a derived transit key."
    )
    transit_token_file: Path | None = Field(default=None, description="File with the token of the transit server.")
    transit_role_id: str = Field(default="", description="AppRole's role id, instead of a token.")
    transit_secret_id_file: Path | None = Field(default=None, description="File with the AppRole's secret id.")
    transit_auth_mount: str = Field(default="approle", pattern=_PATH, description="Where AppRole is mounted.")
    public_url: str = Field(
        default="",
        description="Address people use. With https:// cookies are marked Secure; passkeys belong to its host name.",
    )
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
    check_every_s: int = Field(
        default=300, ge=0, le=86_400, description="How often connections are looked at, free of charge; 0: never."
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="Mail server: smtps://user:password@host or smtp+starttls://…; without it no mails are sent.",
    )
    smtp_password_file: Path | None = Field(
        default=None, description="File with the mail server's password, instead of one in the URL."
    )
    mail_from: str = Field(default="", description="Address that mails come from; needed with a mail server.")
    catalogue: Path | None = Field(default=None, description="TOML file of standard providers; replaces by name.")
    plans: Path | None = Field(default=None, description="TOML file of what plans include; replaces by name.")
    standard_keys: SecretStr = Field(
        default=SecretStr(""), description="Keys of standard providers: provider=key, comma separated."
    )
    standard_keys_file: Path | None = Field(default=None, description="File that holds them instead, one a line.")
    billing_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key that a billing system signs with; without one there is none.",
    )
    billing_key_file: Path | None = Field(default=None, description="File that holds it instead.")
    titles: Literal["model", "words"] = Field(
        default="model", description="Who makes titles: the model that answered, asked once more, or the first words."
    )
    audit_anchor_file: Path | None = Field(
        default=None, description="File outside of the database that the signed heads of all audit trails go to."
    )
    erasures_file: Path | None = Field(
        default=None, description="Ledger of erasures, outside of backups; default: data/erasures."
    )
    operator: str = Field(default="", max_length=300, description="Who runs this deployment: name, address, contact.")
    oidc_issuer: str = Field(
        default="", description="Issuer of the deployment's identity provider, exactly as it calls itself."
    )
    oidc_client_id: str = Field(default="", description="What the identity provider knows this deployment as.")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Its secret there; without one, a public client with PKCE."
    )
    oidc_client_secret_file: Path | None = Field(default=None, description="File that holds the secret instead.")
    oidc_name: str = Field(
        default="", max_length=80, description="What the sign-in button calls the provider; default: its host."
    )
    oidc_scopes: str = Field(default="openid profile email", description="Scopes to ask it for, separated by blanks.")
    oidc_groups_claim: str = Field(default="", description="Claim that holds a person's groups, or a dotted path.")
    oidc_roles: str = Field(
        default="", description="Roles by group: group=owner, admin or member; comma separated. Who has none: no entry."
    )
    oidc_team: UUID | None = Field(
        default=None, description="Team that whoever is new joins; without it new people make a team of their own."
    )
    oidc_only: bool = Field(
        default=False, description="Close the sign-in by password and passkey to all but break-glass accounts."
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token for /api/metrics (Prometheus); without it there are none."
    )
    attachment_mib: int = Field(default=16, ge=1, le=64, description="Largest file that can be attached, in MiB.")
    attachments_per_message: int = Field(default=10, ge=1, le=100, description="How many files one message may have.")
    attachments_person_mib: int = Field(default=2048, ge=1, description="Space for one person's attachments, in MiB.")
    attachments_team_mib: int = Field(default=20_480, ge=1, description="Space for one team's attachments, in MiB.")
    drain_s: float = Field(
        default=20, ge=0, le=600, description="How long running replies may go on when the server stops."
    )
    sentry_dsn: SecretStr | None = Field(
        default=None, description="Where error reports go (a Sentry DSN, https); without it there are none."
    )
    sentry_dsn_file: Path | None = Field(default=None, description="File that holds the DSN, instead.")
    sentry_environment: str = Field(
        default="production", pattern=r"^[A-Za-z0-9._-]{1,64}$", description="What error reports call this deployment."
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses and networks of proxies whose word on client and scheme counts, comma separated.",
    )
    log_format: Literal["console", "json"] = Field(default="console", description="How log lines look.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest level that is logged."
    )

    @field_validator("demo", "oidc_only", "smtp_url", "smtp_password_file", "oidc_team", mode="before")
    @classmethod
    def _read_empty_as_unset(cls, value: object, info: ValidationInfo) -> object:
        # A container's or service's file may name it and leave it empty.
        return cls.model_fields[info.field_name or ""].default if value == "" else value

    @field_validator("egress_ports")
    @classmethod
    def _require_ports(cls, text: str) -> str:
        ports = [port.strip() for port in text.split(",") if port.strip()]
        if not ports or not all(port.isascii() and port.isdigit() and 0 < int(port) <= MAX_PORT for port in ports):
            raise ValueError("write port numbers from 1 to 65535, comma separated")
        return text

    @field_validator("database_url")
    @classmethod
    def _require_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("postgresql://", "postgresql+psycopg://")):
            raise ValueError("write postgresql://user:password@host/database")
        return url

    @field_validator("public_url")
    @classmethod
    def _require_address(cls, url: str) -> str:
        # An IPv6 address without its closing bracket raises the same error.
        if url and not (url.startswith(("https://", "http://")) and urlsplit(url).hostname):
            raise ValueError("write https:// and a host name")
        return url

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> "Settings":
        for name in ("key_ring", "sentry_dsn", "standard_keys", "oidc_client_secret", "billing_key"):
            is_set = getattr(self, name) != type(self).model_fields[name].default
            if is_set and getattr(self, f"{name}_file") is not None:
                setting = f"{PREFIX}{name.upper()}"
                message = f"{setting} and {setting}_FILE contradict each other: set one of them."
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _require_what_mails_need(self) -> "Settings":
        if self.smtp_url is None:
            return self
        if not self.smtp_url.get_secret_value().startswith(("smtps://", "smtp+starttls://")):
            raise ValueError("MOORAGE_SMTP_URL: write smtps:// or smtp+starttls://; mails never travel in plain text.")
        if not _MAIL_ADDRESS.fullmatch(self.mail_from):
            raise ValueError("MOORAGE_MAIL_FROM: with MOORAGE_SMTP_URL, write the address that mails come from.")
        if not self.public_url:
            message = "MOORAGE_PUBLIC_URL: with MOORAGE_SMTP_URL, write the address that links in mails lead to."
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _require_what_the_key_store_needs(self) -> "Settings":
        has_role = bool(self.transit_role_id) and self.transit_secret_id_file is not None
        ways = int(has_role) + int(self.transit_token_file is not None)
        if self.transit_url and ways != 1:
            message = (
                "MOORAGE_TRANSIT_URL needs one way to sign in: MOORAGE_TRANSIT_TOKEN_FILE, or MOORAGE_TRANSIT_ROLE_ID "
                "and MOORAGE_TRANSIT_SECRET_ID_FILE."
            )
            raise ValueError(message)
        if self.key_source == "transit" and not self.transit_url:
            raise ValueError("MOORAGE_KEY_SOURCE=transit needs MOORAGE_TRANSIT_URL.")
        return self

    @model_validator(mode="after")
    def _require_whole_provider(self) -> "Settings":
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError("MOORAGE_OIDC_ISSUER needs MOORAGE_OIDC_CLIENT_ID.")
        if not self.oidc_issuer and (self.oidc_client_id or self.oidc_only or self.oidc_team is not None):
            raise ValueError("MOORAGE_OIDC_ISSUER is missing: the other MOORAGE_OIDC settings do nothing without it.")
        if self.oidc_roles and not (self.oidc_groups_claim and self.oidc_team is not None):
            raise ValueError("MOORAGE_OIDC_ROLES needs MOORAGE_OIDC_GROUPS_CLAIM and MOORAGE_OIDC_TEAM.")
        if self.oidc_issuer and not self.public_url:
            raise ValueError("MOORAGE_OIDC_ISSUER needs MOORAGE_PUBLIC_URL: the provider sends people back there.")
        return self

    @field_validator("egress_refuse")
    @classmethod
    def _require_hosts_or_networks(cls, text: str) -> str:
        for entry in entries(text):
            if as_network(entry) is None and not _HOST.fullmatch(entry.lower()):
                raise ValueError("write host names, .domains and networks (CIDR), comma separated")
        return text

    @field_validator("egress_nat64")
    @classmethod
    def _require_nat64_prefixes(cls, text: str) -> str:
        for entry in entries(text):
            network = as_network(entry)
            if not isinstance(network, IPv6Network) or network.prefixlen != NAT64_PREFIX_BITS:
                raise ValueError("write IPv6 networks of 96 bits, comma separated")
        return text

    @field_validator("trusted_proxies")
    @classmethod
    def _require_addresses(cls, text: str) -> str:
        for entry in entries(text):
            network = as_network(entry)
            # Everybody is nobody to trust: a claimed address would count from anywhere.
            if network is None or not network.prefixlen:
                message = "write addresses and networks (CIDR) of your proxies, comma separated; never all of them"
                raise ValueError(message)
        return text

    @property
    def trusted_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of the proxies whose word counts."""
        networks = (as_network(entry) for entry in entries(self.trusted_proxies))
        return tuple(network for network in networks if network is not None)

    def read_sentry_dsn(self) -> str:
        """Give the DSN, the file's too; empty: no reports. Raises SettingsError if the file can't be read."""
        if self.sentry_dsn_file is None:
            return "" if self.sentry_dsn is None else self.sentry_dsn.get_secret_value().strip()
        return _text_of(self.sentry_dsn_file, "MOORAGE_SENTRY_DSN_FILE").strip()

    @property
    def nat64_prefixes(self) -> tuple[IPv6Network, ...]:
        """The prefixes of this network's own NAT64."""
        return tuple(IPv6Network(entry) for entry in entries(self.egress_nat64))

    @property
    def refused_hosts(self) -> frozenset[str]:
        """The names, and domains with a dot before them, that count as this deployment's own."""
        return frozenset(entry.lower() for entry in entries(self.egress_refuse) if as_network(entry) is None)

    @property
    def refused_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks that nobody may reach."""
        networks = (as_network(entry) for entry in entries(self.egress_refuse))
        return tuple(network for network in networks if network is not None)

    def exceptions_text(self) -> str:
        """Give the operator's exceptions, those of the file too. Raises SettingsError if it can't be read."""
        if self.egress_allow_file is None:
            return self.egress_allow
        return f"{self.egress_allow}\n{_text_of(self.egress_allow_file, 'MOORAGE_EGRESS_ALLOW_FILE')}"

    def smtp_password(self) -> str:
        """Give the password of the file, "" without one. Raises SettingsError if it can't be read."""
        if self.smtp_password_file is None:
            return ""
        return _text_of(self.smtp_password_file, "MOORAGE_SMTP_PASSWORD_FILE").strip("\r\n")

    def oidc_secret_text(self) -> str | None:
        """Give the provider's secret, that of the file too. Raises SettingsError if it can't be read, or is empty."""
        if self.oidc_client_secret_file is not None:
            text = _text_of(self.oidc_client_secret_file, "MOORAGE_OIDC_CLIENT_SECRET_FILE").strip()
            if not text:
                raise SettingsError("MOORAGE_OIDC_CLIENT_SECRET_FILE: the file is empty.")
            return text
        secret = "" if self.oidc_client_secret is None else self.oidc_client_secret.get_secret_value()
        return secret or None

    @property
    def database_ports(self) -> frozenset[int]:
        """The ports of the PostgreSQL server, as its URL names them."""
        if self.database_url is None:
            return frozenset()
        return ports_in(self.database_url.get_secret_value())

    @property
    def ports(self) -> frozenset[int]:
        """The ports that endpoints may use."""
        return frozenset(int(port) for port in self.egress_ports.split(",") if port.strip())

    def keys_of_providers(self) -> dict[str, str]:
        """The operator's keys by provider name, for the moment of composing. Raises SettingsError for what is none."""
        file, variable, keys = self.standard_keys_file, f"{PREFIX}STANDARD_KEYS", dict[str, str]()
        text = self.standard_keys.get_secret_value().replace(",", "\n")
        if file is not None:
            variable, text = f"{variable}_FILE", _text_of(file, f"{variable}_FILE")
        for number, line in enumerate(text.splitlines(), 1):
            name, equals, key = (part.strip() for part in line.partition("="))
            if name and not name.startswith("#") and not equals:
                raise SettingsError(f"{variable}: entry {number} is not provider=key.")
            if name and not name.startswith("#") and key:
                keys[name] = key
        return keys

    def billing_keys(self) -> list[str]:
        """The keys of the billing system. Raises SettingsError for a file that can't be read, and for a short key."""
        text = self.billing_key.get_secret_value()
        if self.billing_key_file is not None:
            text = _text_of(self.billing_key_file, "MOORAGE_BILLING_KEY_FILE")
        keys = text.replace(",", "\n").split()
        if any(len(key) < LEAST_KEY_CHARS for key in keys):
            raise SettingsError(f"MOORAGE_BILLING_KEY: a key has {LEAST_KEY_CHARS} characters or more.")
        return keys


def read_settings() -> Settings:
    """Read the environment and check it. Raises SettingsError with one line per problem; values are never repeated."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    problems = [
        describe_unknown(name, known)
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
    settings.oidc_secret_text()
    settings.exceptions_text()  # a file that can't be read stops the start here, by name
    settings.read_sentry_dsn()
    settings.smtp_password()
    settings.keys_of_providers()
    settings.billing_keys()
    return settings


def _text_of(file: Path, variable: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        raise SettingsError(f"{variable}: the file can't be read.") from None
