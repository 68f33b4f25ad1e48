"""SVG elements as text, shared by all drawings. Colours are those of the pages, dark or light as the browser prefers. Pure."""

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
    """Returns attributes as text. In names, `_` becomes `-`, and a trailing `_` (`class_`) is removed. Floats are rounded to a tenth."""
    parts: list[str] = []
    for name, value in values.items():
        text = f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
        parts.append(f"{name.removesuffix('_').replace('_', '-')}={quoteattr(text)}")
    return " ".join(parts)


def tag(name: str, content: str = "", /, **values: object) -> str:
    """Returns an element. content: SVG text."""
    return f"<{name} {attributes(**values)}>{content}</{name}>" if content else f"<{name} {attributes(**values)}/>"


def text(x: float, y: float, content: str, class_: str = "", **values: object) -> str:
    """Returns a line of text with its baseline at y."""
    return tag("text", escape(content), x=x, y=y, class_=class_, **values)


def title(content: str) -> str:
    """Returns a title element, which browsers show as a tooltip and screen readers read."""
    return f"<title>{escape(content)}</title>"


def shorten(content: str, width: float, size: float = 12.0) -> str:
    """Shortens text to a width in pixels, with an ellipsis. Assumes a mean letter width of 0.56 em, which is more than usual."""
    max_letters = max(1, int(width / (0.56 * size)))
    return content if len(content) <= max_letters else content[: max_letters - 1].rstrip() + "…"


def document(width: float, height: float, label: str, style: str, parts: Sequence[str]) -> str:
    """Returns an SVG file. label: a description for screen readers."""
    box = f"0 0 {width:.0f} {height:.0f}"
    head = attributes(xmlns="http://www.w3.org/2000/svg", viewBox=box, width=round(width), height=round(height), role="img")
    ground = tag("rect", class_="ground", width=width, height=height)
    return f"<svg {head}>\n{title(label)}\n<style>{_STYLE}{style}</style>\n{ground}\n" + "\n".join(parts) + "\n</svg>\n"
