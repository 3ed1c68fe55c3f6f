"""What everybody sees of an answer and what its asker alone, at every way into the bot, also where its time is over."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from simcord.backend import errors
from simcord.backend.errors import BackendError
from simcord.results import InteractionResult

from haven.errors import ModelError

from .conftest import text_of
from .doors import Town, Way, begin_of, ways, without_backups
from .doors import town as town
from .watcher import Watcher

FOR_EVERYBODY = {
    *("command ask", "command lore", "command system", "command nearest", "command route", "command map"),
    *("command digest", "modal taken:ask", "modal taken:lore"),
}
"""Whose answers are for the channel; those of `/submit`'s forms are as well. All others are their asker's."""
FAILED = "That did not work"
NOTHING = "There is no answer this time."


def empty(database: Path) -> None:
    """No table is left of it."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        found = connection.execute("select type, name from sqlite_master where name not like 'sqlite_%'").fetchall()
        for kind, name in found:
            if kind in ("view", "trigger"):
                connection.execute(f"drop {kind} if exists {name}")
        for kind, name in found:
            if kind == "table" and not re.search(r"_(data|idx|content|docsize|config)$", name):
                connection.execute(f"drop table {name}")


def is_for_everybody(way: Way) -> bool:
    return f"{way.sort} {begin_of(way.name)}" in FOR_EVERYBODY or way.name.startswith("submit:")


def shown_by(result: InteractionResult) -> list[Any]:
    return [one for one in (result.response, *result.followups) if one is not None]


def in_public(town: Town, before: set[int]) -> list[str]:
    """What the bot said to everybody in the channel since then, its presses aside."""
    found = [one for one in town.world.channel.history() if one.id not in before]
    bot = town.world.env.backend.bot_user.id
    return [text_of(one) for one in found if one.author.id == bot and not one.flags.ephemeral and text_of(one)]


async def test_what_goes_wrong_only_its_asker_reads_at_every_way_in(town: Town) -> None:
    """The store is gone: all that reads or writes fails, wherever it stands by then."""
    world, wrong, failed = town.world, [], 0
    empty(world.house.settings.database)
    world.local.failure = ModelError("The model has ended.")
    for way in ways():
        before = {one.id for one in world.channel.history()}
        cards = [one for one in shown_by(await town.take(way, world.owner, world.channel)) if FAILED in text_of(one)]
        failed += bool(cards)
        wrong += [f"{way}: others see it: {text_of(one)!r:.200}" for one in cards if not one.ephemeral]
        wrong += [f"{way}: is in the channel: {one!r:.200}" for one in in_public(town, before) if one != NOTHING]
    assert not wrong, "\n".join(wrong)
    assert failed > 80


async def test_what_is_somebodys_own_only_they_see(town: Town) -> None:
    world, wrong, public = town.world, [], set()
    without_backups(world.bot)
    for way in ways():
        result = await town.take(way, world.owner, world.channel)
        for one in shown_by(result):
            pressed = one.id == result._interaction.source_message_id  # where everybody sees it, they see it go on
            if not one.ephemeral and text_of(one) and not pressed:
                public.add(begin_of(way.name))
                wrong += [] if is_for_everybody(way) else [f"{way}: others see {text_of(one)!r:.200}"]
    assert not wrong, "\n".join(wrong)
    assert {"ask", "route", "digest", "taken:ask", "submit:system"} <= public


CODES = {"invalid token": (401, 50027), "unknown webhook": (404, 10015), "unknown interaction": (404, 10062)}
"""What Discord says to an answer that comes too late."""
ONE_OF_A_KIND = {
    *("ask", "system", "review", "haven pause", "haven-changes:all:0:of", "haven:approve:{change}:{round}:"),
    *("draft:look:{draft}", "submit:system"),
}
OWN_WORDS = "took longer than the 15 minutes"


@pytest.mark.parametrize("said", CODES)
async def test_an_answer_after_the_interactions_end_reaches_whoever_asked(
    town: Town, said: str, monkeypatch: pytest.MonkeyPatch, watcher: Watcher
) -> None:
    """Its fifteen minutes are over as soon as it is acknowledged: a public answer goes on as the bot's own message, and
    of all else the asker is told in the channel: once, and nothing of what was asked."""
    world, wrong, told, refused = town.world, [], 0, []

    def over() -> BackendError:
        refused.append(said)
        return BackendError(*CODES[said], said)

    def ends(record: Any) -> None:
        for name in ("defer", "defer_update"):
            monkeypatch.setattr(record, name, ending(record, getattr(record, name)), raising=False)

    def ending(record: Any, acknowledged: Any) -> Any:
        def acknowledges(*args: Any, **rest: Any) -> None:
            acknowledged(*args, **rest)
            record.expires_at = world.env.backend.now_iso()

        return acknowledges

    monkeypatch.setattr(errors, "unknown_webhook", over)
    world.env._register_dispatch_observer(ends)
    without_backups(world.bot)
    for way in ways():
        if said != "invalid token" and way.name not in ONE_OF_A_KIND:
            continue
        before = {one.id for one in world.channel.history()}
        refused.clear()
        await town.take(way, world.owner, world.channel)
        shown = in_public(town, before)
        mentions = [one for one in shown if f"<@{world.owner.id}>" in one and " went " not in one]
        if begin_of(way.name) in ("ask", "taken:ask"):
            wrong += [] if any("The map shows all systems" in one for one in shown) else [f"{way}: {shown}"]
            continue
        if len(mentions) != bool(refused):
            wrong.append(f"{way}: refused {len(refused)} times, and told {mentions}")
        told += len(mentions)
        wrong += [f"{way}: says {one!r}" for one in mentions if OWN_WORDS not in one and "haven " not in way.name]
    watcher.faults, watcher.line_is_cut = [], True
    assert not wrong, "\n".join(wrong)
    assert told > (40 if said == "invalid token" else 5)
