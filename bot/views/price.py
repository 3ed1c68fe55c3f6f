"""The price before the run: what may cost more than the settings let pass is shown first, and waits for a yes.

What is asked for waits in the store, so that a press after a restart goes on with it; nothing is sent or spent before.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Self

import discord
from discord import ui

from assistants.round_table import Request
from bot import entry
from bot.language import say
from bot.panel import panel
from bot.render import plain
from haven.access import Act, Principal
from haven.ai.money.estimate import Estimate
from haven.ai.task import Where
from haven.changes.proposal import Kind
from haven.errors import AccessDenied, Conflict, NotFound
from haven.store import notes
from haven.store.database import now

FACE = "discord.price"
LIFE_S = 86_400.0
"""A question that nobody answers is forgotten after a day."""
TEMPLATE = r"price:(?P<act>yes|no):(?P<id>[0-9a-f]{16})"
COLOUR = 0xFAA61A
LOOKS = {"yes": ("Yes, go on", discord.ButtonStyle.success), "no": ("No", discord.ButtonStyle.secondary)}
GoOn = Callable[[discord.Interaction, Request], Awaitable[None]]
GO_ON: dict[bool, GoOn] = {}
"""Who goes on after a yes: with a change (True), with a question (False); the commands enter themselves."""


@dataclass(frozen=True)
class Quote:
    """What waits for a yes, and the price in US dollars that the asker saw."""

    asker: str
    text: str
    kind: str
    assistant: str
    where: str
    key: str
    evidence: str | None
    low: float
    high: float
    model: str
    tokens: int
    at: float
    about: str = ""

    @classmethod
    def of(cls, request: Request, found: Estimate) -> Quote:
        asked = request.principal.id, request.text, request.kind.value if request.kind else "", request.assistant or ""
        price = found.low, found.high, found.model, found.tokens
        return cls(*asked, request.where.value, request.key, request.evidence, *price, now(), request.about)

    def request(self, person: Principal) -> Request:
        kind, where = Kind(self.kind) if self.kind else None, Where(self.where)
        return Request(
            self.text,
            person,
            kind,
            self.assistant or None,
            where,
            key=self.key,
            evidence=self.evidence,
            about=self.about,
        )


class PriceButton(ui.DynamicItem[ui.Button[Any]], template=TEMPLATE):
    """Yes or no to a price, whichever process drew it."""

    def __init__(self, act: str, id: str) -> None:
        label, style = LOOKS[act]
        super().__init__(ui.Button(label=say(label), style=style, custom_id=f"price:{act}:{id}"))
        self.act = act
        self.subject = id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["act"], match["id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            quote = await _waiting(interaction, self.subject, person)
            if self.act == "no":
                await notes.take_card(entry.bot_of(interaction).database, FACE, self.subject)
                said = say("Nothing was sent, and nothing was spent.")
                await interaction.response.edit_message(view=_panel(quote, "", said))
            else:
                await _yes(interaction, self.subject, quote, person)

        await entry.enter(interaction, Act.ASK, work)


async def shown_first(interaction: discord.Interaction, request: Request) -> bool:
    """Whether the asker was shown the price, and is asked: then nothing else is to be done now."""
    bot = entry.bot_of(interaction)
    found = await bot.office.pricing.ask_first(request)
    if found is None:
        return False
    id, quote = secrets.token_hex(8), Quote.of(request, found)
    await notes.forget_cards(bot.database, FACE, now() - LIFE_S)
    await notes.set_card(bot.database, FACE, id, asdict(quote))
    if interaction.response.is_done():
        await interaction.followup.send(view=_panel(quote, id), ephemeral=True)
    else:
        await interaction.response.send_message(view=_panel(quote, id), ephemeral=True)
    return True


async def _waiting(interaction: discord.Interaction, id: str, person: Principal) -> Quote:
    """Raises NotFound, AccessDenied."""
    data = await notes.card(entry.bot_of(interaction).database, FACE, id)
    if data is None or data["at"] < now() - LIFE_S:
        raise NotFound("That price does not wait for an answer any more.", "Ask for it again.")
    quote = Quote(**data)
    if quote.asker != person.id:
        raise AccessDenied("Somebody else asked for that.", "Ask for it yourself.")
    return quote


async def _yes(interaction: discord.Interaction, id: str, quote: Quote, person: Principal) -> None:
    """Priced and held against the caps once more; then as if it had been asked for now.

    Raises Conflict where somebody was faster, OverBudget where a cap is in the way now.
    """
    bot, request = entry.bot_of(interaction), quote.request(person)
    if request.kind is not None:
        await interaction.response.defer()
    found = await bot.office.pricing.of(request)
    if found is not None and found.differs(quote.high):
        new = Quote.of(request, found)
        await notes.set_card(bot.database, FACE, id, asdict(new))
        said = say("The price is another one by now, so nothing was sent. Look again.")
        await _redraw(interaction, _panel(new, id, said))
        return
    if found is not None:
        await bot.office.pricing.admit(found)
    if await notes.take_card(bot.database, FACE, id) is None:
        raise Conflict("That was decided already.", "Nothing was done a second time.")
    await GO_ON[request.kind is not None](interaction, request)
    with suppress(discord.HTTPException):  # what was asked for is under way, whatever becomes of these buttons
        await interaction.followup.edit_message(_message(interaction), view=_panel(quote, "", say("You said yes.")))


async def _redraw(interaction: discord.Interaction, view: ui.LayoutView) -> None:
    if interaction.response.is_done():
        await interaction.edit_original_response(view=view)
    else:
        await interaction.response.edit_message(view=view)


def _message(interaction: discord.Interaction) -> int:
    assert interaction.message is not None
    return interaction.message.id


def _panel(quote: Quote, id: str, said: str = "") -> ui.LayoutView:
    """`id` "" means that it is decided: no buttons."""
    about = say(
        "{model} would be asked. That costs from about {low} to at most {high} USD.",
        model=plain(quote.model, 80),
        low=f"{quote.low:.3f}",
        high=f"{quote.high:.2f}",
    )
    sent = say("The project's code that fits your request") if quote.kind else say("Your question")
    embed = discord.Embed(title=say("The price first"), description=about, colour=COLOUR)
    embed.add_field(name=say("Would be sent"), value=f"{sent}: " + say("{count} tokens", count=f"{quote.tokens:,}"))
    embed.add_field(name=say("You asked"), value=plain(quote.text, 400), inline=False)
    embed.set_footer(text=said or say("Nothing was sent so far. The caps hold whatever you say."))
    return panel(embed, [PriceButton(act, id) for act in LOOKS] if id else [])
