"""A modal that asks for a few words. Its answer comes in by its custom id, also after a restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import discord
from discord import ui

from bot import render
from bot.language import say

TITLE, LABEL, ABOUT = 45, 45, 100
"""Most characters of a modal's title, a field's label and the small print below it."""


class Form(ui.Modal):
    """Fields one after the other. What was typed comes back by their ids (`inputs`)."""

    def __init__(self, custom_id: str, title: str) -> None:
        super().__init__(title=render.words(title, TITLE), custom_id=custom_id)
        self.stop()  # as in `panel`

    def ask(
        self,
        id: str,
        label: str,
        most: int,
        *,
        about: str = "",
        long: bool = False,
        required: bool = True,
        text: str = "",
        placeholder: str = "",
    ) -> None:
        """A field for words; `text` stands in it already, and can be changed."""
        field: ui.TextInput[Any] = ui.TextInput(
            custom_id=id,
            style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
            max_length=most,
            required=required,
            default=text[:most] or None,
            placeholder=placeholder or None,
        )
        self.put(label, field, about)

    def put(self, label: str, component: ui.Item[Any], about: str = "") -> None:
        """A field of any sort; `about` explains it."""
        said = render.words(about, ABOUT) or None
        self.add_item(ui.Label(text=render.words(label, LABEL), description=said, component=component))


class WordsModal(Form):
    """Asks for words and, with `place`, for the line that they are about."""

    def __init__(
        self,
        custom_id: str,
        title: str,
        label: str,
        *,
        long: bool,
        place: bool = False,
        needed: bool = True,
        most: int = 4_000,
        text: str = "",
    ) -> None:
        super().__init__(custom_id, title)
        self.ask("words", label, most if long else 20, long=long, required=needed, text=text)
        if place:
            self.ask_place()

    def ask_place(self) -> None:
        """On which line of the code."""
        label = say("On which line? (may be left empty)")
        self.ask("at", label, 300, required=False, placeholder="src/map.py:12")


def inputs(components: list[Any]) -> Mapping[str, str]:
    """What was typed or chosen, by the field's custom id; a box that is ticked is `yes`."""
    return dict(_fields(components))


def _fields(components: list[Any]) -> Iterator[tuple[str, str]]:
    for one in components:
        if "custom_id" in one:
            value = one["values"][0] if one.get("values") else one.get("value")
            yield str(one["custom_id"]), "yes" if value is True else str(value or "")
        yield from _fields([*one.get("components", []), *([one["component"]] if "component" in one else [])])
