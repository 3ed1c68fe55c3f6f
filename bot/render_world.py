"""Records of the world as cards: pages, search hits, neighbours, maps, digests. Words of people are escaped."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from assistants.cartographer import Neighbours
from assistants.records import Page
from assistants.scribing.digest import Digest
from bot.attached import Attached
from bot.language import say, told, worded
from bot.render import WORKING, fitting, plain, prose
from haven.world.asking.answer import Answer
from haven.world.lengths import written
from haven.world.schema import noun
from haven.world.search import Hit

TEXT_CHARS = 2_000
FACT_CHARS = 1_000
"""Of a page, that its names and sources have room below: a message holds 4,000 characters in all."""
NOT_FOUND = 0xFAA61A
MAP = "map.png"
SECTIONS, LINES_CHARS = 8, 450
"""Of a digest."""


def page_card(page: Page) -> discord.Embed:
    """A record with its facts, what belongs to it, where it came from, and whose version this is."""
    thing = page.stored.thing
    embed = discord.Embed(title=plain(thing.name, 250), colour=WORKING)
    facts = [
        f"**{plain(say(name), 60).capitalize()}:** {plain(worded(name, one), 200) or '–'}" for name, one in page.facts
    ]
    embed.description = "\n\n".join(filter(None, (_text(page), fitting(facts, FACT_CHARS)))) or None
    for kind, names in page.below.items():
        shown = fitting([f"• {plain(name, 100)}" for name in names], 300)
        embed.add_field(name=f"{say(noun(kind)).capitalize()} ({len(names)})", value=shown, inline=False)
    if page.sources:
        sources = fitting([f"• {plain(one, 200)}" for one in page.sources], 300)
        embed.add_field(name=say("Sources"), value=sources, inline=False)
    by = plain(page.stored.by, 60)
    version = say("version {number} by {name}", number=page.stored.version, name=by)
    return embed.set_footer(text=f"{say(noun(thing.kind, 1))} · {version} · `{thing.id}`")


def page_files(page: Page) -> list[Attached]:
    """The whole text where the card cuts it."""
    return [Attached("entry.md", page.text.encode())] if _is_cut(page) else []


def _text(page: Page) -> str:
    if not _is_cut(page):
        return prose(page.text, TEXT_CHARS)
    cut = f"\n… *{say('cut here; the whole text is attached')}*"
    return prose(page.text, TEXT_CHARS - len(cut)) + cut


def _is_cut(page: Page) -> bool:
    """Looked at as it would be shown: what keeps mentions away takes room as well."""
    return len(page.text) > TEXT_CHARS or len(prose(page.text, 2 * TEXT_CHARS)) > TEXT_CHARS


def hits_card(query: str, hits: Sequence[Hit]) -> discord.Embed:
    """What was searched for; each hit is a line with its own button (`hit_line`)."""
    title = plain(say("Lore: {query}", query=query), 250)
    if not hits:
        nothing = say("Nothing in the lore speaks of that. It may not be recorded, or under other words.")
        return discord.Embed(title=title, description=nothing, colour=NOT_FOUND)
    return discord.Embed(title=title, description=say("The best first."), colour=WORKING)


def hit_line(hit: Hit) -> str:
    """An entry with the words that it was found by."""
    return f"**{plain(hit.name, 100)}**\n{plain(hit.excerpt, 300)}"


def near_card(found: Neighbours, *, listed: bool) -> discord.Embed:
    """Systems around one with their distances; what was left out is said. `listed`: the lines stand below it."""
    title = plain(say("Nearest to {name}", name=found.of.name), 250)
    lines = "" if listed else fitting(near_lines(found), 3_000) or say("None.")
    embed = discord.Embed(title=title, description=lines or None, colour=WORKING)
    if found.left_out:
        embed.add_field(name=say("Left out"), value=plain(told(found.left_out), 500), inline=False)
    return embed.set_footer(text=f"{say('computed from recorded positions')} · `{found.of.id}`")


def near_lines(found: Neighbours) -> list[str]:
    """A system each, the nearest first."""
    return [
        f"**{plain(one.name, 100)}** · {plain(told(written(one.distance, found.unit)), 40)}" for one in found.systems
    ]


def answer_card(title: str, answer: Answer, *, pictured: bool) -> discord.Embed:
    """A computed answer, how it was understood, and the records that it stands on."""
    embed = discord.Embed(title=plain(title, 250), description=plain(told(answer.text), 2_400), colour=WORKING)
    rows = [f"• {plain(row.name, 80)} (`{row.id}`)" for row in answer.rows]
    if rows:
        embed.add_field(name=say("Sources"), value=fitting(rows, 800), inline=False)
    if pictured:
        embed.set_image(url=f"attachment://{MAP}")
    return (
        embed.set_footer(text=say("computed: {query}", query=plain(told(answer.query), 300))) if answer.query else embed
    )


def map_card(title: str) -> discord.Embed:
    embed = discord.Embed(title=plain(title, 250), colour=WORKING)
    return embed.set_image(url=f"attachment://{MAP}").set_footer(text=say("computed from recorded positions"))


def digest_card(found: Digest) -> discord.Embed:
    """What happened, a field a section."""
    return news_card(told(found.title), [(one.title, one.lines) for one in found.sections])


def news_card(title: str, sections: Sequence[tuple[str, Sequence[str]]]) -> discord.Embed:
    """Lines under the titles of their sections; names in them are other people's words."""
    nothing = None if sections else say("Nothing happened.")
    embed = discord.Embed(title=plain(title, 200), description=nothing, colour=WORKING)
    for name, lines in sections[:SECTIONS]:
        shown = fitting([f"• {plain(told(str(line)), 200)}" for line in lines], LINES_CHARS)
        embed.add_field(name=plain(told(name), 60), value=shown or "–", inline=False)
    return embed
