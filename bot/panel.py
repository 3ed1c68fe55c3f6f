"""A card as Discord's components draw it: for everything that is not streamed. An embed is its content, text alone.

Limits: 4,000 characters of text and 40 parts in one message. What is too much is cut at the end, and a word says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import discord
from discord import ui

from bot.language import say

MOST_TEXT = 4_000
DETAILS = 2
"""So many fields are details: a line parts them from the first look."""
MOST_ALT = 256
"""Characters that describe a picture, so that it can be read aloud."""
PER_ROW = 5
"""Buttons in one row; a list has a row of its own."""

Items = Iterable[ui.Item[Any]]


def panel(
    card: discord.Embed,
    controls: Items = (),
    *,
    entries: Sequence[ui.Section[Any]] = (),
    files: Sequence[str] = (),
    alt: str = "",
    above: str = "",
) -> ui.LayoutView:
    """The card in a frame of its colour: text, `entries` (a line with its own button each), picture, files, controls.

    `files` are the names of files that are sent along, to be opened from the card; `alt` says in words what the picture
    shows; `above` stands over the frame, as a mention does. No timeout takes it away, and nobody waits for its presses.
    """
    frame: ui.Container[Any] = ui.Container(accent_colour=card.colour)
    said = [shown for one in entries for shown in one.children if isinstance(shown, ui.TextDisplay)]
    spent = len(above) + sum(len(shown.content) for shown in said)
    texts = _cut(_texts(card), MOST_TEXT - spent)
    foot = [texts.pop()] if (entries or card.image.url) and card.footer.text else []
    for number, text in enumerate(texts):
        if number == 1 and len(card.fields) >= DETAILS:
            frame.add_item(ui.Separator())
        frame.add_item(ui.TextDisplay(text))
    for one in entries:
        frame.add_item(one)
    if card.image.url:
        frame.add_item(ui.MediaGallery(discord.MediaGalleryItem(card.image.url, description=alt[:MOST_ALT] or None)))
    for text in foot:  # below the lines and the picture that it speaks of
        frame.add_item(ui.TextDisplay(text))
    for name in files:
        frame.add_item(ui.File(f"attachment://{name}"))
    view = ui.LayoutView(timeout=None)
    if above:
        view.add_item(ui.TextDisplay(above))
    view.add_item(frame)
    for row in _rows(controls):
        frame.add_item(row)
    view.stop()  # what is pressed is found by its custom id: discord.py would keep the whole card for that
    return view


def _texts(card: discord.Embed) -> list[str]:
    """Title and description, each field, the small print."""
    head = "\n".join(filter(None, (f"### {card.title}" if card.title else "", card.description or "")))
    short = [f"**{one.name}:** {one.value}" for one in card.fields if one.inline and "\n" not in str(one.value)]
    long = [f"**{one.name}**\n{one.value}" for one in card.fields if not (one.inline and "\n" not in str(one.value))]
    foot = "\n".join(f"-# {line}" for line in (card.footer.text or "").splitlines())
    return [text for text in (head, *long, "\n".join(short), foot) if text]


def _cut(texts: Sequence[str], most: int) -> list[str]:
    """As many as fit; the last one, the small print, always does."""
    if sum(map(len, texts)) <= most:
        return list(texts)
    more = say("… *there is more than Discord has room for*")
    room = most - len(texts[-1]) - len(more)
    kept = []
    for text in texts[:-1]:
        if len(text) > room:
            if room > 200:
                kept.append(text[: room - 1] + "…")
            break
        kept.append(text)
        room -= len(text)
    return [*kept, more, texts[-1]]


def _rows(controls: Items) -> list[ui.ActionRow[Any]]:
    """Buttons side by side, five in a row; each list in a row of its own; a row that is made already stays as it is."""
    rows: list[ui.ActionRow[Any]] = []
    for one in controls:
        if isinstance(one, ui.ActionRow):
            rows.append(one)
        elif rows and one.width < PER_ROW and sum(there.width for there in rows[-1].children) + one.width <= PER_ROW:
            rows[-1].add_item(one)
        else:
            rows.append(ui.ActionRow(one))
    return rows
