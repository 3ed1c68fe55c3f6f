"""Every way into the bot, as a stranger, a member, a reviewer, an owner; in Haven's own server and elsewhere."""

from __future__ import annotations

import re
from typing import Any

from discord import app_commands

from bot.client import HavenBot
from bot.views.buttons import PRESSED
from bot.views.review import SUBMITTED

from .conftest import World
from .doors import (
    ANY,
    COMMANDS,
    MEMBER,
    MENUS,
    MODALS,
    OFFERED,
    OWNER,
    PRESSES,
    REFUSED,
    REVIEWER,
    Town,
    begin_of,
    in_the_tree,
    ways,
    without_backups,
)
from .doors import town as town
from .watcher import Watcher

TAKERS = {"rejected", "sure", "submitted", "taken"}
"""Who takes modals in (`HavenBot.on_interaction`): another one has modals that belong into the table of them."""


async def test_every_way_in_has_its_line(world: World) -> None:
    every = list(in_the_tree(world.bot))
    commands = [one for one in every if isinstance(one, app_commands.Command)]
    assert {one.qualified_name for one in commands} == COMMANDS.keys()
    assert {one.name for one in every if isinstance(one, app_commands.ContextMenu)} == MENUS.keys()
    offered = {f"{one.qualified_name} {each.name}" for one in commands for each in one.parameters if each.autocomplete}
    assert offered == OFFERED.keys()
    samples = [re.sub(r"\{\w+\}", "draft-1" if one.startswith("draft:") else "1", one) for one in PRESSES]
    lacking = []
    for pattern, item in world.bot._connection._view_store._dynamic_items.items():
        there = [match.groupdict() for one in samples if (match := pattern.fullmatch(one))]
        lacking += [] if there else [item.__name__]
        for group, several in re.findall(r"\(\?P<(\w+)>([a-z]+(?:\|[a-z]+)+)\)", pattern.pattern):
            missing = set(several.split("|")) - {each[group] for each in there}
            lacking += [f"{item.__name__}: {one}" for one in sorted(missing)]
    pressed = {one.split(":")[1] for one in PRESSES if one.startswith("haven:")}
    assert not lacking and pressed == PRESSED.keys()
    assert {one.split(":")[1] for one in MODALS if one.startswith("haven:")} == SUBMITTED.keys()
    takes = {one for one in HavenBot.on_interaction.__code__.co_names if one in TAKERS or one.endswith("ed")}
    assert takes == TAKERS


async def test_a_stranger_changes_and_learns_nothing_by_any_way(town: Town) -> None:
    world, wrong = town.world, []
    for way in ways():
        words, broken = await town.told(way, world.stranger, world.channel)
        if way.role > ANY:
            wrong += broken
        elif REFUSED.search(words):
            wrong.append(f"{way}: is open to everybody, and refused")
    assert not wrong, "\n".join(wrong)


async def test_each_role_may_do_what_is_its_own_and_no_more(town: Town) -> None:
    world, wrong = town.world, []
    await world.env.restart_bot(world.build())  # nothing is remembered of what was shown before
    without_backups(world.bot)
    for who, role in ((world.member, MEMBER), (world.reviewer, REVIEWER), (world.owner, OWNER)):
        for way in ways():
            words, broken = await town.told(way, who, world.channel)
            if role < way.role:
                wrong += [f"{role.name}: {one}" for one in broken if "others see" not in one]
            elif REFUSED.search(words):
                wrong.append(f"{role.name}: {way} is refused: {words!r:.200}")
    assert not wrong, "\n".join(wrong)
    assert len(town.opened) > 6 and town.opened <= {begin_of(one) for one in MODALS}


async def test_on_another_server_and_in_a_chat_nobody_gets_in_who_may_not(town: Town) -> None:
    world, wrong = town.world, []
    there = world.env.create_guild("Elsewhere")
    place, owner = there.create_text_channel("general"), there.add_member(world.owner.user)
    everywhere = {one.name for one in world.bot.tree.get_commands()}
    for way in ways():
        if way.sort in ("press", "modal") or way.name.split()[0] in everywhere:
            wrong += (await town.told(way, owner, place))[1]
            if way.role > ANY:
                wrong += (await town.told(way, world.stranger.user, world.stranger.user.dm_channel))[1]
    assert not wrong, "\n".join(wrong)


async def test_what_discord_does_not_take_any_more_is_not_done_either(town: Town, watcher: Watcher) -> None:
    """An interaction that came too late: whoever pressed sees that it failed, so it must have."""
    world, done = town.world, []

    def late(interaction: Any) -> None:
        interaction.initial_response_deadline = interaction.expires_at = world.env.backend.now_iso()

    world.env._register_dispatch_observer(late)
    for way in ways():
        before = town.version
        await town.take(way, world.owner, world.channel)
        if town.version != before:
            done.append(f"{way}: was done")
    assert not done, "\n".join(done)
    assert len([one for one in watcher.faults if "10062" in one or "Unknown interaction" in one]) > 80
    watcher.faults, watcher.line_is_cut = [], True


async def test_while_haven_closes_every_way_says_so(town: Town) -> None:
    world, wrong = town.world, []
    world.bot.closing = True
    for way in ways():
        if way.sort != "typing":
            words, broken = await town.told(way, world.owner, world.channel)
            wrong += broken if "restarting" in words else [f"{way}: says {words!r:.100}"]
    assert not wrong, "\n".join(wrong)
