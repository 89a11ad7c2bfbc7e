"""Mails about accounts, in the reader's language: links, and what happened. Without a mail server nothing is sent.

Every link begins with the address the operator set, never with what a request called this host.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final
from uuid import UUID

import idna
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.limits import MailLimit
from moorage.accounts.permissions import OWNER
from moorage.accounts.post import Letter, Post
from moorage.accounts.roster import shown_email
from moorage.accounts.spelling import read_mail_address
from moorage.accounts.tables import MembershipRow, UserRow
from moorage.errors import Conflict, Param
from moorage.storage.database import Database

Tell = Callable[[str, dict[str, Param], str], str]
MakeLink = Callable[[], Awaitable[tuple[UUID, str] | None]]

_REFUSED_IN_NAMES: Final = '"\\<>'


@dataclass(frozen=True, slots=True)
class Stationery:
    """What letters are written on: the sender's address, this deployment's address, and the sentences."""

    sender: str
    public_url: str
    tell: Tell

    def write(self, kind: str, params: dict[str, Param], *, to: str, name: str, locale: str) -> Letter:
        """Write a letter. Raises ValueError for an address or a name that would reach into the headers."""
        message = EmailMessage(policy=SMTP)
        message["From"] = Address("Moorage", addr_spec=self.sender)
        local, _, domain = to.rpartition("@")
        shown = "".join(mark for mark in name if mark not in _REFUSED_IN_NAMES)
        ascii_domain = idna.encode(domain, uts46=True).decode()
        message["To"] = Address(shown, local, ascii_domain)
        message["Subject"] = self.tell(f"mail.{kind}.subject", params, locale)
        message["Auto-Submitted"] = "auto-generated"
        body = self.tell(f"mail.{kind}.body", {**params, "name": name, "url": self.public_url}, locale)
        message.set_content(body + "\n")
        return Letter(message, self.sender, f"{local}@{ascii_domain}")

    def link(self, path: str) -> str:
        """Give the address of one of our pages."""
        return self.public_url.rstrip("/") + path


@dataclass(frozen=True, slots=True)
class _Reader:
    name: str
    email: str
    locale: str


@dataclass(frozen=True, slots=True)
class News:
    """What a mail of this kind says. `said`: sentences in the reader's language, by the name they fill; code, facts."""

    kind: str
    path: str
    params: Mapping[str, Param]
    said: Mapping[str, tuple[str, Mapping[str, Param]]]


class Notices:
    """Tells people by mail. Built without parts it tells nobody: no mail server is set up."""

    def __init__(
        self,
        database: Database | None = None,
        stationery: Stationery | None = None,
        post: Post | None = None,
        *,
        limit: MailLimit | None = None,
    ) -> None:
        self._database = database
        self._stationery = stationery
        self._post = post
        self._limit = limit or MailLimit(time.monotonic)

    @property
    def can_mail(self) -> bool:
        """True when a mail server is set up."""
        return self._post is not None

    def admit_invitation(self, typed_email: str, team_id: UUID) -> str:
        """Give the address an invitation may go to.

        Raises Conflict("mail_not_set_up"), Invalid("email_invalid"), TooMany("mail_limited").
        """
        if not self.can_mail:
            raise Conflict("mail_not_set_up")
        email = read_mail_address(typed_email)
        self._limit.admit(str(team_id))
        return email

    async def reset_asked(self, make_link: MakeLink) -> None:
        """Mail a link that sets a new password. `make_link` makes it later and gives its reader, or nobody."""

        async def write(database: Database, paper: Stationery) -> Sequence[Letter]:
            made = await make_link()
            if made is None:
                return []
            user_id, token = made
            async with database.read() as tx:
                readers = await _readers(tx, user_id)
            return _write_all(paper, "reset", {"link": paper.link(f"/reset#{token}")}, readers)

        self._put(write)

    async def password_changed(self, user_id: UUID) -> None:
        """Tell a person that their password is another."""

        async def write(database: Database, paper: Stationery) -> Sequence[Letter]:
            async with database.read() as tx:
                return _write_all(paper, "password_changed", {}, await _readers(tx, user_id))

        self._put(write)

    async def break_glass_used(self, user_id: UUID) -> None:
        """Tell the owners of all teams of a person that they signed in past the identity provider."""

        async def write(database: Database, paper: Stationery) -> Sequence[Letter]:
            async with database.read() as tx:
                [person] = await _readers(tx, user_id)
                owners = await _owners_beside(tx, user_id)
            return _write_all(paper, "break_glass", {"person": person.name}, owners)

        self._put(write)

    async def to_who_looks_after(self, team_id: UUID, person_id: UUID | None, news: News) -> None:
        """Tell the named person, or all owners where nobody is named or who was is no member any more."""

        async def write(database: Database, paper: Stationery) -> Sequence[Letter]:
            async with database.read() as tx:
                readers = await _members(tx, team_id, MembershipRow.user_id == person_id)
                why = "mail.why.named" if readers else "mail.why.owner"
                readers = readers or await _members(tx, team_id, MembershipRow.role == OWNER)
            letters: list[Letter] = []
            for reader in readers:
                said = {name: paper.tell(code, dict(facts), reader.locale) for name, (code, facts) in news.said.items()}
                params: dict[str, Param] = {**news.params, **said, "why": paper.tell(why, {}, reader.locale)}
                letters += _write_all(paper, news.kind, {**params, "link": paper.link(news.path)}, [reader])
            return letters

        self._put(write)

    async def invited(self, email: str, *, path: str, team: str, by: str, locale: str) -> None:
        """Mail an invitation's link to whom it is for."""

        async def write(_database: Database, paper: Stationery) -> Sequence[Letter]:
            params: dict[str, Param] = {"link": paper.link(path), "team": team, "by": by}
            return _write_all(paper, "invitation", params, [_Reader("", email, locale)])

        self._put(write)

    def _put(self, write: Callable[[Database, Stationery], Awaitable[Sequence[Letter]]]) -> None:
        database, paper, post = self._database, self._stationery, self._post
        if database is not None and paper is not None and post is not None:
            post.put(lambda: write(database, paper))


def _write_all(paper: Stationery, kind: str, params: dict[str, Param], readers: Sequence[_Reader]) -> Sequence[Letter]:
    return [paper.write(kind, params, to=reader.email, name=reader.name, locale=reader.locale) for reader in readers]


async def _readers(tx: AsyncConnection, user_id: UUID) -> list[_Reader]:
    found = select(UserRow.name, shown_email().label("email"), UserRow.locale)
    rows = await tx.execute(found.where(UserRow.id == user_id))
    return [_Reader(*row) for row in rows]


async def _members(tx: AsyncConnection, team_id: UUID, which: ColumnElement[bool]) -> list[_Reader]:
    rows = await tx.execute(
        select(UserRow.name, shown_email().label("email"), UserRow.locale)
        .join(MembershipRow, MembershipRow.user_id == UserRow.id)
        .where(MembershipRow.team_id == team_id, which)
        .order_by(UserRow.id)
    )
    return [_Reader(*row) for row in rows]


async def _owners_beside(tx: AsyncConnection, user_id: UUID) -> list[_Reader]:
    theirs = select(MembershipRow.team_id).where(MembershipRow.user_id == user_id)
    rows = await tx.execute(
        select(UserRow.name, shown_email().label("email"), UserRow.locale)
        .join(MembershipRow, MembershipRow.user_id == UserRow.id)
        .where(MembershipRow.team_id.in_(theirs), MembershipRow.role == OWNER)
        .distinct()
    )
    return [_Reader(*row) for row in rows]
