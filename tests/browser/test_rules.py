"""The judge of the pages sees what it is there for, and waits until a page is at rest."""

from time import perf_counter

from tests.browser.conftest import OpenDesk
from tests.browser.rules import violations

BROKEN = """() => {
  const add = (tag, style, text) => {
    const made = document.body.appendChild(document.createElement(tag));
    Object.assign(made.style, style);
    made.textContent = text;
    return made;
  };
  add("img", {}, "").src = "/favicon.svg";
  add("p", { color: "#999", background: "#fff" }, "Hardly to be read");
  for (const text of ["a", "b"]) add("button", { width: "10px", height: "10px", padding: "0", border: "0" }, text);
}"""
FADES_IN = """() => {
  const made = document.body.appendChild(document.createElement("p"));
  made.textContent = "Soon to be read";
  made.animate([{ opacity: 0.1 }, { opacity: 1 }], 700);
}"""


async def test_what_breaks_a_rule_is_named_with_its_element(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    await desk.harbour.olga()
    await desk.open("/sign-in")
    await desk.button("accounts.signIn.action").wait_for()
    assert await violations(desk.page) == []
    await desk.page.evaluate(BROKEN)
    found = await violations(desk.page)
    assert {one.split(":")[0] for one in found} == {"image-alt", "color-contrast", "target-size"}
    assert any("Hardly to be read" in one for one in found)


async def test_what_fades_in_is_judged_when_it_is_there(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    await desk.harbour.olga()
    await desk.open("/sign-in")
    await desk.button("accounts.signIn.action").wait_for()
    await desk.page.evaluate(FADES_IN)
    began = perf_counter()
    assert await violations(desk.page) == []
    assert perf_counter() - began > 0.5


async def test_a_journey_fails_with_what_was_seen_on_its_way(open_desk: OpenDesk) -> None:
    desk = await open_desk("en")
    await desk.harbour.olga()
    await desk.open("/sign-in")
    await desk.button("accounts.signIn.action").wait_for()
    await desk.page.evaluate(BROKEN)
    await desk.judge("broken")
    seen = desk.complaints.copy()
    desk.complaints.clear()
    assert {one.split(": ")[0] for one in seen} == {"broken-en (/sign-in)"}
    assert len(seen) >= 3
