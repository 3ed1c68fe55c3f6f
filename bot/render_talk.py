"""A request at the Round Table as text: who did what to whom, by which way, why, at what price, and what has left."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import discord

from assistants.base import Assistant
from assistants.table.asking import COMPUTED
from assistants.table.transcript import TABLE, Move, costs
from bot.language import say, told
from bot.render import WORKING, plain
from haven.store.transcripts import Said, Talk

SeatOf = Callable[[str], Assistant | None]
"""The assistant of a name, if there is one."""
PAGE = 3_200
"""Characters of steps on one page: with head and small print they stay below the 4,000 of a message."""
WORDS, WHY = 600, 240
MOVES: dict[str, str] = {
    Move.ASKS: "asks",
    Move.PROPOSES: "proposes a change to",
    Move.SEATS: "gives the seat to",
    Move.CONSULTS: "consults",
    Move.TELLS: "tells",
    Move.SENDS: "sends to",
    Move.DRAFTS: "drafts for",
    Move.ANSWERS: "answers",
    Move.WAITS: "makes wait",
    Move.FAILS: "has no answer for",
}
TIERS: dict[str, str] = {"local": "in this house", "lan": "at home", "cloud": "in the cloud"}


def pages(steps: Sequence[Said], seat: SeatOf) -> list[str]:
    """The steps as text, as many on a page as fit; none is cut in two."""
    found = [""]
    for said in steps:
        text = _step(said, seat)
        if found[-1] and len(found[-1]) + len(text) > PAGE:
            found.append("")
        found[-1] += f"\n\n{text}" if found[-1] else text
    return found


def talk_card(steps: Sequence[Said], text: str, where: str) -> discord.Embed:
    """One page; `where` says which one, or that it goes on."""
    first, spent = steps[0], costs(steps)
    price = f"{spent:.4f} USD" if spent else ""
    count = say("1 step") if len(steps) == 1 else say("{count} steps", count=len(steps))
    small = [" · ".join(filter(None, (plain(first.request, 40), count, price, where)))]
    if any(said.private for said in steps):
        small.append(say("Private: its words are written down nowhere, and shown only to whoever typed them."))
    embed = discord.Embed(title=say("Round Table"), description=text, colour=WORKING)
    return embed.set_footer(text="\n".join(small))


def choice_line(talk: Talk, seat: SeatOf) -> str:
    """A request in a list: its words, and who took it."""
    words = " ".join(talk.words.split()) or say("(private: its words are not kept)")
    return f"{words[:70]} · {_named(talk.assistant, seat)} · {talk.request[:6]}"


def _step(said: Said, seat: SeatOf) -> str:
    who, whom = (f"**{plain(_named(one, seat), 60)}**" for one in (said.who, said.whom))
    lines = [f"<t:{said.at:.0f}:T> {who} {say(MOVES.get(said.move, said.move))} {whom}"]
    if about := _about(said):
        lines.append(f"-# {about}")
    words = plain(_words(said), WORDS)  # of people and models: they stay as they are
    lines += [f"> {line}" for line in words.splitlines() if line.strip()]
    return "\n".join(lines)


def _words(said: Said) -> str:
    hidden = said.private and not said.words and said.move in (Move.ASKS, Move.ANSWERS)
    return say("(private: its words are not kept)") if hidden else said.words


def _about(said: Said) -> str:
    tier = say(TIERS[said.tier]) if said.tier in TIERS else said.tier
    by = f"{tier}: {plain(_named(said.model), 60)}" if said.model else tier
    figures = {"read": f"{said.input_tokens:,}", "written": f"{said.output_tokens:,}"}
    tokens = say("{read} tokens read, {written} written", **figures) if said.input_tokens else ""
    left = say("left the house: {what}", what=plain(told(said.sent), 200)) if said.sent else ""
    cost = f"{said.usd:.4f} USD" if said.usd else ""
    time = f"{said.seconds:.1f} s" if said.seconds else ""
    why = plain(" ".join(told(said.why).split()), WHY)
    return " · ".join(filter(None, (by, left, tokens, cost, time, why)))


def _named(name: str, seat: SeatOf = lambda name: None) -> str:
    """An assistant, a model or a person; what has no name of its own is said."""
    if name == TABLE:
        return say("Round Table")
    known = seat(name)
    return known.title if known else told(name) if name == COMPUTED else name
