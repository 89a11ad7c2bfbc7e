"""P11: a connection's own authorities, client certificate and pinned key, all judged before a byte is sent."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
import uvloop

from moorage.egress.door import Door, Scope, Trust
from moorage.egress.policy import AddressPolicy, Exceptions
from moorage.egress.trust import Contexts, _as_file, build_private_context
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure, Invalid
from moorage.vault.certificates import public_key_pin
from moorage.vault.secret import Secret
from tests.egress.harbour import ANYBODY, GET, GOOD, ScriptedResolver

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


class Works:
    """A plant's own authority, a server that it vouches for, and what a test wants from both."""

    def __init__(self) -> None:
        self.authority = trustme.CA(organization_name="Werk Nord GmbH")
        self.people = trustme.CA(organization_name="Werk Nord Clients")
        self.certificate = self.authority.issue_cert("llm.test")
        self.heads: list[bytes] = []
        self.port = 0

    @property
    def ca_pem(self) -> str:
        return self.authority.cert_pem.bytes().decode()

    @property
    def pin(self) -> str:
        return public_key_pin(ssl.PEM_cert_to_DER_cert(self.certificate.cert_chain_pems[0].bytes().decode()))

    def client(self, authority: trustme.CA | None = None) -> Secret:
        shown = (authority or self.people).issue_cert("moorage@kanzlei.example")
        return Secret(shown.private_key_and_cert_chain_pem.bytes().decode())

    @contextlib.contextmanager
    def open(self, *, wants_clients: bool = False, newest: bool = True) -> Iterator["Works"]:
        """Serve on a thread with blocking sockets: asyncio's server would hang up without saying its alert."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.certificate.configure_cert(context)
        if not newest:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        if wants_clients:
            context.verify_mode = ssl.CERT_REQUIRED
            self.people.configure_trust(context)
        with socket.create_server((GOOD, 0)) as listening:
            self.port = listening.getsockname()[1]
            thread = threading.Thread(target=self._serve, args=(listening, context))
            thread.start()
            yield self
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()

    def _serve(self, listening: socket.socket, context: ssl.SSLContext) -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            plain.settimeout(5)
            secured = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
            with contextlib.suppress(OSError), secured:
                try:
                    secured.do_handshake()
                except ssl.SSLError:
                    # What the client sends meanwhile is read first, else a reset would overtake the alert.
                    with socket.socket(fileno=secured.detach()) as bare:
                        bare.settimeout(1)
                        while bare.recv(65_536):
                            pass
                    continue
                if head := secured.recv(65_536):
                    self.heads.append(head)
                    secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                    secured.recv(1)

    async def ask(self, trust: Trust, *, way: str = "line", scope: Scope = ANYBODY) -> str:
        """Reach the server with this trust by a line or a survey; gives "ok" or the failure's code."""
        policy = AddressPolicy(Exceptions.parse(f"llm.test:{self.port}={GOOD}"))
        door = Door(policy=policy, resolver=ScriptedResolver([GOOD]))
        endpoint = Endpoint("llm.test", self.port, "")
        try:
            if way == "line":
                return (await door.line(scope, endpoint, trust).fetch(GET)).body.decode()
            steps = [finding.step async for finding in door.survey(scope, endpoint, trust)]
            return "ok" if steps[-1] == "tls" else steps[-1]
        except EndpointFailure as failure:
            return failure.code
        finally:
            await door.aclose()
            await asyncio.sleep(0.05)  # a loop closes its sockets while it turns, and the server waits for that


@pytest.fixture(params=LOOPS, ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[..., str]:
    """Runs a coroutine on both event loops: the handshake is theirs."""

    def run(coroutine: object) -> str:
        with asyncio.Runner(loop_factory=request.param) as runner:
            return str(runner.run(coroutine))  # type: ignore[arg-type]

    return run


@pytest.mark.parametrize("way", ["line", "survey"])
def test_a_private_authority_is_believed_for_its_connection_and_no_other(run: Callable[..., str], way: str) -> None:
    async def walk() -> list[str]:
        with Works().open() as works:
            stranger = trustme.CA().cert_pem.bytes().decode()
            own = works.certificate.cert_chain_pems[0].bytes().decode()
            trusts = [Trust(), Trust(ca_pem=works.ca_pem), Trust(ca_pem=stranger), Trust(ca_pem=own)]
            return [await works.ask(trust, way=way) for trust in trusts]

    assert run(walk()) == str(["tls_untrusted", "ok", "tls_untrusted", "ok"])


@pytest.mark.parametrize("way", ["line", "survey"])
def test_another_key_than_the_pinned_one_is_told_nothing(run: Callable[..., str], way: str) -> None:
    async def walk() -> tuple[str, str, int]:
        with Works().open() as works:
            good = await works.ask(Trust(ca_pem=works.ca_pem, pin=works.pin), way=way)
            heads = len(works.heads)
            another = trustme.CA().issue_cert("llm.test").cert_chain_pems[0].bytes().decode()
            pin = public_key_pin(ssl.PEM_cert_to_DER_cert(another))
            return good, await works.ask(Trust(ca_pem=works.ca_pem, pin=pin), way=way), len(works.heads) - heads

    assert run(walk()) == str(("ok", "tls_pin", 0))


def test_a_pin_does_not_make_up_for_an_authority_nobody_believes(run: Callable[..., str]) -> None:
    async def walk() -> str:
        with Works().open() as works:
            return await works.ask(Trust(pin=works.pin))

    assert run(walk()) == "tls_untrusted"


@pytest.mark.parametrize("newest", [True, False], ids=["TLS 1.3", "TLS 1.2"])
def test_a_server_that_wants_a_client_certificate_gets_it(run: Callable[..., str], newest: bool) -> None:
    """Under TLS 1.3 the refusal comes after the handshake, with the answer that never comes."""

    async def walk() -> list[str]:
        with Works().open(wants_clients=True, newest=newest) as works:
            mine, foreign = works.client(), works.client(trustme.CA())
            trusts = [
                Trust(ca_pem=works.ca_pem, client_pem=mine),
                Trust(ca_pem=works.ca_pem),
                Trust(ca_pem=works.ca_pem, client_pem=foreign),
            ]
            return [await works.ask(trust) for trust in trusts]

    # TLS 1.2 has no alert for a missing certificate of its own.
    without = "tls_client_certificate" if newest else "tls_failed"
    assert run(walk()) == str(["ok", without, "tls_client_certificate"])


def test_two_trusts_never_share_a_socket_and_are_built_once() -> None:
    async def walk() -> tuple[bool, bool, bool]:
        works = Works()
        contexts = Contexts()
        plain, private = await contexts.give(Trust()), await contexts.give(Trust(ca_pem=works.ca_pem))
        again = await contexts.give(Trust(ca_pem=works.ca_pem))
        pinned = await contexts.give(Trust(ca_pem=works.ca_pem, pin=works.pin))
        return plain is private, again is private, pinned is private

    assert asyncio.run(walk()) == (False, True, False)
    digests = {Trust(ca_pem="a").digest, Trust(pin="a").digest, Trust(client_pem=Secret("a")).digest, Trust().digest}
    assert len(digests) == 4
    assert Trust().digest == b""


def test_what_a_connection_shows_prints_nowhere_and_survives_sealing() -> None:
    works = Works()
    trust = Trust(ca_pem=works.ca_pem, client_pem=works.client(), pin=works.pin)
    assert "BEGIN" not in repr(trust)
    assert Trust.from_secret(trust.to_secret()).digest == trust.digest


def test_authorities_that_openssl_does_not_take_are_refused() -> None:
    with pytest.raises(Invalid, match="ca_unusable"):
        build_private_context("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")


def test_a_client_key_is_laid_in_memory_and_nowhere_else() -> None:
    """OpenSSL reads keys from files only; the file is one that no disk has seen."""
    with _as_file(Secret("key")) as path:
        assert Path(path).read_text() == "key"
        assert Path(path).resolve().parts[1].startswith("memfd:")
    assert not Path(path).exists()
