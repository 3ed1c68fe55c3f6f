"""A modal that asks for a few words. Its answer comes in by its custom id, also after a restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import discord

from bot import render


class WordsModal(discord.ui.Modal):
    """Asks for words and, with `place`, for the line that they are about."""

    def __init__(self, custom_id: str, title: str, label: str, *, long: bool, place: bool = False) -> None:
        super().__init__(title=render.words(title, 45), custom_id=custom_id, timeout=3_600)
        style = discord.TextStyle.paragraph if long else discord.TextStyle.short
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="words", style=style, max_length=2_000 if long else 20
        )
        self.add_item(discord.ui.Label(text=label, component=field))
        if place:
            where: discord.ui.TextInput[Any] = discord.ui.TextInput(
                custom_id="at", max_length=300, required=False, placeholder="src/map.py:12"
            )
            self.add_item(discord.ui.Label(text="On which line? (may be left empty)", component=where))


def inputs(components: list[Any]) -> Mapping[str, str]:
    """What was typed, by the field's custom id."""
    return dict(_fields(components))


def _fields(components: list[Any]) -> Iterator[tuple[str, str]]:
    for one in components:
        if "value" in one:
            yield str(one["custom_id"]), str(one["value"] or "")
        yield from _fields([*one.get("components", []), *([one["component"]] if "component" in one else [])])
