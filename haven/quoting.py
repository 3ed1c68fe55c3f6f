"""Other people's text, made safe to quote: in a prompt between tags, and on a screen without hidden characters."""

from __future__ import annotations

import re

TAGS = (
    *("request", "instruction", "failures", "diff", "file", "map", "project_instructions", "log", "plan"),
    *("question", "material", "draft"),
)
"""The delimiters of a prompt; text between them is data."""

_OUR_TAG = re.compile(rf"<(?=\s*/?\s*(?:{'|'.join(TAGS)})\b)", re.IGNORECASE)
# Control characters, and halves of characters: no file and no terminal takes those.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# Direction overrides, invisible tags and letters without a shape: they make text read differently from what it is
# (CVE-2021-42574, "Trojan Source"; invisible identifiers). What joins emoji and Persian letters stays.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)

_COMMAND_LAST = re.compile(r": ((?:haven|make|sudo) .*)$")


def ended(sentence: str) -> str:
    """With one full stop; a command at its end, as after `Run:`, is put in quotes, so that nobody copies the stop."""
    return _COMMAND_LAST.sub(r" `\1`", sentence.strip().rstrip(".")) + "."


def clean(text: str) -> str:
    """A person's or a program's words without control and hidden characters; line ends become `\\n`."""
    return _HIDDEN.sub("", _plain(text)).replace("\x0c", "\n")


def visible(text: str) -> str:
    """The text for a screen: what could steer a terminal or hide from a reader is shown by its number."""
    shown = _CONTROL.sub(_number, text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n"))
    return _HIDDEN.sub(_number, shown)


def data_block(tag: str, text: str) -> str:
    """`<tag>` around words that are data: none of our tags, typed inside, opens or closes anything."""
    own = re.compile(rf"<(?=\s*/?\s*{re.escape(tag)}\b)", re.IGNORECASE)
    inside = own.sub("&lt;", _OUR_TAG.sub("&lt;", clean(text))).strip()
    return f"<{tag}>\n{inside}\n</{tag}>"


def code_block(tag: str, text: str, path: str = "") -> str:
    """The same for code, which must stay as it is: only the closing tag of its own kind is changed."""
    own_end = re.compile(rf"<(?=\s*/\s*{re.escape(tag)}\b)", re.IGNORECASE)
    attribute = f' path="{_attribute(path)}"' if path else ""
    inside = own_end.sub("&lt;", _plain(text)).removesuffix("\n")
    return f"<{tag}{attribute}>\n{inside}\n</{tag}>"


def cut_middle(text: str, limit: int) -> str:
    """At most about `limit` characters: the beginning and the end, and a line that says how much is missing."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"


def _plain(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _attribute(text: str) -> str:
    return clean(text).replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", " ")


def _number(match: re.Match[str]) -> str:
    return f"<U+{ord(match[0]):04X}>"
