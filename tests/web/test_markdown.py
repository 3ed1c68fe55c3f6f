"""Markdown of models and people: readable, and nothing in it runs, loads, or leads anywhere but the web."""

from __future__ import annotations

import re

import pytest
from markupsafe import escape

from web.markdown import MOST, markdown

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![pixel](https://elsewhere.example/pixel.png)",
    "[here](javascript:alert(1))",
    "[here](data:text/html,<script>alert(1)</script>)",
    "[here](//elsewhere.example)",
    "[here](/cloud)",
    '<https://e.example/"onmouseover=alert(1)>',
    "[x]: javascript:alert(1)\n[x]",
    "```<img src=x onerror=alert(1)>\ncode\n```",
    "| a |\n|:-:|\n| <b onclick=x> |",
    "a\u202eb\x00c\x1b[2J",
    "> " * 500 + "deep",
    "[" * 2_000,
)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_text_runs_loads_or_leads_into_the_house(text: str) -> None:
    html = str(markdown(text))
    for tag in re.findall(r"<[^>]*>", html):
        assert not re.match(r"<(script|img|iframe|style|svg|form|input)\b", tag), tag
        assert not re.search(r"\s(on\w+|style|srcset)\s*=", re.sub(r'"[^"]*"', '""', tag)), tag
        for address in re.findall(r'(?:href|src)="([^"]*)"', tag):
            assert re.match(r"https?://", address), tag
    assert not set(html) & set("\u202e\x00\x1b")


def test_what_models_write_reads_well() -> None:
    html = str(
        markdown("# Vega\n\n**Two** [moons](https://example.org/a?b=1&c=2)\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n")
    )
    assert "<h3>Vega</h3>" in html and "<strong>Two</strong>" in html and "<table>" in html
    assert 'href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer nofollow"' in html
    assert "style" not in html


@pytest.mark.parametrize("text", ["[<b>**" * (MOST // 6 + 1), "|a" * 1000 + "|\n" + "|-" * 1000 + "|\n" + "|\n" * 100])
def test_what_is_too_long_to_be_understood_is_shown_as_it_was_typed(text: str) -> None:
    assert str(markdown(text)) == f"<pre>{escape(text)}</pre>"
