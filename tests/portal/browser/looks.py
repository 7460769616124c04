"""Looks at a page as people with different screens, eyes and hands do, and notes what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page

PHONE, DESK = (375, 812), (1440, 900)
_SCREENS = [(theme, screen) for theme in ("light", "dark") for screen in (PHONE, DESK)]
_AXE = (Path(__file__).parent / "axe.min.js").read_text()
_RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
#: All that another theme can change.
_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
#: Without its rule that a table's region and the section that it is in have different names.
_RUN_AXE = """rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'],
  ...(rules.type === 'tag' ? {rules: {'landmark-unique': {enabled: false}}} : {})}).then(found => found.violations)"""

#: What a key press could go to: one radio button of a group at a time, and nothing that is folded away.
_REACHABLE = """() => {
  const may = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
  const seen = element => element.checkVisibility({visibilityProperty: true}) && !element.disabled
    && element.type !== 'hidden' && !(element.type === 'radio' && !element.checked) && element.tabIndex >= 0;
  for (const element of document.querySelectorAll('*')) element.__reachable = element.__met = false;
  const found = [...document.querySelectorAll(may)].filter(seen);
  for (const element of found) element.__reachable = true;
  return found.length;
}"""
#: The element in focus, whether one sees that it is, and whether it was met before.
_FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  const before = element.__met;
  element.__met = true;
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
  return {before, shown: outlined && box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
          what: element.outerHTML.slice(0, 120)};
}"""
_PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
#: From where Tab goes on, as on a page that was just opened.
_TO_THE_TOP = """() => {
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute('tabindex');
  scrollTo(0, 0);
}"""
#: A live page may meanwhile have made of an element one that needs no focus.
_UNMET = """() => [...document.querySelectorAll('*')]
  .filter(one => one.isConnected && one.__reachable && !one.__met && one.tabIndex >= 0)
  .map(one => one.outerHTML.slice(0, 120))"""
#: A live page may change under the keys: what is wrong with it is wrong each time.
_TRIES_BY_KEYBOARD = 3
TOO_WIDE = """() => {
  const wide = document.documentElement.scrollWidth, room = document.documentElement.clientWidth;
  if (wide <= room) return null;
  const culprit = [...document.body.querySelectorAll('*')].find(one => one.getBoundingClientRect().right > room + 1
    && !one.closest('.scroll, pre'));
  return `${wide} px on ${room}: ${culprit ? culprit.outerHTML.slice(0, 160) : '?'}`;
}"""


class Looks:
    """One person's page, and all that was found wrong on the way."""

    def __init__(self, browser: Browser, url: str, pictures: Path) -> None:
        self.page: Page = browser.new_page(
            base_url=url, viewport={"width": DESK[0], "height": DESK[1]}, accept_downloads=True
        )
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.faults: list[str] = []
        self._pictures = pictures
        pictures.mkdir(parents=True, exist_ok=True)

    def _on_console(self, message: ConsoleMessage) -> None:
        """Errors, which violations of the content security policy are too."""
        if message.type in ("error", "warning"):
            self.faults.append(f"{self.page.url}: console: {message.text}")

    def at(self, name: str) -> None:
        """Notes what is wrong with the page that is shown, on each screen in each theme, and keeps pictures of it."""
        self.page.wait_for_load_state()
        self.page.evaluate("() => document.activeElement?.blur()")
        self.page.wait_for_function("() => !document.querySelector('.htmx-request')")
        for theme, (width, height) in _SCREENS:
            self.page.emulate_media(color_scheme=theme)
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.evaluate(_PAINTED)
            self.page.screenshot(path=self._pictures / f"{name}-{width}-{theme}.png", full_page=True)
            where = f"{name} at {width} px, {theme}"
            rules = _RULES if theme == "light" else _COLOURS
            self.faults += [f"{where}: {fault}" for fault in self._unfit(rules)]
        self.page.emulate_media(color_scheme="light")
        for _ in range(_TRIES_BY_KEYBOARD):
            if not (faults := list(self._by_keyboard())):
                break
        self.faults += [f"{name} by keyboard: {fault}" for fault in faults]

    def _unfit(self, rules: dict[str, Any]) -> Iterator[str]:
        if wide := self.page.evaluate(TOO_WIDE):
            yield f"scrolls sideways, {wide}"
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(_AXE)
        for violation in self.page.evaluate(_RUN_AXE, rules):
            yield _described(violation)

    def _by_keyboard(self) -> Iterator[str]:
        """Tab reaches all, and what is in focus shows it."""
        count = self.page.evaluate(_REACHABLE)
        self.page.evaluate(_TO_THE_TOP)
        for _ in range(count + 5):
            self.page.keyboard.press("Tab")
            focus = self.page.evaluate(_FOCUS)
            if focus is None or focus["before"]:
                break
            if not focus["shown"]:
                yield f"nobody sees that this is in focus: {focus['what']}"
        for what in self.page.evaluate(_UNMET):
            yield f"Tab does not reach {what}"
        self.page.evaluate("() => document.activeElement?.blur()")


def _described(violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    first = f"{nodes[0]['html'][:160]} ({nodes[0]['failureSummary'].splitlines()[-1].strip()})"
    return f"{violation['id']}: {violation['help']}; {len(nodes)} times, such as {first}"
