"""The servers that tests talk to are other people's, they run, and TLS in front of them is judged like any other."""

import asyncio
import ssl

import pytest

from tests.support.peers import Peer, get


async def test_aimock_lists_its_models_behind_tls(aimock: Peer) -> None:
    status, body = await get(aimock, "/v1/models", key=aimock.key)
    assert status == 200
    assert b'"object"' in body


async def test_aimock_refuses_a_wrong_key(aimock: Peer) -> None:
    status, _ = await get(aimock, "/v1/models", key="sk-wrong")
    assert status == 401


async def test_a_client_that_does_not_trust_the_authority_is_not_served(aimock: Peer) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection(aimock.host, aimock.port, ssl=ssl.create_default_context())
