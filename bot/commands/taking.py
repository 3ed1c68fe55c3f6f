"""A message that somebody takes up: its words in a modal, to be changed before anything is done with them.

Haven reads no messages by itself; Discord hands over the one that a person points at. Its words are data: they stand in
a field, and what leads back to the message lies in the custom id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from assistants.round_table import Request
from bot import entry
from bot.answering import Answering
from bot.commands.changes import propose
from bot.commands.drafts import show_draft
from bot.language import say
from bot.render import words
from bot.views import price
from bot.views.words import Form, inputs
from haven.access import Act, Principal
from haven.changes.proposal import Kind, plain_title
from haven.errors import BadInput
from haven.world.fields import made
from haven.world.schema import Kind as Recorded

LORE = "Add to lore"
MOST = 4_000
"""Characters of a field, and of a message."""
MOST_NAME = 40
"""Characters of an author's name that have room in a custom id, which has 100."""
KINDS: dict[Kind, str] = {
    Kind.FEATURE: "Something new",
    Kind.FIX: "A fault to be mended",
    Kind.DOCS: "Documentation",
    Kind.REFACTOR: "Code in better shape",
}


def said_in(message: discord.Message) -> str:
    """The words of a message: what was written, and what its cards say. Raises BadInput where there are none."""
    cards = (f"{one.title or ''}\n{one.description or ''}" for one in message.embeds)
    parts = [message.content, *cards, *_shown(message.components)]
    text = "\n".join(filter(None, (part.strip() for part in parts)))
    if not text:
        raise BadInput("That message has no words in it.", "Choose one with a text.")
    return text


def _shown(components: Any) -> Iterator[str]:
    for one in components:
        if isinstance(one, discord.TextDisplay):
            yield one.content
        yield from _shown(getattr(one, "children", ()))


@dataclass(frozen=True)
class Origin:
    """Where a message stands and who wrote it."""

    channel: int
    message: int
    author: str = ""

    def custom_id(self, what: str) -> str:
        """Of the modal that asks for this."""
        return f"taken:{what}:{self.channel}:{self.message}:{self.author}"

    def link(self, guild: int | None) -> str:
        return f"https://discord.com/channels/{guild or '@me'}/{self.channel}/{self.message}"

    def source(self, guild: int | None) -> str:
        """As a lore entry names where it comes from."""
        return f"{self.author} on Discord, {self.link(guild)}"


class AskForm(Form):
    """What to know about a message; in private it stays in this house."""

    def __init__(self, origin: Origin, text: str) -> None:
        super().__init__(origin.custom_id("ask"), say("Ask about this message"))
        self.ask("question", say("What would you like to know?"), 1_000, long=True)
        self.ask("text", say("The message"), MOST, long=True, text=text)
        self.put(
            say("In private"),
            ui.Checkbox(custom_id="private"),
            say("Only you see the answer, and nothing leaves this house."),
        )


class ChangeForm(Form):
    """A message as the wish for a change."""

    def __init__(self, text: str) -> None:
        super().__init__("taken:change", say("Make this a change"))
        options = [
            discord.RadioGroupOption(label=say(about), value=kind.value, default=kind is Kind.FEATURE)
            for kind, about in KINDS.items()
        ]
        self.put(say("What is it?"), ui.RadioGroup(custom_id="kind", options=options))
        self.ask("text", say("What you would like, in your own words"), MOST, long=True, text=text)


class LoreForm(Form):
    """A message as a draft for the lore."""

    def __init__(self, message: discord.Message, text: str) -> None:
        author = words(" ".join(message.author.display_name.split()), MOST_NAME) or str(message.author.id)
        origin = Origin(message.channel.id, message.id, author)
        super().__init__(origin.custom_id("lore"), say("Add to the lore"))
        self.ask("name", say("Its title"), 200, text=plain_title(text))
        self.ask("text", say("Its text"), MOST, long=True, text=text)
        self.ask("reason", say("A word for the one who looks at it"), 500, required=False)


async def taken(interaction: discord.Interaction) -> bool:
    """Take in one of these modals, also one that was opened before a restart; False: it is another modal."""
    data: Any = interaction.data
    match = re.fullmatch(r"taken:(ask|change|lore)(?::(\d{1,20}):(\d{1,20}):(.*))?", data["custom_id"])
    if match is None:
        return False
    typed = inputs(data["components"])
    if match[1] == "change":
        kind = typed.get("kind", "")
        await propose(interaction, Kind(kind) if kind in {*Kind} else Kind.FEATURE, typed.get("text", ""))
    elif match[2]:
        origin = Origin(int(match[2]), int(match[3]), match[4])
        await (_ask if match[1] == "ask" else _add_lore)(interaction, origin, typed)
    return True


async def _ask(interaction: discord.Interaction, origin: Origin, typed: Any) -> None:
    async def work(person: Principal) -> None:
        request = Request(
            typed.get("question", ""),
            person,
            private=typed.get("private") == "yes",
            key=f"discord:{interaction.id}",
            about=typed.get("text", ""),
            place={"link": origin.link(interaction.guild_id)},
            unasked_usd=price.unasked(interaction),
        )
        await Answering.begin(interaction, person, request)

    await entry.enter(interaction, Act.ASK, work)


async def _add_lore(interaction: discord.Interaction, origin: Origin, typed: Any) -> None:
    drafts = entry.bot_of(interaction).records.drafts

    async def work(person: Principal) -> None:
        await entry.think(interaction)
        values = {"name": typed.get("name", ""), "text": typed.get("text", "")}
        source = f"{origin.source(interaction.guild_id)}\n"  # of lines: a comma in a name parts nothing
        lore = made(Recorded.LORE, values | {"sources": source})
        key = f"discord:{interaction.id}"
        draft = await drafts.propose([lore], person, LORE, typed.get("reason", ""), key=key)
        await show_draft(interaction, draft, await drafts.diff(draft), ())

    await entry.enter(interaction, Act.PROPOSE, work, strangers_may=drafts.strangers_may_propose)
