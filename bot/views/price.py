"""The price before the run: what may cost more than the settings let pass is shown first, and waits for a yes.

What is asked for waits in the store, so that a press after a restart goes on with it; nothing is sent or spent before.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import discord
from discord import ui

from assistants.going import Going
from assistants.pricing import Step
from assistants.round_table import Request
from bot import entry
from bot.language import say
from bot.line import FAILURES
from bot.panel import panel
from bot.render import plain
from haven.access import Act, Principal
from haven.ai.money.estimate import Estimate
from haven.ai.task import Where
from haven.changes.proposal import Kind
from haven.errors import AccessDenied, Conflict, HavenError, NotFound
from haven.store import notes
from haven.store.database import now

FACE = "discord.price"
LIFE_S = 86_400.0
"""A question that nobody answers is forgotten after a day."""
TEMPLATE = r"price:(?P<act>yes|no):(?P<id>[0-9a-f]{16})"
COLOUR = 0xFAA61A
LOOKS = {"yes": ("Yes, go on", discord.ButtonStyle.success), "no": ("No", discord.ButtonStyle.secondary)}
Wish = Request | Going
GoOn = Callable[[discord.Interaction, Any, Principal], Awaitable[None]]
GO_ON: dict[str, GoOn] = {}
"""Who goes on after a yes, with which sort of wish (`sort_of`); the commands enter themselves."""


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
    link: str = ""
    again: int = 0
    """The message of the answer below which the cloud is to be asked as well."""
    going: dict[str, Any] = field(default_factory=dict)
    """Of a change that is there: its `Going`, and then the fields of a request say nothing."""

    @classmethod
    def of(cls, wish: Wish, person: Principal, found: Estimate) -> Quote:
        price = found.low, found.high, found.model, found.tokens
        if isinstance(wish, Going):
            return cls(person.id, wish.words, "", "", "", "", None, *price, now(), going=asdict(wish))
        asked = person.id, wish.text, wish.kind.value if wish.kind else "", wish.assistant or ""
        return cls(
            *asked,
            wish.where.value,
            wish.key,
            wish.evidence,
            *price,
            now(),
            wish.about,
            str(wish.place.get("link", "")),
            int(wish.place.get("again", 0)),
        )

    def wish(self, person: Principal) -> Wish:
        if self.going:
            return Going(**self.going)
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
            place={"link": self.link, "again": self.again},
        )


def sort_of(wish: Wish) -> str:
    """`question`, `change`, or `going` for what goes on with one."""
    if isinstance(wish, Going):
        return "going"
    return "change" if wish.kind else "question"


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
                said = say("Nothing was sent, and nothing was spent.")
                await interaction.response.edit_message(view=_panel(quote, "", said))
                await notes.take_card(entry.bot_of(interaction).database, FACE, self.subject)
            else:
                await _yes(interaction, self.subject, quote, person)

        await entry.enter(interaction, Act.ASK, work)


async def shown_first(interaction: discord.Interaction, wish: Wish, person: Principal) -> bool:
    """Whether the asker was shown the price, and is asked: then nothing else is to be done now. The interaction is
    acknowledged before anything is written: a disk may be slow."""
    bot = entry.bot_of(interaction)
    priced = await _priced(interaction, wish, person)
    found = await bot.office.pricing.ask_first(priced) if priced is not None else None
    if found is None:
        return False
    id, quote = secrets.token_hex(8), Quote.of(wish, person, found)
    if not interaction.response.is_done():
        await entry.think(interaction, alone=True)
    await notes.set_card(bot.database, FACE, id, asdict(quote))
    await interaction.followup.send(view=_panel(quote, id), ephemeral=True)
    return True


def unasked(interaction: discord.Interaction) -> float | None:
    """US dollars that a question may cost without such a yes; None: as the caps say."""
    return entry.bot_of(interaction).office.settings.cloud.ask_above_usd


async def _priced(interaction: discord.Interaction, wish: Wish, person: Principal) -> Request | Step | None:
    """None where there is no price, since the core refuses it."""
    bot = entry.bot_of(interaction)
    return await wish.step(bot.changes, bot.database, person) if isinstance(wish, Going) else wish


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

    Raises Conflict where it was decided already, OverBudget where a cap is in the way now, and what follows a yes
    raises: then the question stands as it stood.
    """
    bot, wish = entry.bot_of(interaction), quote.wish(person)
    with bot.answers.writing(_message(interaction)):  # a second press meanwhile
        if sort_of(wish) != "question":
            await interaction.response.defer()
        priced = await _priced(interaction, wish, person)
        found = await bot.office.pricing.of(priced) if priced is not None else None
        if found is not None and found.differs(quote.high):
            new = Quote.of(wish, person, found)
            said = say("The price is another one by now, so nothing was sent. Look again.")
            await _redraw(interaction, _panel(new, id, said))
            await notes.set_card(bot.database, FACE, id, asdict(new))
            return
        if sort_of(wish) == "question":
            await _answer(interaction, id, quote, person)
        else:
            if found is not None:
                await bot.office.pricing.admit(found)
            taking = asyncio.ensure_future(notes.take_card(bot.database, FACE, id))
            if await taking is None:
                raise Conflict("That was decided already.", "Nothing was done a second time.")
            await _go_on(interaction, id, quote, person, taking)
    with suppress(discord.HTTPException):  # what was asked for is under way, whatever becomes of these buttons
        await interaction.followup.edit_message(_message(interaction), view=_panel(quote, "", say("You said yes.")))


async def _answer(interaction: discord.Interaction, id: str, quote: Quote, person: Principal) -> None:
    """A question is acknowledged by what answers it, so the disk is written to meanwhile, and its caps are the ledger's
    to look at. Below an answer the cloud is asked once. Raises Conflict where it was asked there already."""
    bot = entry.bot_of(interaction)
    below = await bot.answers.again(quote.again, person) if quote.again else None
    with bot.answers.writing(quote.again) if below else nullcontext():
        await _go_on(interaction, id, quote, person, asyncio.ensure_future(notes.take_card(bot.database, FACE, id)))
        if below is not None:
            shown = None
            with suppress(*FAILURES):
                shown = await bot.channels.at(below.channel).fetch_message(below.message)
            await bot.answers.was_asked_again(below, shown)


async def _go_on(
    interaction: discord.Interaction, id: str, quote: Quote, person: Principal, taking: asyncio.Future[Any]
) -> None:
    """Do it; where that fails, what was typed waits for another yes. `taking` ends the quote meanwhile."""
    wish = quote.wish(person)
    try:
        await GO_ON[sort_of(wish)](interaction, wish, person)
    except HavenError:
        await taking
        await notes.set_card(entry.bot_of(interaction).database, FACE, id, asdict(quote))
        raise
    await taking


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
    of_code = quote.kind or quote.going
    sent = say("The project's code that fits your request") if of_code else say("Your question")
    embed = discord.Embed(title=say("The price first"), description=about, colour=COLOUR)
    embed.add_field(name=say("Would be sent"), value=f"{sent}: " + say("{count} tokens", count=f"{quote.tokens:,}"))
    asked = quote.text or say("Another try of change {id}", id=quote.going.get("id", ""))
    embed.add_field(name=say("You asked"), value=plain(asked, 400), inline=False)
    embed.set_footer(text=said or say("Nothing was sent so far. The caps hold whatever you say."))
    return panel(embed, [PriceButton(act, id) for act in LOOKS] if id else [])
