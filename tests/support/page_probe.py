"""What a page did while somebody worked with it, from within Chromium: counts for tests, times for benchmarks.

Times are from a key press to the frame in which it is seen: what a person waits.
"""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from playwright.async_api import CDPSession, Page

# After the next frame has been handed over: the callback of a frame runs before its layout and paint, a message after.
WATCH: Final = """() => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now());
    port2.postMessage(null);
  }));
  window.probe?.end();
  const probe = { keys: [], sent: [], long: [], wanted: null, elsewhere: 0, growths: 0 };
  const tasks = new PerformanceObserver((list) => probe.long.push(...list.getEntries().map((entry) => entry.duration)));
  tasks.observe({ type: "longtask" });
  const gone = new AbortController();
  addEventListener("keydown", (event) => {
    const pressed = event.timeStamp;
    if (event.key === "Enter") {
      const check = (at) => document.querySelector("[data-thread]")?.textContent.includes(probe.wanted)
        ? probe.sent.push(at - pressed) : painted().then(check);
      if (probe.wanted) void painted().then(check);
    } else void painted().then((at) => probe.keys.push(at - pressed));
  }, { capture: true, signal: gone.signal });
  const changes = new MutationObserver((records) => {
    let grew = false;
    for (const { target } of records) {
      const element = target instanceof Element ? target : target.parentElement;
      if (element?.closest("[data-turn][aria-busy=true]")) grew = true;
      else if (element?.closest("[data-turn], nav")) probe.elsewhere += 1;
    }
    probe.growths += grew;
  });
  changes.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  probe.end = () => { tasks.disconnect(); changes.disconnect(); gone.abort(); };
  window.probe = probe;
}"""


_TIMES: Final = ("Timestamp", "TaskDuration", "ScriptDuration", "RecalcStyleDuration", "LayoutDuration")


_UNTIL: Final = """([selector, gone]) => new Promise((done) => {
  const look = () => (document.querySelector(selector) === null) === gone ? done() : setTimeout(look, 100);
  look();
})"""


@dataclass(frozen=True, slots=True)
class Spent:
    """What the main thread spent between two moments, in seconds: of `wall_s`, tasks of which script is a part."""

    wall_s: float
    tasks_s: float
    script_s: float
    style_s: float
    layout_s: float

    @property
    def share(self) -> float:
        """The part of the main thread's time that was used."""
        return self.tasks_s / self.wall_s


class Meter:
    """`async with Meter(page) as meter: …; meter.spent`: what the main thread spent meanwhile."""

    spent: Spent

    def __init__(self, page: Page) -> None:
        self._page = page

    async def __aenter__(self) -> Self:
        self._cdp = await self._page.context.new_cdp_session(self._page)
        await self._cdp.send("Performance.enable")
        self._before = await _metrics(self._cdp)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        after = await _metrics(self._cdp)
        self.spent = Spent(*(after[name] - self._before[name] for name in _TIMES))
        await self._cdp.detach()


class Calls:
    """`async with Calls(page) as calls: …; calls.count`: how many functions of the page's script ran meanwhile."""

    count: int

    def __init__(self, page: Page) -> None:
        self._page = page

    async def __aenter__(self) -> Self:
        self._cdp = await self._page.context.new_cdp_session(self._page)
        await self._cdp.send("Profiler.enable")
        await self._cdp.send("Profiler.startPreciseCoverage", {"callCount": True, "detailed": False})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        taken: dict[str, Any] = await self._cdp.send("Profiler.takePreciseCoverage")
        self.count = sum(
            function["ranges"][0]["count"]
            for script in taken["result"]
            # What looks at the page from outside has no address.
            if script["url"]
            for function in script["functions"]
        )
        await self._cdp.detach()


async def watch(page: Page) -> None:
    """Begin to watch; what was watched before is forgotten."""
    await page.evaluate(WATCH)


async def until(page: Page, selector: str, *, gone: bool = False) -> None:
    """Wait until something is on the page, or gone. `expect` would describe all of a long page meanwhile."""
    await page.evaluate(_UNTIL, [selector, gone])


async def seen(page: Page) -> dict[str, Any]:
    """Give what was seen: `keys`, `sent`, `long` in ms; `growths`: frames in which the answer grew; `elsewhere`."""
    return dict(await page.evaluate("({ ...window.probe, end: undefined })"))


async def _metrics(cdp: CDPSession) -> dict[str, float]:
    told = await cdp.send("Performance.getMetrics")
    return {one["name"]: float(one["value"]) for one in told["metrics"]}
