"""An endpoint with an authority of its own: entered, believed, pinned, changed, and warned of (P11, P12)."""

import asyncio
import contextlib
import json
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from moorage.vault.certificates import public_key_pin
from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_journeys import sign_up
from tests.support.alerting_front import alerting_front
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import MODEL_KEY, Harbour, running, settings_for

LANGUAGES = ("en", "de")
SENTENCES = Path(__file__).parents[2] / "moorage" / "locales"


class Works:
    """A plant: its authority, a model server that only this authority vouches for, and who may talk to it.

    The same server stands behind a second door, `talking_port`, which says why it refuses somebody.
    """

    def __init__(self, folder: Path) -> None:
        self.authority = TestAuthority(folder / "works")
        self.people = TestAuthority(folder / "people")
        self.context = self.authority.server_context("localhost")
        self.server = ModelServer(self.context, key=MODEL_KEY)
        self.behind = ModelServer(None, key=MODEL_KEY)
        self.talking_port = 0

    async def show(self) -> str:
        """Give the pin of the key that the server shows now."""
        pem = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", self.server.port))
        return public_key_pin(ssl.PEM_cert_to_DER_cert(pem))

    def renew(self, *, days: int | None = None) -> None:
        """Give the server another key and certificate."""
        self.authority.renew(self.context, "localhost", days=days)

    def want_clients(self) -> None:
        """Talk only to whom the plant's people are vouched for, from the next handshake on."""
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.load_verify_locations(self.people.ca_pem)


@pytest.fixture
def works(tmp_path: Path) -> Works:
    """Give the plant."""
    return Works(tmp_path)


@pytest.fixture
def doors() -> Iterator[contextlib.ExitStack]:
    """Close at the end what runs on threads."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest_asyncio.fixture
async def demo_harbour(tmp_path: Path, works: Works, doors: contextlib.ExitStack) -> AsyncIterator[Harbour]:
    """Give a Moorage that has never heard of the plant's authority."""
    async with works.server, works.behind:
        works.talking_port = doors.enter_context(alerting_front(works.behind.port, works.context))
        allowed = ",".join(f"localhost:{port}=127.0.0.1/32" for port in (works.server.port, works.talking_port))
        settings = settings_for(
            "sqlite", tmp_path, works.authority, works.server, extra_ca_file=None, egress_allow=allowed
        )
        async with running(settings, works.server) as harbour:
            yield harbour


def _sentence(desk: Desk, code: str) -> str:
    texts = json.loads((SENTENCES / desk.words.language / "egress.json").read_text(encoding="utf-8"))
    return str(texts[code])


def _field(desk: Desk, key: str) -> Locator:
    """Find a field of the part "Certificates"; its label says that it is optional."""
    optional = desk.words("common.optional")
    return desk.page.get_by_label(f"{desk.words(key)} ({optional})", exact=True)


async def _choose_file(desk: Desk, key: str, *files: Path) -> None:
    label = f"{desk.words('connections.certs.choose')}: {desk.words(key)}"
    async with desk.page.expect_file_chooser() as choosing:
        await desk.page.get_by_role("button", name=label, exact=True).click()
    await (await choosing.value).set_files(list(files))
    # A page reads a file in its own time; a test started before that would be one without it.
    await expect(_field(desk, key)).to_have_value(re.compile("-----BEGIN"))


async def _type_endpoint(desk: Desk, base_url: str) -> None:
    page, words = desk.page, desk.words
    await sign_up(desk)
    await desk.open("/settings/models/custom/new")
    await page.get_by_label(words("connections.wizard.name"), exact=True).fill("Werk Nord")
    await page.get_by_label(words("connections.wizard.base_url"), exact=True).fill(base_url)
    await page.get_by_label(words("connections.wizard.api_key"), exact=True).fill(MODEL_KEY)
    await page.get_by_role("radio", name=re.compile(re.escape(words("connections.wizard.zone_own_hardware")))).check()
    await desk.button("connections.test.start").click()


async def _expect_stop(desk: Desk, stage: str) -> None:
    title = desk.words("connections.test.failed_title", stage=desk.words(f"connections.stage.{stage}"))
    await expect(desk.page.get_by_role("heading", name=title)).to_be_visible()


async def _expect_pass(desk: Desk) -> None:
    await expect(desk.page.get_by_role("heading", name=desk.words("connections.test.passed_title"))).to_be_visible()


async def _save(desk: Desk) -> None:
    """Go on from a test that passed, save, and open the connection's page."""
    await desk.button("connections.action.next").click()
    await expect(desk.page.get_by_role("checkbox", name=re.compile("steady"))).to_be_checked()
    await desk.button("connections.action.next").click()
    await desk.button("connections.wizard.save").click()
    await desk.page.get_by_role("link", name=desk.words("connections.wizard.open")).click()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_unknown_authority_is_entered_and_the_servers_key_pinned_and_changed(
    open_desk: OpenDesk, works: Works, language: str
) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await _type_endpoint(desk, works.server.base_url)

    # Nobody vouches for the server: the part that can help opens, and says how.
    await _expect_stop(desk, "tls")
    await expect(page.get_by_text(_sentence(desk, "tls_untrusted"), exact=True)).to_be_visible()
    authority = _field(desk, "connections.certs.caPem")
    await expect(authority).to_be_visible()
    await expect(authority).to_have_accessible_description(re.compile(re.escape(words("connections.certs.fix_caPem"))))
    await desk.picture("certificates-untrusted")
    await _choose_file(desk, "connections.certs.caPem", works.authority.ca_pem)
    await expect(page.get_by_text(words("connections.certs.found_one", count=1))).to_be_visible()
    await desk.button("connections.test.start").click()
    await _expect_pass(desk)

    pin = await works.show()
    await expect(page.get_by_text(pin, exact=True)).to_be_visible()
    await desk.button("connections.pin.action").click()
    await _expect_pass(desk)
    await expect(page.get_by_text(words("connections.pin.pinned"))).to_be_visible()
    await expect(_field(desk, "connections.certs.pin")).to_have_value(pin)
    await desk.picture("certificates-pinned")
    await _save(desk)

    section = page.get_by_role("region", name=words("connections.stage.tls"))
    await expect(section.get_by_text(words("connections.tls.pinned"))).to_be_visible()
    await expect(section.get_by_text(words.pattern("connections.tls.issued"))).to_contain_text("trustme")
    # Once saved, no hash and no address comes back: certificate logs would tell the one from the other.
    await expect(page.get_by_text(pin)).to_have_count(0)
    await desk.picture("certificates-page")

    await desk.button("connections.test.now").click()
    await _expect_pass(desk)
    await expect(page.get_by_text(pin)).to_have_count(0)
    works.renew()
    await desk.button("connections.test.now").click()
    await _expect_stop(desk, "tls")
    # The result of the test, and over the page the state that follows from it.
    await expect(page.get_by_text(_sentence(desk, "tls_pin"), exact=True).last).to_be_visible()

    await section.get_by_role("button", name=words("connections.tls.change"), exact=True).click()
    await _choose_file(desk, "connections.certs.caPem", works.authority.ca_pem)
    await _field(desk, "connections.certs.pin").fill(await works.show())
    await page.get_by_label(words("connections.page.same_url"), exact=True).fill(works.server.base_url)
    await page.get_by_label(words("connections.page.same_key"), exact=True).fill(MODEL_KEY)
    await desk.picture("certificates-change")
    await desk.button("connections.page.test_and_swap").click()
    await expect(page.get_by_text(words("connections.page.swapped_certificates"))).to_be_visible()
    await expect(section.get_by_text(words.pattern("connections.tls.issued"))).to_contain_text("trustme")
    await expect(section.get_by_text(words("connections.tls.pinned"))).to_be_visible()
    # The test above is no longer that of the old key.
    await expect(page.get_by_text(_sentence(desk, "tls_pin"), exact=True)).to_have_count(0)


async def test_a_new_address_is_looked_at_before_anything_is_replaced(open_desk: OpenDesk, works: Works) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await _type_endpoint(desk, works.server.base_url)
    await _choose_file(desk, "connections.certs.caPem", works.authority.ca_pem)
    await desk.button("connections.test.start").click()
    await _expect_pass(desk)
    await _save(desk)

    await desk.button("connections.page.replace_both").click()
    await page.get_by_label(words("connections.page.new_url"), exact=True).fill(works.server.base_url)
    await page.get_by_label(words("connections.page.new_key"), exact=True).fill(MODEL_KEY)
    form = page.get_by_role("region", name=words("connections.page.key"))
    await form.get_by_text(words("connections.certs.title"), exact=True).click()
    await expect(form.get_by_text(words("connections.certs.not_taken"))).to_be_visible()
    await _choose_file(desk, "connections.certs.caPem", works.authority.ca_pem)
    await desk.button("connections.page.only_test").click()
    await expect(form.get_by_text(words("connections.page.only_tested"))).to_be_visible()
    await desk.button("connections.pin.action").click()
    await expect(_field(desk, "connections.certs.pin")).to_have_value(await works.show())
    await desk.button("connections.page.test_and_swap").click()
    await expect(form.get_by_text(words("connections.page.swapped_both"))).to_be_visible()
    # Looking changed nothing: this is the second key, not the third.
    second = words("connections.page.key_line", number=2, date="", name="").split(",")[0]
    await expect(form.get_by_text(words.pattern("connections.page.key_line"))).to_contain_text(second)
    await expect(page.get_by_text(words("connections.tls.pinned"))).to_be_visible()


@pytest.mark.parametrize(
    ("language", "says_why"), [("en", True), ("de", False)], ids=["a server that says why", "a server that hangs up"]
)
async def test_a_server_that_wants_a_client_certificate_is_reached_with_one_and_not_without(
    open_desk: OpenDesk, works: Works, language: str, says_why: bool
) -> None:
    works.want_clients()
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await _type_endpoint(desk, f"https://localhost:{works.talking_port if says_why else works.server.port}/v1")
    await _expect_stop(desk, "tls")
    await _choose_file(desk, "connections.certs.caPem", works.authority.ca_pem)
    await desk.button("connections.test.start").click()

    # Under TLS 1.3 a server looks at our certificate after the handshake, so the refusal comes with the first request.
    await _expect_stop(desk, "credential")
    if says_why:
        await expect(page.get_by_text(_sentence(desk, "tls_client_certificate"), exact=True)).to_be_visible()
    shown = _field(desk, "connections.certs.clientPem")
    await expect(shown).to_have_accessible_description(re.compile(re.escape(words("connections.certs.fix_clientPem"))))
    await desk.picture("certificates-client-wanted")
    pem = works.people.client_pem("moorage@kanzlei.example")
    await shown.fill(pem)
    await expect(page.get_by_text(words("connections.certs.found_key"))).to_be_visible()
    await desk.picture("certificates-client")
    assert "PRIVATE KEY" not in await page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    await desk.button("connections.test.start").click()
    await _expect_pass(desk)
    await _save(desk)

    section = page.get_by_role("region", name=words("connections.stage.tls"))
    await expect(section.get_by_text("trustme")).to_have_count(3)
    await section.get_by_role("button", name=words("connections.tls.change"), exact=True).click()
    await expect(_field(desk, "connections.certs.clientPem")).to_have_value("")
    assert "PRIVATE KEY" not in await page.content()
    await desk.button("connections.test.now").click()
    await _expect_pass(desk)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_certificate_that_ends_soon_is_warned_of_in_the_list_on_the_page_and_in_the_test(
    open_desk: OpenDesk, works: Works, language: str
) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    works.renew(days=6)
    await _type_endpoint(desk, works.server.base_url)
    await _expect_stop(desk, "tls")
    await _choose_file(desk, "connections.certs.caPem", works.authority.ca_pem)
    await desk.button("connections.test.start").click()
    await expect(page.get_by_role("heading", name=words("connections.test.warned_title"))).to_be_visible()
    await expect(page.get_by_text(words("connections.tls.renew_server"))).to_be_visible()
    await _save(desk)
    in_days = {"en": "in 6 days", "de": "in 6 Tagen"}[language]
    section = page.get_by_role("region", name=words("connections.stage.tls"))
    await expect(section.get_by_role("note")).to_contain_text(in_days)
    await desk.picture("certificates-ending")
    await desk.open("/settings/models/custom")
    row = page.get_by_role("listitem").filter(has_text="Werk Nord").first
    await expect(row).to_contain_text(words("connections.tls.end.server", until="").strip())
    await expect(row).to_contain_text(in_days)
    await desk.picture("certificates-ending-list")


async def test_a_private_key_in_the_wrong_field_is_noticed_and_kept_nowhere(open_desk: OpenDesk, works: Works) -> None:
    """P12."""
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await _type_endpoint(desk, works.server.base_url)
    await _expect_stop(desk, "tls")
    await _field(desk, "connections.certs.caPem").fill(works.people.client_pem("moorage@kanzlei.example"))
    await expect(page.get_by_text(words("connections.hint.ca_key"))).to_be_visible()
    assert "PRIVATE KEY" not in await page.evaluate("JSON.stringify({...sessionStorage})")
    await desk.button("connections.test.start").click()
    refusal = json.loads((SENTENCES / "en" / "vault.json").read_text(encoding="utf-8"))["ca_has_private_key"]
    await expect(_field(desk, "connections.certs.caPem")).to_have_accessible_description(re.compile(re.escape(refusal)))
