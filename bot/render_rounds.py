"""The rounds of a change as cards and files: beside each other, two of them compared, their diffs."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.attached import Attached
from bot.language import say, told
from bot.render import WORKING, code, fitting, plain
from haven.changes.review import PastRound, Review, RoundPair
from haven.changes.review.diffing import FileDiff
from haven.redact import redact

SHOWN = 6
"""Rounds on one card."""
MOST_BYTES = 8_000_000
"""Of a diff; Discord takes files of 10 MiB."""
CUT = b"\n(the rest is too long for Discord)\n"


def rounds_card(review: Review, chosen: Sequence[PastRound] = ()) -> discord.Embed:
    """The newest rounds of a change, or those chosen, each with what was asked, its tests and its price."""
    title = say("Rounds of {id}", id=review.id)
    embed = discord.Embed(title=title, description=plain(review.title, 250), colour=WORKING)
    for one in chosen or review.rounds[-SHOWN:]:
        name = round_label(one) + (f" · {say('shown')}" if one.number == review.round else "")
        embed.add_field(name=name, value=_round(one), inline=False)
    if not chosen and (older := len(review.rounds) - SHOWN) > 0:
        command = f"haven change show {review.id}"
        embed.set_footer(text=say("And {count} older: choose one below, or {command}", count=older, command=command))
    return embed


def pair_card(pair: RoundPair) -> discord.Embed:
    """Two rounds one below the other; the diff goes along as a file."""
    title = say("Rounds {first} and {second} of {id}", first=pair.first.number, second=pair.second.number, id=pair.id)
    embed = discord.Embed(title=title, colour=WORKING)
    for one in (pair.first, pair.second):
        embed.add_field(name=round_label(one), value=_round(one), inline=False)
    nothing = say("in nothing")
    files = fitting([file_line(one) for one in pair.files], 900) or nothing
    embed.add_field(name=say("Files differ"), value=files, inline=False)
    moved = [f"{code(test)} {_class(first)} → {_class(second)}" for test, first, second in pair.tests]
    return embed.add_field(name=say("Tests differ"), value=fitting(moved, 900) or nothing, inline=False)


def diff_of(review: Review) -> Attached:
    """The whole diff, without the secrets that it may hold: it leaves the house. Takes CPU."""
    return _attached(f"change-{review.id}-round-{review.round}.diff", review.diff)


def pair_diff(pair: RoundPair) -> Attached:
    """What leads from the first round to the second, as `diff_of`."""
    name = f"change-{pair.id}-rounds-{pair.first.number}-{pair.second.number}.diff"
    return _attached(name, pair.diff or "(no difference)\n")


def _attached(name: str, diff: str) -> Attached:
    data = redact(diff).encode()
    return Attached(name, data if len(data) <= MOST_BYTES else data[:MOST_BYTES] + CUT)


def file_line(file: FileDiff) -> str:
    """A file of a diff and how many lines of it differ."""
    lines = say("binary") if file.added is None else f"+{file.added} −{file.removed or 0}"
    return f"{code(file.name)} {lines}"


def round_label(one: PastRound) -> str:
    """Round and cause on a label."""
    return say("Round {number}, {cause}", number=one.number, cause=say(one.cause))


def _round(one: PastRound) -> str:
    asked = plain(" ".join(one.instruction.split()), 120)
    tests = plain(told(one.tests), 200) if one.tests else say("no tests yet")
    return "\n".join(filter(None, [asked, tests, _made(one), plain(told(one.ended), 100)]))


def _made(one: PastRound) -> str:
    if not one.commit:
        return say("no edits that could be used")
    files = say("1 file") if len(one.files) == 1 else say("{count} files", count=len(one.files))
    return f"{files}, {one.usd:.4f} USD, {one.seconds:.0f} s"


def _class(name: str) -> str:
    return plain(told(name.replace("_", " ")), 40) or say("not there")
