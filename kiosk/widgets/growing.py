"""Markdown that grows while it is read."""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt
from textual.content import Content
from textual.widgets import Markdown
from textual.widgets._markdown import MarkdownParagraph


class Paragraph(MarkdownParagraph):
    """Its words are drawn anew as they come; the screen is laid out anew only where they need another line."""

    def set_content(self, content: Content) -> None:
        self._content = content
        self.update(content, layout=False)
        width, height = self.content_size
        if not width or self.get_content_height(self.container_size, self.app.size, width) != height:
            self.refresh(layout=True)


class Growing(Markdown):
    """Links in it open nothing: a model wrote them."""

    BLOCKS = {**Markdown.BLOCKS, "paragraph_open": Paragraph}

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", id=id, open_links=False, parser_factory=_parser)


@cache
def _parser() -> MarkdownIt:
    """What reads like GitHub; to make one costs more than to read a sentence with it."""
    return MarkdownIt("gfm-like")
