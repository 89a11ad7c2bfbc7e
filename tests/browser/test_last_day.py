"""A conversation is shared until a day: chosen, changed, taken away, seen by its reader, over by itself, given anew."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_conversations import LANGUAGES, asked, choose, enter, olga_with
from tests.support.last_days import pass_the_end

QUESTION = "Was kostet der Umzug?"


async def told(page: Page, language: str, day: str) -> str:
    """A day as the page tells it."""
    script = (
        "([language, day]) => new Intl.DateTimeFormat(language, {dateStyle: 'medium'}).format(new Date(`${day}T12:00`))"
    )
    return str(await page.evaluate(script, [language, day]))


async def days_from_now(page: Page, days: int) -> str:
    """A day of the calendar, where the browser is."""
    script = (
        "days => { const at = new Date(); at.setDate(at.getDate() + days); return at.toLocaleDateString('sv-SE'); }"
    )
    return str(await page.evaluate(script, days))


async def midnight(page: Page) -> datetime:
    """The end of yesterday, where the browser is."""
    return datetime.fromisoformat(str(await page.evaluate("new Date(new Date().setHours(0, 0, 0, 0)).toISOString()")))


def act(dialog: Locator, desk: Desk, key: str, name: str) -> Locator:
    label = desk.words("sharing.share.actFor", act=desk.words(f"sharing.share.{key}"), name=name)
    return dialog.get_by_role("button", name=label, exact=True)


async def sees_until(reader: Desk, day: str) -> None:
    """Let Mia find it among what is shared with her, and read it."""
    page, words = reader.page, reader.words
    await enter(reader, "mia", "/shared")
    link = page.get_by_role("link", name=QUESTION)
    await expect(link).to_contain_text(words("sharing.shared.until", day=day))
    await reader.picture("last-day-list")
    await link.click()
    main = page.get_by_role("main")
    await expect(main.get_by_role("article")).to_have_count(2)
    await expect(main).to_contain_text(words("sharing.shared.readOnlyUntil", name="Olga", day=day))
    await reader.picture("last-day-read")


async def _try_two_digits(desk: Desk, dialog: Locator) -> None:
    """Type a year of two digits: the browser makes one of Rome's of it, and the day before it is not meant."""
    words = desk.words
    field = dialog.get_by_label(words("sharing.share.dayFor", name="Mia"))
    await act(dialog, desk, "changeDay", "Mia").click()
    await field.fill("0026-12-31")
    await desk.page.keyboard.press("Enter")
    await expect(dialog.get_by_text(words("sharing.share.dayWrong"))).to_be_visible()
    await expect(field).to_have_value("0026-12-31")
    await dialog.get_by_role("button", name=words("common.action.cancel"), exact=True).click()
    await expect(field).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_is_shared_until_a_day_that_ends_by_itself(open_desk: OpenDesk, language: str) -> None:
    desk, reader = await open_desk(language), await open_desk(language)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language)
    which, _ = await asked(olga, QUESTION)
    mia = await desk.harbour.invited_by(olga, "Mia", "member")
    await mia.call("PATCH", "/api/profile", {"locale": language})
    soon, later, yesterday = [await days_from_now(page, days) for days in (3, 40, -1)]

    await enter(desk, "olga", f"/c/{which}")
    await choose(desk, QUESTION, "chat.share.action")
    dialog = page.get_by_role("dialog", name=words("sharing.share.title"))
    mias = dialog.get_by_role("checkbox", name="Mia", exact=True)
    await mias.click()
    await act(dialog, desk, "setDay", "Mia").click()
    field = dialog.get_by_label(words("sharing.share.dayFor", name="Mia"))
    await expect(field).to_be_focused()
    for wrong in ("", yesterday, "9989-12-31"):
        await field.fill(wrong)
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_text(words("sharing.share.dayWrong"))).to_be_visible()
    await desk.picture("last-day-wrong")
    await field.fill(soon)
    await expect(dialog.get_by_text(words("sharing.share.dayHint"))).to_be_visible()
    await desk.picture("last-day-chosen")
    await page.keyboard.press("Enter")
    await expect(
        dialog.get_by_text(words("sharing.share.lastDay", day=await told(page, language, soon)))
    ).to_be_visible()
    await expect(field).to_have_count(0)
    await expect(act(dialog, desk, "changeDay", "Mia")).to_be_focused()
    await desk.picture("last-day")
    await _try_two_digits(desk, dialog)

    main = reader.page.get_by_role("main")
    await sees_until(reader, await told(page, language, soon))

    # Taken away, and set again.
    await act(dialog, desk, "changeDay", "Mia").click()
    await expect(field).to_have_value(soon)
    await dialog.get_by_role("button", name=words("sharing.share.noDay"), exact=True).click()
    await act(dialog, desk, "setDay", "Mia").click()
    await field.fill(later)
    await dialog.get_by_role("button", name=words("common.action.save"), exact=True).click()
    shown = words("sharing.share.lastDay", day=await told(page, language, later))
    await expect(dialog.get_by_text(shown)).to_be_visible()

    # The page stands open while its time ends: nobody does anything.
    await pass_the_end(desk.harbour, which, at=await midnight(page))
    await expect(main.get_by_role("heading", name=words("sharing.shared.overTitle"))).to_be_visible()
    await expect(main.get_by_role("article")).to_have_count(0)
    await expect(main).not_to_contain_text(QUESTION)
    await reader.picture("last-day-over")
    await reader.page.reload()
    await expect(main.get_by_role("heading", name=words("sharing.shared.missingTitle"))).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_has_ended_is_seen_by_its_owner_shared_again_or_removed(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, language)
    which, _ = await asked(olga, QUESTION)
    mia = await desk.harbour.invited_by(olga, "Mia", "member")
    path = f"/api/conversations/{which}/sharing/people/{mia.session['me']['id']}"
    ends = {"ends_at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
    assert (await olga.call("PUT", path, ends)).status_code == 200
    later, yesterday = await days_from_now(page, 40), await days_from_now(page, -1)
    dialog = page.get_by_role("dialog", name=words("sharing.share.title"))
    mias = dialog.get_by_role("checkbox", name="Mia", exact=True)
    ended = words("sharing.share.ended", day=await told(page, language, yesterday))

    await pass_the_end(desk.harbour, which, at=await midnight(page))
    await enter(desk, "olga", f"/c/{which}")
    await expect(page.get_by_role("article").first).to_be_visible()
    await expect(desk.button("chat.share.isShared")).to_have_count(0)
    await choose(desk, QUESTION, "chat.share.action")
    await expect(dialog.get_by_text(ended)).to_be_visible()
    await expect(mias).not_to_be_checked()
    await expect(dialog.get_by_role("button", name=words("sharing.share.link"), exact=True)).to_have_count(0)
    await desk.picture("last-day-ended")
    await act(dialog, desk, "renew", "Mia").click()
    await dialog.get_by_label(words("sharing.share.dayFor", name="Mia")).fill(later)
    await page.keyboard.press("Enter")
    shown = words("sharing.share.lastDay", day=await told(page, language, later))
    await expect(dialog.get_by_text(shown)).to_be_visible()
    await expect(mias).to_be_checked()
    assert (await mia.call("GET", f"/api/shared-conversations/{which}")).status_code == 200

    await pass_the_end(desk.harbour, which, at=await midnight(page))
    await page.reload()
    await choose(desk, QUESTION, "chat.share.action")
    await act(dialog, desk, "remove", "Mia").click()
    await expect(dialog.get_by_text(ended)).to_have_count(0)
    await expect(mias).not_to_be_checked()
    assert await dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    await mias.click()
    await expect(act(dialog, desk, "setDay", "Mia")).to_be_visible()


@pytest.mark.parametrize(("width", "dark"), [(320, True), (1280, False)])
async def test_last_days_fit_a_phone_and_a_dark_room(open_desk: OpenDesk, width: int, dark: bool) -> None:
    desk = await open_desk("de", width=width, height=760, dark=dark)
    page, words = desk.page, desk.words
    olga = await olga_with(desk.harbour, "de")
    which, _ = await asked(olga, QUESTION)
    path = f"/api/conversations/{which}/sharing"
    people = [await desk.harbour.invited_by(olga, name, "member") for name in ("Ben", "Maximiliane", "Mia")]
    ends = {"ends_at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
    for whom in ("team", *(f"people/{one.session['me']['id']}" for one in people)):
        assert (await olga.call("PUT", f"{path}/{whom}", ends)).status_code == 200
    await pass_the_end(desk.harbour, which, people[1].session["me"]["id"])
    await enter(desk, "olga", f"/c/{which}")
    await desk.button("chat.share.isShared").click()
    dialog = page.get_by_role("dialog", name=words("sharing.share.title"))
    await act(dialog, desk, "renew", "Maximiliane").click()
    await expect(dialog.get_by_label(words("sharing.share.dayFor", name="Maximiliane"))).to_be_focused()
    await desk.picture(f"last-days-{width}-{'dark' if dark else 'light'}")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await dialog.evaluate("box => box.scrollWidth <= box.clientWidth")
