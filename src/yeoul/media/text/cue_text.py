"""Converts the text of cues of other formats to WebVTT cue text; pure."""

from __future__ import annotations

import re
from typing import Final, cast

_ASS_TOKEN: Final = re.compile(r"\{([^{}]*)\}|\\([Nnh{}\\])|([^{\\]+|.)", re.DOTALL)
_ASS_ESCAPES: Final[dict[str, str]] = {"N": "\n", "n": "\n", "h": "\u00a0"}
_ASS_SWITCH: Final = re.compile(r"\\(?:([biu])(\d+)|r)")

_SRT_TAG: Final = re.compile(r"<(/?)([biu])>", re.IGNORECASE)
# Neither pattern matches past the next bracket, otherwise a text of brackets would take quadratic time.
_SRT_FONT: Final = re.compile(r"</?font\b[^<>]*>", re.IGNORECASE)
_ASS_OVERRIDE: Final = re.compile(r"\{\\[^{}]*\}")


def ass_to_cue_text(text: str) -> str:
    """Converts ASS dialogue text to WebVTT cue text; keeps bold, italic and underline, drops other overrides and escapes the text."""
    parts: list[str] = []
    open_tags: list[str] = []
    for override, escape, plain in cast("list[tuple[str, str, str]]", _ASS_TOKEN.findall(text)):
        if override:
            for tag, value in _ASS_SWITCH.findall(override):
                parts.append(_switch_tag(open_tags, tag, on=value != "0") if tag else _close_tags(open_tags))
        elif escape:
            parts.append(_ASS_ESCAPES.get(escape, escape))
        else:
            parts.append(plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    parts.append(_close_tags(open_tags))
    # A blank line would end the cue.
    return "\n".join(line for line in "".join(parts).replace("\r", "\n").split("\n") if line.strip())


def srt_to_cue_text(text: str) -> str:
    """Converts SubRip text to WebVTT cue text; keeps bold, italic and underline. Converts to ASS first, with ASS syntax escaped."""
    escaped = _ASS_OVERRIDE.sub("", _SRT_FONT.sub("", text)).replace("\\", "\\\\").replace("{", "\\{")
    return ass_to_cue_text(_SRT_TAG.sub(lambda tag: f"{{\\{tag[2].lower()}{0 if tag[1] else 1}}}", escaped))


def _close_tags(open_tags: list[str]) -> str:
    closing = "".join(f"</{tag}>" for tag in reversed(open_tags))
    open_tags.clear()
    return closing


def _switch_tag(open_tags: list[str], tag: str, *, on: bool) -> str:
    """Opens a tag, or closes it; then closes the tags inside it first and opens them again. Returns the markup."""
    if on == (tag in open_tags):
        return ""
    if on:
        open_tags.append(tag)
        return f"<{tag}>"
    inner = open_tags[open_tags.index(tag) + 1 :]
    open_tags.remove(tag)
    return "".join(f"</{t}>" for t in reversed(inner)) + f"</{tag}>" + "".join(f"<{t}>" for t in inner)
