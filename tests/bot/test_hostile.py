"""Hostile texts through every field that takes words, from somebody with a hostile name: they stay words, and all fits.

That nobody is mentioned, nothing stands in `content` and every limit holds is looked at by the watcher of these tests.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from .conftest import text_of
from .doors import COMMANDS, MODALS, Town, Way, town
from .watcher import words_of

__all__ = ["town"]
ROLE = 123456789012345678
LINK = "[click](https://evil.example) ]( [a]\n(https://evil.example) [b] (https://evil.example)"
MIXED = f"@everyone @here <@&{ROLE}> <@{ROLE}> {LINK} a\u202eb\u200bc\u2066 **bold**\n# evil head"
MIXED += f"\n-# evil small\n```evil\n> q ||s|| <#{ROLE}> </haven resume:{ROLE}> <t:1:R> <:ok:{ROLE}> <id:browse>"
TEXTS = {"mixed": MIXED, "long": (MIXED + " ") * 40, "emoji": "🦊🦊", "empty": "\u200b\u2060 \u202e\x07\u3164\u2800"}
LIVE = re.compile(
    r"(?<!\\)\]\(https?://evil|(?<![@<])\u200b|[\u202e\u2066]|```evil|^-?# evil|@everyone"
    r"|<[@#]&?1234|<(?:/haven|t:1:|:ok|id:)",
    re.M,
)
"""What must not stand in any message as it was typed."""
SHORT = {"request": 100, "at": 300, "words": 4_000}
WORDS = {"text", "words", "at", "request", "id", "name", "to", "start", "end", "around", "region"}
"""Options of commands that are words."""
MORE = {"reason": MIXED[:400], "fields": MIXED, "at": MIXED[:200]}
"""Other fields of modals; a form of another one is not looked at."""


def ways(bot_options: dict[str, set[str]], text: str) -> list[Way]:
    found = []
    for name, (role, given) in COMMANDS.items():
        options = {one: text[: SHORT.get(one, 6_000)] for one in bot_options[name] & WORDS}
        if name == "map":
            options.pop("region")  # one of both is taken
        if options and not (name == "roundtable" and not text):
            found.append(Way("command", name, role, {**given, **options}))
    for name, (role, given) in MODALS.items():
        typed = dict.fromkeys(given, text[:4_000])
        found.append(Way("modal", name, role, typed if name.startswith("privacy") else {**MORE, **typed}))
    return found


@pytest.mark.parametrize("sort", TEXTS)
async def test_words_stay_words(town: Town, sort: str) -> None:
    world = town.world
    user = world.env.create_user("mal", global_name=f"**{LINK} @everyone\u202e"[:32])
    mal = world.guild.add_member(user)
    for role in world.discord.reviewer_role_ids:
        world.env.backend.add_member_role(world.guild.id, mal.id, role)
    tree = [*world.bot.tree.walk_commands(), *world.bot.tree.walk_commands(guild=world.guild)]  # type: ignore[arg-type]
    options = {one.qualified_name: {each.name for each in getattr(one, "parameters", ())} for one in tree}
    began, wrong = len(world.env.http_requests), []
    for way in ways(options, TEXTS[sort]):
        result = await town.take(way, mal, world.channel)
        shown = [*([result.response] if result.response else []), *result.followups]
        if not shown or any("Something went wrong" in text_of(one) for one in shown):
            wrong.append(f"{way.sort} {way.name}: {[text_of(one) for one in shown]}")
    for one in world.env.http_requests[began:]:
        body: Any = one.json if isinstance(one.json, dict) else {}
        said = words_of(body.get("data") or body)
        if match := LIVE.search(said):
            wrong.append(f"{one.method} {one.path}: {match[0]!r} in {said!r:.300}")
    if sort == "mixed":
        for menu in ("Use as tweak", "Ask about this", "Add to lore", "Make this a change"):
            message = await mal.send(world.channel, MIXED)
            assert (await world.member.context_menu(world.channel, menu, message)).acknowledged
    assert not wrong, "\n".join(dict.fromkeys(wrong))
