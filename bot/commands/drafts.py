"""`/submit`: propose a record for the world. `/approve`: the queue of what others proposed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import app_commands, ui

from assistants.scribe import said_of
from bot import entry
from bot import render_drafts as cards
from bot.language import say
from bot.line import FAILURES
from bot.panel import panel
from bot.views.drafts import draft_panel, queue_panel
from bot.views.reading import send
from bot.views.words import Form, inputs
from haven.access import Act, Principal
from haven.errors import BadInput, Unavailable
from haven.world.differences import Difference
from haven.world.drafts import Draft
from haven.world.fields import made, read_lines
from haven.world.leaks import was_masked
from haven.world.schema import Kind, noun

TOOL = "/submit"
ANYTHING = "text"
TOLD = "System Farlight at 12, 40, -3: yellow star, mining economy."
CHOICES = [app_commands.Choice(name=kind.value, value=kind.value) for kind in Kind]
INSIDE = {
    Kind.PLANET: "Its system",
    Kind.MOON: "Its planet",
    Kind.STATION: "Its system",
    Kind.DISCOVERY: "Where it was made",
}
"""Kinds that belong to something, and to what."""
WITH_TEXT = (Kind.LORE, Kind.DISCOVERY)
"""Kinds with a text of their own, which may come as a file."""
MOST_BYTES = 400_000
"""Of such a file: a text has at most 100,000 characters."""
EXAMPLES = {
    Kind.SYSTEM: "position: 12, 40, -3\nstar: Yellow\neconomy: Mining",
    Kind.PLANET: "biome: Lush\nweather: Mild",
    Kind.DISCOVERY: "found: ruin\nA hall of salt pillars below the ice.",
    Kind.LORE: "The text of the entry.\ntags: voyages; ships",
}
"""What the field for all the rest may look like, by kind."""


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    return [_submit(), _approve()]


class SubmitForm(Form):
    """Free words for Scribe; of a kind that was named a form, with a field for all that has none of its own."""

    def __init__(self, kind: Kind | None) -> None:
        what = kind.value if kind else ANYTHING
        title = say("A new {what}", what=say(noun(kind, 1))) if kind else say("What did you find?")
        super().__init__(f"submit:{what}", title)
        if kind is None:
            about = say("Haven reads the fields out of it and shows you what it understood.")
            self.ask("text", say("In your own words"), 4_000, about=about, long=True, placeholder=say(TOLD))
            return
        self.ask("name", say("Its name"), 200)
        if kind in INSIDE:
            self.ask("parent", say(INSIDE[kind]), 200, required=kind is not Kind.DISCOVERY)
        example = say(EXAMPLES.get(kind, "notes: what else there is to say"))
        about = say("A line with no field's name in front belongs to the text.")
        label = say("What is known, a field a line")
        self.ask("fields", label, 3_500, about=about, long=True, required=False, placeholder=example)
        if kind in WITH_TEXT:
            upload: ui.FileUpload[Any] = ui.FileUpload(custom_id="file", required=False, min_values=0, max_values=1)
            self.put(
                say("Or its text as a file"), upload, say("A .txt or .md file; it comes after what is typed above.")
            )
        self.ask("reason", say("A word for the one who looks at it"), 500, required=False)


def _submit() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="submit", description="Propose a system, planet, discovery or lore for the world")
    @app_commands.describe(kind="What it is, for a form with its fields; left out, say it in your own words")
    @app_commands.choices(kind=CHOICES)
    @app_commands.guild_only()
    async def submit(interaction: discord.Interaction, kind: str | None = None) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.send_modal(SubmitForm(Kind(kind) if kind else None))

        may = entry.bot_of(interaction).records.drafts.strangers_may_propose
        await entry.enter(interaction, Act.PROPOSE, work, strangers_may=may)

    return submit


async def submitted(interaction: discord.Interaction) -> bool:
    """Take in the modal by its custom id, also one that was opened before a restart; False: it is another modal."""
    data: Any = interaction.data
    match = re.fullmatch(rf"submit:({'|'.join([ANYTHING, *Kind])})", data["custom_id"])
    if match is None:
        return False
    bot, what, typed = entry.bot_of(interaction), match[1], inputs(data["components"])

    async def work(person: Principal) -> None:
        await entry.think(interaction)
        if what == ANYTHING:
            await _told(interaction, person, typed.get("text", ""))
        else:
            await _propose(interaction, person, Kind(what), typed)

    await entry.enter(interaction, Act.PROPOSE, work, strangers_may=bot.records.drafts.strangers_may_propose)
    return True


async def _propose(interaction: discord.Interaction, person: Principal, kind: Kind, typed: Mapping[str, str]) -> None:
    """The draft's card goes to the channel, where whoever may approve it finds its buttons."""
    bot = entry.bot_of(interaction)
    values = {"name": typed.get("name", ""), **read_lines(kind, typed.get("fields", ""))}
    if kind in WITH_TEXT and (beside := await _uploaded(interaction)):
        values["text"] = "\n\n".join(filter(None, (values.get("text", ""), beside)))
    if kind in (Kind.SYSTEM, *INSIDE):
        values.setdefault("discovered_by", person.name)
    if parent := typed.get("parent", "").strip():
        values["parent"] = (await bot.records.world.one(parent)).thing.id
    key = f"discord:{interaction.id}"
    draft = await bot.records.drafts.propose([made(kind, values)], person, TOOL, typed.get("reason", ""), key=key)
    await show_draft(interaction, draft, await bot.records.drafts.diff(draft), ())


async def _uploaded(interaction: discord.Interaction) -> str:
    """The words of the file that came with the modal; "" without one. All of it is text: no line of it is a field."""
    data: Any = interaction.data
    for raw in data.get("resolved", {}).get("attachments", {}).values():
        file = discord.Attachment(data=raw, state=interaction._state)
        if file.size > MOST_BYTES:
            raise BadInput(f"{file.filename} is larger than {MOST_BYTES // 1000} kB.", "Send a shorter text.")
        try:
            return (await file.read()).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BadInput(f"{file.filename} is no text.", "Send a .txt or .md file.") from None
        except FAILURES as error:
            raise Unavailable("Discord did not hand over the file.", "Send it once more.") from error
    return ""


async def _told(interaction: discord.Interaction, person: Principal, text: str) -> None:
    """What Scribe reads out of the words; what it has to ask, or did not understand, stands below."""
    recorded = await entry.bot_of(interaction).records.scribe.record(text, person, key=f"discord:{interaction.id}")
    said = said_of(recorded.report)
    if recorded.draft is None:
        with entry.own_words(interaction):
            card = panel(cards.questions_card(said))
        await entry.privately(interaction, card)
    else:
        await show_draft(interaction, recorded.draft, recorded.diff, said)


async def show_draft(
    interaction: discord.Interaction, draft: Draft, found: Sequence[Difference], said: Sequence[str]
) -> None:
    """A draft's card in the channel, kept in line with the queue from then on. The interaction is deferred already."""
    if draft.masked:
        said = [*said, was_masked(draft.masked)]
    files = cards.draft_files(found)
    message = await send(interaction, draft_panel(draft, cards.draft_card(draft, found, said), files), files)
    await entry.bot_of(interaction).draft_cards.keep(draft.id, message.channel.id, message.id)


def _approve() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="approve", description="Look through what others proposed for the world")
    @app_commands.guild_only()
    async def approve(interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await interaction.followup.send(view=await queue_panel(interaction, 0), ephemeral=True)

        await entry.enter(interaction, Act.APPROVE_WORLD, work)

    return approve
