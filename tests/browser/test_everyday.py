"""What a team's people do and meet day by day: joining, leaving, changing their minds, and being refused."""

import re

import pytest
from playwright.async_api import expect
from sqlalchemy import update

from moorage.accounts.tables import TeamRow
from tests.browser.conftest import Desk, OpenDesk
from tests.support.running import PASSWORD, Harbour, Person, link_of

LANGUAGES = ("en", "de")


async def _olga(harbour: Harbour, language: str) -> Person:
    """Give Olga, who owns a team with one connection."""
    olga = await harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": language})
    await olga.connect(harbour.models.base_url, ["steady"])
    return olga


async def _sign_in(desk: Desk, email: str) -> None:
    page, words = desk.page, desk.words
    await page.get_by_label(words("accounts.field.email"), exact=True).fill(email)
    await page.get_by_label(words("accounts.field.password"), exact=True).fill(PASSWORD)
    await desk.button("accounts.signIn.action").click()
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_be_visible()


async def _ask(desk: Desk, text: str) -> None:
    await desk.page.get_by_label(desk.words("chat.composer.label"), exact=True).fill(text)
    await desk.button("chat.composer.send").click()


async def _choose_steady(desk: Desk) -> None:
    await desk.page.get_by_role("button", name=desk.words.pattern("chat.composer.model")).click()
    await desk.page.get_by_role("option", name=re.compile("steady")).click()


async def _ask_steady(desk: Desk, text: str) -> None:
    """Ask and wait for the whole answer."""
    page = desk.page
    await _choose_steady(desk)
    await _ask(desk, text)
    await expect(page.get_by_role("article").last).to_contain_text("word20")
    await expect(desk.button("chat.regenerate.same").last).to_be_visible()


async def _set_standing(harbour: Harbour, standing: str) -> None:
    async with harbour.built.parts.database.write() as tx:
        await tx.execute(update(TeamRow).values(standing=standing))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_mia_joins_by_link_chats_and_sees_no_connections(open_desk: OpenDesk, language: str) -> None:
    """P11."""
    olga_desk = await open_desk(language)
    await _olga(olga_desk.harbour, language)
    await olga_desk.open("/settings/team/members")
    await _sign_in_for(olga_desk, "olga@example.com")
    await olga_desk.button("team.invite.make").click()
    link = await olga_desk.page.get_by_text(re.compile("/invite#")).inner_text()
    await olga_desk.picture("invitation")

    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await page.goto(link)
    await page.get_by_label(words("accounts.field.name"), exact=True).fill("Mia")
    await page.get_by_label(words("accounts.field.email"), exact=True).fill("mia@example.com")
    await page.get_by_label(words("accounts.field.password"), exact=True).fill(PASSWORD)
    await desk.button("accounts.invite.accept").click()
    await _ask_steady(desk, "Guten Tag")
    await page.get_by_role("link", name=words("common.nav.settings")).click()
    await expect(page.get_by_role("link", name=words("common.settings.members"))).to_be_visible()
    await expect(page.get_by_role("link", name=words("common.settings.customModels"))).to_have_count(0)
    await desk.open("/settings/models/custom")
    await expect(page.get_by_role("heading", name=words("connections.denied.title"))).to_be_visible()
    await expect(page.get_by_text("olga@example.com")).to_be_visible()
    await desk.picture("member-denied")

    late = await open_desk(language)
    await late.page.goto(link)
    await expect(late.page.get_by_role("heading", name=words("accounts.invite.deadTitle"))).to_be_visible()


async def test_who_has_an_account_signs_in_first_and_finds_the_invitation_again(open_desk: OpenDesk) -> None:
    """The link's secret is in no address meanwhile, neither of a page nor of a request: those end up in logs."""
    desk = await open_desk("en")
    page, words, asked = desk.page, desk.words, list[str]()
    olga = await desk.harbour.olga()
    await desk.harbour.eve()
    made = await olga.post("/api/team/invitations", {"role": "member", "note": ""})
    page.on("request", lambda request: asked.append(request.url))
    await desk.open(made["path"])
    await expect(
        page.get_by_role("heading", name=words("accounts.invite.title", team="Kanzlei Brandt"))
    ).to_be_visible()
    assert page.url.endswith("/invite")
    await page.get_by_role("link", name=words("accounts.invite.haveAccount")).click()
    await expect(desk.button("accounts.signIn.action")).to_be_visible()
    await page.reload()
    await page.get_by_label(words("accounts.field.email"), exact=True).fill("eve@example.com")
    await page.get_by_label(words("accounts.field.password"), exact=True).fill(PASSWORD)
    await desk.button("accounts.signIn.action").click()
    await desk.button("accounts.invite.join").click()
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_be_visible()
    assert [url for url in asked if link_of(made) in url.partition("#")[0]] == []
    # Used up, it is forgotten: the page says so instead of trying it again.
    await desk.open("/invite")
    await expect(page.get_by_text(words("accounts.invite.noToken"))).to_be_visible()
    await desk.picture("invitation-without-secret")


async def _sign_in_for(desk: Desk, email: str) -> None:
    """Sign in on the way to a page of the settings."""
    page, words = desk.page, desk.words
    await page.get_by_label(words("accounts.field.email"), exact=True).fill(email)
    await page.get_by_label(words("accounts.field.password"), exact=True).fill(PASSWORD)
    await desk.button("accounts.signIn.action").click()
    await expect(desk.button("team.invite.make")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_suspended_team_sees_why_and_keeps_what_it_wrote(open_desk: OpenDesk, language: str) -> None:
    """P14."""
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    olga = await _olga(desk.harbour, language)
    await desk.open()
    await _sign_in(desk, "olga@example.com")
    # The page still offers the model when the team is suspended.
    await _choose_steady(desk)
    await _set_standing(desk.harbour, "suspended")
    why = (await olga.get("/api/models", **{"Accept-Language": language}))["refusal"]["message"]
    await _ask(desk, "Geht das noch?")
    await expect(page.get_by_text(words("chat.send.kept"))).to_be_visible()
    await expect(page.get_by_role("alert").filter(has_text=why)).to_be_visible()
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_have_value("Geht das noch?")
    await expect(desk.button("common.action.tryAgain")).to_have_count(0)
    await desk.picture("suspended-chat")
    # The refused first message leaves no empty conversation behind.
    await expect(page.get_by_text(words("chat.list.empty"))).to_be_visible()
    assert (await olga.get("/api/conversations"))["conversations"] == []
    await desk.open("/settings/models/custom")
    await expect(page.get_by_text(why)).to_be_visible()
    await expect(page.get_by_text("Kanzlei GPU").first).to_be_visible()
    await expect(page.get_by_role("link", name=words("connections.connect"))).to_have_count(0)
    await desk.picture("suspended-models")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_edited_question_is_asked_again_and_the_earlier_version_is_kept(
    open_desk: OpenDesk, language: str
) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await _olga(desk.harbour, language)
    await desk.open()
    await _sign_in(desk, "olga@example.com")
    await _ask_steady(desk, "Erste Fassung")
    await desk.button("chat.edit.start").click()
    await page.get_by_label(words("chat.edit.label"), exact=True).fill("Zweite Fassung")
    await desk.button("chat.edit.askAgain").click()
    await expect(page.get_by_text(words("chat.branch.count", at=2, of=2))).to_be_visible()
    log = desk.thread()
    await expect(log).to_contain_text("Zweite Fassung")
    await expect(log).not_to_contain_text("Erste Fassung")
    await expect(desk.button("chat.regenerate.same")).to_be_visible()
    await desk.picture("edited")
    await desk.button("chat.branch.previous").click()
    await expect(log).to_contain_text("Erste Fassung")
    await expect(log).to_contain_text("word20")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_deleted_conversation_is_gone_here_and_in_the_other_tab(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await _olga(desk.harbour, language)
    await desk.open()
    await _sign_in(desk, "olga@example.com")
    await _ask_steady(desk, "Nur kurz")
    other = await page.context.new_page()
    await other.goto(page.url)
    await expect(other.get_by_role("article").last).to_be_visible()
    await page.get_by_role("button", name=words("chat.conversation.menu", title="Nur kurz")).first.click()
    await page.get_by_role("menuitem", name=words("chat.delete.action")).click()
    await desk.picture("delete-asks")
    await page.get_by_role("dialog").get_by_role("button", name=words("chat.delete.action"), exact=True).click()
    await expect(page.get_by_text(words("chat.list.empty"))).to_be_visible()
    await expect(other.get_by_role("heading", name=words("chat.missing.title"))).to_be_visible()


async def test_the_language_is_changed_before_sign_in_and_in_the_profile_and_stays(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    german = await open_desk("de")
    page, english = desk.page, desk.words
    await _olga(desk.harbour, "en")
    await desk.open()
    await page.get_by_role("button", name=english("common.language.de"), exact=True).click()
    await expect(page.get_by_role("heading", name=german.words("accounts.signIn.title"))).to_be_visible()
    await page.get_by_role("button", name=english("common.language.en"), exact=True).click()
    await _sign_in(desk, "olga@example.com")
    await desk.open("/settings/profile")
    await page.get_by_role("combobox", name=english("common.language.label")).click()
    await page.get_by_role("option", name=english("common.language.de")).click()
    await expect(page.get_by_role("heading", name=german.words("team.profile.title"))).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await page.reload()
    await expect(page.get_by_role("heading", name=german.words("team.profile.title"))).to_be_visible()
    # It is the person's language, not this browser's.
    await german.open()
    await _sign_in(german, "olga@example.com")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_session_that_ends_while_somebody_types_costs_no_word(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    await _olga(desk.harbour, language)
    await desk.open()
    await _sign_in(desk, "olga@example.com")
    await _ask_steady(desk, "Vorher")
    await page.context.clear_cookies()
    await _ask(desk, "Ein langer Gedanke")
    await expect(page.get_by_text(words("accounts.signIn.ended"))).to_be_visible()
    await desk.picture("sign-in-ended")
    await _sign_in(desk, "olga@example.com")
    await expect(page.get_by_text("Vorher").first).to_be_visible()
    await expect(page.get_by_label(words("chat.composer.label"), exact=True)).to_have_value("Ein langer Gedanke")


async def test_the_next_person_at_the_desk_sees_no_unsent_word(open_desk: OpenDesk) -> None:
    """P11."""
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await _olga(desk.harbour, "en")
    await desk.harbour.eve()
    await desk.open()
    await _sign_in(desk, "olga@example.com")
    field = page.get_by_label(words("chat.composer.label"), exact=True)
    await field.fill("Only for Olga")
    await page.reload()
    await expect(field).to_have_value("Only for Olga")
    await page.context.clear_cookies()
    await page.reload()
    await _sign_in(desk, "eve@example.com")
    await expect(field).to_have_value("")
    await page.get_by_role("button", name=words("common.account.menu", name="Eve")).click()
    await page.get_by_role("menuitem", name=words("common.account.signOut")).click()
    await expect(page.get_by_role("heading", name=words("accounts.signIn.title"))).to_be_visible()
    assert "Only for Olga" not in await page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
