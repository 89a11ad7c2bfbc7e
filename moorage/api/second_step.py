"""The second step of signing in, passkeys at the sign-in page, and proving anew who one is, over HTTP."""

from fastapi import Request, Response

from moorage.accounts.passkeys import Question, Refused
from moorage.accounts.relying_party import read_relying_party, require_relying_party
from moorage.api import step_cookies
from moorage.api.accounts import welcome
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.accounts import SessionView
from moorage.api.schemas.base import Done
from moorage.api.schemas.factors import CodeAnswer, PasskeyAnswer, PasskeyQuestion
from moorage.api.signed_in import Entered, VisitDep, refuse_other_sites
from moorage.errors import NotFound
from moorage.vault.passkeys import RelyingParty


async def sign_in_by_code(
    request: Request, response: Response, parts: PartsDep, visit: VisitDep, form: CodeAnswer
) -> SessionView:
    """Finish signing in with a code of the authenticator app."""
    token = await parts.second_step.by_code(_step(request, parts), form.code, visit)
    return await welcome(request, response, parts, token)


async def sign_in_by_recovery_code(
    request: Request, response: Response, parts: PartsDep, visit: VisitDep, form: CodeAnswer
) -> SessionView:
    """Finish signing in with a recovery code; the answer tells how many are left."""
    token, left = await parts.second_step.by_recovery_code(_step(request, parts), form.code, visit)
    return await welcome(request, response, parts, token, recovery_left=left)


async def ask_for_passkey(request: Request, response: Response, parts: PartsDep, visit: VisitDep) -> PasskeyQuestion:
    """Ask for a passkey: of whoever opens the sign-in page."""
    asked = await parts.second_step.ask_for_passkey(party_of(request, parts), None, visit)
    return keep_question(request, response, parts, asked)


async def sign_in_by_passkey(
    request: Request, response: Response, parts: PartsDep, visit: VisitDep, form: PasskeyAnswer
) -> SessionView:
    """Sign in by passkey alone: its user was verified, so it is two factors in one."""
    party, asked = party_of(request, parts), question_of(request, parts)
    token = await parts.second_step.by_passkey(party, None, asked, form.credential, visit)
    return await welcome(request, response, parts, token)


async def ask_for_second_passkey(
    request: Request, response: Response, parts: PartsDep, visit: VisitDep
) -> PasskeyQuestion:
    """Ask for a passkey of the person whose password was right."""
    step = _step(request, parts)
    asked = await parts.second_step.ask_for_passkey(party_of(request, parts), step, visit)
    return keep_question(request, response, parts, asked)


async def finish_by_passkey(
    request: Request, response: Response, parts: PartsDep, visit: VisitDep, form: PasskeyAnswer
) -> SessionView:
    """Finish signing in with a passkey."""
    party, asked = party_of(request, parts), question_of(request, parts)
    token = await parts.second_step.by_passkey(party, _step(request, parts), asked, form.credential, visit)
    return await welcome(request, response, parts, token)


async def leave_second_step(request: Request, response: Response, parts: PartsDep) -> Done:
    """Give a sign-in up that is under way."""
    refuse_other_sites(request, parts)
    token = step_cookies.read(request, parts, step_cookies.STEP)
    if token is not None:
        await parts.second_step.forget(token)
    step_cookies.drop(request, response, parts, step_cookies.STEP, step_cookies.QUESTION)
    return Done()


async def prove_by_code(
    request: Request, response: Response, parts: PartsDep, who: Entered, visit: VisitDep, form: CodeAnswer
) -> SessionView:
    """Prove anew who one is, with a code of the authenticator app."""
    return await welcome(request, response, parts, await parts.second_step.prove_by_code(who, form.code, visit))


async def ask_for_proof(
    request: Request, response: Response, parts: PartsDep, who: Entered, visit: VisitDep
) -> PasskeyQuestion:
    """Ask for one of one's passkeys."""
    asked = await parts.second_step.ask_for_proof(party_of(request, parts), who, visit)
    return keep_question(request, response, parts, asked)


async def prove_by_passkey(
    request: Request, response: Response, parts: PartsDep, who: Entered, visit: VisitDep, form: PasskeyAnswer
) -> SessionView:
    """Prove anew who one is, with a passkey."""
    party, asked = party_of(request, parts), question_of(request, parts)
    token = await parts.second_step.prove_by_passkey(party, who, asked, form.credential, visit)
    return await welcome(request, response, parts, token)


def party_of(request: Request, parts: Parts) -> RelyingParty:
    """Give for whom passkeys are made. Raises Conflict("passkeys_need_name")."""
    return require_relying_party(read_relying_party(parts.public_url, request.headers.get("host", "")))


def keep_question(request: Request, response: Response, parts: Parts, asked: Question) -> PasskeyQuestion:
    """Put a question's token into its cookie, and give the question."""
    step_cookies.keep(request, response, parts, step_cookies.QUESTION, asked.token)
    return PasskeyQuestion(options=asked.options)


def question_of(request: Request, parts: Parts) -> str:
    """Give the token of the question that is answered. Raises Refused when the browser has none."""
    token = step_cookies.read(request, parts, step_cookies.QUESTION)
    if token is None:
        raise Refused
    return token


def _step(request: Request, parts: Parts) -> str:
    token = step_cookies.read(request, parts, step_cookies.STEP)
    if token is None:
        raise NotFound("pending_gone")
    return token
