"""Every bound of the door in one place; what a request may vary (its deadlines and body size) stands in `Outbound`."""

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that hold for every endpoint, connection and team.

    `connect_timeout_s` covers waiting for a free connection, lookup, TCP and TLS together. `pool_age_s`: after that a
    pool is replaced, so that no socket outlives the judgement of its address for longer. `refusal_after_s`: so long
    after the question every name without a public address is refused, whether it took no time or all of it.
    """

    connect_timeout_s: float = 10.0
    addresses_tried: int = 4
    next_address_after_s: float = 0.25
    status_line_bytes: int = 8 * 1024
    header_line_bytes: int = 16 * 1024
    header_count: int = 128
    read_buffer_bytes: int = 64 * 1024
    requests_per_connection: int = 2048
    requests_per_team: int = 4096
    refusal_after_s: float = 2.05
    keepalive_s: float = 60.0
    pool_age_s: float = 300.0
    pool_idle_s: float = 90.0
