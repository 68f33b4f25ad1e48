"""What all our drawings share: SVG text by hand, with the page's colours, dark or light as the viewer wishes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

_STYLE = """
svg { color-scheme: dark light; --ground: #0e1214; --raised: #171d20; --line: #36424a; --text: #e8eeee; --muted: #98a5a8;
  --accent: #35c6b4; --warn: #f0b24a; --bad: #ff7a70; --light: 62%;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans KR", "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: light) { svg { --ground: #f7f9f9; --raised: #ffffff; --line: #c5d0d2; --text: #12191b; --muted: #586568;
  --accent: #0b8476; --warn: #9a6200; --bad: #c0322b; --light: 42%; } }
text { fill: var(--text); font-size: 12px; }
.title { font-size: 18px; font-weight: 600; }
.name { font-size: 14px; font-weight: 600; }
.muted { fill: var(--muted); }
.small { font-size: 11px; }
.right { text-anchor: end; }
.middle { text-anchor: middle; }
.ground { fill: var(--ground); }
"""


def attributes(**values: object) -> str:
    """Attributes as text; `_` in names stands for `-`, a last one is dropped (`class_`), numbers are rounded to a tenth."""
    found: list[str] = []
    for name, value in values.items():
        text = f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
        found.append(f"{name.removesuffix('_').replace('_', '-')}={quoteattr(text)}")
    return " ".join(found)


def tag(name: str, content: str = "", /, **values: object) -> str:
    """One element; `content` is SVG already."""
    return f"<{name} {attributes(**values)}>{content}</{name}>" if content else f"<{name} {attributes(**values)}/>"


def text(x: float, y: float, content: str, class_: str = "", **values: object) -> str:
    """One line of text with its base line at y."""
    return tag("text", escape(content), x=x, y=y, class_=class_, **values)


def title(content: str) -> str:
    """What is shown when the pointer rests on an element, and read aloud."""
    return f"<title>{escape(content)}</title>"


def shorten(content: str, width: float, size: float = 12.0) -> str:
    """Text that fits a width, cut with an ellipsis; 0.56 em is a generous mean of what a letter takes."""
    most = max(1, int(width / (0.56 * size)))
    return content if len(content) <= most else content[: most - 1].rstrip() + "…"


def document(width: float, height: float, label: str, style: str, parts: Sequence[str]) -> str:
    """A whole SVG file. label: what it shows, for those who cannot see it."""
    box = f"0 0 {width:.0f} {height:.0f}"
    head = attributes(xmlns="http://www.w3.org/2000/svg", viewBox=box, width=round(width), height=round(height), role="img")
    ground = tag("rect", class_="ground", width=width, height=height)
    return f"<svg {head}>\n{title(label)}\n<style>{_STYLE}{style}</style>\n{ground}\n" + "\n".join(parts) + "\n</svg>\n"
