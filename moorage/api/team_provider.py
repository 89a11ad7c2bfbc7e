"""The team's own identity provider over HTTP: as it stands, saved, tested stage by stage, switched, removed."""

from collections.abc import AsyncIterator
from typing import cast

from fastapi import Request
from fastapi.responses import StreamingResponse

from moorage.accounts.permissions import Permission, allows, require
from moorage.accounts.principal import Principal
from moorage.accounts.provider_rules import Draft, ProviderFacts, ProviderRules
from moorage.accounts.provider_trial import StageFinding
from moorage.accounts.role_map import read_rules
from moorage.api import events
from moorage.api.errors import language_of, tell
from moorage.api.identity import return_base
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.accounts import RoleName
from moorage.api.schemas.identity import (
    IdentityProviderInput,
    IdentityProviderSwitch,
    IdentityProviderView,
    ProviderStageView,
    ProviderTestFinished,
    RoleRule,
    SignInRulesView,
)
from moorage.api.sentences import Language
from moorage.api.signed_in import SignedIn
from moorage.api.views import moment
from moorage.errors import Conflict, Invalid, NotFound
from moorage.vault.secret import Secret


async def get_identity_provider(request: Request, parts: PartsDep, who: SignedIn) -> SignInRulesView:
    """Read how people come into the team by an identity provider."""
    async with parts.database.read() as tx:
        facts = await ProviderRules(tx, parts.providers, who, request.state.request_id).facts()
    return _view(request, parts, who, facts)


async def save_identity_provider(
    request: Request, parts: PartsDep, who: SignedIn, wish: IdentityProviderInput
) -> SignInRulesView:
    """Store the team's provider; what changed its address or credentials has to be tested again."""
    draft, keys = _draft(wish), await parts.vault.of(who.team_id)
    async with parts.database.write() as tx:
        rules = ProviderRules(tx, parts.providers, who, request.state.request_id, keys)
        await rules.save(draft)
        return _view(request, parts, who, await rules.facts())


async def switch_identity_provider(
    request: Request, parts: PartsDep, who: SignedIn, wish: IdentityProviderSwitch
) -> SignInRulesView:
    """Switch it on or off, and demand it or not."""
    async with parts.database.write() as tx:
        rules = ProviderRules(tx, parts.providers, who, request.state.request_id)
        await rules.switch(enabled=wish.enabled, only=wish.only)
        return _view(request, parts, who, await rules.facts())


async def remove_identity_provider(request: Request, parts: PartsDep, who: SignedIn) -> SignInRulesView:
    """Remove it with every link to it."""
    async with parts.database.write() as tx:
        rules = ProviderRules(tx, parts.providers, who, request.state.request_id)
        await rules.remove()
        return _view(request, parts, who, await rules.facts())


async def test_identity_provider(request: Request, parts: PartsDep, who: SignedIn) -> StreamingResponse:
    """Walk the way to the team's provider, stage by stage."""
    require(who, Permission.CHANGE_SIGN_IN_RULES)
    parts.provider_trial.admit(who.team_id)
    provider = await parts.providers.of_team(who.team_id)
    if provider is None:
        raise NotFound("provider_gone")
    way = parts.providers.way(provider, purpose="identity_provider_test")
    stages = parts.provider_trial.run(way, provider.registration.issuer)
    return events.stream(parts.streams.guard(who, events.with_pings(_frames(stages, language_of(request)))))


def _draft(wish: IdentityProviderInput) -> Draft:
    pairs = [(rule.group, rule.role) for rule in wish.roles]
    if pairs and not wish.groups_claim:
        raise Invalid("field_missing", field="groups_claim")
    return Draft(
        name=wish.name,
        issuer=wish.issuer,
        client_id=wish.client_id,
        secret=Secret(wish.client_secret) if wish.client_secret else None,
        keeps_secret=wish.client_secret is None,
        scopes=wish.scopes,
        groups_claim=wish.groups_claim,
        roles=read_rules(pairs, default=wish.default_role, may_make_owners=wish.may_make_owners),
    )


def _view(request: Request, parts: Parts, who: Principal, facts: ProviderFacts | None) -> SignInRulesView:
    try:
        base = return_base(request, parts)
    except Conflict:
        base = ""
    return SignInRulesView(
        provider=None if facts is None else _provider(facts),
        redirect_uri=f"{base}/sign-in/return/{who.team_id}" if base else "",
        logout_uri=f"{base}/api/sign-in/provider/{who.team_id}/logout" if base else "",
        sign_in_path=f"/sign-in/team/{who.team_id}",
        may_change=allows(who.role, Permission.CHANGE_SIGN_IN_RULES),
    )


def _provider(facts: ProviderFacts) -> IdentityProviderView:
    return IdentityProviderView(
        id=facts.id,
        name=facts.name,
        issuer=facts.issuer,
        client_id=facts.client_id,
        has_secret=facts.has_secret,
        needs_secret=facts.needs_secret,
        scopes=facts.scopes,
        groups_claim=facts.groups_claim,
        roles=[RoleRule(group=group, role=cast("RoleName", role)) for group, role in facts.roles.rules],
        default_role=cast("RoleName | None", facts.roles.default),
        may_make_owners=facts.roles.may_make_owners,
        enabled=facts.enabled,
        only=facts.only,
        tested_at=None if facts.tested_at is None else moment(facts.tested_at),
        am_linked=facts.am_linked,
        has_break_glass=facts.has_break_glass,
        unlinked=facts.unlinked,
    )


async def _frames(stages: AsyncIterator[StageFinding], language: Language) -> AsyncIterator[bytes]:
    passed = True
    async for one in stages:
        passed = passed and one.state not in {"failed", "skipped"}
        problem = None if one.code is None else tell(one.code, dict(one.facts), language)
        yield events.event("stage", ProviderStageView(stage=one.stage, state=one.state, problem=problem, ms=one.ms))
    yield events.event("finished", ProviderTestFinished(passed=passed))
