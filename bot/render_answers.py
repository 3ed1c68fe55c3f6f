"""An answer as an embed: while it is written, when it is there, and while it waits for the cloud."""

from __future__ import annotations

import io

import discord

from assistants import wording
from assistants.base import Assistant
from bot.render import WORKING, fitting, plain, prose, words
from haven.ai.task import Reply

ANSWER_CHARS = 4_000
CUT_NOTE = "\n… *cut here; the whole answer is attached*"
PICTURE = "picture.png"
NOTHING = "There is no answer this time."
HELD: dict[str, tuple[str, int]] = {
    "asked": ("Only the cloud would do, and it can't answer now", 0xFAA61A),
    "waiting": ("It waits for the cloud", 0xFAA61A),
    "failed": ("It waited, and no answer came", 0xED4245),
    "cancelled": ("Cancelled", 0x747F8D),
}
"""What is said of a held request in each state, and the card's colour."""


def draft_card(assistant: Assistant | None, text: str, note: str) -> discord.Embed:
    """An answer as it comes; `note` says what state it is in."""
    title = assistant.title if assistant else "Haven"
    colour = int(assistant.colour.lstrip("#"), 16) if assistant else WORKING
    return discord.Embed(title=title, description=prose(text, ANSWER_CHARS), colour=colour).set_footer(text=note)


def answer_card(assistant: Assistant | None, reply: Reply, waited: bool = False) -> discord.Embed:
    """The whole answer, or its beginning where it is too long for an embed; then `answer_files` are attached."""
    embed = draft_card(assistant, reply.text, way(reply, waited))
    if len(reply.text) > ANSWER_CHARS:
        embed.description = prose(reply.text, ANSWER_CHARS - len(CUT_NOTE)) + CUT_NOTE
    sources = [f"• {plain(source, 200)}" for source in reply.sources]
    if sources:
        embed.add_field(name="Sources", value=fitting(sources, 1_000), inline=False)
    if reply.picture is not None:
        embed.set_image(url=f"attachment://{PICTURE}")
    return embed


def answer_files(reply: Reply) -> list[discord.File]:
    """The picture that belongs to it, and the whole text where that does not fit into an embed."""
    files = [discord.File(io.BytesIO(reply.picture), filename=PICTURE)] if reply.picture is not None else []
    if len(reply.text) > ANSWER_CHARS:
        files.append(discord.File(io.BytesIO(reply.text.encode()), filename="answer.md"))
    return files


def held_card(
    assistant: Assistant | None, state: str, reason: str, draft: str, note: str, retry_at: float | None
) -> discord.Embed:
    """A request that has no answer yet, or none any more; the `draft` stays readable, with its `note` below it."""
    embed = draft_card(assistant, draft, note if draft else "")
    said, colour = HELD[state]
    embed.colour = discord.Colour(colour)
    lines = [plain(reason, 900)]
    if state == "waiting" and retry_at:
        lines.append(f"Tried next <t:{int(retry_at)}:R>; whoever asked is told when the answer is there.")
    if state == "cancelled":
        lines = ["Nobody waits for this answer any more."]
    return embed.add_field(name=said, value="\n".join(lines), inline=False)


def draft_note(draft: Reply) -> str:
    """Below a draft that nobody has bettered yet."""
    return f"draft, below the bar ({draft.score} of 100) · {draft.tier.value} · {words(draft.model, 80)}"


def way(reply: Reply, waited: bool = False) -> str:
    """Below an answer: by which way it came."""
    return wording.way(reply, words, waited, free="0.0000 USD")
