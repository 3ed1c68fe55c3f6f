"""How Haven is doing, as cards; lines and alerts may quote files and people, so their words are escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import discord

from assistants.sentry.lines import StatusLine, worst_first
from bot.language import say, told
from bot.render import SIGNS, WORKING, fitting, plain
from haven.store.alerts import Alert
from haven.store.events import Event

SHOWN_ALERTS = 5
"""On one card, each with its button: all lines together stay within a message."""
LEVELS = {"ok": "well", "note": "worth a look", "alert": "trouble"}
"""What each sign's colour means, in words; `urgent` and `warning` are alerts' own."""
URGENT, WARNING, CALM = 0xED4245, 0xFAA61A, 0x3BA55D


def status_card(lines: Iterable[StatusLine]) -> discord.Embed:
    return discord.Embed(title=say("How Haven is doing"), description=_status(lines, 3_800), colour=WORKING)


def health_card(lines: Iterable[StatusLine], alerts: Sequence[Alert]) -> discord.Embed:
    """The lines of `/status` with the worst first; the open alerts stand below, each a line of its own."""
    several = say("1 alert open") if len(alerts) == 1 else say("{count} alerts open", count=len(alerts))
    worst = URGENT if any(one.level == "urgent" for one in alerts) else WARNING
    title, colour = (several, worst) if alerts else (say("No alert is open"), CALM)
    embed = discord.Embed(title=title, description=_status(worst_first(lines), 1_800), colour=colour)
    if (more := len(alerts) - SHOWN_ALERTS) > 0:
        embed.set_footer(text=say("And {count} more: haven alerts", count=more))
    return embed


def alert_line(alert: Alert) -> str:
    """What is wrong, what helps, since when, and who looks after it."""
    name = plain(alert.acknowledged_by, 60)
    care = say("{name} looks after it", name=name) if name else say("nobody looks after it")
    since = say("since {when}", when=f"<t:{int(alert.raised_at)}:R>")
    small = f"-# `{alert.id}` · {since} · {care}"
    return "\n".join(filter(None, (level_line(alert.level, alert.text, 220), plain(told(alert.mend), 120), small)))


def alert_card(alert: Alert) -> discord.Embed:
    """One alert, for a message of its own."""
    colour = URGENT if alert.level == "urgent" else WARNING
    embed = discord.Embed(description=level_line(alert.level, alert.text, 600), colour=colour)
    if alert.mend:
        embed.add_field(name=say("What to do"), value=plain(told(alert.mend), 400), inline=False)
    since = say("since {when}", when=f"<t:{int(alert.raised_at)}:t>")
    care = [say("{name} looks after it", name=plain(alert.acknowledged_by, 60))] if alert.acknowledged_by else []
    return embed.set_footer(text=" · ".join([since, f"`{alert.id}`", *care]))


def news_card(event: Event) -> discord.Embed:
    """That an alert is over, or that somebody looks after it."""
    text = plain(told(str(event.data.get("text", ""))), 600)
    if event.kind == "alert.cleared":
        return discord.Embed(description=f"🟢 **{say('Over')}:** {text}", colour=CALM)
    name = plain(str(event.data.get("by", "")), 60) or say("Somebody")
    return discord.Embed(description=f"👀 {say('{name} looks after', name=name)}: {text}", colour=WORKING)


def level_line(level: str, text: str, limit: int) -> str:
    """A sign, the word that it stands for, and what is wrong."""
    urgent = level == "urgent"
    word = say("urgent") if urgent else say("warning")
    return f"{'🔴' if urgent else '🟠'} **{word}:** {plain(told(text), limit)}"


def _status(lines: Iterable[StatusLine], limit: int) -> str:
    return fitting([_line(line) for line in lines], limit)


def _line(line: StatusLine) -> str:
    """A green one needs no word beside its colour: that all others have one says it."""
    sign, word = SIGNS.get(line.level, "⚪"), LEVELS.get(line.level, "")
    beside = f" ({say(word)})" if word and line.level != "ok" else ""
    return f"{sign} **{plain(told(line.label), 60)}**{beside} {plain(told(line.text), 300)}"
