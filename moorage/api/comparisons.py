"""Comparisons over HTTP: ask several models, judge, go on from one of the answers; and the team's tally."""

from typing import Final, cast
from uuid import UUID

from fastapi import Request

from moorage.accounts.permissions import Permission, allows
from moorage.accounts.principal import Principal
from moorage.api import views
from moorage.api.conversations import get_conversation
from moorage.api.day_range import From, To, read_range
from moorage.api.errors import language_of
from moorage.api.held import take_more
from moorage.api.limits import MESSAGE
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.comparisons import (
    AnswerChosen,
    ComparisonAgain,
    ComparisonAsk,
    ComparisonMade,
    TallyModel,
    TallyPair,
    TallyPart,
    TallyView,
    VerdictGiven,
)
from moorage.api.schemas.connections import OriginName
from moorage.api.schemas.conversations import ConversationView
from moorage.api.signed_in import SignedIn
from moorage.chat.comparisons import Comparisons
from moorage.chat.facts import Asked, AskedAgain, AskedSeveral
from moorage.chat.tally import ENOUGH, Tally, count, only, read_verdicts
from moorage.connections.audience import Asker

_USUAL_DAYS: Final = 90


async def compare(
    parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID, wish: ComparisonAsk
) -> ComparisonMade:
    """Ask several models at once. Each answer counts as a message of its own."""
    files = tuple(dict.fromkeys(wish.attachments))
    asked = Asked(
        who.team_id,
        who.user_id,
        conversation_id,
        wish.client_id,
        wish.parent_id,
        wish.text,
        "",
        files,
        may_leave=wish.may_leave,
    )
    return await _compare(parts, who, request, asked, wish)


async def compare_again(
    parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID, message_id: UUID, wish: ComparisonAgain
) -> ComparisonMade:
    """Ask several models at once for further answers to a question that was asked."""
    asked = AskedAgain(who.team_id, who.user_id, conversation_id, message_id, None, may_leave=wish.may_leave)
    return await _compare(parts, who, request, asked, wish)


async def _compare(
    parts: Parts, who: Principal, request: Request, asked: Asked | AskedAgain, wish: ComparisonAgain
) -> ComparisonMade:
    take_more(request, parts, MESSAGE, who, max(0, len(wish.model_refs) - 1))
    several = AskedSeveral(wish.client_id, asked, wish.model_refs, wish.blind)
    made = await parts.replies.compare(several, who.actor(request.state.request_id))
    return views.comparison_made(made, who.name, language_of(request))


async def judge(
    parts: PartsDep,
    who: SignedIn,
    request: Request,
    conversation_id: UUID,
    comparison_id: UUID,
    wish: VerdictGiven,
) -> ConversationView:
    """Give a verdict; it is final. Of a blind comparison, the models are told from now on."""
    async with parts.database.write() as tx:
        comparisons = Comparisons(tx, who.team_id, who.user_id)
        await comparisons.judge(conversation_id, comparison_id, wish.outcome, wish.message_id)
    return await get_conversation(parts, who, request, conversation_id)


async def go_on_from(
    parts: PartsDep,
    who: SignedIn,
    request: Request,
    conversation_id: UUID,
    comparison_id: UUID,
    wish: AnswerChosen,
) -> ConversationView:
    """Let the conversation go on from one of the answers."""
    async with parts.database.write() as tx:
        await Comparisons(tx, who.team_id, who.user_id).go_on_from(conversation_id, comparison_id, wish.message_id)
    return await get_conversation(parts, who, request, conversation_id)


async def get_tally(parts: PartsDep, who: SignedIn, first: From = None, last: To = None) -> TallyView:
    """Tell how the team's comparisons came out in a range of days (UTC), by default the last 90."""
    days = read_range(first, last, _USUAL_DAYS)
    async with parts.database.read() as tx:
        verdicts = await read_verdicts(tx, who.team_id, days.first, days.last)
        if not allows(who.role, Permission.RULE_MODELS):
            # What is not open to somebody is not shown to them.
            lines = await parts.picker.lines(tx, Asker(who.team_id, who.user_id))
            verdicts = only(verdicts, {line.ref for line in lines})
    return TallyView(
        from_day=days.first.isoformat(),
        to_day=days.last.isoformat(),
        enough=ENOUGH,
        blind=_part(count(one for one in verdicts if one.is_blind)),
        open=_part(count(one for one in verdicts if not one.is_blind)),
    )


def _part(tally: Tally) -> TallyPart:
    place = {model: number for number, (model, _) in enumerate(tally.models)}
    return TallyPart(
        verdicts=tally.verdicts,
        left_out=tally.left_out,
        people=tally.people,
        models=[
            TallyModel(
                model_ref=model.ref,
                name=model.name,
                model_id=model.model_id,
                connection_name=model.connection_name,
                origin=cast("OriginName", model.origin),
                wins=counts.wins,
                losses=counts.losses,
                ties=counts.ties,
                nones=counts.nones,
            )
            for model, counts in tally.models
        ],
        pairs=[
            TallyPair(
                first=place[pair.first],
                second=place[pair.second],
                wins=pair.wins,
                losses=pair.losses,
                ties=pair.ties,
                nones=pair.nones,
                people=len(pair.people),
                low=round(pair.interval[0], 4),
                high=round(pair.interval[1], 4),
                finding=pair.finding,
            )
            for pair in tally.pairs
        ],
    )
