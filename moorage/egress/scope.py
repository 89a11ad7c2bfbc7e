"""Whom a line is for. What two scopes don't have in common they don't share: no socket, no TLS session, no limit."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """`team` bounds lookups and requests; `connection` and `person` have sockets of their own (ADR 0010).

    `person` is empty where nobody's words travel: tests, model lists, and the operator's own providers' checks.
    """

    team: str
    connection: str
    person: str = ""
