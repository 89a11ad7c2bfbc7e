"""What an erasure does to each table of the schema: one row for every table, and a test that misses none.

A table that is new has to say here what becomes of a person's rows in it, and of a team's; nothing is erased by a list
that somebody keeps in mind. Pure: conditions and new values, no transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, String, or_, select, type_coerce

from moorage.accounts.factor_tables import AppRow, PasskeyRow, RecoveryCodeRow
from moorage.accounts.provider_tables import IdentityProviderRow, IdentityRow, LogoutTokenRow, ProviderSessionRow
from moorage.accounts.tables import InvitationRow, MembershipRow, PendingRow, ResetRow, SignInRow, TeamRow, UserRow
from moorage.audit.tables import AuditHeadRow, AuditKeyRow, AuditRow, AuditTombstoneRow
from moorage.chat.comparison_tables import ComparisonAnswerRow, ComparisonRow, VerdictModelRow, VerdictRow
from moorage.chat.tables import (
    AttachmentContentRow,
    AttachmentRow,
    ConversationRow,
    ConversationRulesRow,
    MessageAttachmentRow,
    MessageRow,
    ReplyRow,
    SearchEntryRow,
    ShareRow,
    TitleRunRow,
)
from moorage.connections.access_tables import AliasRow, AliasTurnRow, FavouriteRow, ModelPersonRow, StandardAudienceRow
from moorage.connections.price_tables import ModelPriceRow
from moorage.connections.tables import ConnectionModelRow, ConnectionRow, ConnectionTestRow, KeyUseRow
from moorage.connections.undertaking_tables import ClearingRuleRow, UndertakingRow
from moorage.connections.watch_tables import ConnectionWatchRow
from moorage.operating.tables import AnnouncementRow, BillingEventRow, KeyTestRow
from moorage.privacy.scope import PersonScope, TeamScope
from moorage.privacy.tables import JobRow, ReceiptRow, RetentionRow
from moorage.usage.rollups import EventKind
from moorage.usage.tables import (
    BudgetPeriodRow,
    ByomClosedDayRow,
    ByomCorrectionRow,
    ByomDayRow,
    ByomFortnightRow,
    ByomUsageRow,
    ClosingRow,
    ReservationRow,
    StandardClosedDayRow,
    StandardCorrectionRow,
    StandardDayRow,
    StandardFortnightRow,
    StandardUsageRow,
    TokenScaleRow,
)
from moorage.vault.tables import KeyCheckRow, KeyRotationRow, TeamKeyRow

Condition = ColumnElement[bool]


class Way(StrEnum):
    """What becomes of rows."""

    GOES = "goes"
    PSEUDONYM = "pseudonym"  # the row stays, and another id stands where theirs stood
    STAYS = "stays"
    NOTHING = "nothing"  # holds nothing of a person


class New(StrEnum):
    """What stands in a column afterwards."""

    PSEUDONYM = "pseudonym"
    NULL = "null"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class OfPerson:
    """What becomes of a person's rows in one table.

    `which` finds them. `columns`: the conditions on single columns, each with what stands there afterwards; a row may
    meet some of them. `why` names the sentence that says why rows stay. `whole_only`: rows of the account, which are
    touched when the whole account goes.
    """

    way: Way
    which: Callable[[PersonScope], Condition] | None = None
    columns: Mapping[str, tuple[Callable[[PersonScope], Condition], New]] = field(default_factory=dict)
    why: str = ""
    whole_only: bool = False


@dataclass(frozen=True, slots=True)
class OfTeam:
    """What becomes of a team's rows in one table. `which` None: they go with what they hang on, by the schema."""

    way: Way
    which: Callable[[TeamScope], Condition] | None = None
    people: str = ""  # the column in which a pseudonym stands afterwards
    why: str = ""


@dataclass(frozen=True, slots=True)
class Fate:
    """One table: what it is to people (`matter`), what becomes of a person's rows, and of a team's.

    `sums_of`: its rows are sums whose key says of whom; under one other id, those that meet are added up.
    """

    table: Any
    matter: str
    of_person: OfPerson
    of_team: OfTeam
    sums_of: EventKind | None = None


_NOTHING: Final = OfPerson(Way.NOTHING)
_TEAM_NOTHING: Final = OfTeam(Way.NOTHING)
_WITH_TEAM: Final = OfTeam(Way.GOES)
# Many rows, found by team and person; who is erased everywhere is looked for in one team after the other.
_MANY_BY_TEAM: Final = (ConversationRow, AttachmentRow, ByomUsageRow, StandardUsageRow)


def _goes(which: Callable[[PersonScope], Condition], *, whole_only: bool = False) -> OfPerson:
    return OfPerson(Way.GOES, which, whole_only=whole_only)


def _of_account(column: Any) -> OfPerson:
    return _goes(lambda who: who.is_them(column), whole_only=True)


def _their_conversations(who: PersonScope) -> Any:
    return select(ConversationRow.id).where(
        who.is_them(ConversationRow.owner_id), who.in_teams(ConversationRow.team_id)
    )


def _in_conversations(column: Any) -> OfPerson:
    return _goes(lambda who: column.in_(_their_conversations(who)))


def _of_member(table: Any, *people: Any) -> OfPerson:
    return _goes(lambda who: or_(*(who.is_them(one) for one in people)) & _where(who, table))


def _where(who: PersonScope, table: Any) -> Condition:
    return who.in_teams(table.team_id) if table in _MANY_BY_TEAM else who.within(table.team_id)


def _renamed(table: Any, **columns: New) -> OfPerson:
    def in_column(name: str) -> Callable[[PersonScope], Condition]:
        return lambda who: who.is_them(getattr(table, name)) & _where(who, table)

    conditions = {name: (in_column(name), new) for name, new in columns.items()}
    return OfPerson(Way.PSEUDONYM, lambda who: or_(*(one(who) for one, _ in conditions.values())), conditions)


def _for_the_bill(table: Any) -> OfTeam:
    return OfTeam(Way.PSEUDONYM, lambda team: table.team_id == team.team_id, people="user_id", why="bill")


def _their_messages(who: PersonScope) -> Any:
    return select(MessageRow.id).where(MessageRow.conversation_id.in_(_their_conversations(who)))


def _their_files(who: PersonScope) -> Any:
    return select(AttachmentRow.id).where(who.is_them(AttachmentRow.owner_id), who.in_teams(AttachmentRow.team_id))


def _their_identities(who: PersonScope) -> Condition:
    if who.whole_account:
        return who.is_them(IdentityRow.user_id)
    providers = select(IdentityProviderRow.id).where(who.within(IdentityProviderRow.team_id))
    return who.is_them(IdentityRow.user_id) & IdentityRow.provider_id.in_(providers)


def _their_turns(who: PersonScope) -> Condition:
    # From before it was kept who it was, the name is all there is: whoever bears the same loses it there, too.
    name = select(UserRow.name).where(UserRow.id == who.person_id).scalar_subquery()
    by_name = AliasTurnRow.by_id.is_(None) & (AliasTurnRow.by_name == name)
    aliases = select(AliasRow.id).where(who.within(AliasRow.team_id))
    return AliasTurnRow.alias_id.in_(aliases) & (who.is_them(AliasTurnRow.by_id) | by_name)


def _in_trail(who: PersonScope) -> Condition:
    return who.in_trails()


def _exports_with_them(who: PersonScope) -> Condition:
    # What was exported of a team names its people: it goes as well, and can be made again without them.
    theirs = select(AuditRow.team_id).where(_in_trail(who))
    of_their_teams = (JobRow.kind == "team_export") & JobRow.team_id.in_(theirs)
    return (JobRow.asked_by == who.person_id) & who.within(JobRow.team_id) | of_their_teams


def _their_sign_ins(who: PersonScope) -> Any:
    return select(SignInRow.id).where(who.is_them(SignInRow.user_id), who.within(SignInRow.team_id))


def _identities_of(team: TeamScope) -> Condition:
    return IdentityRow.provider_id.in_(_providers_of(team))


def _logouts_of(team: TeamScope) -> Condition:
    return LogoutTokenRow.provider_id.in_(_providers_of(team))


def _providers_of(team: TeamScope) -> Any:
    return select(IdentityProviderRow.id).where(IdentityProviderRow.team_id == team.team_id)


def _in_their_conversations(column: Any) -> OfTeam:
    # Their own team's column has no index: each look would pass over what all teams wrote.
    return OfTeam(
        Way.GOES,
        lambda team: column.in_(select(ConversationRow.id).where(ConversationRow.team_id == team.team_id)),
    )


def _scales_of(team: TeamScope) -> Condition:
    connections = select(type_coerce(ConnectionRow.id, String)).where(ConnectionRow.team_id == team.team_id)
    return TokenScaleRow.source.in_(connections)


def _is_export_of(team: TeamScope) -> Condition:
    return (JobRow.team_id == team.team_id) & JobRow.kind.in_(("own_export", "team_export"))


_TURN_COLUMNS: Final = {"by_name": (_their_turns, New.BLANK), "by_id": (_their_turns, New.NULL)}
_TRAIL_STAYS: Final = OfPerson(Way.STAYS, _in_trail, why="trail")
_CONNECTION: Final = _renamed(ConnectionRow, created_by=New.PSEUDONYM, key_set_by=New.PSEUDONYM, maintainer_id=New.NULL)

# In the order in which they are carried out: what names a row before the row itself.
ALL: Final = (
    Fate(ReservationRow, "usage", _renamed(ReservationRow, user_id=New.PSEUDONYM), _WITH_TEAM),
    Fate(
        ByomUsageRow,
        "usage",
        _renamed(ByomUsageRow, user_id=New.PSEUDONYM),
        OfTeam(Way.GOES, lambda team: ByomUsageRow.team_id == team.team_id),
    ),
    Fate(StandardUsageRow, "usage", _renamed(StandardUsageRow, user_id=New.PSEUDONYM), _for_the_bill(StandardUsageRow)),
    Fate(ByomCorrectionRow, "usage", _NOTHING, _WITH_TEAM),
    Fate(
        StandardCorrectionRow,
        "usage",
        _NOTHING,
        OfTeam(Way.STAYS, lambda team: StandardCorrectionRow.team_id == team.team_id, why="bill"),
    ),  # fmt: skip
    Fate(ByomDayRow, "usage", _renamed(ByomDayRow, user_id=New.PSEUDONYM), _WITH_TEAM, sums_of="byom"),
    Fate(
        StandardDayRow,
        "usage",
        _renamed(StandardDayRow, user_id=New.PSEUDONYM),
        _for_the_bill(StandardDayRow),
        sums_of="standard",
    ),
    # After the days that they are made of (closed.py).
    Fate(ByomClosedDayRow, "usage", _NOTHING, _WITH_TEAM),
    Fate(
        StandardClosedDayRow,
        "usage",
        _NOTHING,
        OfTeam(Way.STAYS, lambda team: StandardClosedDayRow.team_id == team.team_id, why="bill"),
    ),
    Fate(ByomFortnightRow, "usage", _renamed(ByomFortnightRow, user_id=New.PSEUDONYM), _WITH_TEAM, sums_of="byom"),
    Fate(
        StandardFortnightRow,
        "usage",
        _renamed(StandardFortnightRow, user_id=New.PSEUDONYM),
        _for_the_bill(StandardFortnightRow),
        sums_of="standard",
    ),
    Fate(ClosingRow, "usage", _NOTHING, _TEAM_NOTHING),
    Fate(BudgetPeriodRow, "budgets", _NOTHING, _WITH_TEAM),
    Fate(TokenScaleRow, "usage", _NOTHING, OfTeam(Way.GOES, _scales_of)),
    # what people write
    Fate(SearchEntryRow, "search", _in_conversations(SearchEntryRow.conversation_id), _WITH_TEAM),
    Fate(MessageRow, "messages", _in_conversations(MessageRow.conversation_id), _WITH_TEAM),
    Fate(
        ReplyRow,
        "receipts",
        _in_conversations(ReplyRow.conversation_id),
        _in_their_conversations(ReplyRow.conversation_id),
    ),
    Fate(
        TitleRunRow,
        "receipts",
        _in_conversations(TitleRunRow.conversation_id),
        _in_their_conversations(TitleRunRow.conversation_id),
    ),
    Fate(ShareRow, "shares", _of_member(ShareRow, ShareRow.owner_id, ShareRow.user_id), _WITH_TEAM),
    Fate(
        MessageAttachmentRow,
        "files",
        _goes(lambda who: MessageAttachmentRow.message_id.in_(_their_messages(who))),
        _WITH_TEAM,
    ),
    Fate(
        AttachmentContentRow,
        "files",
        _goes(lambda who: AttachmentContentRow.attachment_id.in_(_their_files(who))),
        _WITH_TEAM,
    ),
    Fate(
        ComparisonAnswerRow,
        "comparisons",
        _goes(lambda who: ComparisonAnswerRow.message_id.in_(_their_messages(who))),
        _WITH_TEAM,
    ),
    Fate(ComparisonRow, "comparisons", _in_conversations(ComparisonRow.conversation_id), _WITH_TEAM),
    Fate(VerdictRow, "verdicts", _renamed(VerdictRow, user_id=New.PSEUDONYM), _WITH_TEAM),
    Fate(VerdictModelRow, "verdicts", _NOTHING, _WITH_TEAM),
    Fate(AttachmentRow, "files", _of_member(AttachmentRow, AttachmentRow.owner_id), _WITH_TEAM),
    Fate(ConversationRow, "conversations", _of_member(ConversationRow, ConversationRow.owner_id), _WITH_TEAM),
    Fate(ConversationRulesRow, "rules", _NOTHING, _WITH_TEAM),
    # models
    Fate(ModelPersonRow, "rules", _of_member(ModelPersonRow, ModelPersonRow.user_id), _WITH_TEAM),
    Fate(FavouriteRow, "favourites", _of_member(FavouriteRow, FavouriteRow.user_id), _WITH_TEAM),
    Fate(StandardAudienceRow, "rules", _NOTHING, _WITH_TEAM),
    Fate(
        AliasTurnRow,
        "aliases",
        OfPerson(Way.PSEUDONYM, _their_turns, _TURN_COLUMNS),
        _WITH_TEAM,
    ),
    Fate(AliasRow, "aliases", _NOTHING, _WITH_TEAM),
    Fate(UndertakingRow, "undertakings", _renamed(UndertakingRow, set_by=New.PSEUDONYM), _WITH_TEAM),
    Fate(ClearingRuleRow, "rules", _NOTHING, _WITH_TEAM),
    Fate(ModelPriceRow, "rules", _NOTHING, _WITH_TEAM),
    Fate(ConnectionWatchRow, "connections", _NOTHING, _WITH_TEAM),
    Fate(ConnectionTestRow, "connections", _renamed(ConnectionTestRow, made_by=New.PSEUDONYM), _WITH_TEAM),
    Fate(ConnectionModelRow, "connections", _NOTHING, _WITH_TEAM),
    Fate(ConnectionRow, "connections", _CONNECTION, _WITH_TEAM),
    Fate(KeyUseRow, "connections", _NOTHING, OfTeam(Way.GOES, lambda team: KeyUseRow.team_id == team.team_id)),
    # the operator's desk
    Fate(AnnouncementRow, "announcements", _NOTHING, _TEAM_NOTHING),
    Fate(KeyTestRow, "keys", _NOTHING, _TEAM_NOTHING),
    Fate(BillingEventRow, "team", _NOTHING, _WITH_TEAM),
    # this room's own
    Fate(JobRow, "exports", _goes(_exports_with_them), OfTeam(Way.GOES, _is_export_of)),
    Fate(
        ReceiptRow,
        "erasures",
        _NOTHING,
        OfTeam(Way.STAYS, lambda team: ReceiptRow.team_id == team.team_id, why="proof"),
    ),
    Fate(RetentionRow, "rules", _NOTHING, _WITH_TEAM),
    # who may come in
    Fate(
        ProviderSessionRow,
        "sign_ins",
        _goes(lambda who: ProviderSessionRow.sign_in_id.in_(_their_sign_ins(who))),
        _WITH_TEAM,
    ),
    Fate(SignInRow, "sign_ins", _of_member(SignInRow, SignInRow.user_id), _WITH_TEAM),
    Fate(PendingRow, "sign_ins", _of_account(PendingRow.user_id), _WITH_TEAM),
    Fate(ResetRow, "sign_ins", _of_account(ResetRow.user_id), _TEAM_NOTHING),
    Fate(AppRow, "factors", _of_account(AppRow.user_id), _TEAM_NOTHING),
    Fate(PasskeyRow, "factors", _of_account(PasskeyRow.user_id), _TEAM_NOTHING),
    Fate(RecoveryCodeRow, "factors", _of_account(RecoveryCodeRow.user_id), _TEAM_NOTHING),
    Fate(IdentityRow, "identities", _goes(_their_identities), OfTeam(Way.GOES, _identities_of)),
    Fate(LogoutTokenRow, "sign_ins", _NOTHING, OfTeam(Way.GOES, _logouts_of)),
    Fate(IdentityProviderRow, "rules", _NOTHING, _WITH_TEAM),
    Fate(
        InvitationRow,
        "invitations",
        _of_member(InvitationRow, InvitationRow.invited_by, InvitationRow.used_by),
        _WITH_TEAM,
    ),
    Fate(MembershipRow, "membership", _of_member(MembershipRow, MembershipRow.user_id), _WITH_TEAM),
    Fate(UserRow, "account", _of_account(UserRow.id), _TEAM_NOTHING),
    # the trail: each entry is hashed into the next
    Fate(AuditRow, "trail", _TRAIL_STAYS, OfTeam(Way.GOES, lambda team: AuditRow.team_id == team.team_id)),
    Fate(
        AuditHeadRow,
        "trail",
        _NOTHING,
        OfTeam(Way.STAYS, lambda team: AuditHeadRow.team_id == team.team_id, why="trail_end"),
    ),
    Fate(
        AuditTombstoneRow,
        "trail",
        _NOTHING,
        OfTeam(Way.STAYS, lambda team: AuditTombstoneRow.team_id == team.team_id, why="trail_end"),
    ),
    Fate(AuditKeyRow, "keys", _NOTHING, _TEAM_NOTHING),
    Fate(TeamKeyRow, "keys", _NOTHING, OfTeam(Way.GOES, lambda team: TeamKeyRow.owner_id == team.team_id)),
    Fate(KeyCheckRow, "keys", _NOTHING, _TEAM_NOTHING),
    Fate(KeyRotationRow, "keys", _NOTHING, _TEAM_NOTHING),
    Fate(TeamRow, "team", _NOTHING, OfTeam(Way.GOES, lambda team: TeamRow.id == team.team_id)),
)


def rows_of_team(fate: Fate, team: TeamScope) -> Condition | None:
    """Give what finds a team's rows; None where only what they hang on does."""
    if fate.of_team.which is not None:
        return fate.of_team.which(team)
    columns = fate.table.__table__.c
    return columns.team_id == team.team_id if "team_id" in columns else None
