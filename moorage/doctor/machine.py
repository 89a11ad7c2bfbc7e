"""Checks of the machine and of what the operator configured; asks no database, and no network beyond this machine."""

import platform
import resource
import shutil
import stat
from collections.abc import Mapping
from datetime import UTC, date, datetime
from ipaddress import ip_address
from os import W_OK, X_OK, access
from pathlib import Path
from typing import Final

from moorage.doctor.checks import Check, ok, problem, warning
from moorage.egress.interfaces import own_addresses
from moorage.egress.policy import DATA_PORTS, Exceptions, exception_entries
from moorage.egress.resolver import SystemResolver
from moorage.egress.surroundings import count_authorities, ignored_variables, knows_localhost, tls_library
from moorage.errors import Invalid, Unavailable
from moorage.settings import Settings
from moorage.vault.certificates import read_bundle

_MIB: Final = 1024 * 1024
_GIB: Final = 1024 * _MIB
LEAST_FREE_BYTES: Final = 100 * _MIB
ENOUGH_FREE_BYTES: Final = _GIB
FEW_OPEN_FILES: Final = 4096
TOO_FEW_OPEN_FILES: Final = 256
CA_EXPIRY_WARNING_DAYS: Final = 30
_FOR_OTHERS: Final = 0o007
_FOR_GROUP: Final = 0o070


def check_data_folder(settings: Settings) -> Check:
    """Whether the data folder is there, ours alone, and writable by this account."""
    folder = settings.data
    try:
        status = folder.stat()
    except FileNotFoundError:
        return warning("data_folder", "doctor.data_folder.missing", folder=str(folder))
    except OSError:
        return problem("data_folder", "doctor.data_folder.closed", folder=str(folder))
    if not stat.S_ISDIR(status.st_mode):
        return problem("data_folder", "doctor.data_folder.not_a_folder", folder=str(folder))
    if not access(folder, W_OK | X_OK):
        return problem("data_folder", "doctor.data_folder.not_writable", folder=str(folder))
    return _judge_mode(folder, stat.S_IMODE(status.st_mode))


def _judge_mode(folder: Path, mode: int) -> Check:
    facts = {"folder": str(folder), "mode": f"{mode:04o}"}
    if mode & _FOR_OTHERS:
        return problem("data_folder", "doctor.data_folder.open_to_others", **facts)
    if mode & _FOR_GROUP:
        return warning("data_folder", "doctor.data_folder.open_to_group", **facts)
    return ok("data_folder", "doctor.data_folder.ok", **facts)


def check_free_space(settings: Settings) -> Check:
    """How much room there is where the data lies, or will lie."""
    folder = settings.data.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return judge_free_space(shutil.disk_usage(folder).free)


def judge_free_space(free_bytes: int) -> Check:
    """Say what this much room means."""
    free_mib = free_bytes // _MIB
    if free_bytes < LEAST_FREE_BYTES:
        return problem("free_space", "doctor.free_space.full", free_mib=free_mib)
    if free_bytes < ENOUGH_FREE_BYTES:
        return warning("free_space", "doctor.free_space.low", free_mib=free_mib)
    return ok("free_space", "doctor.free_space.ok", free_gib=round(free_bytes / _GIB, 1))


def check_exceptions(settings: Settings) -> Check:
    """Which targets on private networks are open; an entry that can't be read stops the start."""
    opened: list[str] = []
    refused: list[str] = []
    for number, entry in enumerate(exception_entries(settings.exceptions_text()), start=1):
        try:
            [one] = Exceptions.parse(entry, never_ports=DATA_PORTS | settings.database_ports).tell()
        except Invalid:
            refused.append(str(number))
        else:
            opened.append(f"{one['host']}:{one['port']} → {one['network']}")
    if refused:
        # By number: what stands there may be anything, a key pasted into the wrong line included.
        return problem("exceptions", "doctor.exceptions.unreadable", items=opened, entries=", ".join(refused))
    if not opened:
        return ok("exceptions", "doctor.exceptions.none")
    return ok("exceptions", "doctor.exceptions.ok", items=opened, count=len(opened))


def check_closed_targets(settings: Settings) -> Check:
    """What no endpoint may be, beside what is closed to everybody: this machine, and what the operator named."""
    return ok(
        "closed_targets",
        "doctor.closed_targets.ok",
        addresses=len(own_addresses()),
        hosts=len(settings.refused_hosts),
        networks=len(settings.refused_networks),
    )


def check_endpoint_ports(settings: Settings) -> Check:
    """Which ports endpoints may use; those of databases and caches are no place for a model."""
    ports = ", ".join(str(port) for port in sorted(settings.ports))
    doubtful = sorted(settings.ports & (DATA_PORTS | settings.database_ports))
    if doubtful:
        return warning(
            "endpoint_ports", "doctor.endpoint_ports.data", ports=ports, doubtful=", ".join(map(str, doubtful))
        )
    return ok("endpoint_ports", "doctor.endpoint_ports.ok", ports=ports)


def check_trust_store() -> Check:
    """Whether the machine has authorities, without which no public endpoint can be verified."""
    try:
        count = count_authorities()
    except Unavailable as error:
        return problem("trust_store", error.code)
    return ok("trust_store", "doctor.trust_store.ok", count=count)


def check_extra_ca(settings: Settings, *, today: date | None = None) -> Check:
    """Whether the operator's own authorities can be read, and until when they hold."""
    file = settings.extra_ca_file
    if file is None:
        return ok("extra_ca", "doctor.extra_ca.none")
    try:
        count_authorities(file)
        count, first = read_bundle(file.read_text(encoding="utf-8"))
    except (Unavailable, Invalid, OSError, UnicodeError):
        return problem("extra_ca", "ca_file_unreadable")
    days = (first.expires_on - (today or datetime.now(UTC).date())).days
    if days < 0:
        return problem("extra_ca", "doctor.extra_ca.expired", name=first.name, expires_on=first.expires_on.isoformat())
    if days < CA_EXPIRY_WARNING_DAYS:
        return warning(
            "extra_ca",
            "doctor.extra_ca.expires_soon",
            name=first.name,
            expires_on=first.expires_on.isoformat(),
            days=days,
        )
    return ok("extra_ca", "doctor.extra_ca.ok", count=count, name=first.name, expires_on=first.expires_on.isoformat())


def check_ignored_variables(environment: Mapping[str, str]) -> Check:
    """Which variables somebody set in vain: names only, for a proxy's address may hold a password."""
    names = ignored_variables(environment)
    if names:
        return warning("ignored_variables", "doctor.ignored_variables.some", items=names, count=len(names))
    return ok("ignored_variables", "doctor.ignored_variables.none")


async def check_name_lookup() -> Check:
    """Whether the system's resolver answers; asked for `localhost` alone, so that nothing leaves the machine."""
    resolver = SystemResolver()
    try:
        is_known = await knows_localhost(resolver)
    finally:
        resolver.close()
    if is_known:
        return ok("name_lookup", "doctor.name_lookup.ok")
    return warning("name_lookup", "doctor.name_lookup.silent")


def check_open_files() -> Check:
    """How many files a process of this shell may open; a stream takes two."""
    return judge_open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def judge_open_files(limit: int) -> Check:
    """Say what this limit means."""
    if limit == resource.RLIM_INFINITY:
        return ok("open_files", "doctor.open_files.unlimited")
    if limit < TOO_FEW_OPEN_FILES:
        return problem("open_files", "doctor.open_files.too_few", limit=limit)
    if limit < FEW_OPEN_FILES:
        return warning("open_files", "doctor.open_files.few", limit=limit, streams=limit // 2)
    return ok("open_files", "doctor.open_files.ok", limit=limit)


def check_public_url(settings: Settings) -> Check:
    """Whether cookies are marked Secure: they are when people come by https, which a proxy ends before it."""
    if settings.public_url.startswith("https://") and not settings.trusted_networks:
        return warning("public_url", "doctor.public_url.no_proxy")
    if settings.public_url.startswith("https://"):
        return ok("public_url", "doctor.public_url.ok")
    if settings.public_url:
        return warning("public_url", "doctor.public_url.plain")
    if _is_loopback(settings.host):
        return ok("public_url", "doctor.public_url.local")
    return warning("public_url", "doctor.public_url.missing")


def check_versions() -> Check:
    """Which Python and which TLS library this is."""
    return ok("versions", "doctor.versions.ok", python=platform.python_version(), tls=tls_library())


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
