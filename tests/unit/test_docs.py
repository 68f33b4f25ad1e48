"""The documentation: links lead somewhere, paths exist, the site contains every page and loads nothing from elsewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path, PurePosixPath

import pytest
import yaml

from scripts.docs_site import ROOT_PAGES, find_loads, find_place, find_style_loads, rewrite_links
from scripts.manual.markdown import make_anchor

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
ROOT_FILES = [
    REPOSITORY / name for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "web/README.md")
]
PAGES = [*ROOT_FILES, *sorted(DOCS.rglob("*.md"))]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_PATH = re.compile(
    r"`((?:src|tests|bench|scripts|docs|web|requirements|api|base|blob|catalog|cli|client|delivery|discovery|engine|identity|"
    r"insight|mail|media|model|pipeline|upload|webhook)/[\w./-]*|bootstrap\.py)`"
)
_PLACES = (REPOSITORY, REPOSITORY / "src/yeoul")
# Names that stand for any file, and files that are made.
_EXAMPLES = {"src/yeoul/pipeline/ops/NAME.py", "bench/results.json"}


def _name(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def _text(path: Path) -> str:
    """A page without its fenced code."""
    return _FENCED.sub("", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_to_files_and_headings(page: Path):
    wrong: list[str] = []
    for link in _LINK.findall(_text(page)):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        file = (page.parent / target) if target else page
        if not file.exists():
            wrong.append(link)
        elif anchor:
            headings = re.findall(r"^#+ (.+)$", _text(file), re.MULTILINE)
            wrong += [link] if anchor not in map(make_anchor, headings) else []
    assert wrong == []


@pytest.mark.parametrize("page", [*ROOT_FILES, *DOCS.glob("*.md"), *(DOCS / "design").glob("*.md")], ids=_name)
def test_paths_exist(page: Path):
    named = {path for path in _PATH.findall(_text(page)) if path not in _EXAMPLES and "NAME" not in path}
    assert sorted(path for path in named if not any((place / path).exists() for place in (page.parent, *_PLACES))) == []


def test_the_readme_is_short():
    assert len((REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def _nav_pages(nav: object) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    entries = nav if isinstance(nav, list) else list(nav.values()) if isinstance(nav, dict) else []
    return [page for entry in entries for page in _nav_pages(entry)]


def test_the_site_contains_every_page_once():
    config = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8"))
    pages = [*(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")), *ROOT_PAGES.values()]
    assert sorted(_nav_pages(config["nav"])) == sorted(pages)
    assert config["theme"]["font"] is False


def test_design_notes_have_their_form_and_are_listed():
    index = (DOCS / "design" / "index.md").read_text(encoding="utf-8")
    for note in sorted((DOCS / "design").glob("0*.md")):
        text = note.read_text(encoding="utf-8")
        number = int(note.name[:4])
        assert text.startswith(f"# {number}. ")
        assert re.search(r"^- Date: \d{4}-\d{2}-\d{2}$", text, re.MULTILINE) and "- Status: " in text
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
        assert f"| {number} | [" in index and f"({note.name})" in index


# --- how pages come into the site ---


@pytest.mark.parametrize(
    ("page", "text", "staged"),
    [
        ("ARCHITECTURE.md", "[a](docs/dags.md#x) ![b](docs/images/b.svg)", "[a](dags.md#x) ![b](images/b.svg)"),
        ("docs/index.md", "[a](../CONTRIBUTING.md)", "[a](contributing.md)"),
        ("docs/design/index.md", "[a](../../ARCHITECTURE.md) [b](0001-x.md)", "[a](../architecture.md) [b](0001-x.md)"),
        (
            "CONTRIBUTING.md",
            "[the app](web/README.md) [here](#heading) [out](https://example.org/x)",
            "the app [here](#heading) [out](https://example.org/x)",
        ),
        ("docs/a.md", "```\n[a](../CONTRIBUTING.md)\n```\n[a](../CHANGELOG.md)", "```\n[a](../CONTRIBUTING.md)\n```\n[a](changelog.md)"),
        ("docs/a.md", "| `a\\|b` | c\\|d |\nno `a\\|b`", "| `a|b` | c\\|d |\nno `a\\|b`"),
    ],
)
def test_links_are_those_of_the_site(page: str, text: str, staged: str):
    assert rewrite_links(text, PurePosixPath(page)) == staged


def test_files_outside_of_the_site_have_no_place():
    assert find_place(PurePosixPath("web/README.md")) is None
    assert find_place(PurePosixPath("web/CHANGELOG.md")) is None
    assert find_place(PurePosixPath("docs")) is None


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://unpkg.example/mermaid.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/css">',
        '<img alt="" src="http://example.org/x.png">',
        '<link rel="preconnect" href="https://fonts.example">',
    ],
)
def test_what_is_loaded_from_elsewhere_is_found(html: str):
    assert len(find_loads(f"<html><body>{html}</body></html>")) == 1


def test_links_and_own_files_are_not_loads_from_elsewhere():
    assert (
        find_loads('<a href="https://example.org">x</a><script src="assets/x.js"></script><link rel="canonical" href="https://x.example">')
        == []
    )
    assert find_style_loads("@import 'https://a.example/x.css'; b { background: url(//c.example/d.png) } e { background: url(f.png) }") == [
        "https://a.example/x.css",
        "//c.example/d.png",
    ]


# --- what CI runs ---


def test_ci_runs_on_every_python_that_is_promised():
    workflow = yaml.safe_load((REPOSITORY / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    promised = [name.rsplit(" ", 1)[1] for name in project["classifiers"] if re.search(r"Python :: 3\.\d+$", name)]
    test = workflow["jobs"]["test"]
    assert test["strategy"]["matrix"]["python"] == promised
    assert any(".ci/run" in step.get("run", "") for step in test["steps"])
    uses = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert [action for action in uses if not re.fullmatch(r"actions/[a-z-]+@v\d+", action)] == []


@pytest.mark.parametrize("name", ["audit.txt", "docs.txt"])
def test_pins_of_tools_have_hashes(name: str):
    blocks = re.split(r"^(?=[\w.-]+==)", (REPOSITORY / "requirements" / name).read_text(), flags=re.MULTILINE)[1:]
    assert blocks
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
