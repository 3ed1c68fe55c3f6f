"""Records of the world as embeds: pages, lists, neighbours, drafts. Their words are other people's: escaped."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import discord

from assistants.cartographer import Neighbours
from assistants.records import Page
from assistants.scribing.digest import Digest
from bot.render import MOST, SIGNS, WORKING, fitting, plain, prose, words
from haven.quoting import visible
from haven.world.asking.answer import Answer
from haven.world.differences import Difference
from haven.world.drafts import Decided, Draft
from haven.world.lengths import written
from haven.world.schema import noun
from haven.world.search import Hit

TEXT_CHARS = 3_000
FACTS = 15
"""Facts of a record that stand side by side; Discord takes 25 fields, and what lies below it needs some."""
CUT = "\n… *cut here; the whole text is attached*"
MOST_FIELDS = 25
WHOLE_FIELDS = 10
"""Fields that a draft's card holds whatever stands in them, 160 characters before and after."""
VALUE_CHARS = 200
"""Of a value on a draft's card, with the marks that keep its formatting away."""
MAP = "map.png"
WAITING, APPROVED, REJECTED = 0xFAA61A, 0x3BA55D, 0x747F8D
STATES = {"open": WAITING, "approved": APPROVED}


def page_card(page: Page) -> discord.Embed:
    """A record with its facts, what belongs to it, where it came from, and whose version this is."""
    thing = page.stored.thing
    text = prose(page.text, TEXT_CHARS - len(CUT)) + (CUT if len(page.text) > TEXT_CHARS - len(CUT) else "")
    embed = discord.Embed(title=plain(thing.name, 250), description=text or None, colour=WORKING)
    for name, value in page.facts[:FACTS]:
        embed.add_field(name=plain(name, 60).capitalize(), value=plain(value, 200) or "–")
    if rest := page.facts[FACTS:]:
        told = fitting([f"{plain(name, 60)}: {plain(value, 120)}" for name, value in rest], 600)
        embed.add_field(name="More", value=told, inline=False)
    for kind, names in page.below.items():
        shown = fitting([f"• {plain(name, 100)}" for name in names], 500)
        embed.add_field(name=f"{noun(kind).capitalize()} ({len(names)})", value=shown, inline=False)
    if page.sources:
        sources = fitting([f"• {plain(one, 200)}" for one in page.sources], 400)
        embed.add_field(name="Sources", value=sources, inline=False)
    by = words(page.stored.by, 60)
    embed.set_footer(text=f"{thing.kind.value} · version {page.stored.version} by {by} · {thing.id}")
    while len(embed) > MOST:
        embed.remove_field(-1)
    return embed


def page_files(page: Page) -> list[discord.File]:
    """The whole text where the card cuts it."""
    if len(page.text) <= TEXT_CHARS - len(CUT):
        return []
    return [discord.File(io.BytesIO(page.text.encode()), filename="entry.md")]


def hits_card(query: str, hits: Sequence[Hit]) -> discord.Embed:
    """What a search found, the best first, each with the words that it was found by."""
    title = plain(f"Lore: {query}", 250)
    if not hits:
        nothing = "Nothing in the lore speaks of that. It may not be recorded, or under other words."
        return discord.Embed(title=title, description=nothing, colour=WAITING)
    lines = [f"**{plain(hit.name, 100)}**\n{plain(hit.excerpt, 300)}" for hit in hits]
    embed = discord.Embed(title=title, description=fitting(lines, 4_000), colour=WORKING)
    return embed.set_footer(text="Read one: /lore with its title")


def near_card(found: Neighbours) -> discord.Embed:
    """Systems around one with their distances; what was left out is said."""
    lines = [f"**{plain(one.name, 100)}** · {plain(written(one.distance, found.unit), 40)}" for one in found.systems]
    title = plain(f"Nearest to {found.of.name}", 250)
    embed = discord.Embed(title=title, description=fitting(lines, 3_500) or "None.", colour=WORKING)
    embed.set_footer(text=f"computed from recorded positions · {found.of.id}")
    return embed.add_field(name="Left out", value=plain(found.left_out, 500)) if found.left_out else embed


def answer_card(title: str, answer: Answer, *, pictured: bool) -> discord.Embed:
    """A computed answer, how it was understood, and the records that it stands on."""
    embed = discord.Embed(title=plain(title, 250), description=plain(answer.text, 3_000), colour=WORKING)
    rows = [f"• {plain(row.name, 80)} (`{row.id}`)" for row in answer.rows]
    if rows:
        embed.add_field(name="Sources", value=fitting(rows, 1_000), inline=False)
    if pictured:
        embed.set_image(url=f"attachment://{MAP}")
    return embed.set_footer(text=f"computed: {words(answer.query, 300)}") if answer.query else embed


def map_card(title: str) -> discord.Embed:
    embed = discord.Embed(title=plain(title, 250), colour=WORKING)
    return embed.set_image(url=f"attachment://{MAP}").set_footer(text="computed from recorded positions")


def map_file(data: bytes) -> discord.File:
    return discord.File(io.BytesIO(data), filename=MAP)


def digest_card(found: Digest) -> discord.Embed:
    """What happened, a field a section."""
    nothing = None if found.sections else "Nothing happened."
    embed = discord.Embed(title=plain(found.title, 250), description=nothing, colour=WORKING)
    for section in found.sections[:MOST_FIELDS]:
        said = fitting([f"• {plain(one, 300)}" for one in section.lines], 900)
        embed.add_field(name=plain(section.title, 100), value=said, inline=False)
    while len(embed) > MOST:
        embed.remove_field(-1)
    return embed


def names_of(draft: Draft) -> str:
    """What a draft is about, in a few words."""
    first = draft.things[0]
    more = f" and {len(draft.things) - 1} more" if len(draft.things) > 1 else ""
    return f"{first.kind.value} {first.name}{more}"


def draft_card(draft: Draft, found: Iterable[Difference], said: Sequence[str] = ()) -> discord.Embed:
    """What would be different, field by field; `said` is what the proposer should know beside it."""
    lines, record = [], ""
    for one in found:
        if one.record != record:
            record = one.record
            lines.append(f"**{plain(record, 150)}**")
        before, after = (plain(value, VALUE_CHARS) for value in one.short())
        lines.append(f"{plain(one.field.replace('_', ' '), 60)}: {f'~~{before}~~ → ' if before else ''}{after or '–'}")
    embed = _draft(draft, fitting(lines, 3_500) or "It would change nothing any more.")
    if said:
        told = fitting([plain(one, 300) for one in said], 1_000)
        embed.add_field(name="Worth knowing", value=told, inline=False)
    return embed


def draft_files(found: Sequence[Difference]) -> list[discord.File]:
    """Every word of what would be different, where the card cuts any: nobody approves what could not be read."""
    whole = all(
        plain(said, 10 * VALUE_CHARS) == plain(said, VALUE_CHARS) for one in found for said in (one.before, one.after)
    )
    if whole and all(one.short() == (one.before, one.after) for one in found) and len(found) <= WHOLE_FIELDS:
        return []
    return [drafts_file(found)]


def drafts_file(found: Sequence[Difference]) -> discord.File:
    """Every word of what would be different."""
    parts = [f"{one.record}: {one.field}\n\n- {one.before}\n+ {one.after}\n" for one in found]
    return discord.File(io.BytesIO(visible("\n".join(parts)).encode()), filename="draft.txt")


def drafts_card(found: Sequence[tuple[Draft, Sequence[Difference]]]) -> discord.Embed:
    """Several drafts in short; every word of them is attached."""
    embed = discord.Embed(title=f"Approve these {len(found)} drafts?", colour=WAITING)
    embed.description = "Every word of what they would change is attached: read it first."
    for draft, some in found:
        lines = [f"{plain(one.field.replace('_', ' '), 40)}: {plain(one.short(60)[1], 80) or '–'}" for one in some]
        who = f"by {plain(draft.by, 40)}{', without a role' if draft.stranger else ''} · `{draft.id}`"
        embed.add_field(name=plain(names_of(draft), 200), value=fitting([who, *lines], 450), inline=False)
    return embed


def questions_card(said: Sequence[str]) -> discord.Embed:
    """What must be answered before anything can be proposed."""
    text = fitting([plain(one, 500) for one in said], 4_000)
    return discord.Embed(title="Nothing is proposed yet", description=text, colour=WAITING)


def decided_draft_card(draft: Draft) -> discord.Embed:
    """What was proposed, who decided, and why."""
    lines = [f"**{thing.kind.value} {plain(thing.name, 150)}**" for thing in draft.things]
    embed = _draft(draft, fitting(lines, 3_500))
    why = f": {plain(draft.why, 500)}" if draft.why else ""
    return embed.add_field(name=draft.state.capitalize(), value=f"by {plain(draft.decided_by, 60)}{why}", inline=False)


def _draft(draft: Draft, said: str) -> discord.Embed:
    colour = STATES.get(draft.state, REJECTED)
    embed = discord.Embed(title=plain(f"Draft: {names_of(draft)}", 250), description=said, colour=colour)
    if draft.reason:
        embed.add_field(name="Why", value=plain(draft.reason, 800), inline=False)
    who = f"{words(draft.by, 60)}{', without a role' if draft.stranger else ''}"
    return embed.set_footer(text=f"{draft.id} · proposed by {who} · {words(draft.tool, 40)}")


def queue_card(drafts: Sequence[Draft], count: int, most: int) -> discord.Embed:
    """The open drafts, the oldest first, of `count` that wait; lists to choose from hold `most`."""
    lines = [
        f"**{plain(names_of(one), 120)}**\n{plain(one.by, 60)} · <t:{int(one.at)}:R> · `{one.id}`" for one in drafts
    ]
    text = fitting(lines, 4_000) or "Nothing waits to be looked at."
    embed = discord.Embed(title=f"Drafts ({count:,})", description=text, colour=WORKING)
    if count > most:
        embed.set_footer(text=f"The lists below hold the first {most}; the others move up when these are decided.")
    return embed


def decided_card(decided: Sequence[Decided], done: str) -> discord.Embed:
    """What became of each draft; one that could not be decided says why and what to do."""
    lines = []
    for one in decided:
        if one.problem is None:
            lines.append(f"{SIGNS['ok']} `{one.id}` {done}")
        else:
            lines.append(f"{SIGNS['alert']} `{one.id}` {plain(one.problem.full, 500)}")
    worst = any(one.problem for one in decided)
    return discord.Embed(description=fitting(lines, 4_000), colour=WAITING if worst else APPROVED)
