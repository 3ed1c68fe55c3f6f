"""Markdown of models and people as safe HTML: no HTML of theirs, no pictures, and links to the web alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from haven.quoting import clean

_WEB = re.compile(r"https?://[^/\\\s]", re.IGNORECASE)
LINK = {"rel": "noopener noreferrer nofollow", "referrerpolicy": "no-referrer"}
MOST = 20_000
"""Characters, and cells of tables, that are understood: more could hold up everybody for seconds."""
BELOW = 2
"""Headings of a text stand below the two of the page around it."""


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    parser.validateLink = lambda url: bool(_WEB.match(url))  # type: ignore[method-assign]
    return parser


_PARSER = _parser()


@lru_cache(maxsize=256)
def markdown(text: str) -> Markup:
    """The text as HTML; what is not understood, or too long, stands there as it was typed, escaped."""
    if _is_long(text):
        return Markup("<pre>{}</pre>").format(clean(text))
    tokens = _PARSER.parse(clean(text))
    _tamed(tokens)
    return Markup(_PARSER.renderer.render(tokens, _PARSER.options, {}))


def _is_long(text: str) -> bool:
    """A short row of a table is filled up with empty cells."""
    lines = text.splitlines()
    return len(text) > MOST or len(lines) * max((line.count("|") for line in lines), default=0) > MOST


def _tamed(tokens: Sequence[Token]) -> None:
    for token in tokens:
        token.attrs.pop("style", None)  # how a column is aligned; the page's policy forbids styles in lines
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + BELOW, 6)}"
        elif token.type == "link_open":
            token.attrs |= LINK
        _tamed(token.children or ())
