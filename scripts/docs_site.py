"""Prepares the documentation site, and checks what was built; used by scripts/docs.sh.

python scripts/docs_site.py stage   copies docs/ and the pages at the root of the repository to build/docs-source
python scripts/docs_site.py check   fails if a page in build/docs loads anything from another site
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

REPOSITORY = Path(__file__).parents[1]
STAGED = REPOSITORY / "build" / "docs-source"
SITE = REPOSITORY / "build" / "docs"
# Pages that stand at the root, where GitHub shows them, and their place in the site.
ROOT_PAGES = {"ARCHITECTURE.md": "architecture.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
_CODE = re.compile(r"`[^`]+`")
_FENCE = re.compile(r"^(```|~~~)", re.MULTILINE)
_LOADING = {"link": "href", "object": "data", **dict.fromkeys(("script", "img", "iframe", "source", "video", "audio"), "src")}
_CSS_LOAD = re.compile(r"""(?:@import\s*|url\(\s*)["']?((?:https?:)?//[^"')\s]+)""")


def find_place(path: PurePosixPath) -> PurePosixPath | None:
    """Returns the place in the site of a path in the repository; None if it is not in the site."""
    if path.name in ROOT_PAGES and len(path.parts) == 1:
        return PurePosixPath(ROOT_PAGES[path.name])
    return path.relative_to("docs") if path.parts[:1] == ("docs",) and len(path.parts) > 1 else None


def rewrite_links(text: str, path: PurePosixPath) -> str:
    """Returns a page as it is in the site: links lead to places in the site, and links to files outside of it become plain text.

    path: the page's path in the repository. Fenced code stays as it is. Bars in code spans of tables lose the backslash that GitHub needs.
    """
    place = find_place(path)
    assert place is not None, f"{path} is not a page of the site"

    def rewrite(link: re.Match[str]) -> str:
        if re.match(r"[a-z]+:", link["target"]):
            return link[0]
        target = PurePosixPath(os.path.normpath(path.parent / link["target"]))
        found = find_place(target)
        if found is None:
            return link["text"]
        relative = os.path.relpath(found, place.parent)
        return f"{link['image']}[{link['text']}]({relative}{link['anchor'] or ''})"

    parts = _FENCE.split(text)
    # Even parts alternate between text and code; odd parts are the fences.
    return "".join(_unescape_bars(_LINK.sub(rewrite, part)) if number % 4 == 0 else part for number, part in enumerate(parts))


def _unescape_bars(text: str) -> str:
    lines = (_CODE.sub(lambda code: code[0].replace(r"\|", "|"), line) if line.startswith("|") else line for line in text.split("\n"))
    return "\n".join(lines)


def stage() -> None:
    """Writes build/docs-source."""
    shutil.rmtree(STAGED, ignore_errors=True)
    shutil.copytree(REPOSITORY / "docs", STAGED)
    pages = [*ROOT_PAGES, *(str(page.relative_to(REPOSITORY)) for page in (REPOSITORY / "docs").rglob("*.md"))]
    for name in pages:
        path = PurePosixPath(name)
        place = find_place(path)
        assert place is not None
        (STAGED / place).write_text(rewrite_links((REPOSITORY / path).read_text(encoding="utf-8"), path), encoding="utf-8")


class _LoadFinder(HTMLParser):
    """Collects the addresses that a page loads from other sites. Links that a reader may click are not loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        address = values.get(_LOADING.get(tag, "")) or ""
        # `rel=canonical` and the like name another address without loading it.
        loads = tag != "link" or (values.get("rel") or "") in {"stylesheet", "icon", "preload", "preconnect", "modulepreload", "manifest"}
        if loads and re.match(r"(https?:)?//", address):
            self.addresses.append(address)


def find_loads(html: str) -> list[str]:
    """Returns the addresses of other sites that a page's elements load."""
    finder = _LoadFinder()
    finder.feed(html)
    return finder.addresses


def find_style_loads(css: str) -> list[str]:
    """Returns the addresses of other sites that a style sheet loads."""
    return _CSS_LOAD.findall(css)


def _list_foreign() -> Iterator[str]:
    for file in sorted(SITE.rglob("*")):
        if file.suffix in {".html", ".css"}:
            text = file.read_text(encoding="utf-8")
            for address in (find_loads if file.suffix == ".html" else find_style_loads)(text):
                yield f"{file.relative_to(SITE)} loads {address}"


def main() -> int:
    """Runs the step that the command line names; returns the exit code."""
    if sys.argv[1:] == ["stage"]:
        stage()
        return 0
    if sys.argv[1:] == ["check"]:
        foreign = list(_list_foreign())
        print("\n".join(foreign), file=sys.stderr, end="\n" if foreign else "")
        return 1 if foreign or not (SITE / "index.html").is_file() else 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
