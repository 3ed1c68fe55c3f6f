"""Every way into the bot: who may take it, how it is taken, and a world in which there is one of everything.

A command, menu, name that is offered, button, list or modal that has no line in the tables below fails a test.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
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
from haven.access import Principal, Role
from haven.errors import Unavailable
from haven.world.schema import Kind, Lore, Point, Region, System

from .conftest import World, text_of

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
LISTS = {"haven-rounds:{change}": ["1"], "drafts:approve": ["{draft}"]}
"""Those that are lists, and what is chosen there."""
MODALS: dict[str, tuple[Role, dict[str, str]]] = {
    "haven:tweak:{change}:{round}:": (REVIEWER, {"words": "In blue"}),
    "haven:replan:{change}:{round}:": (REVIEWER, {"words": "Another way"}),
    "haven:reject:{change}:{round}:": (REVIEWER, {"words": "No"}),
    "haven:type:{change}:{round}:": (REVIEWER, {"words": "{change}"}),
    "haven:withdraw:{change}:{round}:": (REVIEWER, {"words": "{change}"}),
    "draft:reject:{draft}": (REVIEWER, {"words": "No"}),
    "privacy:sure": (ANY, {"word": "no"}),
    "submit:text": (MEMBER, {"text": "System Farlight at 12, 40, -3"}),
    **{f"submit:{kind.value}": (MEMBER, {"name": f"A {kind.value}"}) for kind in Kind},
    "taken:ask:1:2:": (MEMBER, {"question": "Why?", "text": "The map is blue"}),
    "taken:change": (MEMBER, {"text": "Make the map blue"}),
    "taken:lore:1:2:Ann": (MEMBER, {"name": "The Oil", "text": "It burns."}),
}
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


async def press(
    world: World, who: Any, channel: ChannelHandle, id: str, chosen: Sequence[str] = (), on: int = 0
) -> InteractionResult:
    """A control of this id, on the message `on` as it was while it had that, else on one that is made for it."""
    part: dict[str, Any] = {"type": 2, "style": 2, "label": "x", "custom_id": id}
    if chosen:
        options = [{"label": "x", "value": one} for one in chosen]
        part = {"type": 3, "custom_id": id, "options": options, "max_values": len(options)}
    backend, row = world.env.backend, {"type": 1, "components": [part]}
    if on:
        message = backend.get_message(channel.id, on)
    else:
        message = backend.create_message(channel.id, backend.bot_user.id, components=[row], broadcast=False)
    data = {"custom_id": id, "component_type": part["type"], **({"values": list(chosen)} if chosen else {})}
    shown: dict[str, Any] = {"message": dict(serializers.message_payload(backend, message))}
    shown["message"]["components"] = [*shown["message"]["components"][:4], row] if on else [row]
    return await simcord.actors._dispatch_actor_interaction(
        who, COMPONENT, channel, data, extra=shown, source_message_id=message.id
    )


async def submit(who: Any, channel: ChannelHandle, id: str, typed: dict[str, Any]) -> InteractionResult:
    """A modal of this id that was opened by a command, also one that is not open any more."""
    fields = [{"type": 18, "component": {"type": 4, "custom_id": name, "value": said}} for name, said in typed.items()]
    data = {"custom_id": id, "components": fields}
    return await simcord.actors._dispatch_actor_interaction(who, MODAL, channel, data)


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
            return await press(self.world, who, channel, name, [self.filled(one) for one in LISTS.get(way.name, ())])
        return await submit(who, channel, name, given)

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
            self.opened.add(begin_of(result.modal["custom_id"]))
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


def begin_of(custom_id: str) -> str:
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


def without_backups(bot: HavenBot) -> None:
    """There is no room for one: within simcord's sight a second database's thread never settles."""

    async def no_room() -> Any:
        raise Unavailable("There is no room.", "")

    bot.office = replace(bot.office, backup=no_room)


def in_the_tree(bot: HavenBot) -> Iterator[app_commands.Command[Any, ..., Any] | app_commands.ContextMenu]:
    for place in (None, discord.Object(bot.settings.guild_id or 0)):
        yield from (one for one in bot.tree.walk_commands(guild=place) if isinstance(one, app_commands.Command))
        for sort in (discord.AppCommandType.message, discord.AppCommandType.user):
            yield from bot.tree.walk_commands(guild=place, type=sort)
