"""Mail leaves under verified TLS only, to a judged address, and a server's moods become our own few words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from moorage.egress.door import Door
from moorage.egress.mail import MailLine, MailRefused, parse_mail_url
from moorage.egress.operators import ServicePolicy
from moorage.egress.resolver import SystemResolver
from moorage.errors import AddressRefused, EndpointFailure, Unavailable
from tests.support.authority import TestAuthority
from tests.support.mail_server import PASSWORD, USER, MailServerForTests

CREDENTIALS = f"{USER}:mail-p%40ss%3Aword"


@asynccontextmanager
async def way_to(url: str, authority: TestAuthority | None) -> AsyncIterator[MailLine]:
    resolver = SystemResolver()
    door = Door(
        policy=ServicePolicy(), resolver=resolver, extra_ca_file=None if authority is None else authority.ca_pem
    )
    try:
        yield door.mail_line(parse_mail_url(url))
    finally:
        await door.aclose()
        resolver.close()


def letter(**changes: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    for name, value in {"From": "m@example.org", "To": "olga@example.com", "Subject": "Grüße", **changes}.items():
        message[name] = value
    message.set_content("Guten Tag, schöne Grüße\n")
    return message


async def send(line: MailLine) -> None:
    await line.send(letter(), sender="m@example.org", recipient="olga@example.com")


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
async def test_a_mail_travels_encrypted_and_signed_in(scheme: str, tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path)
    context = authority.server_context("localhost")
    async with MailServerForTests(context, starts_plain=scheme != "smtps") as server:
        async with way_to(f"{scheme}://{CREDENTIALS}@localhost:{server.port}", authority) as line:
            await send(line)
        [taken] = server.taken
    assert (taken.was_encrypted, taken.signed_in) == (True, True)
    assert (taken.sender, taken.recipients) == ("m@example.org", ["olga@example.com"])
    assert taken.message["Subject"] == "Grüße"
    assert taken.message.get_content().strip() == "Guten Tag, schöne Grüße"


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
async def test_a_server_that_nobody_vouches_for_gets_neither_password_nor_mail(scheme: str, tmp_path: Path) -> None:
    authority, other = TestAuthority(tmp_path / "a"), TestAuthority(tmp_path / "b")
    for vouching, name, code in ((other, "localhost", "tls_untrusted"), (authority, "mail.test", "tls_name")):
        context = authority.server_context(name)
        async with MailServerForTests(context, starts_plain=scheme != "smtps") as server:
            async with way_to(f"{scheme}://{CREDENTIALS}@localhost:{server.port}", vouching) as line:
                with pytest.raises(EndpointFailure) as refused:
                    await send(line)
            assert (refused.value.code, server.taken, server.sign_ins) == (code, [], [])


async def test_a_server_without_starttls_gets_neither_password_nor_mail(tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path)
    context = authority.server_context("localhost")
    async with MailServerForTests(context, starts_plain=True, offers_tls=False) as server:
        async with way_to(f"smtp+starttls://{CREDENTIALS}@localhost:{server.port}", authority) as line:
            with pytest.raises(MailRefused, match="mail_not_supported"):
                await send(line)
        assert (server.taken, server.sign_ins) == ([], [])


async def test_a_refusal_for_good_is_told_from_one_for_now_and_its_words_are_not_repeated(tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path)
    async with MailServerForTests(authority.server_context("localhost")) as server:
        async with way_to(f"smtps://{CREDENTIALS}@localhost:{server.port}", authority) as line:
            for answer, code, again in (("550 secret", "mail_refused", False), ("451 secret", "mail_deferred", True)):
                server.refusals = [answer]
                with pytest.raises(EndpointFailure) as refused:
                    await send(line)
                assert (refused.value.code, refused.value.retryable) == (code, again)
                assert "secret" not in repr(refused.value)
        async with way_to(f"smtps://{USER}:wrong@localhost:{server.port}", authority) as line:
            with pytest.raises(MailRefused, match="mail_sign_in_refused"):
                await send(line)


async def test_a_server_that_is_not_there_or_speaks_something_else_is_a_failure(tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path)
    async with way_to("smtps://localhost:9", authority) as line:
        with pytest.raises(EndpointFailure, match="connect_refused"):
            await send(line)

    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xff\x00HTTP/1.1 400\r\n\r\n")
        writer.close()

    babbling = await asyncio.start_server(babble, "127.0.0.1", 0, ssl=authority.server_context("localhost"))
    port = babbling.sockets[0].getsockname()[1]
    async with way_to(f"smtps://localhost:{port}", authority) as line:
        with pytest.raises(EndpointFailure):
            await send(line)
    babbling.close()


async def test_metadata_and_link_local_addresses_are_never_dialled(tmp_path: Path) -> None:
    for host in ("169.254.169.254", "[fe80::1]"):
        async with way_to(f"smtps://{host}", TestAuthority(tmp_path / host.strip("[]"))) as line:
            with pytest.raises(AddressRefused):
                await send(line)


@pytest.mark.parametrize(
    "url",
    [
        "smtp://mail.example.com",
        "http://mail.example.com",
        "mail.example.com",
        "smtps://",
        "smtps://user:pass@",
        "smtps://mail.example.com:99999",
        "smtps://mail.example.com:x",
        "smtps://mail.example.com/inbox",
        "smtps://mail.example.com?tls=no",
        "smtps://mail example.com",
        "smtps://mail.example.com\r\nRCPT",
        "smtps://[::1",
        "smtp+starttls+insecure://mail.example.com",
    ],
)
def test_a_url_that_is_plain_or_unclear_is_refused(url: str) -> None:
    with pytest.raises(Unavailable, match="mail_url_invalid"):
        parse_mail_url(url)


def test_a_url_names_port_user_and_password_and_prints_none_of_them() -> None:
    plain = parse_mail_url("smtp+starttls://mail.example.com", "from-a-file")
    assert (plain.endpoint.host, plain.endpoint.port, plain.starts_plain) == ("mail.example.com", 587, True)
    assert plain.password.reveal() == "from-a-file"
    tls = parse_mail_url(f"smtps://{CREDENTIALS}@[::1]:4650")
    assert (tls.endpoint.host, tls.endpoint.port, tls.starts_plain) == ("::1", 4650, False)
    assert (tls.user, tls.password.reveal()) == (USER, PASSWORD)
    assert not any(part in repr(tls) for part in (USER, PASSWORD, "::1"))
    assert parse_mail_url("smtps://mail.example.com").endpoint.port == 465


def test_no_header_takes_a_second_line() -> None:
    for name in ("To", "Subject", "From"):
        with pytest.raises(ValueError, match="linefeed"):
            letter(**{name: "olga@example.com\r\nBcc: eve@example.com"})
