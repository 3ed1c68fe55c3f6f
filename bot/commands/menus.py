"""What can be done with a message, from its menu: tweak with it, ask about it, keep it as lore, make it a change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import discord
from discord import app_commands

from assistants.going import MAY_BE_TWEAKED
from bot import entry
from bot.commands import taking
from bot.language import say
from bot.views.buttons import Press
from bot.views.words import Form, WordsModal
from haven.access import Act, Principal, check
from haven.errors import BadInput, Conflict

Opened = Callable[[discord.Interaction, discord.Message, Principal], Awaitable[Form]]


def menus() -> list[app_commands.ContextMenu]:
    """At most five on messages, as Discord allows."""
    return [
        _menu("Use as tweak", Act.READ, _tweak),  # the core looks at whose change it is
        _menu("Ask about this", Act.ASK, _ask),
        _menu(taking.LORE, Act.PROPOSE, _lore),
        _menu("Make this a change", Act.REQUEST, _change),
    ]


def _menu(name: str, act: Act, opened: Opened) -> app_commands.ContextMenu:
    async def chosen(interaction: discord.Interaction, message: discord.Message) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.send_modal(await opened(interaction, message, person))

        propose = act is Act.PROPOSE
        may = propose and entry.bot_of(interaction).records.drafts.strangers_may_propose
        await entry.enter(interaction, act, work, strangers_may=may)

    return app_commands.guild_only()(app_commands.ContextMenu(name=name, callback=chosen))


async def _tweak(interaction: discord.Interaction, message: discord.Message, person: Principal) -> Form:
    """In a change's thread alone: there it is clear which one is meant."""
    bot = entry.bot_of(interaction)
    id = await bot.cards.subject(message.channel.id)
    if not id:
        raise BadInput("This is not the thread of a change.", "Use `/tweak` and choose the change.")
    change = await bot.changes.get(id)
    check(person, Act.TWEAK, requester=change.requester)
    if change.state not in MAY_BE_TWEAKED:
        raise Conflict(
            f"Change {change.id} is at round {change.round}, {change.state}: it takes no tweak now.",
            "Wait for its next card.",
        )
    press = Press("tweak", change.id, change.round)
    title, label = say("Tweak change {id}", id=id), say("What should be different?")
    return WordsModal(press.custom_id, title, label, long=True, place=True, text=taking.said_in(message))


async def _ask(interaction: discord.Interaction, message: discord.Message, person: Principal) -> Form:
    return taking.AskForm(taking.Origin(message.channel.id, message.id), taking.said_in(message))


async def _lore(interaction: discord.Interaction, message: discord.Message, person: Principal) -> Form:
    return taking.LoreForm(message, taking.said_in(message))


async def _change(interaction: discord.Interaction, message: discord.Message, person: Principal) -> Form:
    return taking.ChangeForm(taking.said_in(message))
