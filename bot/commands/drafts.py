"""`/submit`: propose a record for the world. `/approve`: the queue of what others proposed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import app_commands

from assistants.scribe import said_of
from bot import entry
from bot import render_world as cards
from bot.views.drafts import MOST, draft_view, queue_view
from bot.views.words import inputs
from haven.access import Act, Principal
from haven.world.differences import Difference
from haven.world.drafts import Draft
from haven.world.fields import made, read_lines
from haven.world.leaks import was_masked
from haven.world.schema import Kind

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
EXAMPLES = {
    Kind.SYSTEM: "position: 12, 40, -3\nstar: Yellow\neconomy: Mining",
    Kind.PLANET: "biome: Lush\nweather: Mild",
    Kind.DISCOVERY: "found: ruin\nA hall of salt pillars below the ice.",
    Kind.LORE: "The text of the entry.\ntags: voyages; ships",
}
"""What the field for all the rest may look like, by kind."""


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    return [_submit(), _approve()]


class SubmitModal(discord.ui.Modal):
    """Free words for Scribe; of a kind that was named a form, with a field for all that has none of its own."""

    def __init__(self, kind: Kind | None) -> None:
        what = kind.value if kind else ANYTHING
        title = f"A new {what}" if kind else "What did you find?"
        super().__init__(title=title, custom_id=f"submit:{what}", timeout=3_600)
        if kind is None:
            self._ask("text", "In your own words", 4_000, long=True, placeholder=TOLD)
            return
        self._ask("name", "Its name", 200)
        if kind in INSIDE:
            self._ask("parent", INSIDE[kind], 200, required=kind is not Kind.DISCOVERY)
        example = EXAMPLES.get(kind, "notes: what else there is to say")
        self._ask("fields", "What is known, a field a line", 3_500, long=True, required=False, placeholder=example)
        self._ask("reason", "A word for the one who looks at it", 500, required=False)

    def _ask(
        self, id: str, label: str, most: int, *, long: bool = False, required: bool = True, placeholder: str = ""
    ) -> None:
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id=id,
            style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
            max_length=most,
            required=required,
            placeholder=placeholder or None,
        )
        self.add_item(discord.ui.Label(text=label, component=field))


def _submit() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="submit", description="Propose a system, planet, discovery or lore for the world")
    @app_commands.describe(kind="What it is, for a form with its fields; left out, say it in your own words")
    @app_commands.choices(kind=CHOICES)
    @app_commands.guild_only()
    async def submit(interaction: discord.Interaction, kind: str | None = None) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.send_modal(SubmitModal(Kind(kind) if kind else None))

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
        await interaction.response.defer(thinking=True)
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
    if kind in (Kind.SYSTEM, *INSIDE):
        values.setdefault("discovered_by", person.name)
    if parent := typed.get("parent", "").strip():
        values["parent"] = (await bot.records.world.one(parent)).thing.id
    key = f"discord:{interaction.id}"
    draft = await bot.records.drafts.propose([made(kind, values)], person, TOOL, typed.get("reason", ""), key=key)
    await show_draft(interaction, draft, await bot.records.drafts.diff(draft), ())


async def _told(interaction: discord.Interaction, person: Principal, text: str) -> None:
    """What Scribe reads out of the words; what it has to ask, or did not understand, stands below."""
    recorded = await entry.bot_of(interaction).records.scribe.record(text, person, key=f"discord:{interaction.id}")
    said = said_of(recorded.report)
    if recorded.draft is None:
        await interaction.followup.send(embed=cards.questions_card(said))
    else:
        await show_draft(interaction, recorded.draft, recorded.diff, said)


async def show_draft(
    interaction: discord.Interaction, draft: Draft, found: Sequence[Difference], said: Sequence[str]
) -> None:
    """A draft's card in the channel, kept in line with the queue from then on. The interaction is deferred already."""
    if draft.masked:
        said = [*said, was_masked(draft.masked)]
    card = cards.draft_card(draft, found, said)
    files = cards.draft_files(found)
    message = await interaction.followup.send(embed=card, view=draft_view(draft), files=files, wait=True)
    await entry.bot_of(interaction).draft_cards.keep(draft.id, message.channel.id, message.id)


def _approve() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="approve", description="Look through what others proposed for the world")
    @app_commands.guild_only()
    async def approve(interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            queue = entry.bot_of(interaction).records.drafts
            drafts = await queue.list(limit=MOST)
            card = cards.queue_card(drafts, await queue.count(), MOST)
            await interaction.followup.send(embed=card, view=queue_view(drafts), ephemeral=True)

        await entry.enter(interaction, Act.APPROVE_WORLD, work)

    return approve
