"""Buttons and lists under drafts for the world: look, approve, reject. Their state lies in the custom id."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import ui

from bot import entry, render
from bot import render_drafts as cards
from bot.attached import Attached
from bot.language import say
from bot.panel import panel
from bot.views.reading import send
from bot.views.words import WordsModal, inputs
from haven.access import Act, Principal
from haven.errors import Conflict, NotFound
from haven.world.drafts import Decided, Draft, seal_of

ID = r"draft-[0-9a-f]{1,16}"
PAGE = 8
"""Drafts on one page of the queue, and that one button approves: their ids stand in its custom id of 100 characters."""
Style = discord.ButtonStyle
LOOKS: dict[str, tuple[str, Style]] = {
    "approve": ("Approve", Style.success),
    "reject": ("Reject", Style.danger),
    "look": ("Look", Style.secondary),
}


class DraftButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=rf"draft:(?P<act>approve|reject|look):(?P<id>{ID})"
):
    """A look at one draft, or a decision; a draft never changes, so its id says all that the person has seen."""

    def __init__(self, act: str, id: str) -> None:
        label, style = LOOKS[act]
        super().__init__(discord.ui.Button(label=say(label), style=style, custom_id=f"draft:{act}:{id}"))
        self.act = act
        self.draft = id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["act"], match["id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        async def approve(person: Principal) -> None:
            await decide(interaction, person, [self.draft])

        async def reject(person: Principal) -> None:
            draft = await entry.bot_of(interaction).records.drafts.get(self.draft)
            if draft.state != "open":  # before anybody types why
                raise Conflict(f"{draft.id} was {draft.state} by {draft.decided_by} already.", "Nothing was done.")
            title, label = say("Reject a draft"), say("Why? (whoever proposed it reads it)")
            await interaction.response.send_modal(WordsModal(f"draft:reject:{self.draft}", title, label, long=True))

        async def look(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await show(interaction, self.draft)

        if self.act == "approve":
            await entry.enter(interaction, Act.APPROVE_WORLD, approve)
        elif self.act == "look":
            await entry.enter(interaction, Act.READ, look)
        else:  # people may take back their own: the queue itself looks at who it is
            may = entry.bot_of(interaction).records.drafts.strangers_may_propose
            await entry.enter(interaction, Act.PROPOSE, reject, strangers_may=may)


class DraftList(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"drafts:approve"):
    """A page of the queue as a list: several to approve together."""

    def __init__(self, drafts: Sequence[Draft] = ()) -> None:
        options = [
            discord.SelectOption(
                label=render.words(cards.names_of(one), 100),
                value=one.id,
                description=render.words(say("by {name}", name=one.by), 100),
            )
            for one in drafts[:PAGE]
        ]
        about = say("Look at several, to approve them together…")
        select: discord.ui.Select[Any] = discord.ui.Select(
            placeholder=about, options=options, max_values=max(len(options), 1), custom_id="drafts:approve"
        )
        super().__init__(select)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction) -> None:
        data: Any = interaction.data
        ids = [str(value) for value in data["values"]][:PAGE]

        async def together(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await (show(interaction, ids[0]) if len(ids) == 1 else show_together(interaction, ids))

        await entry.enter(interaction, Act.APPROVE_WORLD, together)


class QueuePage(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"drafts:page:(?P<page>\d{1,4}):(?:back|on)"):
    """Leads to another page of the queue."""

    def __init__(self, page: int, way: str = "on", *, off: bool = False) -> None:
        label, custom_id = {"back": "◀", "on": "▶"}[way], f"drafts:page:{page}:{way}"
        super().__init__(discord.ui.Button(label=label, style=Style.secondary, custom_id=custom_id, disabled=off))
        self.page = page

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["page"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer()
            await interaction.edit_original_response(view=await queue_panel(interaction, self.page))

        await entry.enter(interaction, Act.APPROVE_WORLD, work)


class TheseButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"drafts:these:(?P<seal>[0-9a-f]{8}):(?P<ids>[0-9a-f]{1,16}(?:,[0-9a-f]{1,16})*)",
):
    """Approves exactly the drafts that stand above it."""

    def __init__(self, seal: str, ids: Sequence[str]) -> None:
        custom_id = f"drafts:these:{seal}:{','.join(id.removeprefix('draft-') for id in ids)}"
        label = say("Approve these {count}", count=len(ids))
        super().__init__(discord.ui.Button(label=label, style=Style.success, custom_id=custom_id))
        self.seal = seal
        self.drafts = list(ids)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["seal"], [f"draft-{one}" for one in match["ids"].split(",")])

    async def callback(self, interaction: discord.Interaction) -> None:
        async def approve(person: Principal) -> None:
            await decide(interaction, person, self.drafts, self.seal)

        await entry.enter(interaction, Act.APPROVE_WORLD, approve)


def draft_panel(draft: Draft, card: discord.Embed, files: Sequence[Attached] = ()) -> ui.LayoutView:
    """A draft's card with the decisions that are open."""
    acts = ("approve", "reject") if draft.state == "open" else ()
    return panel(card, [DraftButton(act, draft.id) for act in acts], files=[one.name for one in files])


async def queue_panel(interaction: discord.Interaction, page: int) -> ui.LayoutView:
    """One page, the oldest first; the last one there is, where fewer are left by now."""
    queue = entry.bot_of(interaction).records.drafts
    count = await queue.count()
    pages = max(1, -(-count // PAGE))
    page = min(page, pages - 1)
    here = (await queue.list(limit=(page + 1) * PAGE))[page * PAGE :]
    lines: list[ui.Section[Any]] = [
        ui.Section(cards.draft_line(one), accessory=DraftButton("look", one.id)) for one in here
    ]
    controls: list[ui.Item[Any]] = [DraftList(here)] if len(here) > 1 else []
    if pages > 1:
        back = QueuePage(max(page - 1, 0), "back", off=page == 0)
        controls += [back, QueuePage(min(page + 1, pages - 1), "on", off=page == pages - 1)]
    return panel(cards.queue_card(count, page, pages), controls, entries=lines)


async def show(interaction: discord.Interaction, id: str) -> None:
    """One draft with its diff as the world is now, for the person alone. The interaction is deferred already."""
    drafts = entry.bot_of(interaction).records.drafts
    draft = await drafts.get(id)
    found = await drafts.diff(draft) if draft.state == "open" else []
    card = cards.draft_card(draft, found) if draft.state == "open" else cards.decided_draft_card(draft)
    files = cards.draft_files(found)
    await send(interaction, draft_panel(draft, card, files), files)


async def show_together(interaction: discord.Interaction, ids: list[str]) -> None:
    """Several drafts, every word of them, with the button for exactly these. The interaction is deferred already."""
    drafts = entry.bot_of(interaction).records.drafts
    found = [(one, await drafts.diff(one)) for one in await drafts.get_many(ids) if one.state == "open"]
    if not found:
        raise NotFound("These drafts are decided already.", "See what waits: /approve")
    chosen = [one for one, _ in found]
    these = TheseButton(seal_of(chosen), [one.id for one in chosen])
    files = [cards.drafts_file([difference for _, some in found for difference in some])]
    await send(interaction, panel(cards.drafts_card(found), [these], files=[one.name for one in files]), files)


async def decide(interaction: discord.Interaction, person: Principal, ids: list[str], seal: str = "") -> None:
    """Approve each of them by itself; what became of each is told."""
    await _defer(interaction)
    bot = entry.bot_of(interaction)
    decided = await bot.records.drafts.approve(ids, person, seal=seal)
    await _tell(interaction, decided, say("is recorded now"))


def _is_own(interaction: discord.Interaction) -> bool:
    """Whether the card is seen by this person alone: then nobody else draws it anew."""
    return interaction.message is not None and interaction.message.flags.ephemeral


async def _defer(interaction: discord.Interaction) -> None:
    if _is_own(interaction):
        await interaction.response.defer()
    else:
        await interaction.response.defer(ephemeral=True, thinking=True)


async def _tell(interaction: discord.Interaction, decided: Sequence[Decided], done: str) -> None:
    """What became of each, in place of the person's own card; below it where something is left to be decided."""
    card = cards.decided_card(decided, done)
    if not _is_own(interaction) or any(one.problem for one in decided):
        await interaction.followup.send(view=panel(card), ephemeral=True)
        return
    if len(decided) == 1:
        card = cards.decided_draft_card(await entry.bot_of(interaction).records.drafts.get(decided[0].id))
    await interaction.edit_original_response(view=panel(card), attachments=[])


async def rejected(interaction: discord.Interaction) -> bool:
    """Take in the modal that asks why, also one that was opened before a restart; False: it is another modal."""
    data: Any = interaction.data
    match = re.fullmatch(rf"draft:reject:({ID})", data["custom_id"])
    if match is None:
        return False
    bot = entry.bot_of(interaction)

    async def work(person: Principal) -> None:
        await _defer(interaction)
        why = inputs(data["components"]).get("words", "")
        decided = await bot.records.drafts.reject([match[1]], person, why)
        await _tell(interaction, decided, say("is rejected"))

    await entry.enter(interaction, Act.PROPOSE, work, strangers_may=bot.records.drafts.strangers_may_propose)
    return True
