"""From data to Discord embeds: pure functions that keep its limits and let no text of others act.

Text of people and models stands in embeds only, never in `content`: a link preview there would call out to an address
of the text's choosing. Limits: title 256, description 4,096, field 1,024, footer 2,048, together 6,000 characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import discord

from bot.language import say, told
from haven.errors import HavenError
from haven.quoting import clean
from haven.redact import redact

WORKING = 0x5865F2
KEPT = "\n\t\u200d"
"""Control and format characters that are harmless: the last one joins emoji."""
SIGNS: dict[str, str] = {"ok": "🟢", "note": "🟡", "alert": "🔴"}
_LIVE = re.compile(r"<(?=[#/@:]|a:|t:|id:|sound:)")
"""Where Discord would draw a channel, a command to tap, a time, a picture or a place of the server."""
MOST = 6_000
"""Characters of one embed, all its parts together."""


def words(text: str, limit: int) -> str:
    """Text of a person or a model as plain words: no control or direction marks, cut to `limit` characters."""
    kept = "".join(c for c in clean(text) if c in KEPT or unicodedata.category(c) not in {"Cc", "Cf", "Cs"}).strip()
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def plain(text: str, limit: int) -> str:
    """As `words`, shown by Discord letter by letter: no formatting, mention, masked link or secret."""
    # discord.py takes all from the first `[` to the last `)` for one link, and escapes nothing behind its beginning.
    pieces = map(discord.utils.escape_markdown, words(redact(text), limit).split("]("))
    escaped = _LIVE.sub("<\u200b", discord.utils.escape_mentions(r"]\(".join(pieces)))
    return escaped if len(escaped) <= limit else escaped[: limit - 1].rstrip("\\") + "…"


def prose(text: str, limit: int) -> str:
    """A model's answer: its formatting stays, but a link always shows where it leads and nobody is mentioned."""
    shown = discord.utils.escape_mentions(re.sub(r"\]\s*\(", "] (", words(text, limit)))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def error_card(error: HavenError) -> discord.Embed:
    embed = discord.Embed(title=say("That did not work"), description=plain(told(str(error)), 2_000), colour=0xED4245)
    if error.mend:
        embed.add_field(name=say("What to do"), value=plain(told(error.mend), 1_000), inline=False)
    return embed.set_footer(text=say("Error {id}", id=error.id))


def person(principal_id: str) -> str:
    """A principal for display: a Discord id becomes a name that pings nobody under AllowedMentions.none()."""
    face, _, id = principal_id.partition(":")
    return f"<@{id}>" if face == "discord" and id.isdigit() else plain(principal_id, 60)


def code(text: str) -> str:
    """A name of a file or a test, letter by letter."""
    return f"`{words(text, 120).replace('`', chr(39))}`"


def fitting(lines: Sequence[str], limit: int) -> str:
    """As many whole lines as fit, and how many more there are."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        if sum(map(len, kept)) + len(kept) + len(line) + 20 > limit:
            return "\n".join([*kept, say("… and {count} more", count=len(lines) - number)])
        kept.append(line)
    return "\n".join(kept)
