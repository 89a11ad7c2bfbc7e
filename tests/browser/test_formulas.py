"""Formulas in answers: set once they are whole, copied as they were written, and no wider than a phone."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Desk, OpenDesk
from tests.browser.everywhere import fits
from tests.browser.test_conversations import enter, olga_with, ref
from tests.support.comparing import all_ended, compare, refs_of
from tests.support.running import Person

LONG = (
    r"\[ s = \frac{1}{2}\left(" + " + ".join(f"a_{{{number}}}x^{{{number}}}" for number in range(1, 40)) + r"\right) \]"
)
ANSWER = rf"""The roots of \(ax^2 + bx + c\) with \(a \neq 0\) are

$$
x_{{1,2}} = \frac{{-b \pm \sqrt{{b^2 - 4ac}}}}{{2a}}
$$

It costs $5 to $10, not `\(x\)`.
For all \(f \in \mathcal{{L}}(\mathbb{{R}}^n)\) and \(\mathbf{{v}}\), **so \(a*b\) too**:

\[
\begin{{aligned}}
\int_0^\infty e^{{-x^2}}\,dx &= \frac{{\sqrt{{\pi}}}}{{2}} \\
\sum_{{k=1}}^{{n}} k &= \frac{{n(n+1)}}{{2}}
\end{{aligned}}
\]

1. A matrix \(\begin{{pmatrix}} a & b \\ c & d \end{{pmatrix}}\) and a case:

   $$|x| = \begin{{cases}} x & \text{{if }} x \ge 0 \\ -x & \text{{otherwise}} \end{{cases}}$$

2. The answer is $$\boxed{{42}}$$ and \(\cancel{{y}}\), $$E = mc^2 \tag{{1}}$$
   \(\fcolorbox{{red}}{{#eee}}{{z}}\), \(\pmb{{w}}\), \(\color{{black}} k\).

This is broken: \(\frac{{1}}{{\) and goes nowhere: \(\href{{javascript:alert(1)}}{{x}}\).

{LONG}

The end.
"""


async def answered(desk: Desk, language: str, text: str) -> tuple[Person, Any]:
    """Let a model say this; Olga sits before it."""
    olga = await olga_with(desk.harbour, language, "parrot")
    exchange = await olga.ask(text, await ref(olga, "parrot"))
    if "¦" not in text:
        await olga.wait_for(exchange)
    await enter(desk, "olga", f"/c/{exchange['conversation_id']}")
    return olga, exchange


def answer_of(desk: Desk, exchange: Any) -> Locator:
    return desk.page.locator(f"#m-{exchange['answer']['id']}")


@pytest.mark.parametrize(("language", "dark"), [("en", False), ("de", True)])
async def test_formulas_are_set_and_what_is_none_stays_text(open_desk: OpenDesk, language: str, dark: bool) -> None:
    desk = await open_desk(language, dark=dark, height=1300)
    page, words = desk.page, desk.words
    _, exchange = await answered(desk, language, ANSWER)
    answer = answer_of(desk, exchange)
    # What is hidden is not told aloud; what is seen is MathML, which screen readers speak.
    await expect(answer.get_by_role("math")).to_have_count(16)
    await expect(answer.locator("math[display=block]")).to_have_count(6)
    assert await answer.locator("math").first.locator("annotation").text_content() == "ax^2 + bx + c"
    await expect(answer).to_contain_text("It costs $5 to $10")
    await expect(answer.locator("code", has_text=r"\(x\)")).to_have_count(1)
    await expect(answer.locator("strong math")).to_have_count(1)
    await expect(answer.locator("math", has_text="ℒ")).to_contain_text("ℝ")
    bad = answer.get_by_role("img", name=words("chat.formula.bad"))
    await expect(bad).to_have_count(2)
    sources = [r"\(\frac{1}{\)", r"\(\href{javascript:alert(1)}{x}\)"]
    await expect(answer.locator(".formula-bad")).to_have_text(sources)
    await expect(answer.get_by_role("link")).to_have_count(0)
    # A colour of the model's choosing is seen on either ground. A style attribute would breach the policy and end this.
    ink, seen = await answer.locator("[mathcolor]").evaluate(
        "one => [getComputedStyle(document.body).color, getComputedStyle(one).color]"
    )
    assert seen not in {ink, "rgb(0, 0, 0)"}
    theme = "dark" if dark else "light"
    await answer.scroll_into_view_if_needed()
    await desk.picture(f"formulas-{theme}")
    await page.get_by_text("The end.").last.scroll_into_view_if_needed()
    await desk.picture(f"formulas-end-{theme}")


async def test_a_long_formula_scrolls_in_itself_by_keyboard_on_a_phone(open_desk: OpenDesk) -> None:
    desk = await open_desk("de", width=390, height=844)
    page, words = desk.page, desk.words
    inline = LONG.replace(r"\[", r"\(").replace(r"\]", r"\)")
    _, exchange = await answered(desk, "de", f"{ANSWER}\n\nIn a line, too: {inline} and on.")
    answer = answer_of(desk, exchange)
    long = answer.get_by_role("group", name=words("chat.formula.long"))
    await expect(long).to_have_count(2)
    assert await fits(page)
    for one in await long.all():
        await one.scroll_into_view_if_needed()
        await one.focus()
        assert await one.evaluate("one => one.scrollLeft") == 0
        await page.keyboard.press("ArrowRight")
        await page.wait_for_function("one => one.scrollLeft > 0", arg=await one.element_handle())
    await desk.picture("formulas-phone-long")
    # What fits is no stop of the keyboard.
    assert await answer.locator(".formula[tabindex]").count() == 2
    await answer.scroll_into_view_if_needed()
    await desk.picture("formulas-phone")
    await page.set_viewport_size({"width": 320, "height": 700})
    await expect(long.first).to_be_attached()
    assert await fits(page)


async def test_half_a_formula_is_text_and_a_whole_one_waits_for_the_end_of_its_block(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    _, exchange = await answered(desk, "en", "So\n\n\\(y\\) is whole,\n$$\nx^2¦\n$$\n\nDone.")
    answer = answer_of(desk, exchange)
    await expect(answer).to_contain_text("x^2")
    # Longer than a free moment is waited for.
    await asyncio.sleep(1.5)
    await expect(answer).to_contain_text("\\(y\\) is whole")
    await expect(answer.get_by_role("math")).to_have_count(0)
    desk.harbour.models.release()
    await expect(answer).to_contain_text("Done.")
    await expect(answer.get_by_role("math")).to_have_count(2)


async def test_what_is_copied_holds_formulas_as_they_were_written(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page = desk.page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    text = "First \\(a^2\\) then\n\n$$\nb_1\n$$\n\nlast."
    _, exchange = await answered(desk, "en", text)
    answer = answer_of(desk, exchange)
    await expect(answer.get_by_role("math")).to_have_count(2)
    select = """([id, from]) => {
      const words = document.querySelector(`#m-${id} .answer`);
      const start = from ? words.querySelector(from).firstChild : words;
      getSelection().setBaseAndExtent(start, 0, words, words.childNodes.length);
    }"""
    await page.evaluate(select, [exchange["answer"]["id"], ""])
    await page.keyboard.press("Control+c")
    assert await page.evaluate("navigator.clipboard.readText()") == text
    # Whoever begins in the middle of a formula gets the whole of it.
    await page.evaluate(select, [exchange["answer"]["id"], "math mn"])
    await page.keyboard.press("Control+c")
    assert (await page.evaluate("navigator.clipboard.readText()")).startswith("\\(a^2\\) then")
    await expect(page.locator(".formula-sheet")).to_have_count(0)


async def test_a_formula_that_would_fill_the_page_stays_text(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    double = r"\def\x#1{" + "#1" * 600 + r"}\def\y#1{\x{" + "#1" * 600 + r"}}\y{" + "a" * 600 + "}"
    columns = r"\begin{alignedat}{99999999}a&b\end{alignedat}"
    deep = r"\left(" * 250 + "x" + r"\right)" * 250
    nested = r"\begin{matrix}" * 45 + "x" + r"\end{matrix}" * 45
    large = r"{\Huge " * 20 + "x" + "}" * 20
    text = "\n\n".join(rf"So \({tex}\)." for tex in (double, columns, deep, nested, large))
    _, exchange = await answered(desk, "en", text + "\n\nThe end.")
    answer = answer_of(desk, exchange)
    await expect(answer.get_by_role("math")).to_have_count(2)
    await expect(answer.locator(".formula-bad")).to_have_count(3)
    # A size within a size is not that times the other.
    assert await answer.locator("[mathsize]").last.evaluate("one => parseFloat(getComputedStyle(one).fontSize)") < 60
    await expect(answer).to_contain_text("The end.")


COVERED = """([outside, clipped]) => {
  for (const one of document.querySelectorAll(".answer")) one.style.overflow = clipped ? "" : "visible";
  let covered = 0;
  for (const part of outside) {
    const box = part.getBoundingClientRect();
    for (let x = box.left + 1; x < box.right; x += 4) for (let y = box.top + 1; y < box.bottom; y += 2) {
      if (document.elementFromPoint(x, y)?.closest(".formula")) covered += 1;
    }
  }
  return covered;
}"""
# To the left (which Chromium knows not), upwards, and downwards; flattened, so that nothing makes room for them.
# Only on narrow pages is the note above the answer, where it can be reached.
MASKS = [
    r"\kern-12em\smash{\raisebox{1em}{\colorbox{red}{\rule{12em}{4em}}}}",
    r"\raisebox{1.4em}{\smash{\colorbox{red}{\text{Own hardware · llama}}}}",
    r"\smash{\raisebox{2.6em}{\rlap{\colorbox{red}{\rule{12em}{2em}}}}}",
    r"\llap{\smash{\raisebox{-1em}{\colorbox{red}{\rule{9em}{3em}}}}}",
    r"\hspace{-2em}\raisebox{-3.5em}{\smash{\colorbox{red}{\text{Own hardware · llama}}}}",
]


@pytest.mark.parametrize("width", [390, 1280])
async def test_no_formula_covers_what_says_whose_answer_it_is(open_desk: OpenDesk, width: int) -> None:
    desk = await open_desk("en", width=width)
    text = " ".join(rf"\({mask}\)" for mask in MASKS) + " yes"
    _, exchange = await answered(desk, "en", text)
    answer = answer_of(desk, exchange)
    await expect(answer.get_by_role("math")).to_have_count(len(MASKS))
    await desk.page.mouse.move(0, 0)
    # Around them there is room for the outline of what has the focus in the answer.
    outside = [await one.element_handle() for one in await answer.locator("> :not(:has(.answer)) > *").all()]
    outside.append(await answer.locator("[aria-hidden].bg-origin").first.element_handle())
    assert len(outside) >= 3
    reached = await desk.page.evaluate(COVERED, [outside, False])
    assert width > 390 or reached > 10, "they reach nothing even if nothing keeps them"
    assert await desk.page.evaluate(COVERED, [outside, True]) == 0
    await desk.picture(f"formulas-mask-{width}")
    # An outline of focus and the number of a long list are seen whole, and nothing hangs out.
    assert await fits(desk.page)
    room = """one => [getComputedStyle(one).paddingLeft, one.querySelector(":scope > p").getBoundingClientRect().left
      - one.parentElement.getBoundingClientRect().left - parseFloat(getComputedStyle(one.parentElement).paddingLeft)]"""
    assert await answer.locator(".answer").evaluate(room) == ["12px", 0]


@pytest.mark.parametrize("width", [390, 1280])
async def test_no_formula_covers_the_head_of_a_compared_answer(open_desk: OpenDesk, width: int) -> None:
    desk = await open_desk("en", width=width)
    olga = await desk.harbour.olga()
    refs = await refs_of(desk.harbour, olga, "parrot", "steady")
    made = await compare(olga, refs, text=" ".join(rf"\({mask}\)" for mask in MASKS) + " yes")
    await all_ended(olga, made)
    await enter(desk, "olga", f"/c/{made['conversation_id']}")
    column = desk.page.locator(".compare-column:visible").first
    await expect(column.get_by_role("math")).to_have_count(len(MASKS))
    outside = [await one.element_handle() for one in await column.locator("> :not(:has(.answer))").all()]
    assert len(outside) == 2
    assert await desk.page.evaluate(COVERED, [outside, True]) == 0
    await desk.picture(f"formulas-mask-compared-{width}")


async def test_a_copy_takes_no_part_in_the_page_it_is_taken_from(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page = desk.page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _, exchange = await answered(desk, "en", "First \\(a^2\\) then")
    answer = answer_of(desk, exchange)
    await expect(answer.get_by_role("math")).to_have_count(1)
    await page.evaluate(
        """id => {
      const words = document.querySelector(`#m-${id} .answer`);
      const add = (name, given, text) => {
        const one = Object.assign(document.createElement(name), { textContent: text });
        for (const [key, value] of Object.entries(given)) one.setAttribute(key, value);
        words.append(one);
      };
      add("div", { id: "twice", role: "status", "aria-live": "assertive", "aria-label": "x" }, "said");
      add("label", { for: "twice" }, "chosen");
      add("input", { type: "radio", name: "choice", checked: "" }, "");
      window.seen = [];
      new MutationObserver((changes) => {
        for (const change of changes) for (const sheet of change.addedNodes) window.seen.push(sheet);
      }).observe(document.body, { childList: true });
      const { append } = Element.prototype;
      document.body.append = (sheet) => {
        append.call(document.body, sheet);
        window.atOnce = [sheet.inert, document.querySelectorAll("#twice").length];
      };
      getSelection().setBaseAndExtent(words, 0, words, words.childNodes.length);
    }""",
        exchange["answer"]["id"],
    )
    await page.keyboard.press("Control+c")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert "\\(a^2\\)" in copied
    assert "said" in copied
    assert await page.evaluate("window.atOnce") == [True, 1]
    assert await page.evaluate("window.seen.length") == 1
    told = "window.seen[0].querySelectorAll('[id], [name], [role], [for], [aria-live], [aria-label]').length"
    assert await page.evaluate(told) == 0
    assert await answer.get_by_role("radio").is_checked()


READ_FORMATTED = """async () => {
  const [item] = await navigator.clipboard.read();
  return (await item.getType("text/html")).text();
}"""


async def test_formatted_lines_of_formulas_and_of_html_stay_lines(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    page = desk.page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    text = "<div>\n<b>a</b>\n</div>\n\n$$\nb_1\n$$\n\n$$\n\\frac{\n$$\n\nlast\nline."
    _, exchange = await answered(desk, "en", text)
    answer = answer_of(desk, exchange)
    await expect(answer.get_by_role("math")).to_have_count(1)
    await expect(answer.locator(".formula-bad")).to_have_count(1)
    await desk.button("chat.copy.formatted").click()
    await expect(desk.button("chat.copy.formatted")).to_have_count(0)
    html = await page.evaluate(READ_FORMATTED)
    assert "<p>&lt;div&gt;<br>&lt;b&gt;a&lt;/b&gt;<br>&lt;/div&gt;</p>" in html
    assert "<p>$$<br>b_1<br>$$</p>" in html
    assert "<p><code>$$<br>\\frac{<br>$$</code></p>" in html
    assert "last\nline." in html


async def test_an_answer_without_formulas_loads_nothing_for_them(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    asked_for: list[str] = []
    desk.page.on("request", lambda request: asked_for.append(request.url))
    _, exchange = await answered(desk, "en", "It costs $5 to $10, and ```code``` \\(half")
    await expect(answer_of(desk, exchange)).to_contain_text("It costs $5 to $10")
    await desk.page.wait_for_load_state("networkidle")
    assert len(asked_for) > 5
    assert [url for url in asked_for if "setFormula" in url] == []
