"""`/privacy`: what Haven keeps of whoever asks; to be taken along as a file, and to be deleted."""

from __future__ import annotations

import asyncio
import io
import json
import re
from typing import Any, Self

import discord
from discord import app_commands, ui

from bot import entry
from bot.commands.anywhere import anywhere
from bot.language import say, told
from bot.panel import panel
from bot.render_office import GOOD, kept_card
from bot.views.words import Form, inputs
from haven.access import Act, Principal
from haven.errors import AccessDenied, BadInput
from haven.privacy import ELSEWHERE, LATER, STAYS

TEMPLATE = r"privacy:(?P<act>export|delete)"
MODAL = "privacy:sure"
WORD = "delete"
MOST_BYTES = 10_000_000
LOOKS = {
    "export": ("Give me a copy", discord.ButtonStyle.secondary),
    "delete": ("Delete it…", discord.ButtonStyle.danger),
}


class PrivacyButton(ui.DynamicItem[ui.Button[Any]], template=TEMPLATE):
    """Acts on whoever presses, on nobody else."""

    def __init__(self, act: str) -> None:
        label, style = LOOKS[act]
        super().__init__(ui.Button(label=say(label), style=style, custom_id=f"privacy:{act}"))
        self.act = act

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["act"])

    async def callback(self, interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            _within(interaction)
            if self.act == "export":
                await _export(interaction, person)
                return
            form = Form(MODAL, say("Delete what Haven keeps of you"))
            about = say("It can't be undone. Type the word {word}.", word=_word())
            form.ask("word", say("Are you sure?"), 20, about=about)
            await interaction.response.send_modal(form)

        await entry.enter(interaction, Act.READ, work, strangers_may=True)


def command() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="privacy", description="Show what Haven keeps of you; take it along, or delete it")
    @anywhere
    async def privacy(interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            _within(interaction)
            await interaction.response.defer(ephemeral=True, thinking=True)
            counts = await entry.bot_of(interaction).office.privacy.held(person, person.id)
            card = kept_card(counts, [told(one) for one in (STAYS, LATER, ELSEWHERE)])
            view = panel(card, [PrivacyButton(act) for act in LOOKS])
            await interaction.followup.send(view=view, ephemeral=True)

        await entry.enter(interaction, Act.READ, work, strangers_may=True)

    return privacy


async def sure(interaction: discord.Interaction) -> bool:
    """Whether this was the modal's answer: then it is dealt with."""
    data: Any = interaction.data or {}
    if data.get("custom_id") != MODAL:
        return False

    async def work(person: Principal) -> None:
        _within(interaction)
        if inputs(data.get("components", [])).get("word", "").strip().lower() not in {_word(), WORD}:
            raise BadInput("That is not the word, so nothing was deleted.", "Open /privacy again.")
        await interaction.response.defer(ephemeral=True, thinking=True)
        await entry.bot_of(interaction).office.privacy.delete(person, person.id)
        done = discord.Embed(title=say("It is deleted"), colour=GOOD)
        done.description = "\n\n".join(told(one) for one in (STAYS, LATER, ELSEWHERE))
        await interaction.followup.send(view=panel(done), ephemeral=True)

    await entry.enter(interaction, Act.READ, work, strangers_may=True)
    return True


def _word() -> str:
    return say(WORD)


def _within(interaction: discord.Interaction) -> None:
    """What is one's own, one may see with no role at all; but not on other people's servers."""
    if interaction.guild_id not in (None, entry.bot_of(interaction).settings.guild_id):
        raise AccessDenied("Haven shows nothing on other servers.", "Ask in Haven's own server, or in a chat with it.")


async def _export(interaction: discord.Interaction, person: Principal) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    found = await entry.bot_of(interaction).office.privacy.export(person, person.id)
    data = await asyncio.to_thread(lambda: json.dumps(found, indent=1, ensure_ascii=False).encode())
    if len(data) > MOST_BYTES:
        raise BadInput(
            f"It is {len(data) / 1e6:.0f} MB, and Discord takes 10.",
            f"The owner has it: haven privacy export {person.id}",
        )
    card = discord.Embed(title=say("What Haven keeps of you"), description=say("Times are seconds since 1970."))
    file = discord.File(io.BytesIO(data), filename="haven-keeps.json")
    await interaction.followup.send(view=panel(card, files=[file.filename]), file=file, ephemeral=True)
