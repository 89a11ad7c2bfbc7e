"""The privacy page in the browser: export, retention, undertakings, erasure; both languages, themes, every width."""

import asyncio
import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenDesk
from tests.browser.everywhere import fits, keep, sign_in
from tests.support.attaching import send
from tests.support.running import Harbour

PAGE = "/settings/oversight/privacy"


async def prepare(harbour: Harbour, language: str = "en") -> None:
    """Let Olga's team have people, conversations and two connections, one of them outside."""
    olga = await harbour.olga()
    mia = await harbour.invited_by(olga, "Mia", "member")
    await olga.connect(harbour.models.base_url, ["steady"])
    made = await olga.connect(harbour.models.base_url, ["steady"], name="Rechenwerk", zone="own_contract")
    ref = next(one["ref"] for one in made["models"] if one["enabled"])
    await send(mia, "What do goldammern eat?", ref=ref)
    for person in (olga, mia):
        assert (await person.call("PATCH", "/api/profile", {"locale": language})).status_code == 200


@pytest.mark.parametrize("language", ["en", "de"])
async def test_an_owner_exports_rules_records_and_erases(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    await prepare(demo_harbour, language)
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await sign_in(desk, "olga")
    await desk.open(PAGE)
    await expect(page.get_by_role("heading", name=words("privacy.roles.title"))).to_be_visible()

    await desk.button("privacy.export.ask.mine").click()
    fetch = page.get_by_role("button", name=words("privacy.export.fetch"), exact=True)
    await expect(fetch).to_be_visible()
    async with page.expect_download() as coming:
        await fetch.click()
    file = await (await coming.value).path()
    packed = zipfile.ZipFile(io.BytesIO(await asyncio.to_thread(file.read_bytes)))
    assert {"index.html", "data.json"} <= set(packed.namelist())

    await page.get_by_label(words("privacy.retention.talks")).fill("0")
    await page.locator("#retention").locator("xpath=ancestor::section").get_by_role("button").click()
    await expect(page.get_by_text("3650").first).to_be_visible()
    await page.get_by_label(words("privacy.retention.talks")).fill("365")
    await page.locator("#retention").locator("xpath=ancestor::section").get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text(words("privacy.retention.nothing_goes"))).to_be_visible()
    await dialog.get_by_role("button", name=words("common.action.save"), exact=True).click()
    await expect(page.get_by_text(words("privacy.retention.saved")).first).to_be_visible()

    await page.get_by_role("checkbox", name=words("privacy.clearing.label")).click()
    await expect(page.get_by_text(words("privacy.clearing.shut_one", count=1))).to_be_visible()
    await keep(desk, "privacy")
    await page.get_by_role("button", name=words("privacy.recipients.change_of", name="Rechenwerk")).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label(words("privacy.undertaking.signer")).fill("Rechenwerk GmbH, R. Berg")
    today = datetime.now(UTC).date()
    await dialog.get_by_label(words("privacy.undertaking.signed_on")).fill(today.isoformat())
    await dialog.get_by_label(words("privacy.undertaking.expires_on")).fill((today + timedelta(days=20)).isoformat())
    await keep(desk, "privacy-undertaking")
    await dialog.get_by_role("button", name=words("common.action.save"), exact=True).click()
    await expect(page.get_by_text(words("privacy.cleared.soon"), exact=True)).to_be_visible()
    await expect(page.get_by_text(words("privacy.clearing.shut_one", count=1))).to_have_count(0)

    async with page.expect_download() as coming:
        await desk.button("privacy.record.as.html").click()
    record = await asyncio.to_thread((await (await coming.value).path()).read_text)
    assert "Rechenwerk GmbH" in record
    assert "own_contract" not in record, "zones are told in words"

    await desk.button("privacy.erasure.person").click()
    dialog = page.get_by_role("alertdialog")
    await expect(dialog.get_by_role("table")).to_be_visible()
    await keep(desk, "privacy-dry-run")
    await dialog.get_by_role("button", name=words("privacy.erasure.person"), exact=True).click()
    await expect(page.get_by_text(words.pattern("privacy.erasure.begun")).first).to_be_visible()
    await expect(page.get_by_text(words("privacy.erasure.nobody"))).to_be_visible()


@pytest.mark.parametrize(("language", "dark", "width"), [("en", True, 320), ("de", False, 320), ("de", True, 1600)])
async def test_the_page_fits_every_window(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str, width: int, *, dark: bool
) -> None:
    await prepare(demo_harbour, language)
    desk = await open_desk(language, width=width, dark=dark)
    page, words = desk.page, desk.words
    await sign_in(desk, "olga")
    await desk.open(PAGE)
    await expect(page.get_by_text("Rechenwerk").first).to_be_visible()
    await expect(page.get_by_role("heading", name=words("privacy.receipts.title"))).to_be_visible()
    assert await fits(page)
    await keep(desk, f"privacy-{width}-{'dark' if dark else 'light'}")
    await desk.button("privacy.erasure.team").click()
    await expect(page.get_by_role("alertdialog").get_by_role("table")).to_be_visible()
    assert await fits(page)
    await keep(desk, f"privacy-team-{width}-{'dark' if dark else 'light'}")


async def test_a_member_sees_who_is_responsible_and_their_own_data_and_no_more(
    open_desk: OpenDesk, demo_harbour: Harbour
) -> None:
    await prepare(demo_harbour)
    desk = await open_desk("en", width=900)
    page, words = desk.page, desk.words
    await sign_in(desk, "mia")
    await desk.open(PAGE)
    await expect(page.get_by_role("heading", name=words("privacy.export.title.mine"))).to_be_visible()
    for title in ("recipients.title", "record.title", "export.title.team", "erasure.title", "receipts.title"):
        await expect(page.get_by_role("heading", name=words(f"privacy.{title}"), exact=True)).to_have_count(0)


async def test_an_owner_confirms_own_hardware_and_only_as_it_was_shown(
    open_desk: OpenDesk, demo_harbour: Harbour
) -> None:
    """What an admin calls own hardware waits for an owner, who stands for the server that the page shows."""
    olga = await demo_harbour.olga()
    adam = await demo_harbour.invited_by(olga, "Adam", "admin")
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await sign_in(desk, "olga")
    assert (await olga.call("PUT", "/api/team/privacy/clearing", {"only_cleared": True})).is_success
    rack = await adam.connect(demo_harbour.models.base_url, ["steady"], name="Rack")
    await desk.open(PAGE)
    confirm = page.get_by_role("button", name=words("privacy.cleared.confirm_of", name="Rack"))
    await expect(confirm).to_be_visible()
    for zone in ("own_contract", "own_hardware"):
        assert (await adam.call("PATCH", f"/api/connections/{rack['id']}", {"zone": zone})).is_success
    await confirm.click()
    await expect(page.get_by_text("Somebody has stated anew where this connection leads")).to_be_visible()
    await keep(desk, "privacy-confirm-refused")
    await confirm.click()
    await expect(confirm).to_have_count(0)
    await expect(page.get_by_text(words("privacy.cleared.in_house"), exact=True)).to_be_visible()
