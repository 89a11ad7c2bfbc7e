"""One's own second factors, and the team's rule about them, over HTTP. Who may change what is judged in `accounts`."""

from datetime import datetime
from uuid import UUID

from fastapi import Request, Response

from moorage.accounts import factor_rule
from moorage.accounts.own_factors import FactorFacts
from moorage.accounts.principal import Principal
from moorage.accounts.relying_party import NAME, read_relying_party
from moorage.api import step_cookies
from moorage.api.parts import Parts, PartsDep
from moorage.api.qr import draw
from moorage.api.schemas.factors import (
    AppConfirmation,
    AppSetup,
    AppView,
    FactorAdded,
    FactorsView,
    NameChange,
    NewPasskeyAnswer,
    PasskeyQuestion,
    PasskeyView,
    RecoveryCodes,
    SecondFactorRule,
    SecondFactorRuleChange,
)
from moorage.api.second_step import keep_question, party_of, question_of
from moorage.api.signed_in import Entered, SignedIn, set_cookie
from moorage.api.views import moment
from moorage.vault.tokens import derive_csrf


async def get_factors(request: Request, parts: PartsDep, who: Entered) -> FactorsView:
    """Read one's second factors."""
    return await _view(request, parts, who)


async def begin_app(response: Response, parts: PartsDep, who: Entered) -> AppSetup:
    """Begin to set an authenticator app up; the secret is shown this once."""
    response.headers["Cache-Control"] = "no-store"
    new = await parts.own_factors.begin_app(who, NAME)
    return AppSetup(secret=new.text, uri=new.uri, qr=draw(new.uri))


async def confirm_app(
    request: Request, response: Response, parts: PartsDep, who: Entered, form: AppConfirmation
) -> FactorAdded:
    """Let the authenticator app count, once its first code is right."""
    response.headers["Cache-Control"] = "no-store"
    codes = await parts.own_factors.confirm_app(who, form.code, form.name, request.state.request_id)
    return await _added(request, response, parts, who, codes)


async def rename_app(request: Request, parts: PartsDep, who: Entered, wish: NameChange) -> FactorsView:
    """Rename one's authenticator app."""
    await parts.own_factors.rename_app(who, wish.name, request.state.request_id)
    return await _view(request, parts, who)


async def remove_app(request: Request, parts: PartsDep, who: Entered) -> FactorsView:
    """Remove one's authenticator app."""
    await parts.own_factors.remove_app(who, request.state.request_id)
    return await _view(request, parts, who)


async def begin_passkey(request: Request, response: Response, parts: PartsDep, who: Entered) -> PasskeyQuestion:
    """Ask the browser to make a passkey."""
    asked = await parts.own_factors.begin_passkey(who, party_of(request, parts))
    return keep_question(request, response, parts, asked)


async def add_passkey(
    request: Request, response: Response, parts: PartsDep, who: Entered, form: NewPasskeyAnswer
) -> FactorAdded:
    """Keep the passkey that the browser made."""
    party, asked = party_of(request, parts), question_of(request, parts)
    request_id = request.state.request_id
    codes = await parts.own_factors.add_passkey(who, party, asked, form.credential, form.name, request_id)
    step_cookies.drop(request, response, parts, step_cookies.QUESTION)
    return await _added(request, response, parts, who, codes)


async def _added(
    request: Request, response: Response, parts: Parts, who: Principal, codes: list[str] | None
) -> FactorAdded:
    """Tell what was added, and let this browser alone go on as one that has shown a factor."""
    token = await parts.people.renew(who)
    set_cookie(request, response, parts, token, lasts_s=who.sign_in.lasts_s)
    view = await _view(request, parts, who, has_shown=True)
    return FactorAdded(factors=view, recovery_codes=codes, csrf_token=derive_csrf(token.text))


async def rename_passkey(
    request: Request, parts: PartsDep, who: Entered, passkey_id: UUID, wish: NameChange
) -> FactorsView:
    """Rename one of one's passkeys."""
    await parts.own_factors.rename_passkey(who, passkey_id, wish.name, request.state.request_id)
    return await _view(request, parts, who)


async def remove_passkey(request: Request, parts: PartsDep, who: Entered, passkey_id: UUID) -> FactorsView:
    """Remove one of one's passkeys."""
    await parts.own_factors.remove_passkey(who, passkey_id, request.state.request_id)
    return await _view(request, parts, who)


async def make_recovery_codes(request: Request, response: Response, parts: PartsDep, who: Entered) -> RecoveryCodes:
    """Make new recovery codes, shown this once; the old ones end."""
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodes(codes=await parts.own_factors.new_recovery_codes(who, request.state.request_id))


async def get_second_factor_rule(parts: PartsDep, who: SignedIn) -> SecondFactorRule:
    """Read whether everybody in the team needs a second factor."""
    async with parts.database.read() as tx:
        is_needed, without = await factor_rule.read_rule(tx, who)
    return SecondFactorRule(is_needed=is_needed, members_without=without)


async def set_second_factor_rule(
    request: Request, parts: PartsDep, who: SignedIn, wish: SecondFactorRuleChange
) -> SecondFactorRule:
    """Ask everybody in the team for a second factor, or no more; in force with the next request."""
    async with parts.database.write() as tx:
        await factor_rule.set_rule(tx, who, request.state.request_id, is_needed=wish.is_needed)
        is_needed, without = await factor_rule.read_rule(tx, who)
    return SecondFactorRule(is_needed=is_needed, members_without=without)


async def _view(request: Request, parts: Parts, who: Principal, *, has_shown: bool = False) -> FactorsView:
    facts = await parts.own_factors.facts(who)
    party = read_relying_party(parts.public_url, request.headers.get("host", ""))
    return _tell(facts, has_shown=has_shown or who.sign_in.has_second_factor, passkeys_work=party is not None)


def _tell(facts: FactorFacts, *, has_shown: bool, passkeys_work: bool) -> FactorsView:
    app = facts.app
    return FactorsView(
        app=None
        if app is None
        else AppView(name=app.name, created_at=moment(app.created_at), used_at=_at(app.used_at)),
        passkeys=[
            PasskeyView(
                id=one.id,
                name=one.name,
                can_sync=one.can_sync,
                is_backed_up=one.is_backed_up,
                created_at=moment(one.created_at),
                used_at=_at(one.used_at),
                suspected_at=_at(one.suspected_at),
            )
            for one in facts.passkeys
        ],
        recovery_codes=facts.recovery_codes,
        has_shown=has_shown,
        passkeys_work=passkeys_work,
    )


def _at(when: datetime | None) -> str | None:
    return None if when is None else moment(when)
