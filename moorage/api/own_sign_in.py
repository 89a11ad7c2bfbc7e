"""How one signs in and where one is signed in, over HTTP: proof, password, devices, forgotten passwords."""

from uuid import UUID

from fastapi import Request, Response

from moorage.accounts import devices
from moorage.accounts.principal import Principal
from moorage.accounts.proof import ways_to_prove
from moorage.accounts.relying_party import read_relying_party
from moorage.api.accounts import welcome
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.accounts import SessionView
from moorage.api.schemas.base import Done
from moorage.api.schemas.sign_in import (
    DeviceList,
    DeviceView,
    PasswordChange,
    ProofByPassword,
    ProofWays,
    ResetAsk,
    ResetFinish,
    ResetLink,
    ResetPeek,
)
from moorage.api.signed_in import Entered, VisitDep
from moorage.api.views import moment


async def get_proof_ways(request: Request, parts: PartsDep, who: Entered) -> ProofWays:
    """Tell how one can prove who one is."""
    is_bound = who.sign_in.provider_id is not None
    provider = await parts.providers.of_team(who.team_id) if is_bound else parts.providers.deployment
    party = read_relying_party(parts.public_url, request.headers.get("host", ""))
    async with parts.database.read() as tx:
        ways = await ways_to_prove(tx, who, provider, passkeys_work=party is not None)
    name = provider.name if provider is not None and "provider" in ways else ""
    return ProofWays(ways=ways, provider_name=name, is_fresh=who.sign_in.has_proved)


async def give_proof(
    request: Request, response: Response, parts: PartsDep, who: Entered, visit: VisitDep, form: ProofByPassword
) -> SessionView:
    """Prove who one is; good for ten minutes. The browser goes on under a new token."""
    return await welcome(request, response, parts, await parts.own_password.prove(who, form.password, visit))


async def change_password(
    request: Request, response: Response, parts: PartsDep, who: Entered, visit: VisitDep, form: PasswordChange
) -> SessionView:
    """Change one's password; every other sign-in ends."""
    token = await parts.own_password.change(who, form.present_password, form.new_password, visit)
    return await welcome(request, response, parts, token)


async def list_devices(parts: PartsDep, who: Entered) -> DeviceList:
    """List where one is signed in."""
    return await _devices(parts, who)


async def end_device(request: Request, parts: PartsDep, who: Entered, sign_in_id: UUID) -> DeviceList:
    """End one of one's sign-ins."""
    async with parts.database.write() as tx:
        await devices.end_device(tx, who, sign_in_id, request.state.request_id)
    return await _devices(parts, who)


async def end_other_devices(request: Request, parts: PartsDep, who: Entered) -> DeviceList:
    """End all of one's sign-ins but this one."""
    async with parts.database.write() as tx:
        await devices.end_other_devices(tx, who, request.state.request_id)
    return await _devices(parts, who)


async def ask_for_reset(parts: PartsDep, visit: VisitDep, form: ResetAsk) -> Done:
    """Have a link mailed, if somebody has this address; the answer is the same if nobody has."""
    await parts.resets.ask(form.email, visit)
    return Done()


async def peek_reset(parts: PartsDep, _visit: VisitDep, form: ResetLink) -> ResetPeek:
    """Tell whose password a link sets."""
    reset = await parts.resets.peek(form.token)
    return ResetPeek(name=reset.name, email=reset.email)


async def finish_reset(parts: PartsDep, visit: VisitDep, form: ResetFinish) -> Done:
    """Set a new password with a link."""
    await parts.resets.finish(form.token, form.password, visit)
    return Done()


async def _devices(parts: Parts, who: Principal) -> DeviceList:
    async with parts.database.read() as tx:
        found = await devices.list_devices(tx, who)
    return DeviceList(devices=[_device(one) for one in found])


def _device(device: devices.Device) -> DeviceView:
    return DeviceView(
        id=device.id,
        browser=device.browser,
        system=device.system,
        network=device.network,
        method=device.method,
        has_second_factor=device.has_second_factor,
        team_name=device.team_name,
        signed_in_at=moment(device.signed_in_at),
        seen_at=moment(device.seen_at),
        is_this=device.is_this,
    )
