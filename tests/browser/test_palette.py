"""The palette: chats, actions, settings and models behind one field, by keyboard from any page."""

import re

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.everywhere import fits
from tests.browser.test_conversations import LANGUAGES, asked, enter, olga_with
from tests.browser.test_seals import said, two_zones
from tests.browser.test_unsent_words import field_of, held
from tests.browser.test_writing import at_work
from tests.support.running import PASSWORD, link_of


def palette(desk: Desk) -> Locator:
    return desk.page.get_by_role("dialog", name=desk.words("common.nav.palette"))


def field(desk: Desk, key: str = "palette.field") -> Locator:
    return palette(desk).get_by_role("combobox", name=desk.words(key), exact=True)


async def find(desk: Desk, text: str) -> Locator:
    """Open the palette by its key, and look for something; gives what is found."""
    await desk.page.keyboard.press("Control+k")
    await expect(field(desk)).to_be_focused()
    await desk.page.keyboard.type(text)
    return palette(desk).get_by_role("option")


def marked(desk: Desk) -> Locator:
    """Find the option that Enter takes, as a screen reader knows it."""
    return desk.page.locator("[role=option].picked")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_chats_actions_settings_and_models_are_found_and_done_by_keyboard(
    open_desk: OpenDesk, language: str
) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    olga, _ = await two_zones(desk.harbour, language)
    which, exchanges = await asked(olga, "Wer vertritt Frau Müller?", "Und die Kündigungsfrist?")
    await enter(desk, "olga")

    # A word of a message: what is found at once is counted, then the chats, and Enter leads to the very message.
    await find(desk, "kündigungsf")
    chats = palette(desk).get_by_role("group", name=words("palette.group.chats"))
    await expect(chats.locator("mark")).to_have_text("Kündigungsfrist")
    await expect(palette(desk).get_by_role("status")).to_have_text(words("palette.count_other", count=2))
    await page.keyboard.press("ArrowDown")
    active = await field(desk).get_attribute("aria-activedescendant")
    assert active == await marked(desk).get_attribute("id")
    await desk.picture("palette-chats")
    await page.keyboard.press("Enter")
    await expect(palette(desk)).to_have_count(0)
    await expect(page.locator(f"#m-{exchanges[1]['question']['id']}")).to_be_focused()

    # A model: the chat that is open goes on with it.
    await find(desk, "echo")
    models = palette(desk).get_by_role("group", name=words("palette.group.models"))
    await expect(models.get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(field_of(desk)).to_be_focused()
    await expect(page.get_by_role("button", name=words("chat.composer.model", name="echo"))).to_be_visible()
    assert page.url.endswith(f"/c/{which}#m-{exchanges[1]['question']['id']}")

    # A page of the settings, and from there a new chat with a model.
    await find(desk, words("common.settings.audit"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name=words("oversight.audit.title"))).to_be_visible()
    await expect(page.get_by_role("main")).to_be_focused()
    await find(desk, words("palette.switchModel"))
    await page.keyboard.press("Enter")
    await expect(field(desk, "palette.modelFieldNew")).to_be_focused()
    await expect(palette(desk).get_by_role("option")).to_have_count(3)
    await desk.picture("palette-models")
    await page.keyboard.press("Backspace")
    await expect(field(desk)).to_be_focused()
    await page.keyboard.type("echo")
    await page.keyboard.press("Enter")
    await expect(field_of(desk)).to_be_focused()
    await expect(page.get_by_role("button", name=words("chat.composer.model", name="echo"))).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_shows_nothing_new_gives_the_keyboard_back_and_the_way_out_is_in_it(
    open_desk: OpenDesk, language: str
) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language)
    await asked(olga, "Wer vertritt Frau Müller?")
    await enter(desk, "olga")
    await expect(field_of(desk)).to_be_focused()
    await find(desk, words("palette.look.dark"))
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(field_of(desk)).to_be_focused()
    await page.keyboard.press("Control+k")
    await expect(palette(desk).get_by_role("group", name=words("palette.group.recent"))).to_be_visible()
    await expect(marked(desk)).to_have_text(words("common.nav.newChat"))
    await desk.picture("palette-dark")
    await page.keyboard.press("Escape")
    await expect(field_of(desk)).to_be_focused()
    # To leave is listed first, and only an arrow leads there: a word and Enter do something else.
    text = words("common.account.signOut")
    found = await find(desk, text)
    await expect(found.first).to_have_text(text)
    await expect(marked(desk)).to_have_text(words("palette.searchFor", words=text))
    await page.keyboard.press("ArrowUp")
    await expect(marked(desk)).to_have_text(text)
    await page.keyboard.press("Enter")
    await expect(page.get_by_label(words("accounts.field.password"), exact=True)).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_palette_lists_what_its_person_may_open_and_says_what_went_wrong(
    open_desk: OpenDesk, language: str
) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language)
    mia = await desk.harbour.invited_by(olga, "Mia", "member")
    await mia.call("PATCH", "/api/profile", {"locale": language})
    await enter(desk, "mia")
    await find(desk, words("common.settings.oversight"))
    pages = palette(desk).get_by_role("group", name=words("palette.group.pages")).get_by_role("option")
    listed = ("usage", "tally", "privacy")
    title = words("common.settings.oversight")
    await expect(pages).to_have_text([f"{title} › {words(f'common.settings.{name}')}" for name in listed])

    async def fail(route: Route) -> None:
        await route.fulfill(status=500, body="")

    await page.route("**/api/searches", fail)
    await field(desk).fill("zzz")
    # Asked again twice before it counts as failed.
    await expect(palette(desk).get_by_role("alert")).to_be_visible()
    await desk.picture("palette-failed")
    await page.unroute("**/api/searches")
    await palette(desk).get_by_role("button", name=words("common.action.tryAgain")).click()
    await expect(palette(desk).get_by_text(words("palette.noChat"))).to_be_visible()
    # All that is left is the search in the list, which takes the words along.
    await expect(palette(desk).get_by_role("option")).to_have_text(words("palette.searchFor", words="zzz"))
    await field(desk).focus()
    await page.keyboard.press("Enter")
    search = page.get_by_label(words("common.nav.search"), exact=True).locator("visible=true")
    await expect(search).to_be_focused()
    await expect(search).to_have_value("zzz")


async def test_what_was_found_for_the_words_before_opens_nothing(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, "en")
    first, _ = await asked(olga, "Wer vertritt Frau Müller?")
    second, _ = await asked(olga, "Wer vertritt Frau Mueck?")
    await enter(desk, "olga")
    found = await find(desk, "vertritt")
    await expect(found).to_have_count(3)
    may_go = await held(desk, "**/api/searches")
    await field(desk).press_sequentially(" mueck")
    # What stands first stays first, whatever arrives.
    await expect(marked(desk)).to_have_text(words("palette.searchFor", words="vertritt mueck"))
    for one in (found.nth(1), found.nth(2)):
        await expect(one).to_have_attribute("aria-disabled", "true")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(palette(desk)).to_be_visible()
    may_go.set()
    await expect(found).to_have_count(2)
    await expect(found.nth(1)).not_to_have_attribute("aria-disabled", "true")
    await found.nth(1).click()
    await expect(page).to_have_url(re.compile(f"/c/{second}"))
    assert first != second


async def test_the_palette_keeps_to_the_seal_of_the_open_chat(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    olga, _ = await two_zones(desk.harbour, "en")
    sealed = await olga.post("/api/conversations", {"title": "", "sealed_to": ["own_hardware"]})
    await enter(desk, "olga", f"/c/{sealed['id']}")
    await expect(desk.page.get_by_role("button", name=desk.words("seals.mark.change", mark=said(desk)))).to_be_visible()
    await find(desk, "echo")
    echo = palette(desk).get_by_role("option", name=re.compile("Relay"))
    await expect(echo).to_have_attribute("aria-disabled", "true")
    await expect(echo).to_contain_text(desk.words("seals.out.outside"))


async def test_what_is_typed_before_the_palette_is_there_goes_into_it(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    await olga_with(desk.harbour, "en")
    await enter(desk, "olga")
    may_go = await held(desk, "**/assets/Palette-*.js")
    await desk.page.keyboard.press("Control+k")
    await desk.page.keyboard.type("copy li")
    await expect(field(desk)).to_have_count(0)
    may_go.set()
    await expect(field(desk)).to_be_focused()
    await desk.page.keyboard.type("nk")
    await expect(field(desk)).to_have_value("copy link")
    await expect(field_of(desk)).to_have_value("")
    await desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.get_by_text(desk.words("palette.linkCopied")).last).to_be_visible()
    assert await desk.page.evaluate("navigator.clipboard.readText()") == desk.page.url


async def test_the_palette_left_before_it_is_there_gives_the_keyboard_back(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    await olga_with(desk.harbour, "en")
    await enter(desk, "olga")
    may_go = await held(desk, "**/assets/Palette-*.js")
    await expect(field_of(desk)).to_be_focused()
    await desk.page.keyboard.press("Control+k")
    await expect(field_of(desk)).not_to_be_focused()
    await desk.page.keyboard.press("Escape")
    await expect(field_of(desk)).to_be_focused()
    may_go.set()


async def test_the_palette_leads_to_another_team_with_the_keyboard(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, "en")
    await desk.harbour.eve()
    invitation = await olga.post("/api/team/invitations", {"role": "member", "note": ""})
    person = await desk.harbour.somebody().enter("/api/sign-in", {"email": "eve@example.com", "password": PASSWORD})
    await person.enter("/api/invitations/accept", {"token": link_of(invitation)})
    await enter(desk, "eve")
    team = page.locator("p[title]").locator("visible=true").first
    before = await team.inner_text()
    found = await find(desk, "")
    await page.keyboard.insert_text("x" * 300)
    await expect(field(desk)).to_have_value("x" * 200)
    switch = found.filter(has_text=words.pattern("common.team.switch"))
    await field(desk).fill("switch to")
    await expect(switch).to_have_count(1)
    await expect(marked(desk)).not_to_have_text(words.pattern("common.team.switch"))
    while await marked(desk).get_attribute("id") != await switch.get_attribute("id"):
        await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(team).not_to_have_text(before)
    await expect(page.locator(":focus")).to_have_count(1)


async def test_the_palette_takes_escape_for_itself_and_leaves_a_question_alone(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    await at_work(desk, "held")
    page, words = desk.page, desk.words
    await field_of(desk).fill("Hold on")
    await page.keyboard.press("Enter")
    await expect(desk.button("chat.composer.stop")).to_be_visible()
    await page.keyboard.press("Control+k")
    await expect(field(desk)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(palette(desk)).to_have_count(0)
    await expect(desk.button("chat.composer.stop")).to_be_visible()
    await expect(field_of(desk)).to_be_focused()
    desk.harbour.models.release()
    await expect(desk.button("chat.regenerate.same")).to_be_visible()
    await page.get_by_role("button", name=words.pattern("chat.conversation.menu")).first.click()
    await page.get_by_role("menuitem", name=words("chat.delete.action"), exact=True).click()
    await expect(page.get_by_role("dialog", name=words("chat.delete.title"))).to_be_visible()
    await page.keyboard.press("Control+k")
    await expect(palette(desk)).to_have_count(0)
    await expect(page.get_by_role("dialog", name=words("chat.delete.title"))).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
async def test_the_palette_fits_a_phone_and_leads_to_the_search_in_its_drawer(open_desk: OpenDesk, dark: bool) -> None:
    desk = await open_desk("de", width=390, height=760, dark=dark)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, "de")
    await asked(olga, "Donaudampfschifffahrtsgesellschaftskapitänspatent: wer stellt es aus?")
    await enter(desk, "olga")
    await desk.button("common.nav.open").click()
    await page.get_by_role("dialog").get_by_role("button", name=words("common.nav.palette"), exact=True).click()
    await expect(field(desk)).to_be_focused()
    await expect(page.get_by_role("dialog")).to_have_count(1)
    await expect(palette(desk).get_by_role("group", name=words("palette.group.models"))).to_be_visible()
    await desk.picture(f"palette-phone-{'dark' if dark else 'light'}")
    await page.keyboard.type("donaudampf")
    await expect(palette(desk).locator("mark").first).to_be_visible()
    await desk.picture(f"palette-phone-found-{'dark' if dark else 'light'}")
    assert await fits(page)
    await field(desk).fill(words("common.nav.search"))
    await page.keyboard.press("Enter")
    search = page.get_by_label(words("common.nav.search"), exact=True).locator("visible=true")
    await expect(search).to_be_focused()
    await page.keyboard.type("donaudampf")
    await expect(page.get_by_role("region", name=words("search.results")).locator("mark").first).to_be_visible()


def sheet(desk: Desk) -> Locator:
    return desk.page.get_by_role("dialog", name=desk.words("palette.keys.title"))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_sheet_names_every_key_and_what_is_switched_off_stays_off(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language)
    await at_work(desk, "steady")
    page, words = desk.page, desk.words
    await expect(field_of(desk)).to_be_focused()
    await page.keyboard.type("Why?")
    await expect(field_of(desk)).to_have_value("Why?")
    await expect(sheet(desk)).to_have_count(0)
    beside = page.get_by_role("link", name=words("common.nav.newChat"), exact=True)
    await beside.focus()
    await page.keyboard.press("?")
    await expect(sheet(desk).get_by_role("term")).to_have_count(10)
    await desk.picture("keys-sheet")
    await page.keyboard.press("Escape")
    await expect(beside).to_be_focused()
    await desk.page.get_by_role("button", name=words.pattern("common.account.menu")).click()
    await page.get_by_role("menuitem", name=words("common.nav.keys"), exact=True).click()
    await sheet(desk).get_by_role("link", name=words("palette.keys.change")).click()
    await expect(page.get_by_role("heading", level=1, name=words("palette.keys.title"))).to_be_visible()
    for one in ("palette", "sheet"):
        await page.get_by_role("checkbox", name=words(f"palette.keys.does.{one}"), exact=True).click()
    await desk.picture("keys-page")
    await page.reload()
    box = page.get_by_role("checkbox", name=words("palette.keys.does.sheet"), exact=True)
    await expect(box).not_to_be_checked()
    for key in ("Control+k", "?"):
        await page.keyboard.press(key)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await box.click()
    await page.get_by_role("main").focus()
    await page.keyboard.press("?")
    await expect(sheet(desk).get_by_text(words("palette.keys.off"))).to_have_count(1)


@pytest.mark.parametrize(("width", "dark"), [(390, True), (320, False)])
async def test_the_sheet_and_the_page_of_keys_fit_a_phone(open_desk: OpenDesk, width: int, dark: bool) -> None:
    desk = await open_desk("de", width=width, height=700, dark=dark)
    await olga_with(desk.harbour, "de")
    await enter(desk, "olga")
    await find(desk, desk.words("common.nav.keys"))
    await desk.page.keyboard.press("Enter")
    await expect(sheet(desk)).to_be_visible()
    await desk.picture(f"keys-sheet-{width}")
    assert await fits(desk.page)
    await sheet(desk).get_by_role("link", name=desk.words("palette.keys.change")).click()
    await expect(desk.page.get_by_role("checkbox").first).to_be_visible()
    await desk.picture(f"keys-page-{width}")
    assert await fits(desk.page)


async def test_enter_breaks_the_line_where_that_was_chosen_and_ctrl_with_it_sends(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    await at_work(desk, "steady")
    page, words = desk.page, desk.words
    await desk.open("/settings/shortcuts")
    await page.get_by_role("radio", name=words("palette.keys.sendBy.command", command="Ctrl")).check()
    await desk.open("/")
    await expect(page.locator("#destination")).not_to_be_empty()
    await field_of(desk).press_sequentially("Dear")
    await field_of(desk).press("Enter")
    await field_of(desk).press_sequentially("Mia")
    await expect(field_of(desk)).to_have_value("Dear\nMia")
    await field_of(desk).press("Control+Enter")
    await expect(field_of(desk)).to_have_value("")
    await expect(page.get_by_role("article", name=words("chat.turn.yours"))).to_contain_text("Mia")
