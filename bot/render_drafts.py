"""Drafts for the world as cards: one, several, the queue, what became of them. Words of people are escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import discord

from bot.attached import Attached
from bot.language import say, told, worded
from bot.render import SIGNS, WORKING, fitting, plain
from haven.quoting import visible
from haven.world.differences import Difference
from haven.world.drafts import Decided, Draft
from haven.world.schema import noun

WHOLE_FIELDS = 10
"""Fields that a draft's card holds whatever stands in them, 160 characters before and after."""
VALUE_CHARS = 200
"""Of a value on a draft's card, with the marks that keep its formatting away."""
DIFF_CHARS = 2_600
"""Of all that would be different, that the reasons have room below."""
WAITING, APPROVED, REJECTED = 0xFAA61A, 0x3BA55D, 0x747F8D
NOTES = ("Question", "Note")
COLOURS = {"open": WAITING, "approved": APPROVED}
STATES = {
    "open": "🟡 Waits for somebody who may approve it",
    "approved": "🟢 Approved: it is recorded",
    "rejected": "⚪ Rejected",
}
"""Beside each colour; said when it is drawn."""


def names_of(draft: Draft) -> str:
    """What a draft is about, in a few words."""
    first = draft.things[0]
    named = f"{say(noun(first.kind, 1))} {first.name}"
    return say("{first} and {count} more", first=named, count=len(draft.things) - 1) if draft.things[1:] else named


def draft_card(draft: Draft, found: Iterable[Difference], notes: Sequence[str] = ()) -> discord.Embed:
    """What would be different, field by field; `notes` are what the proposer should know beside it."""
    lines, record = [], ""
    for one in found:
        if one.record != record:
            record = one.record
            lines.append(f"**{plain(record, 150)}**")
        before, after = (plain(worded(one.field, each), VALUE_CHARS) for each in one.short())
        lines.append(f"{_field(one)}: {f'~~{before}~~ → ' if before else ''}{after or '–'}")
    embed = _draft(draft, fitting(lines, DIFF_CHARS) or say("It would change nothing any more."))
    if notes:
        shown = fitting([plain(_note(one), 300) for one in notes], 600)
        embed.add_field(name=say("Worth knowing"), value=shown, inline=False)
    return embed


def draft_files(found: Sequence[Difference]) -> list[Attached]:
    """Every word of what would be different, where the card cuts any: nobody approves what could not be read."""
    whole = all(
        plain(text, 10 * VALUE_CHARS) == plain(text, VALUE_CHARS) for one in found for text in (one.before, one.after)
    )
    if whole and all(one.short() == (one.before, one.after) for one in found) and len(found) <= WHOLE_FIELDS:
        return []
    return [drafts_file(found)]


def drafts_file(found: Sequence[Difference]) -> Attached:
    """Every word of what would be different."""
    parts = [f"{one.record}: {one.field}\n\n- {one.before}\n+ {one.after}\n" for one in found]
    return Attached("draft.txt", visible("\n".join(parts)).encode())


def drafts_card(found: Sequence[tuple[Draft, Sequence[Difference]]]) -> discord.Embed:
    """Several drafts in short; every word of them is attached."""
    embed = discord.Embed(title=say("Approve these {count} drafts?", count=len(found)), colour=WAITING)
    embed.description = say("Every word of what they would change is attached: read it first.")
    for draft, some in found:
        lines = [f"{_field(one)}: {plain(worded(one.field, one.short(60)[1]), 80) or '–'}" for one in some]
        value = fitting([f"{_who(draft)} · `{draft.id}`", *lines], 400)
        embed.add_field(name=plain(names_of(draft), 80), value=value, inline=False)
    return embed


def questions_card(asked: Sequence[str]) -> discord.Embed:
    """What must be answered before anything can be proposed."""
    text = fitting([plain(_note(one), 500) for one in asked], 3_500)
    return discord.Embed(title=say("Nothing is proposed yet"), description=text, colour=WAITING)


def decided_draft_card(draft: Draft) -> discord.Embed:
    """The draft after the decision: what it proposed, and who said what."""
    lines = [f"• {plain(f'{say(noun(one.kind, 1))} {one.name}', 200)}" for one in draft.things]
    embed = _draft(draft, fitting(lines, DIFF_CHARS))
    by = say("by {name}", name=plain(draft.decided_by, 60)) + (f": {plain(draft.why, 500)}" if draft.why else "")
    title = say("Approved") if draft.state == "approved" else say("Rejected")
    return embed.add_field(name=title, value=by, inline=False)


def queue_card(count: int, page: int, pages: int) -> discord.Embed:
    """Over a page of the open drafts, the oldest first, of `count` that wait; each is a line of its own."""
    title = say("Drafts ({count})", count=f"{count:,}")
    if not count:
        return discord.Embed(title=title, description=say("Nothing waits to be looked at."), colour=WORKING)
    about = say("The oldest first · page {number} of {pages}", number=page + 1, pages=pages)
    return discord.Embed(title=title, description=about, colour=WORKING)


def draft_line(draft: Draft) -> str:
    """A draft in the queue."""
    return f"**{plain(names_of(draft), 120)}**\n{_who(draft)} · <t:{int(draft.at)}:R> · `{draft.id}`"


def decided_card(decided: Sequence[Decided], done: str) -> discord.Embed:
    """What became of each draft; one that could not be decided says why and what to do."""
    lines = []
    for one in decided:
        if one.problem is None:
            lines.append(f"{SIGNS['ok']} `{one.id}` {done}")
        else:
            problem = " ".join(plain(told(part), 300) for part in (str(one.problem), one.problem.mend) if part)
            lines.append(f"{SIGNS['alert']} `{one.id}` {problem}")
    worst = any(one.problem for one in decided)
    return discord.Embed(description=fitting(lines, 3_800), colour=WAITING if worst else APPROVED)


def _draft(draft: Draft, text: str) -> discord.Embed:
    """Its state in words above, since a colour alone says nothing to many."""
    state = say(STATES.get(draft.state, STATES["rejected"]))
    embed = discord.Embed(title=plain(say("Draft: {what}", what=names_of(draft)), 250))
    embed.description, embed.colour = f"{state}\n\n{text}", discord.Colour(COLOURS.get(draft.state, REJECTED))
    if draft.reason:
        embed.add_field(name=say("Why"), value=plain(draft.reason, 500), inline=False)
    return embed.set_footer(text=f"`{draft.id}` · {_proposed(draft)} · {plain(draft.tool, 40)}")


def _proposed(draft: Draft) -> str:
    name = plain(draft.by, 60)
    stranger = say("proposed by {name}, without a role", name=name)
    return stranger if draft.stranger else say("proposed by {name}", name=name)


def _who(draft: Draft) -> str:
    name = plain(draft.by, 60)
    return say("by {name}, without a role", name=name) if draft.stranger else say("by {name}", name=name)


def _note(text: str) -> str:
    """What Scribe says beside a draft, `Question: …` for one; the word before is said by itself."""
    sort, sign, rest = text.partition(": ")
    return f"{say(sort)}: {told(rest)}" if sign and sort in NOTES else told(text)


def _field(one: Difference) -> str:
    return plain(say(one.field.replace("_", " ")), 60)
