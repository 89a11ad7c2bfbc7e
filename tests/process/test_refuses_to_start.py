"""A start that would do harm does not happen: exit code 2, the exact cause, and nothing changed."""

import socket
from pathlib import Path

import pytest

from moorage.vault.keyring import KeyRing
from tests.process.people import (
    SignUp,
    connect,
    follow_move,
)
from tests.support.model_server import ModelServer
from tests.support.serving import Serving

WRONG_RING = "This database needs key "
NO_RING = "The database holds sealed keys, but there is no key ring."


async def test_another_key_ring_is_refused_and_the_right_one_still_works(
    deployment: Serving, model_server: ModelServer, tmp_path: Path, sign_up: SignUp
) -> None:
    """P12."""
    await deployment.start()
    olga = await sign_up(deployment)
    refs = await connect(olga, model_server)
    assert await deployment.stop() == 0

    other = tmp_path / "other-ring"
    KeyRing.create(other)
    code, said = await deployment.refuse_to_start(KEY_RING_FILE=other)
    assert (code, WRONG_RING in said) == (2, True), said
    assert "Traceback" not in said

    await deployment.start()
    follow_move(olga, deployment)
    assert (await olga.wait_for(await olga.ask("Still there?", refs["steady"])))["state"] == "done"


async def test_a_lost_key_ring_is_not_replaced_by_a_new_one(
    deployment: Serving, model_server: ModelServer, tmp_path: Path, sign_up: SignUp
) -> None:
    """P12: a new ring would make every stored key unreadable, silently."""
    await deployment.start()
    olga = await sign_up(deployment)
    await connect(olga, model_server)
    assert await deployment.stop() == 0
    ring = deployment.data / "keys"
    ring.rename(tmp_path / "lost")

    code, said = await deployment.refuse_to_start()
    assert (code, NO_RING in said) == (2, True), said
    assert not ring.exists()

    (tmp_path / "lost").rename(ring)
    await deployment.start()
    follow_move(olga, deployment)
    assert (await olga.get("/api/session"))["me"]["name"] == "Olga"


async def test_a_key_ring_that_others_can_read_is_refused(deployment: Serving) -> None:
    await deployment.start()
    assert await deployment.stop() == 0
    ring = deployment.data / "keys"
    assert ring.stat().st_mode & 0o777 == 0o600
    ring.chmod(0o644)
    code, said = await deployment.refuse_to_start()
    assert (code, "chmod 600" in said) == (2, True), said


async def test_an_unknown_setting_is_refused_with_the_nearest_name(deployment: Serving) -> None:
    code, said = await deployment.refuse_to_start(EGRES_ALLOW="localhost:1=127.0.0.1/32")
    assert code == 2
    assert "MOORAGE_EGRES_ALLOW: no such setting. Did you mean MOORAGE_EGRESS_ALLOW?" in said
    assert not (deployment.data / "moorage.db").exists()


async def test_an_unusable_value_is_named_and_not_repeated(deployment: Serving) -> None:
    code, said = await deployment.refuse_to_start(PORT="seven")
    assert code == 2
    assert "MOORAGE_PORT" in said
    assert "seven" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EGRESS_PORTS", "https"),
        ("EGRESS_PORTS", "443,70000"),
        ("EGRESS_ALLOW_FILE", "/nowhere/hush-hush"),
        ("EGRESS_REFUSE", "https://hush-hush.example"),
        ("EGRESS_NAT64", "hush-hush"),
        ("DATABASE_URL", "postgres://olga:hush-hush@localhost/moorage"),
        ("DATABASE_URL", "hush-hush"),
        ("PUBLIC_URL", "https://["),
        ("PUBLIC_URL", "moorage.example"),
    ],
)
async def test_an_address_or_port_that_cannot_be_read_is_named_without_a_traceback(
    deployment: Serving, name: str, value: str
) -> None:
    """P12: an address of a database carries its password."""
    code, said = await deployment.refuse_to_start(**{name: value})
    assert (code, f"MOORAGE_{name}" in said) == (2, True), said
    assert "Traceback" not in said
    assert "hush-hush" not in said


async def test_an_exception_that_may_not_be_is_named_by_its_place(deployment: Serving) -> None:
    """P11: metadata, link-local and databases stay closed, even by mistake."""
    code, said = await deployment.refuse_to_start(EGRESS_ALLOW="llm:443=10.0.0.0/8, cloud:443=169.254.169.254/32")
    assert (code, "Entry 2 of the egress exceptions would open what stays closed always" in said) == (2, True), said
    assert "Traceback" not in said


async def test_an_address_that_is_taken_is_named(deployment: Serving) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = await deployment.refuse_to_start(PORT=port)
    assert (code, f"can't listen on 127.0.0.1:{port}" in said) == (2, True), said
    assert "Traceback" not in said
