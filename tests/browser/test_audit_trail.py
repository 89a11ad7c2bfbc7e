"""P17 in the browser: an owner filters, exports, rules and checks the trail, in both languages and at every width."""

import asyncio
import io
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from moorage.audit.offline import verify_file
from tests.audit.attacking import attack
from tests.browser.conftest import OpenDesk
from tests.browser.everywhere import fits, keep, sign_in
from tests.support.running import Harbour


async def prepare(harbour: Harbour, language: str = "en") -> str:
    """Let Olga's team have a past; gives a connection's id."""
    olga = await harbour.olga()
    await harbour.invited_by(olga, "Adam", "admin")
    made = await olga.connect(harbour.models.base_url, ["steady"])
    [line, *_] = (await olga.get("/api/models"))["models"]
    for _ in range(3):
        await olga.wait_for(await olga.ask("Hello", line["ref"]))
    await olga.post(f"/api/connections/{made['id']}/discovery")
    bad = {"base_url": "https://10.0.0.1/v1", "api_key": "k", "model_id": "x"}
    assert [event.name async for event in olga.events("POST", "/api/connection-tests", bad)]
    assert (await olga.call("PATCH", "/api/profile", {"locale": language})).status_code == 200
    return str(made["id"])


@pytest.mark.parametrize("language", ["en", "de"])
async def test_an_owner_filters_exports_rules_and_checks_the_trail(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str
) -> None:
    await prepare(demo_harbour, language)
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await sign_in(desk, "olga")
    await desk.open("/settings/oversight/audit")
    entries = page.get_by_role("list", name=words("oversight.audit.title")).get_by_role("listitem")
    await expect(entries.first).to_be_visible()
    everything = await entries.count()
    await keep(desk, "audit-trail")

    await page.get_by_role("combobox", name=words("oversight.audit.filter")).click()
    await page.get_by_role(
        "option", name=words("oversight.audit.whole_group", group=words("oversight.group.connection")), exact=True
    ).click()
    await expect(page).to_have_url(re.compile(r"\?action=connection$"))
    await expect(entries).to_have_count(3)
    await page.get_by_label(words("oversight.audit.text"), exact=True).fill("kanzlei")
    await page.keyboard.press("Enter")
    await expect(entries).to_have_count(1)
    await entries.first.locator("summary").click()
    await expect(entries.first.get_by_text("127.0.0.0/24")).to_be_visible()
    await page.get_by_role("button", name=words("oversight.audit.only_object"), exact=True).click()
    await expect(page).to_have_url(re.compile("object_id="))
    await page.reload()
    await expect(entries).to_have_count(1)
    await keep(desk, "audit-filtered")
    await desk.button("oversight.audit.show_all").click()
    await expect(entries).to_have_count(everything)

    async with page.expect_download() as coming:
        await desk.button("oversight.export.all").click()
        await page.get_by_role("menuitem", name=words("oversight.export.ndjson"), exact=True).click()
    file = await (await coming.value).path()
    report = verify_file(io.StringIO(await asyncio.to_thread(file.read_text)))
    assert (report.finding, report.complete) == (None, True)
    await expect(page.get_by_text(words("oversight.export.done")).first).to_be_visible()

    await page.get_by_role("combobox", name=words("oversight.rules.keep")).click()
    await page.get_by_role("option", name=words("oversight.rules.days_other", formatted="365"), exact=True).click()
    await expect(page.get_by_text(words.pattern("oversight.rules.deletes"))).to_be_visible()
    await keep(desk, "audit-rules")
    await desk.button("oversight.rules.save").click()
    await expect(page.get_by_text(words("oversight.act.audit.retention_changed"), exact=True)).to_have_count(0)
    await expect(entries.first).to_contain_text("365")

    await desk.button("oversight.chain.check").click()
    await expect(page.get_by_role("status").get_by_text(words.pattern("oversight.chain.intact_other"))).to_be_visible()
    await attack(demo_harbour.built.parts.database, "UPDATE audit_entry SET object_name = 'x' WHERE seq = 3")
    await desk.button("oversight.chain.check").click()
    told = {"en": "Entry 3 was edited.", "de": "Eintrag 3 wurde verändert."}[language]
    await expect(page.get_by_text(told)).to_be_visible()
    await keep(desk, "audit-broken")


@pytest.mark.parametrize(("language", "dark", "width"), [("en", True, 320), ("de", False, 320), ("de", True, 1600)])
async def test_the_trail_and_the_uses_of_a_key_fit_every_window(
    open_desk: OpenDesk, demo_harbour: Harbour, language: str, width: int, *, dark: bool
) -> None:
    connection_id = await prepare(demo_harbour, language)
    desk = await open_desk(language, width=width, dark=dark)
    page, words = desk.page, desk.words
    await sign_in(desk, "olga")
    await desk.open("/settings/oversight/audit?outcome=refused&actor=nobody")
    await expect(page.get_by_role("heading", name=words("oversight.audit.empty_title"))).to_be_visible()
    assert await fits(page)
    await keep(desk, f"audit-none-{width}-{'dark' if dark else 'light'}")
    await desk.open("/settings/oversight/audit")
    await page.locator("summary").nth(2).click()
    assert await fits(page)
    await keep(desk, f"audit-{width}-{'dark' if dark else 'light'}")
    await desk.open(f"/settings/models/custom/{connection_id}#key-uses")
    await expect(page.locator("#key-uses .recharts-bar-rectangle path").first).to_be_visible()
    await expect(page.get_by_text(words.pattern("connections.uses.total_other")).first).to_be_visible()
    assert await fits(page)
    section = page.locator("#key-uses")
    folder = Path(__file__).parents[2] / "artifacts" / "screenshots"
    await section.screenshot(path=folder / f"key-uses-{width}-{'dark' if dark else 'light'}-{language}.png")


async def test_an_admin_reads_and_neither_exports_nor_rules(open_desk: OpenDesk, demo_harbour: Harbour) -> None:
    await prepare(demo_harbour)
    desk = await open_desk("en", width=900)
    page, words = desk.page, desk.words
    await sign_in(desk, "adam")
    await desk.open("/settings/oversight/audit")
    await expect(page.get_by_text(words("oversight.rules.owners_only"))).to_be_visible()
    await expect(desk.button("oversight.export.all")).to_have_count(0)
    await expect(desk.button("oversight.rules.save")).to_have_count(0)
    await keep(desk, "audit-admin")
