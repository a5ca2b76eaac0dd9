"""The site in a browser, from its folder: `check.py CHROMIUM SITE WORK [PICTURES]`.

SITE was made of the APIs in lines.py. Leaves a crate in WORK/lines, of the lines of Rust on some pages. PICTURES is a folder for pictures of pages, to look at.
"""

import pathlib
import sys

import lines as lines_of
from browser import Browser

ROOT = pathlib.Path(__file__).resolve().parents[2]

CHOSEN = "document.querySelector('#results [aria-selected=true]')"
ACTIVE = "document.activeElement.id"

# The least contrast of text on a page, with where it is.
CONTRAST = """
(() => {
  const light = (color) => {
    const [r, g, b] = color.map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const color = parse(getComputedStyle(element).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color.slice(0, 3);
    }
    throw new Error('no background');
  };
  let least = [99, ''];
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    if (!element.checkVisibility({ contentVisibilityAuto: false })) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color).slice(0, 3)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < least[0]) least = [ratio, `${element.outerHTML.slice(0, 120)}`];
  }
  return least;
})()
"""


class Checks:
    def __init__(self, browser, site, work):
        self.browser, self.site, self.work = browser, site, work
        self.pages = {
            "home": "index.html",
            "api": "apis/drive.v3.html",
            "methods": "apis/drive.v3/methods.html",
            "large": "apis/compute.v1/instances.html",
            "types": "apis/drive.v3/all-types.html#File",
            "guide": "guide/batching.html",
            "contents": "guide/index.html",
        }

    def open(self, page):
        self.browser.go(f"{self.site.as_uri()}/{page}")

    def at(self, end):
        self.browser.wait(f"location.href === {(self.site.as_uri() + '/' + end)!r} && document.readyState === 'complete'", end)

    def find(self, text):
        """Searches, and gives the title of the first result."""
        self.browser.press("/")
        assert self.browser.run(ACTIVE) == "query", "`/` puts the focus into the search"
        self.browser.type(text)
        self.browser.wait(f"document.getElementById('query').value === {text!r} && !!{CHOSEN}", f"results for {text}")
        return self.browser.run(f"{CHOSEN}.firstChild.data")

    def search_by_keyboard(self):
        b = self.browser
        self.open("index.html")
        assert self.find("lis driv fil") == "files.list"
        status = b.run("document.querySelector('[role=status]').textContent")
        assert "result" in status, status
        first = b.run("document.getElementById('query').getAttribute('aria-activedescendant')")
        b.press("ArrowDown")
        second = b.run("document.getElementById('query').getAttribute('aria-activedescendant')")
        assert (first, second) == ("result-0", "result-1"), (first, second)
        assert b.run(f"{CHOSEN}.id") == second
        b.press("ArrowUp")
        assert b.run(f"{CHOSEN}.id") == first
        b.press("Enter")
        self.at("apis/drive.v3/methods.html#files.list")
        top = "document.getElementById('files.list').getBoundingClientRect().top"
        b.wait(f"{top} >= 0 && {top} < innerHeight / 2", "the method is in view")
        b.run("history.back()")
        self.at("index.html")

    def search_finds(self):
        for page, text, expected in [
            ("index.html", "drive", "Google Drive API"),
            ("guide/index.html", "permisions create", "permissions.create"),
            ("apis/drive.v3/methods.html", "isntances agregated", "instances.aggregatedList"),
            ("apis/farm.v2.html", "drive.files.get", "files.get"),
            ("apis/farm.v2.html", "aggregatedlist addresses", "addresses.aggregatedList"),
            ("apis/compute.v1/instances.html", "journal", "Crashes"),
        ]:
            self.open(page)
            found = self.find(text)
            assert found == expected, f"{text}: {found}"

    def escape_clears(self):
        b = self.browser
        self.open("index.html")
        self.find("animals")
        b.press("Escape")
        assert b.run("document.getElementById('query').value") == ""
        assert b.run("document.getElementById('results').hidden")
        assert b.run("document.getElementById('query').getAttribute('aria-expanded')") == "false"
        assert b.run(ACTIVE) == "query"
        b.press("Escape")
        assert b.run(ACTIVE) != "query"
        b.press("/")
        b.type("qqqqqqqq")
        b.wait("document.getElementById('results').textContent === 'Nothing found.'")

    def copying(self):
        b = self.browser
        self.open("apis/farm.v2/methods.html")
        section = "document.getElementById('animals.get').parentElement"
        copied = "navigator.clipboard.readText()"
        b.run(f"{section}.querySelector('[role=tab]').focus()")
        shown = b.run(f"{section}.querySelector('[role=tabpanel]:not([hidden]) pre').textContent")
        # Tab leaves the row of tabs for the code, and then for its button.
        b.press("Tab")
        b.press("Tab")
        b.press("Enter")
        b.wait(f"{section}.querySelector('[role=tabpanel]:not([hidden]) .copy').textContent === 'Copied'")
        call = b.run(copied)
        assert call.rstrip() == shown.rstrip(), call
        assert call.startswith("use gapis_farm_v2::Farm;\nlet farm = "), call
        assert 'let response = farm.animals().get(1).await?;\n' in call, call
        b.run(f"{section}.querySelector('[role=tab]').focus()")
        b.press("ArrowRight")
        assert b.run("document.activeElement.textContent") == "In a batch"
        b.run(f"{section}.querySelector('[role=tabpanel]:not([hidden]) .copy').click()")
        b.wait(f"{copied}.then((text) => text.includes('.queue(&mut batch, '))", "the lines of the batch")

    def lines(self):
        """Gathers the lines of all methods of some pages, for the compiler."""
        lines = {}
        for page in lines_of.PAGES:
            self.open(f"apis/{page}.html")
            texts = self.browser.run("[...document.querySelectorAll('[role=tabpanel] pre')].map((pre) => pre.textContent)")
            methods = self.browser.run("document.querySelectorAll('.methods-of > section').length")
            assert len(texts) >= 2 * methods > 0, f"{page}: {len(texts)} for {methods} methods"
            lines.setdefault(page.split("/")[0], []).extend(texts)
        print(f"{lines_of.write(ROOT, self.work / 'lines', lines)} blocks of lines", flush=True)

    def types(self):
        b = self.browser
        self.open(self.pages["types"])
        b.wait("document.querySelector('#types h2')?.textContent === 'File struct'")
        assert b.run("[...document.querySelectorAll('#types dt > code:first-child')].some((c) => c.textContent === 'mime_type')")
        b.run("[...document.querySelectorAll('#types a')].find((a) => a.textContent === 'User').click()")
        b.wait("document.querySelector('#types h2')?.textContent === 'User struct'")
        b.run("history.back()")
        b.wait("document.querySelector('#types h2')?.textContent === 'File struct'")

    def every_width_and_scheme(self, pictures):
        b = self.browser
        for width, height in [(1280, 900), (360, 740)]:
            for scheme in ["light", "dark"]:
                b.size(width, height, scheme)
                for name, page in self.pages.items():
                    self.open(page)
                    if name == "types":
                        b.wait("!!document.querySelector('#types h2')")
                    wide = b.run("document.documentElement.scrollWidth")
                    assert wide <= width, f"{page} is {wide} wide on a screen of {width}"
                    ratio, where = b.run(CONTRAST)
                    assert ratio >= 4.5, f"{page}, {scheme}: contrast {ratio:.2f} at {where}"
                    if pictures:
                        b.picture(pictures / f"{name}-{width}-{scheme}.png")
        b.size(360, 740)
        self.open("index.html")
        self.find("files copy")
        wide = b.run("document.documentElement.scrollWidth")
        assert wide <= 360, f"with results the page is {wide} wide"
        if pictures:
            b.picture(pictures / "search-360.png")
        b.size(1280, 900)

    def outline(self):
        """One main heading, no level left out, and a name for each landmark that is there twice."""
        for page in self.pages.values():
            self.open(page)
            levels = self.browser.run("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((h) => +h.tagName[1])")
            assert levels.count(1) == 1 and levels[0] == 1, f"{page}: {levels}"
            jumps = [pair for pair in zip(levels, levels[1:]) if pair[1] > pair[0] + 1]
            assert not jumps, f"{page}: {jumps}"
            assert self.browser.run("document.querySelectorAll('main').length") == 1
            assert self.browser.run("[...document.querySelectorAll('nav')].every((nav) => nav.ariaLabel)"), page

    def without_scripts(self):
        b = self.browser
        b.send("Emulation.setScriptExecutionDisabled", value=True)
        self.open("apis/drive.v3/methods.html")
        text = b.run("document.querySelector('[id=\"files.get\"]').parentElement.innerText")
        b.send("Emulation.setScriptExecutionDisabled", value=False)
        assert "drive.files().get(\"FILEID\")" in text, text


def main():
    program, site, work, *pictures = sys.argv[1:]
    pictures = pathlib.Path(pictures[0]).resolve() if pictures else None
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    browser = Browser(program, f"{work}/profile")
    failed = False
    try:
        browser.send("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        browser.size(1280, 900)
        checks = Checks(browser, pathlib.Path(site).resolve(), pathlib.Path(work))
        for name in ["search_by_keyboard", "search_finds", "escape_clears", "copying", "lines", "types", "outline", "without_scripts"]:
            failed |= not passes(name, getattr(checks, name), browser)
        failed |= not passes("every_width_and_scheme", lambda: checks.every_width_and_scheme(pictures), browser)
    finally:
        browser.end()
    sys.exit(failed)


def passes(name, check, browser):
    browser.errors.clear()
    try:
        check()
        assert not browser.errors, f"errors of the page: {browser.errors}"
    except AssertionError as error:
        print(f"FAILED {name}: {error}", flush=True)
        return False
    print(f"ok {name}", flush=True)
    return True


if __name__ == "__main__":
    main()
