"""Passwords are stored at the cost of production: other tests hash them cheaply."""

from tests.process.people import SignUp
from tests.support.serving import Serving


async def test_a_password_is_stored_as_argon2id_with_32_mib_and_three_passes(
    deployment: Serving, sign_up: SignUp
) -> None:
    await deployment.start()
    await sign_up(deployment)
    [(stored,)] = deployment.query("SELECT password_hash FROM user_account")
    assert stored.startswith("$argon2id$v=19$m=32768,t=3,p=1$")
