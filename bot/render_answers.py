"""An answer as an embed: while it is written, when it is there, and while it waits for the cloud."""

from __future__ import annotations

import discord

from assistants import wording
from assistants.base import Assistant
from bot.attached import Attached
from bot.language import say, told
from bot.paging import Laid, pages_of
from bot.render import WORKING, fitting, person, plain, prose, words
from haven.ai.task import Reply

ANSWER_CHARS = 4_000
PICTURE, WHOLE = "picture.png", "answer.md"
NOTHING = "There is no answer this time."
HELD: dict[str, tuple[str, int]] = {
    "asked": ("Only the cloud would do, and it can't answer now", 0xFAA61A),
    "waiting": ("It waits for the cloud", 0xFAA61A),
    "failed": ("It waited, and no answer came", 0xED4245),
    "cancelled": ("Cancelled", 0x747F8D),
}
"""What is said of a held request in each state, and the card's colour; translated when it is drawn."""


def draft_card(assistant: Assistant | None, text: str, note: str) -> discord.Embed:
    """An answer as it comes, of a long one what was written last; `note` says what state it is in."""
    pages = pages_of(text)
    page = [say("page {number}", number=len(pages))] if pages[1:] else []
    return _card(assistant, pages[-1], " · ".join([note, *page]))


def answer_card(assistant: Assistant | None, reply: Reply, page: str, waited: bool = False) -> discord.Embed:
    """The answer with one of its pages."""
    embed = _card(assistant, page, way(reply, waited))
    sources = [f"• {plain(source, 200)}" for source in reply.sources]
    if sources:
        embed.add_field(name=say("Sources"), value=fitting(sources, 1_000), inline=False)
    if reply.picture is not None:
        embed.set_image(url=f"attachment://{PICTURE}")
    return embed


def answer_files(reply: Reply, laid: Laid) -> list[discord.File]:
    """The picture that belongs to it, its long code, and the whole text where that has pages: these are made of it."""
    files = [Attached(PICTURE, reply.picture)] if reply.picture is not None else []
    files += laid.files
    if laid.pages[1:]:
        files.append(Attached(WHOLE, reply.text.encode()))
    return [one.file() for one in files]


def turned(shown: discord.Embed, page: str) -> discord.Embed:
    """An answer's card with another page; its picture is named as it was when it was sent."""
    embed = shown.copy()
    embed.description = page
    return embed.set_image(url=f"attachment://{PICTURE}") if shown.image.url else embed


def beside(embed: discord.Embed, link: str, asker: str) -> discord.Embed:
    """The card with the way back to the message that the question is about, where it is about one, and who asks."""
    if not link:
        return embed
    said = say("{who} asks about [this message]({link}).", who=person(asker), link=link)
    return embed.add_field(name=say("Asked"), value=said, inline=False)


def _card(assistant: Assistant | None, shown: str, note: str) -> discord.Embed:
    title = assistant.title if assistant else "Haven"
    colour = int(assistant.colour.lstrip("#"), 16) if assistant else WORKING
    return discord.Embed(title=title, description=shown, colour=colour).set_footer(text=note)


def held_card(
    assistant: Assistant | None, state: str, reason: str, draft: str, note: str, retry_at: float | None
) -> discord.Embed:
    """A request that has no answer yet, or none any more; the `draft` stays readable, with its `note` below it."""
    embed = _card(assistant, prose(draft, ANSWER_CHARS), note if draft else "")
    title, colour = HELD[state]
    embed.colour = discord.Colour(colour)
    lines = [plain(told(reason), 900)]
    if state == "waiting" and retry_at:
        when = f"<t:{int(retry_at)}:R>"
        lines.append(say("Tried next {when}; whoever asked is told when the answer is there.", when=when))
    if state == "cancelled":
        lines = [say("Nobody waits for this answer any more.")]
    return embed.add_field(name=say(title), value="\n".join(lines), inline=False)


def draft_note(draft: Reply) -> str:
    """Below a draft that nobody has bettered yet."""
    bar = say("draft, below the bar ({score} of 100)", score=draft.score)
    return f"{bar} · {say(draft.tier.value)} · {words(draft.model, 80)}"


def way(reply: Reply, waited: bool = False) -> str:
    """Below an answer: by which way it came."""
    return " · ".join(map(told, wording.way(reply, words, waited, free="0.0000 USD").split(" · ")))
