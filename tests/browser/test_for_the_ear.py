"""What a screen reader is given: a begin and an end, alarms at once, nothing per word; and what stands on the page.

No screen reader was used: these look at the live regions and the accessibility tree that a browser hands to one.
"""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.test_conversations import enter
from tests.browser.test_seals import pick
from tests.browser.test_unsent_words import field_of

# Everything that is told aloud: what changes within a live region, and each alarm that comes up.
LISTEN = """() => {
  window.told = [];
  const LIVE = "[aria-live=polite], [aria-live=assertive], [role=status], [role=alert]";
  const tell = (region) => {
    const how = region.ariaLive ?? { alert: "assertive" }[region.role] ?? "polite";
    const text = region.textContent.trim();
    if (how !== "off" && text) window.told.push([how, text]);
  };
  new MutationObserver((changes) => {
    const regions = new Set();
    for (const { target, addedNodes } of changes) {
      const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
      const region = element?.closest(LIVE);
      if (region) regions.add(region);
      for (const one of addedNodes) {
        if (one.nodeType !== Node.ELEMENT_NODE) continue;
        for (const alarm of [one, ...one.querySelectorAll("*")]) if (alarm.role === "alert") regions.add(alarm);
      }
    }
    regions.forEach(tell);
  }).observe(document.body, { childList: true, characterData: true, subtree: true });
}"""


async def listening(desk: Desk, model: str) -> None:
    """Let Olga sit at a new chat with this model, and note what is told from now on."""
    # A connection is tested with its first model, and some of these can't pass.
    models = ["steady", model]
    desk.harbour.models.models = models
    olga = await desk.harbour.olga()
    await olga.call("PATCH", "/api/profile", {"locale": desk.words.language})
    await olga.connect(desk.harbour.models.base_url, models)
    await enter(desk, "olga")
    await pick(desk, model)
    await desk.page.evaluate(LISTEN)


async def told(desk: Desk) -> Any:
    return await desk.page.evaluate("window.told")


async def ask(desk: Desk, text: str) -> None:
    await field_of(desk).fill(text)
    await desk.page.keyboard.press("Enter")


@pytest.mark.parametrize("language", ["en", "de"])
async def test_an_answer_is_told_to_begin_and_to_end_and_not_word_by_word(open_desk: OpenDesk, language: str) -> None:
    desk = await open_desk(language)
    words = desk.words
    await listening(desk, "slow")
    await ask(desk, "Hello")
    await expect(desk.button("chat.regenerate.same")).to_be_visible()
    started, finished = (words(f"chat.live.{one}", name="slow") for one in ("started", "finished"))
    await expect(desk.page.locator("[aria-live=polite]")).to_have_text(finished)
    assert await told(desk) == [["polite", started], ["polite", finished]]


async def test_a_second_question_is_told_like_the_first(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    words = desk.words
    await listening(desk, "paced-20")
    started, finished = (words(f"chat.live.{one}", name="paced-20") for one in ("started", "finished"))
    for count in (1, 2):
        await ask(desk, f"Question {count}")
        await expect(desk.button("chat.composer.stop")).to_be_visible()
        await expect(desk.button("chat.regenerate.same")).to_have_count(count)
        await expect(desk.page.locator("[aria-live=polite]")).to_have_text(finished)
    assert await told(desk) == [["polite", started], ["polite", finished]] * 2


async def test_what_is_stopped_is_told_calmly(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    words = desk.words
    await listening(desk, "held")
    await ask(desk, "Hold on")
    await expect(desk.page.get_by_role("article").last).to_contain_text("held")
    await expect(desk.button("chat.composer.stop")).to_be_visible()
    await expect(desk.page.locator("[aria-live=polite]")).to_have_text(words("chat.live.started", name="held"))
    await desk.page.keyboard.press("Escape")
    await expect(desk.page.locator("[aria-live=polite]")).to_have_text(words("chat.live.stopped"))
    assert [how for how, _ in await told(desk)] == ["polite", "polite"]


@pytest.mark.parametrize("model", ["error-500", "error-in-stream"])
async def test_an_answer_that_fails_is_told_at_once_and_once_and_never_again(open_desk: OpenDesk, model: str) -> None:
    desk = await open_desk("en")
    page = desk.page
    await listening(desk, model)
    await ask(desk, "Hello")
    note = page.get_by_role("article").last.get_by_role("note")
    await expect(note).to_be_visible()
    alarms = [text for how, text in await told(desk) if how == "assertive"]
    assert len(alarms) == 1
    await expect(note).to_contain_text(alarms[0])
    assert [text for how, text in await told(desk) if how == "polite"] in (
        [],
        [desk.words("chat.live.started", name=model)],
    )
    # Read again later it is a part of the page, not an alarm.
    await page.get_by_role("link", name=desk.words("common.nav.settings")).click()
    await expect(note).to_have_count(0)
    await page.evaluate("window.told = []")
    await page.go_back()
    await expect(note).to_be_visible()
    assert [text for how, text in await told(desk) if how == "assertive"] == []


async def test_what_could_not_be_sent_is_told_at_once(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page = desk.page
    await listening(desk, "steady")
    await page.route("**/api/conversations/*/messages", lambda route: route.fulfill(status=503, body="down"))
    await ask(desk, "Hello")
    await expect(page.get_by_text(desk.words("chat.send.kept"))).to_be_visible()
    assert [how for how, _ in await told(desk)] == ["assertive"]


async def test_the_thread_the_picker_and_the_wizard_are_what_they_look_like(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page, words = desk.page, desk.words
    await listening(desk, "steady")
    await ask(desk, "Hello")
    await expect(desk.button("chat.regenerate.same")).to_be_visible()
    await expect(desk.thread()).to_match_aria_snapshot(
        """
        - region "Conversation":
          - article "Your message":
            - paragraph
            - text: Hello
            - button "Copy message"
          - article "Answer of steady":
            - text: /steady/
            - button /receipt/
            - paragraph: /word1 word2/
            - button "Copy as Markdown"
        """
    )
    await page.get_by_role("button", name=words.pattern("chat.composer.model")).press("Enter")
    await expect(page.get_by_role("combobox")).to_be_focused()
    await expect(page.get_by_role("dialog")).to_match_aria_snapshot(
        """
        - dialog:
          - heading
          - combobox
          - listbox:
            - group:
              - option /steady/ [selected]
        """
    )
    await page.keyboard.press("Escape")
    await desk.open("/settings/models/custom/new")
    await expect(page.get_by_label(words("connections.wizard.name"), exact=True)).to_be_visible()
    await expect(page.get_by_role("main")).to_match_aria_snapshot(
        """
        - main:
          - heading [level=1]
          - navigation:
            - list:
              - listitem:
                - button
          - heading [level=2]
          - textbox
          - group
        """
    )
    await desk.button("connections.test.start").press("Enter")
    # What is missing is said at its field, and the first one has the focus.
    await expect(page.get_by_label(words("connections.wizard.name"), exact=True)).to_be_focused()
    field = page.get_by_label(words("connections.wizard.name"), exact=True)
    await expect(field).to_have_accessible_description(re.compile(re.escape(words("connections.wizard.missing_name"))))
