"""`moorage doctor URL` walks the wizard's stages from a terminal, and its exit code says how far it came."""

import asyncio
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import trustme

from moorage.connections.findings import STAGES
from moorage.connections.places import Entered
from moorage.doctor.endpoint import EXIT_CODES, Wish, next_step, to_document, walk
from moorage.egress.policy import Address, Reason, Verdict
from moorage.settings import Settings
from tests.connections.quay import Names
from tests.doctor.conftest import Doctor, command, environment
from tests.support.authority import TestAuthority
from tests.support.model_server import LEAK_MARKER, ModelServer
from tests.support.running import MODEL_KEY

Models = tuple[TestAuthority, ModelServer]
Allowed = dict[str, str | Path]


@contextlib.asynccontextmanager
async def victim() -> AsyncIterator[tuple[int, list[int]]]:
    """Listen on loopback; gives the port, and a list with an entry for each TCP connection."""
    calls: list[int] = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(1)
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], calls


@contextlib.contextmanager
def refusing(context: ssl.SSLContext) -> Iterator[int]:
    """Listen with TLS as a server of another make does: it sends its alert, and hears the client out."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    raw, _ = listening.accept()
                except OSError:
                    return
                with context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False) as secured:
                    with contextlib.suppress(ssl.SSLError):
                        secured.do_handshake()
                    while socket.socket.recv(secured, 65_536):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.fixture
def authority(tmp_path: Path) -> TestAuthority:
    return TestAuthority(tmp_path / "servers")


@pytest.fixture
def settings_of(authority: TestAuthority) -> Callable[[int], Allowed]:
    """Give the settings with which a server of this authority may be reached on a port."""
    return lambda port: {"EGRESS_ALLOW": f"localhost:{port}=127.0.0.1/32", "EXTRA_CA_FILE": authority.ca_pem}


@pytest.fixture
def clients() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def client_pem(clients: trustme.CA, tmp_path: Path) -> Path:
    """Give the file of a client's certificate and key."""
    file = tmp_path / "client.pem"
    file.write_bytes(clients.issue_cert("olga@example.com").private_key_and_cert_chain_pem.bytes())
    return file


@pytest.fixture
def mutual(authority: TestAuthority, clients: trustme.CA) -> ssl.SSLContext:
    """Give what a server needs that wants to see a client's certificate."""
    context = authority.server_context("localhost")
    clients.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def test_a_good_endpoint_passes_every_stage_and_leaves_nothing_behind(
    doctor: Doctor, models: Models, allowed: Allowed, here: Path
) -> None:
    """P8: without a database and without a data folder."""
    said = await doctor(models[1].base_url, "--key-stdin", settings=allowed, stdin=f"{MODEL_KEY}\n")
    assert (said.code, said.err) == (0, "")
    assert list(said.rows().values()) == ["passed"] * len(STAGES)
    assert "the certificate is valid until" in said.out
    assert said.out.splitlines()[-1].startswith("All stages passed. Next: ")
    assert models[1].last_headers["authorization"] == f"Bearer {MODEL_KEY}"
    assert os.listdir(here) == []  # noqa: PTH208 - a name is all that is asked for


async def test_the_json_document_holds_every_stage_with_its_verdict_and_the_facts_of_the_certificate(
    doctor: Doctor, models: Models, allowed: Allowed
) -> None:
    said = await doctor(models[1].base_url, "--key-stdin", "--json", settings=allowed, stdin=MODEL_KEY)
    document = said.document
    assert (said.code, document["exit_code"], document["verdict"], document["reason"]) == (0, 0, "passed", None)
    assert [stage["stage"] for stage in document["stages"]] == list(STAGES)
    assert {stage["verdict"] for stage in document["stages"]} == {"passed"}
    facts = {stage["stage"]: stage["facts"] for stage in document["stages"]}
    assert facts["tls"].keys() == {"version", "issuer", "expires_on", "key_sha256"}
    assert document["next"]["code"] == "doctor.next.passed"
    # What leads to an address is told only to somebody who asks for it.
    assert not {"addresses", "base_url"} & document.keys()
    assert "127.0.0.1" not in said.out

    said = await doctor(
        models[1].base_url, "--key-stdin", "--json", "--show-addresses", settings=allowed, stdin=MODEL_KEY
    )
    assert said.document["base_url"] == models[1].base_url
    assert {"address": "127.0.0.1", "reason": None} in said.document["addresses"]


@pytest.mark.parametrize("arguments", [(), ("--json",)])
async def test_neither_the_key_nor_the_endpoints_words_are_in_any_output(
    doctor: Doctor, models: Models, allowed: Allowed, arguments: tuple[str, ...]
) -> None:
    """P12."""
    key = "sk-wrong-but-secret"
    said = await doctor(models[1].base_url, "--key-stdin", *arguments, settings=allowed, stdin=key)
    assert said.code == EXIT_CODES["unusable"] == 4
    assert models[1].last_headers["authorization"] == f"Bearer {key}"
    assert key not in said.out + said.err
    assert LEAK_MARKER not in said.out + said.err


@pytest.mark.parametrize("exception", ["", "localhost:{port}=10.0.0.0/8"])
async def test_a_refused_address_is_not_dialled(doctor: Doctor, exception: str) -> None:
    """P11: refused by the rules for URLs without an exception, by the policy where the exception doesn't fit."""
    async with victim() as (port, calls):
        said = await doctor(
            f"https://localhost:{port}/v1", "--json", settings={"EGRESS_ALLOW": exception.format(port=port)}
        )
        assert calls == []
        # The victim does count.
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.read()
        writer.close()
        assert calls == [1]
    assert (said.code, said.document["verdict"]) == (2, "refused")
    stage = "dns" if exception else "url"
    assert [(one["stage"], one["reason"]) for one in said.document["stages"] if one["reason"]] == [
        (stage, "loopback" if exception else "url_local")
    ]
    assert "127.0.0.1" not in said.out


async def test_a_bare_host_gets_the_first_stages_own_sentence(doctor: Doctor) -> None:
    said = await doctor("localhost:11434")
    assert said.code == 2
    assert "A base URL begins with https://." in said.out
    assert list(said.rows().values()) == ["failed"] + ["not run"] * 8


async def test_a_password_in_the_address_is_not_repeated(doctor: Doctor) -> None:
    """P12."""
    said = await doctor("https://olga:hush-hush@llm.example.com/v1")
    assert said.code == 2
    assert "hush-hush" not in said.out + said.err


async def test_a_closed_port_can_not_be_reached(doctor: Doctor) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        settings = {"EGRESS_ALLOW": f"localhost:{port}=127.0.0.1/32"}
        said = await doctor(f"https://localhost:{port}/v1", settings=settings)
    assert said.code == EXIT_CODES["unreachable"] == 3
    assert said.rows()["Reachable"] == "failed"
    assert "“Reachable”" in said.out.splitlines()[-1]


async def test_an_authority_nobody_knows_is_a_failure_of_tls_and_the_option_makes_it_known(
    doctor: Doctor, models: Models, allowed: Allowed
) -> None:
    authority, server = models
    settings = {"EGRESS_ALLOW": allowed["EGRESS_ALLOW"]}
    said = await doctor(server.base_url, "--key-stdin", settings=settings, stdin=MODEL_KEY)
    assert (said.code, said.rows()["Encrypted connection"]) == (3, "failed")
    said = await doctor(
        server.base_url, "--key-stdin", "--ca", str(authority.ca_pem), settings=settings, stdin=MODEL_KEY
    )
    assert said.code == 0


async def test_the_pin_that_doctor_shows_is_the_one_that_it_takes(
    doctor: Doctor, models: Models, allowed: Allowed
) -> None:
    shown = await doctor(models[1].base_url, "--key-stdin", settings=allowed, stdin=MODEL_KEY)
    pin = next(word for word in shown.out.split() if word.startswith("sha256//"))
    same = await doctor(models[1].base_url, "--key-stdin", "--pin", pin, settings=allowed, stdin=MODEL_KEY)
    assert same.code == 0
    other = "A" * 43 + "="
    said = await doctor(models[1].base_url, "--key-stdin", "--pin", other, settings=allowed, stdin=MODEL_KEY)
    assert (said.code, said.rows()["Encrypted connection"]) == (3, "failed")


async def test_a_server_that_wants_a_client_certificate_gets_the_one_of_the_option(
    doctor: Doctor, mutual: ssl.SSLContext, settings_of: Callable[[int], Allowed], client_pem: Path
) -> None:
    async with ModelServer(mutual) as server:
        arguments = (server.base_url, "--client-certificate", str(client_pem))
        said = await doctor(*arguments, settings=settings_of(server.port))
    assert said.code == 0
    assert "PRIVATE KEY" not in said.out + said.err


async def test_a_server_that_misses_a_client_certificate_says_so_and_that_is_a_failure_of_tls(
    doctor: Doctor, mutual: ssl.SSLContext, settings_of: Callable[[int], Allowed]
) -> None:
    """Under TLS 1.3 the refusal comes after the handshake, in answer to the first request."""
    with refusing(mutual) as port:
        said = await doctor(f"https://localhost:{port}/v1", settings=settings_of(port))
    assert (said.code, said.rows()["Sign-in"]) == (3, "failed")
    assert "refused the client certificate, or wants one" in said.out


async def test_an_endpoint_without_a_key_is_asked_for_one(doctor: Doctor, models: Models, allowed: Allowed) -> None:
    said = await doctor(models[1].base_url, settings=allowed)
    assert said.code == 4
    assert said.out.splitlines()[-1].endswith("with --key-stdin.")


async def test_a_model_that_is_not_there_makes_it_unusable(doctor: Doctor, models: Models, allowed: Allowed) -> None:
    said = await doctor(
        models[1].base_url, "--key-stdin", "--model", "nowhere", "--json", settings=allowed, stdin=MODEL_KEY
    )
    assert said.code == 4
    assert [stage["code"] for stage in said.document["stages"] if stage["verdict"] == "unusable"] == ["model_missing"]


async def test_an_endpoint_without_a_list_passes_when_its_model_is_named(
    doctor: Doctor, models: Models, allowed: Allowed
) -> None:
    models[1].listing = "none"
    unnamed = await doctor(models[1].base_url, "--key-stdin", settings=allowed, stdin=MODEL_KEY)
    assert unnamed.code == 4
    assert "--model" in unnamed.out.splitlines()[-1]
    named = await doctor(models[1].base_url, "--key-stdin", "--model", "steady", settings=allowed, stdin=MODEL_KEY)
    assert named.code == 0
    assert named.rows()["Model list"] == "remark"
    assert named.out.splitlines()[-1].startswith("All stages passed; remarks: 1.")


async def test_what_was_corrected_in_the_address_is_said(doctor: Doctor, models: Models, allowed: Allowed) -> None:
    said = await doctor(models[1].base_url + "/chat/completions", "--key-stdin", settings=allowed, stdin=MODEL_KEY)
    assert said.code == 0
    assert "The end of the address was removed" in said.out


async def test_the_walk_ends_when_its_time_is_over(doctor: Doctor, models: Models, allowed: Allowed) -> None:
    arguments = ("--key-stdin", "--model", "hang-before-headers", "--timeout", "1")
    said = await doctor(models[1].base_url, *arguments, settings=allowed, stdin=MODEL_KEY)
    assert (said.code, said.rows()["Short test answer"]) == (4, "failed")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let what the test starts be interrupted, even where the tests themselves run in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
async def test_ctrl_c_ends_it_at_once_and_without_a_word(models: Models, allowed: Allowed, here: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *command("doctor", models[1].base_url, "--key-stdin", "--model", "hang-before-headers"),
        cwd=here,
        env=environment(allowed, {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(MODEL_KEY.encode())
    process.stdin.close()
    while b"Model list" not in await process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    rest, complaints = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, rest, complaints) == (130, b"", b"")


@pytest.mark.parametrize(
    ("arguments", "settings", "stdin", "named"),
    [
        (("--ca", "nowhere.pem"), {}, "", "--ca"),
        (("--client-certificate", "/dev/null"), {}, "", "--client-certificate"),
        (("--pin", "abc"), {}, "", "--pin"),
        (("--pin", ""), {}, "", "--pin"),
        (("--model", ""), {}, "", "--model"),
        (("--key-stdin",), {}, "", "--key-stdin"),
        (("--key-stdin",), {}, "zwei wörter", "--key-stdin"),
        ((), {"PROT": "1"}, "", "MOORAGE_PROT"),
        ((), {"PORT": "hush-hush"}, "", "MOORAGE_PORT"),
        ((), {"EGRESS_ALLOW": "hush-hush"}, "", "Entry 1"),
        ((), {"EGRESS_ALLOW_FILE": "nowhere"}, "", "MOORAGE_EGRESS_ALLOW_FILE"),
        ((), {"EXTRA_CA_FILE": "nowhere.pem"}, "", "CA file"),
    ],
)
async def test_what_keeps_doctor_from_working_is_one_line_and_exit_code_1(
    doctor: Doctor, arguments: tuple[str, ...], settings: dict[str, str], stdin: str, named: str
) -> None:
    said = await doctor("https://llm.example.com/v1", *arguments, settings=settings, stdin=stdin)
    assert (said.code, said.out) == (1, "")
    assert named in said.err
    assert len(said.err.splitlines()) == 1
    assert "hush-hush" not in said.err
    assert "wörter" not in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor", "https://llm.example.com/v1", "--unheard-of"),
        ("doctor", "https://llm.example.com/v1", "--auth-style", "cookie"),
        ("doctor", "https://llm.example.com/v1", "--key", "sk-1"),
        ("doctor", "--model", "steady"),
        ("doctr",),
    ],
)
async def test_a_command_line_that_can_not_be_read_is_told_apart_from_a_refusal(
    moorage: Doctor, arguments: tuple[str, ...]
) -> None:
    assert (await moorage(*arguments)).code == 64


async def test_the_sentences_are_in_the_language_of_the_terminal_or_in_the_one_that_is_asked_for(
    doctor: Doctor,
) -> None:
    german = "Eine Basis-URL beginnt mit https://."
    assert german in (await doctor("localhost", variables={"LANG": "de_AT.UTF-8"})).out
    assert german in (await doctor("localhost", "--language", "de")).out
    assert german not in (await doctor("localhost", "--language", "en", variables={"LANG": "de_DE.UTF-8"})).out
    assert german in (await doctor("localhost", variables={"LC_ALL": "de_DE", "LANG": "en_GB"})).out


@pytest.mark.parametrize(
    ("host", "reason", "step"),
    [
        ("inside.test", Verdict.PRIVATE, "doctor.next.permittable"),
        ("metadata.test", Verdict.METADATA, "doctor.next.refused"),
        ("nobody.test", Reason.NO_ANSWER, "doctor.next.refused"),
    ],
)
async def test_the_operator_reads_why_a_name_was_refused(host: str, reason: str, step: str) -> None:
    """P11: this machine's operator may know; the stages as such tell nothing apart."""
    wish = Wish(Entered(f"https://{host}/v1", None), None, 30)
    walked = await walk(Settings(), wish, lambda *_: None, Names())
    document = to_document(walked, "en", show_addresses=True)
    assert (document["exit_code"], document["reason"], next_step(walked)) == (2, reason, step)
    addresses: list[Address] = await Names().resolve(host, 443, "")
    assert document["addresses"] == [{"address": str(address), "reason": reason} for address in addresses]
    hidden = to_document(walked, "en", show_addresses=False)
    assert not any(str(address) in str(hidden) for address in addresses)
