"""Every way into the bot, found in the bot itself, as a stranger, a member, a reviewer, an owner; from elsewhere too.

A command, menu, name that is offered, button, list or modal that has no line in the tables below fails a test.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import discord
import pytest
import simcord.actors
from discord import app_commands
from simcord.backend import serializers
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.client import HavenBot
from bot.views.buttons import PRESSED
from bot.views.review import SUBMITTED
from haven.access import Principal, Role
from haven.errors import Unavailable
from haven.world.schema import Kind, Lore, Point, Region, System

from .conftest import World, text_of
from .watcher import Watcher

ANY, MEMBER, REVIEWER, OWNER = Role.STRANGER, Role.MEMBER, Role.REVIEWER, Role.OWNER
COMMANDS: dict[str, tuple[Role, dict[str, Any]]] = {
    "ask": (MEMBER, {"text": "What does the map show?"}),
    "feature": (MEMBER, {"text": "Add a ruler to the map"}),
    "fix": (MEMBER, {"text": "Mend the zoom of the map"}),
    "docs": (MEMBER, {"text": "Say what the map shows"}),
    "refactor": (MEMBER, {"text": "Make the map simpler"}),
    "changes": (MEMBER, {}),
    "review": (MEMBER, {"id": "{change}"}),
    "tweak": (REVIEWER, {"id": "{change}", "words": "In blue"}),
    "lore": (MEMBER, {"text": "The Lamp"}),
    "system": (MEMBER, {"name": "Oculi"}),
    "nearest": (MEMBER, {"to": "Oculi"}),
    "route": (MEMBER, {"start": "Oculi", "end": "Nearby"}),
    "map": (MEMBER, {}),
    "digest": (MEMBER, {}),
    "submit": (MEMBER, {}),
    "approve": (REVIEWER, {}),
    "watch": (MEMBER, {"text": "new systems"}),
    "status": (MEMBER, {}),
    "health": (MEMBER, {}),
    "costs": (MEMBER, {}),
    "models": (MEMBER, {}),
    "privacy": (ANY, {}),
    "roundtable": (MEMBER, {}),
    "haven pause": (REVIEWER, {}),
    "haven resume": (OWNER, {}),
    "haven sync": (OWNER, {}),
    "haven backup": (OWNER, {}),
    "haven caps": (OWNER, {"daily": 1.5}),
    "haven restart": (OWNER, {}),
}
"""Who may give a command, and what goes with it."""
OFFERED: dict[str, Role] = {
    "review id": MEMBER,
    "tweak id": MEMBER,
    "lore text": MEMBER,
    "system name": MEMBER,
    "nearest to": MEMBER,
    "route start": MEMBER,
    "route end": MEMBER,
    "map around": MEMBER,
    "map region": MEMBER,
    "models install": OWNER,
    "roundtable request": MEMBER,
}
"""Who is offered names while they type: others get none."""
MENUS = {"Use as tweak": MEMBER, "Ask about this": MEMBER, "Add to lore": MEMBER, "Make this a change": MEMBER}
PRESSES: dict[str, Role] = {
    "haven:look:{change}:{round}:": MEMBER,
    "haven:rounds:{change}:{round}:": MEMBER,
    "haven:diff:{change}:{round}:": MEMBER,
    "haven:tweak:{change}:{round}:": REVIEWER,
    "haven:replan:{change}:{round}:": MEMBER,
    "haven:stop:{change}:{round}:": REVIEWER,
    "haven:withdraw:{change}:{round}:": REVIEWER,
    "haven:putaway:{change}:{round}:": REVIEWER,
    "haven:retry:{change}:{round}:": REVIEWER,
    "haven:approve:{change}:{round}:": REVIEWER,
    "haven:ask:{change}:{round}:": REVIEWER,
    "haven:type:{change}:{round}:": REVIEWER,
    "haven:sure:{change}:{round}:": REVIEWER,
    "haven:reject:{change}:{round}:": REVIEWER,
    "haven:skip:{change}:{round}:": REVIEWER,
    "haven:back:{change}:{round}:": REVIEWER,
    "haven:undo:{change}:{round}:": REVIEWER,
    "haven:takeback:{change}:{round}:": REVIEWER,
    "haven-rounds:{change}": MEMBER,
    "haven-changes:mine:0:of": MEMBER,
    "haven-changes:open:0:of": MEMBER,
    "haven-changes:all:0:of": MEMBER,
    "haven-talk:page:{change}:0:": MEMBER,
    "haven-talk:read:{change}:0:": MEMBER,
    "haven-talk:follow:{change}:0:": MEMBER,
    "answer:wait:1": MEMBER,
    "answer:local:1": MEMBER,
    "answer:cancel:1": MEMBER,
    "answer:up:1": MEMBER,
    "answer:down:1": MEMBER,
    "answer:cloud:1": MEMBER,
    "answer-page:1:back": MEMBER,
    "answer-page:1:here": MEMBER,
    "answer-page:1:on": MEMBER,
    "alert:care:1": REVIEWER,
    "draft:look:{draft}": MEMBER,
    "draft:approve:{draft}": REVIEWER,
    "draft:reject:{draft}": MEMBER,
    "drafts:approve": REVIEWER,
    "drafts:page:0:on": REVIEWER,
    "drafts:these:00000000:1": REVIEWER,
    "world:read:lore-1": MEMBER,
    "watch:end:{watch}:0": MEMBER,
    "watch:page:0": MEMBER,
    "price:yes:0123456789abcdef": MEMBER,
    "price:no:0123456789abcdef": MEMBER,
    "privacy:export": ANY,
    "privacy:delete": ANY,
    "owner:restart:1": OWNER,
}
"""Who may press what; a button of another's own question, price or watch is refused by what it is about."""
LISTS = {"haven-rounds:{change}": "1", "drafts:approve": "{draft}"}
"""Those that are lists, and what is chosen there."""
MODALS: dict[str, tuple[Role, dict[str, str]]] = {
    "haven:tweak:{change}:{round}:": (REVIEWER, {"words": "In blue"}),
    "haven:replan:{change}:{round}:": (REVIEWER, {"words": "Another way"}),
    "haven:reject:{change}:{round}:": (REVIEWER, {"words": "No"}),
    "haven:type:{change}:{round}:": (REVIEWER, {"words": "{change}"}),
    "draft:reject:{draft}": (REVIEWER, {"words": "No"}),
    "privacy:sure": (ANY, {"word": "no"}),
    "submit:text": (MEMBER, {"text": "System Farlight at 12, 40, -3"}),
    **{f"submit:{kind.value}": (MEMBER, {"name": f"A {kind.value}"}) for kind in Kind},
    "taken:ask": (MEMBER, {"question": "Why?", "text": "The map is blue"}),
    "taken:change": (MEMBER, {"text": "Make the map blue"}),
    "taken:lore:1:2:Ann": (MEMBER, {"name": "The Oil", "text": "It burns."}),
}
TAKERS = {"rejected", "sure", "submitted", "taken"}
"""Who takes modals in (`HavenBot.on_interaction`): another one has modals that belong into the table above."""
REFUSED = re.compile(r"may not .*needs the role|shows nothing on other servers", re.DOTALL)
COMMAND, COMPONENT, TYPING, MODAL = 2, 3, 4, 5


@dataclass(frozen=True)
class Way:
    """One way in: what it is called, who may take it, and how."""

    sort: str
    name: str
    role: Role
    given: dict[str, Any]


def ways() -> Iterator[Way]:
    """The presses come first: what a command asks for would take the change out of review."""
    for name, role in PRESSES.items():
        yield Way("press", name, role, {})
    for name, (role, given) in COMMANDS.items():
        yield Way("command", name, role, given)
    for name, role in OFFERED.items():
        yield Way("typing", name, role, {})
    for name, role in MENUS.items():
        yield Way("menu", name, role, {})
    for name, (role, given) in MODALS.items():
        yield Way("modal", name, role, given)


@dataclass
class Town:
    """A world in which there is one of everything, all of it the owner's."""

    world: World
    names: dict[str, str]
    database: sqlite3.Connection
    opened: set[str] = field(default_factory=set)
    """The modals that were opened, by how their ids begin."""

    @property
    def version(self) -> int:
        """Another one as soon as anybody has written."""
        return int(self.database.execute("pragma data_version").fetchone()[0])

    def filled(self, value: Any) -> Any:
        return re.sub(r"\{(\w+)\}", lambda at: self.names[at[1]], value) if isinstance(value, str) else value

    async def take(self, way: Way, who: Any, channel: ChannelHandle) -> InteractionResult:
        """Who: a member of a server, or a user in a chat with the bot."""
        name, given = self.filled(way.name), {key: self.filled(value) for key, value in way.given.items()}
        if way.sort == "command":
            return await simcord.actors._slash(who, channel, name, given)
        if way.sort == "typing":
            command, _, option = name.rpartition(" ")
            return await simcord.actors._autocomplete_result(who, channel, command, option, "", {})
        if way.sort == "menu":
            said = await who.send(channel, "The map should be blue.")
            return await who.context_menu(channel, name, said)
        if way.sort == "press":
            return await self._press(name, self.filled(LISTS.get(way.name)), who, channel)
        fields = [{"type": 18, "component": {"type": 4, "custom_id": id, "value": text}} for id, text in given.items()]
        data = {"custom_id": name, "components": fields}
        return await simcord.actors._dispatch_actor_interaction(who, MODAL, channel, data)

    async def _press(self, id: str, chosen: str | None, who: Any, channel: ChannelHandle) -> InteractionResult:
        """On a message of the bot that has this control, wherever it is."""
        part: dict[str, Any] = {"type": 2, "style": 2, "label": "x", "custom_id": id}
        if chosen is not None:
            part = {"type": 3, "custom_id": id, "options": [{"label": "x", "value": chosen}]}
        backend = self.world.env.backend
        message = backend.create_message(
            channel.id, backend.bot_user.id, components=[{"type": 1, "components": [part]}], broadcast=False
        )
        data = {"custom_id": id, "component_type": part["type"], **({"values": [chosen]} if chosen is not None else {})}
        return await simcord.actors._dispatch_actor_interaction(
            who,
            COMPONENT,
            channel,
            data,
            extra={"message": dict(serializers.message_payload(backend, message))},
            source_message_id=message.id,
        )

    async def told(self, way: Way, who: Any, channel: ChannelHandle) -> tuple[str, list[str]]:
        """All that whoever takes this way reads, and what is broken where they must be refused."""
        before, sent = self.version, len(self.world.env.http_requests)
        result = await self.take(way, who, channel)
        if way.sort == "typing":
            offered = result.autocomplete_choices
            return "offered" if offered else "", [f"{way}: was offered {offered}"] if offered else []
        shown = [*([result.response] if result.response else []), *result.followups]
        words = "\n".join(map(text_of, shown))
        if result.modal:
            words += f"\na modal: {result.modal['title']}"
            self.opened.add(_begin(result.modal["custom_id"]))
        mine = f"simcord_interaction_{result._interaction.id}"
        elsewhere = [
            f"{one.method} {one.path}"
            for one in self.world.env.http_requests[sent:]
            if one.method != "GET" and mine not in one.path
        ]
        wrong = [f"{way}: sent {elsewhere}"] if elsewhere else []
        if self.version != before:
            wrong.append(f"{way}: something was written")
        if not REFUSED.search(words) and "restarting" not in words:
            wrong.append(f"{way}: was not refused: {words!r:.200}")
        if len(shown) > 1 + bool(result._interaction.source_message_id) or result.modal:
            wrong.append(f"{way}: more was shown than a refusal: {words!r:.300}")
        if not shown or not shown[-1].ephemeral:
            wrong.append(f"{way}: others see the refusal")
        return words, wrong


def _begin(custom_id: str) -> str:
    return ":".join(custom_id.split(":")[:2])


@pytest.fixture
async def town(world: World) -> AsyncIterator[Town]:
    owner = Principal(f"discord:{world.owner.id}", "owner", Role.OWNER, "bot")
    put = [
        System(name="Oculi", position=Point(x=1, y=2, z=3)),
        System(name="Nearby", position=Point(x=2, y=2, z=3)),
        Region(name="The Reach"),
        Lore(name="The Lamp", text="It burns."),
    ]
    await world.house.world.put(put, owner, "test")
    change = await world.reviewed(await world.requested(who=world.owner))
    draft = await world.house.drafts.propose([System(name="Farther", position=Point(x=9, y=9, z=9))], owner, "test")
    await world.house.watches.add("new systems", owner, {"channel": world.channel.id})
    [watch] = await world.house.watches.list(owner)
    names = {"change": change.id, "round": str(change.round), "draft": draft.id, "watch": watch.id}
    with closing(
        sqlite3.connect(f"file:{world.house.settings.database}?mode=ro", uri=True, check_same_thread=False)
    ) as database:
        yield Town(world, names, database)


def in_the_tree(bot: HavenBot) -> Iterator[app_commands.Command[Any, ..., Any] | app_commands.ContextMenu]:
    for place in (None, discord.Object(bot.settings.guild_id or 0)):
        yield from (one for one in bot.tree.walk_commands(guild=place) if isinstance(one, app_commands.Command))
        for sort in (discord.AppCommandType.message, discord.AppCommandType.user):
            yield from bot.tree.walk_commands(guild=place, type=sort)


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

    async def no_backup() -> Any:
        raise Unavailable("There is no room.", "")  # within simcord's sight a second database's thread never settles

    await world.env.restart_bot(world.build())  # nothing is remembered of what was shown before
    world.bot.office = replace(world.bot.office, backup=no_backup)
    for who, role in ((world.member, MEMBER), (world.reviewer, REVIEWER), (world.owner, OWNER)):
        for way in ways():
            words, broken = await town.told(way, who, world.channel)
            if role < way.role:
                wrong += [f"{role.name}: {one}" for one in broken if "others see" not in one]
            elif REFUSED.search(words):
                wrong.append(f"{role.name}: {way} is refused: {words!r:.200}")
    assert not wrong, "\n".join(wrong)
    assert len(town.opened) > 6 and town.opened <= {_begin(one) for one in MODALS}


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
