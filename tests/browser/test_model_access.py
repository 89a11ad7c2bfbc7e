"""Olga decides who may use a model and lets an alias stand for another; Mia sees what is hers, and what changed."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import Desk, OpenDesk
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import MODEL_KEY, PASSWORD, Harbour, Person, running, settings_for

CATALOGUE = """
[rack]
name = 'Our rack'
base_url = '{base_url}'
data_location = 'Falkenstein'
models = [{{id = 'steady', name = 'Standard model with quite a long name'}}, {{id = 'held', name = 'Held'}}]
"""


@pytest_asyncio.fixture
async def demo_harbour(tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[Harbour]:
    """Give a running Moorage whose operator offers standard models."""
    authority, server = models
    (tmp_path / "standard.toml").write_text(CATALOGUE.format(base_url=server.base_url))
    (tmp_path / "keys").write_text(f"rack={MODEL_KEY}\n")
    standard = {"catalogue": tmp_path / "standard.toml", "standard_keys_file": tmp_path / "keys"}
    async with running(
        settings_for(f"sqlite+aiosqlite:///{tmp_path}", tmp_path, authority, server, **standard), server
    ) as harbour:
        yield harbour


async def _sign_in(desk: Desk, name: str) -> None:
    page, words = desk.page, desk.words
    await desk.open("/sign-in")
    await page.get_by_label(words("accounts.field.email"), exact=True).fill(f"{name}@example.com")
    await page.get_by_label(words("accounts.field.password"), exact=True).fill(PASSWORD)
    await desk.button("accounts.signIn.action").click()
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_be_visible()


async def _people(desk: Desk, language: str) -> tuple[Person, dict[str, str]]:
    """Give Olga, with Mia in her team and two connections, one of them under a contract; and their ids by name."""
    harbour = desk.harbour
    olga = await harbour.olga()
    mia = await harbour.invited_by(olga, "Mia", "member")
    for person in (olga, mia):
        await person.call("PATCH", "/api/profile", {"locale": language})
    ids = {}
    for name, zone in (("Kanzlei GPU", "own_hardware"), ("Azure", "own_contract")):
        made = await olga.connect(harbour.models.base_url, ["steady"], name=name)
        ids[name] = made["id"]
        answer = await olga.call("PATCH", f"/api/connections/{made['id']}", {"zone": zone})
        assert answer.status_code == 200, answer.text
    return olga, ids


async def _answered(desk: Desk, text: str) -> None:
    await desk.page.get_by_label(desk.words("chat.composer.label"), exact=True).fill(text)
    await desk.button("chat.composer.send").click()
    await expect(desk.page.get_by_role("article").last).to_contain_text("word20")
    await expect(desk.button("chat.regenerate.same").last).to_be_visible()


async def _pick(desk: Desk, name: str) -> None:
    await desk.page.get_by_role("button", name=desk.words.pattern("chat.composer.model")).click()
    await desk.page.get_by_role("option", name=re.compile(name)).first.click()


@pytest.mark.parametrize("language", ["en", "de"])
async def test_olga_opens_a_model_to_one_person_and_the_others_see_it_no_more(
    open_desk: OpenDesk, language: str
) -> None:
    desk, mias = await open_desk(language), await open_desk(language, width=390, dark=True)
    _, ids = await _people(desk, language)
    await _sign_in(mias, "mia")
    await _pick(mias, "Kanzlei GPU")
    await _answered(mias, "Hello?")
    page, words = desk.page, desk.words
    await _sign_in(desk, "olga")
    await desk.open(f"/settings/models/custom/{ids['Kanzlei GPU']}#access")
    await desk.button("access.change", name=words("access.section.all")).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("radio", name=words("access.kind.people"), exact=True).check()
    await dialog.get_by_role("button", name=words("common.action.save"), exact=True).click()
    await expect(dialog.get_by_text(words("access.dialog.nobody_chosen"))).to_be_visible()
    await dialog.get_by_role("checkbox", name=re.compile("Olga")).click()
    await desk.picture("model-access-dialog")
    await dialog.get_by_role("button", name=words("common.action.save"), exact=True).click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#access")).to_contain_text(words("access.told.people", names="Olga"))
    await page.locator("#access").scroll_into_view_if_needed()
    await desk.picture("model-access-section")
    await mias.page.reload()
    reason = {"en": "not open to you", "de": "nicht freigegeben"}[language]
    await expect(mias.page.locator("#destination")).to_contain_text(reason)
    await expect(mias.page.get_by_role("article").last).to_contain_text("word20")
    await mias.picture("model-access-not-open")
    await mias.page.get_by_role("button", name=mias.words.pattern("chat.composer.model")).click()
    await expect(mias.page.get_by_role("option", name=re.compile("Azure"))).to_be_visible()
    await expect(mias.page.get_by_role("option", name=re.compile("Kanzlei GPU"))).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "de"])
async def test_an_alias_is_made_used_and_pointed_elsewhere_with_a_warning(open_desk: OpenDesk, language: str) -> None:
    desk, mias = await open_desk(language), await open_desk(language)
    await _people(desk, language)
    page, words = desk.page, desk.words
    await _sign_in(desk, "olga")
    await desk.open("/settings/models/aliases")
    await expect(page.get_by_text(words("access.alias.none"), exact=True)).to_be_visible()
    await desk.button("access.alias.make").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label(words("access.alias.name"), exact=True).fill("steady")
    await dialog.get_by_role("option", name=re.compile("Kanzlei GPU")).click()
    await desk.button("access.alias.make_act").click()
    await expect(dialog.get_by_text(re.compile("“steady”|„steady“"))).to_be_visible()
    await dialog.get_by_label(words("access.alias.name"), exact=True).fill("House model")
    await desk.button("access.alias.make_act").click()
    await expect(dialog).to_be_hidden()
    await _sign_in(mias, "mia")
    await mias.page.get_by_role("button", name=mias.words.pattern("chat.composer.model")).click()
    await expect(mias.page.get_by_role("option").first).to_contain_text("House model")
    await mias.picture("alias-picker")
    await mias.page.get_by_role("option").first.click()
    await _answered(mias, "Hello?")
    await page.get_by_role("link", name="House model", exact=True).click()
    await desk.button("access.alias.point").click()
    await dialog.get_by_role("option", name=re.compile("Azure")).click()
    await dialog.get_by_label(words.pattern("access.alias.reason")).fill("The GPU is sold.")
    await dialog.get_by_role("button", name=words("access.alias.point_act"), exact=True).click()
    await expect(dialog.get_by_role("alert")).to_be_visible()
    await desk.picture("alias-farther")
    await dialog.get_by_role("checkbox").click()
    await dialog.get_by_role("button", name=words("access.alias.point_act"), exact=True).click()
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_role("row")).to_have_count(3)
    await expect(page.get_by_role("row").nth(1)).to_contain_text("The GPU is sold.")
    await desk.picture("alias-history")
    await mias.page.reload()
    changed = mias.page.get_by_role("note").filter(has_text=mias.words.pattern("alias.changed"))
    await expect(changed).to_contain_text("steady (Azure)")
    await expect(changed).to_contain_text("steady (Kanzlei GPU)")
    await mias.picture("alias-changed")
    await mias.page.get_by_label(mias.words("chat.composer.label"), exact=True).fill("And now?")
    await mias.button("chat.composer.send").click()
    # A name that now stands for a model elsewhere takes no word there unasked.
    await mias.button("sealing.leave.act").click()
    await expect(mias.page.get_by_role("article")).to_have_count(4)
    await expect(mias.page.get_by_role("article").last).to_contain_text("word20")
    names = {"to": "steady (Azure)", "from": "steady (Kanzlei GPU)"}
    switched = mias.words("alias.switched", alias="House model", **names)
    await expect(mias.page.get_by_text(switched)).to_be_visible()
    await mias.picture("alias-switched")


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, True), ("de", 320, False)])
async def test_standard_models_are_ruled_by_keyboard_and_fit_every_width(
    open_desk: OpenDesk, language: str, width: int, dark: bool
) -> None:
    desk = await open_desk(language, width=width, dark=dark)
    olga, ids = await _people(desk, language)
    page, words, look = desk.page, desk.words, f"{width}{'-dark' if dark else ''}"
    await _sign_in(desk, "olga")
    await desk.open("/settings/models/standard")
    everything = desk.button("access.change", name=words("access.standard.all", provider="Our rack"))
    await everything.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("radio", name=words("access.kind.everyone"), exact=True).focus()
    await page.keyboard.press("ArrowDown")
    await dialog.get_by_role("checkbox", name=words("common.role.member"), exact=True).focus()
    await page.keyboard.press("Space")
    await expect(dialog.get_by_text(words("access.dialog.not_you"))).to_be_visible()
    await desk.picture(f"standard-dialog-{look}")
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(everything).to_be_focused()
    told = words("access.told.roles", roles=words("common.role.member"))
    await expect(page.get_by_role("listitem").filter(has_text=told)).to_have_count(1)
    await desk.picture(f"standard-models-{look}")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    listed = [line["ref"] for line in (await olga.get("/api/models"))["models"]]
    assert not any(ref.startswith("standard:") for ref in listed)
    await desk.button("access.change", name="Held").click()
    await dialog.get_by_role("radio", name=words("access.kind.people"), exact=True).check()
    await dialog.get_by_role("checkbox", name=re.compile("Olga")).click()
    await dialog.get_by_role("button", name=words("common.action.save"), exact=True).click()
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_text(words("access.told.people", names="Olga"), exact=True)).to_be_visible()
    listed = [line["ref"] for line in (await olga.get("/api/models"))["models"]]
    assert [ref for ref in listed if ref.startswith("standard:")] == ["standard:rack/held"]
    made = await olga.post(
        "/api/aliases", {"name": "Hausmodell für Schriftsätze", "target_ref": "standard:rack/steady"}
    )
    for path in (
        "/settings/models/aliases",
        f"/settings/models/aliases/{made['alias']['id']}",
        f"/settings/models/custom/{ids['Azure']}#access",
    ):
        await desk.open(path)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect(page.get_by_role("status", name=words("common.loading"))).to_have_count(0)
        await desk.picture(f"access-{path.split('/')[3]}-{len(path)}-{look}")
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
