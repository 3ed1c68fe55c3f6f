"""How each control and each form comes to be drawn, and how it gets out of date."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import discord

from assistants.sentry.alerts import Sign
from bot.alarms import Alarms
from haven.access import Principal, Role
from haven.ai.money import prices
from haven.changes.states import State
from haven.store import notes
from haven.store.changes import Change
from haven.world.schema import Kind, Lore, Point, System

from .conftest import RED, World
from .doors import press, submit
from .test_answers import held
from .test_review_card import tweaked, two_rounds
from .watcher import Watcher

Prepare = Callable[["Stage"], Awaitable[None]]
PLAN = {"written": {"steps": ["Move the grid"], "files": ["viewer.py"], "risk": "None"}, "rounds": 3}


@dataclass
class Stage:
    """A world, what was drawn in it, and what the scene is about."""

    world: World
    watcher: Watcher
    change: Change | None = None
    id: str = ""
    """Of whatever else it is about."""
    message: int = 0
    """Whose control is pressed, where it needs what else its message shows."""
    chosen: tuple[str, ...] = ()

    @property
    def owner(self) -> Principal:
        return Principal(f"discord:{self.world.owner.id}", "owner", Role.OWNER, "bot")

    def newest(self, begin: str) -> str:
        """The control of this sort that was drawn last."""
        return next(one for one in reversed(self.watcher.drawn) if one.startswith(begin))

    async def press(self, begin: str, *chosen: str) -> Any:
        return await press(self.world, self.world.owner, self.world.channel, self.newest(begin), chosen)

    async def slash(self, name: str, **given: Any) -> Any:
        return await self.world.owner.slash(self.world.channel, name, **given)


async def review(stage: Stage, **round: Any) -> None:
    stage.change = await stage.world.reviewed(await stage.world.requested(who=stage.world.owner), **round)


async def listed(stage: Stage) -> None:
    await review(stage)
    await stage.slash("changes")


async def risky(stage: Stage) -> None:
    await review(stage, path="conftest.py")


async def sure(stage: Stage) -> None:
    await risky(stage)
    await stage.press("haven:ask")


async def red(stage: Stage) -> None:
    await review(stage, tests=RED)


async def works(stage: Stage) -> None:
    stage.change = await stage.world.advance(await stage.world.requested(who=stage.world.owner), State.PLANNING)


async def waits(stage: Stage) -> None:
    await works(stage)
    assert stage.change is not None
    await stage.world.advance(stage.change, State.WAITING, reason="Away.", retry_at=2e9, resume="planning")


async def planned(stage: Stage) -> None:
    change = await stage.world.requested(who=stage.world.owner)
    stage.change = await stage.world.advance(change, State.AWAITING_PLAN, plan=PLAN)


async def merged(stage: Stage) -> None:
    await review(stage)
    assert stage.change is not None
    await stage.world.advance(stage.change, State.MERGING)
    await stage.world.advance(stage.change, State.MERGED, merged="c" * 40)


async def takeback(stage: Stage) -> None:
    await merged(stage)
    await stage.press("haven:undo")


async def taken_back(stage: Stage) -> None:
    assert stage.change is not None
    await stage.world.advance(stage.change, State.REVERTED)


async def rounds(stage: Stage) -> None:
    stage.change = await two_rounds(stage.world)
    await stage.press("haven:rounds:")


async def many_rounds(stage: Stage) -> None:
    change = await stage.world.reviewed(await stage.world.requested())
    for _ in range(6):
        change = await tweaked(stage.world, change)
    stage.change, stage.chosen = change, ("1",)
    await stage.press("haven:rounds:")


async def ended(stage: Stage) -> None:
    """Somebody else put it away meanwhile."""
    assert stage.change is not None
    await stage.world.advance(stage.change, State.CANCELLED)


async def next_round(stage: Stage) -> None:
    assert stage.change is not None
    await tweaked(stage.world, stage.change)


async def talk(stage: Stage) -> None:
    await works(stage)
    assert stage.change is not None
    await stage.slash("roundtable", request=stage.change.id)


async def followed(stage: Stage) -> None:
    await talk(stage)
    await stage.press("haven-talk:follow")


async def answered(stage: Stage) -> None:
    stage.world.local.pieces, stage.world.local.absent = ["The map shows ", "all systems of the region."], ""
    stage.world.cloud.absent, stage.world.cloud.failure = "", None
    stage.message = (await stage.slash("ask", text="What does the map show?")).response.id


async def asked_the_cloud(stage: Stage) -> None:
    await stage.press("answer:cloud")


async def long_answer(stage: Stage) -> None:
    stage.world.local.absent, stage.world.cloud.absent = "", "no key"
    stage.world.local.pieces = ["".join(f"System {number} lies in the north. " for number in range(200))]
    stage.message = (await stage.slash("ask", text="Why is the map blue?")).response.id


async def without_file(stage: Stage) -> None:
    where = stage.world.bot.get_partial_messageable(stage.world.channel.id).get_partial_message(stage.message)
    await where.edit(attachments=[], allowed_mentions=discord.AllowedMentions.none())


async def question_waits(stage: Stage) -> None:
    stage.message = (await held(stage.world)).id
    stage.world.local.pieces = ["The map shows ", "all systems of the region."]


async def cancelled(stage: Stage) -> None:
    await stage.press("answer:cancel")


async def trouble(stage: Stage) -> None:
    alerts, bot = stage.world.house.sentinel.alerts, stage.world.bot
    bot.alarms = Alarms(bot.channels, stage.world.house.database, stage.world.channel.id, alerts)
    await bot.alarms.catch_up()
    stage.id = f"status:{len(stage.watcher.drawn)}"
    for _ in range(2):
        await alerts.look(["status"], [Sign(stage.id, "Disk: 0.1 GB free", "warning", "Free some room.")], 2e9)
        await stage.world.deliver()
    await stage.slash("health")


async def cared_for(stage: Stage) -> None:
    await stage.press("alert:care")


async def proposed(stage: Stage) -> None:
    fields = {"name": f"Far {len(stage.watcher.drawn)}", "fields": "position: 12, 40, -3"}
    await submit(stage.world.member, stage.world.channel, "submit:system", fields)
    stage.id = stage.newest("draft:approve").rpartition(":")[2]
    await stage.slash("approve")


async def several(stage: Stage) -> None:
    for _ in range(9):
        await proposed(stage)
    stage.chosen = (stage.id,)


async def together(stage: Stage) -> None:
    await proposed(stage)
    first = stage.id
    await proposed(stage)
    await stage.press("drafts:approve", first, stage.id)


async def all_decided(stage: Stage) -> None:
    drafts = stage.world.house.drafts
    await drafts.reject([one.id for one in await drafts.list(limit=50)], stage.owner, "No")


async def recorded(stage: Stage) -> None:
    name = f"Oculi {len(stage.watcher.drawn)}"
    put = [System(name=name, position=Point(x=1, y=2, z=3)), Lore(name=f"The {name}", text="It burns.")]
    await stage.world.house.world.put(put, stage.owner, "test")
    await stage.slash("lore", text="burns")
    stage.id = stage.newest("world:read").rpartition(":")[2]


async def removed(stage: Stage) -> None:
    await stage.world.house.world.remove([stage.id], stage.owner, "test")


async def watching(stage: Stage) -> None:
    await recorded(stage)
    name = next(iter(await stage.world.house.world.things(Kind.SYSTEM))).name
    for number in range(9):
        await stage.world.house.watches.add(f"new systems within {number + 1} of {name}", stage.owner, {})
    await stage.slash("watch")


async def no_watch(stage: Stage) -> None:
    for one in await stage.world.house.watches.list(stage.owner):
        await stage.world.house.watches.remove(one.id, stage.owner)


async def priced(stage: Stage) -> None:
    stage.world.cloud.absent, stage.world.cloud.stand_in = "", False
    stage.world.cloud.price = prices.of("claude-opus-5-5")
    await stage.slash("docs", text="Say what the map shows")
    stage.id = stage.newest("price:yes").rpartition(":")[2]
    stage.world.cloud.price = None


async def forgotten(stage: Stage) -> None:
    await notes.take_card(stage.world.house.database, "discord.price", stage.id)


async def own(stage: Stage) -> None:
    await stage.slash("privacy")


async def restarting(stage: Stage) -> None:
    stage.world.bot.office = replace(stage.world.bot.office, is_watched=True, began=7)
    await stage.slash("haven restart")


def form(prepare: Prepare, begin: str) -> Prepare:
    """The form that a press of a control opens."""

    async def opened(stage: Stage) -> None:
        await prepare(stage)
        await stage.press(begin)

    return opened


def submitting(**given: str) -> Prepare:
    async def opened(stage: Stage) -> None:
        await stage.slash("submit", **given)

    return opened


def taking(menu: str) -> Prepare:
    """The form of a message's menu."""

    async def opened(stage: Stage) -> None:
        said = await stage.world.stranger.send(stage.world.channel, "The map should be blue.")
        await stage.world.owner.context_menu(stage.world.channel, menu, said)

    return opened
