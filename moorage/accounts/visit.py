"""Where a request comes from, as far as accounts care."""

from dataclasses import dataclass, field
from uuid import UUID

from moorage.accounts.sign_ins import Entry
from moorage.audit.trail import Actor


def by_provider(name: str, *, request_id: str, client: str) -> Actor:
    """Give an identity provider as the trail names it: it acted, and nobody who has an account."""
    return Actor(None, name, request_id, client)


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a request comes from. `token` is the browser's present sign-in, which a new one replaces."""

    client: str
    request_id: str
    token: str | None = field(default=None, repr=False)
    agent: str = ""

    def actor(self, user_id: UUID, name: str) -> Actor:
        """Give a person who has just shown who they are, as the trail names them."""
        return Actor(user_id, name, self.request_id, self.client)

    def nobody(self) -> Actor:
        """Give somebody who is not known to be anybody, as the trail names them."""
        return Actor(None, "", self.request_id, self.client)

    def entry(
        self,
        method: str,
        *,
        has_second_factor: bool = False,
        has_proved: bool = True,
        provider_id: UUID | None = None,
    ) -> Entry:
        """Give how this visit came in."""
        return Entry(method, self.client, self.agent, has_second_factor, provider_id, has_proved)
