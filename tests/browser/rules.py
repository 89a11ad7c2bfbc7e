"""Judges a page by the rules of WCAG 2.2 AA that a machine can judge. They find a part only: nobody listened to it."""

from pathlib import Path
from typing import Final

from playwright.async_api import Page

AXE: Final = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
# At rest: what is half faded in has the contrast of a moment, and so has what was told its colours anew in this frame.
# What pulses for ever is waited for by nobody. A target that something else covers (an open list, the field that stays
# in sight) can be had whole: close the one, scroll past the other. What is too small by itself is told all the same.
JUDGE: Final = """async (tags) => {
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const ends = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
  const patience = new Promise((resolve) => setTimeout(resolve, 2000));
  await Promise.race([Promise.allSettled(ends.map((one) => one.finished)), patience]);
  const told = await axe.run(document, {
    runOnly: { type: "tag", values: tags },
    // Of WCAG 2.2, and off unless asked for.
    rules: { "target-size": { enabled: true } },
    resultTypes: ["violations"],
    preload: false,
  });
  const isCovered = (node) => node.any.some((check) => check.id === "target-size" && /obscured/i.test(check.message));
  return told.violations.flatMap((rule) => rule.nodes.filter((node) => !isCovered(node)).map((node) =>
    `${rule.id}: ${node.target.flat().join(" ")} ${node.html.slice(0, 200)}\n${node.failureSummary}`));
}"""


async def violations(page: Page) -> list[str]:
    """Name each breach on the page as it stands: the rule, the element, and what would mend it."""
    # A script element would not pass the policy of the pages. Each document needs it once.
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    return list(await page.evaluate(JUDGE, TAGS))
