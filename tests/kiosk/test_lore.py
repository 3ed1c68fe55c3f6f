"""Lore on the kiosk: found letter by letter, its history, what speaks of it, and the way back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistants.sentinel import HAVEN
from haven.access import Role
from haven.world.fields import made
from haven.world.schema import Kind, Lore
from haven.world.world import World
from tests.kiosk.conftest import OWNER, House, Show

ADA = replace(OWNER, id="discord:7", name="Ada\x1b[2J", role=Role.REVIEWER, face="bot")


@pytest.fixture
async def told(house: House) -> World:
    """A tale in two versions, a system that it links to, and one that speaks of the tale."""
    world = house.records.world
    [hollin] = await world.put([made(Kind.SYSTEM, {"name": "Hollin"})], HAVEN, "a test")
    [war] = await world.put([made(Kind.LORE, {"name": "Salt War", "text": "It lasted two years."})], HAVEN, "import")
    await world.put([made(Kind.LORE, {"name": "Iron Song", "text": "Sung since the Salt War ended."})], HAVEN, "a test")
    tale = war.thing
    assert isinstance(tale, Lore)
    later = tale.model_copy(update={"text": "It lasted nine years.", "links": (hollin.thing.id,)})
    await world.put([later], ADA, "/edit")
    return world


async def test_lore_is_found_letter_by_letter_and_read_with_its_past_and_what_speaks_of_it(
    told: World, show: Show
) -> None:
    async with show(OWNER) as terminal:
        await terminal.tap("F5 Lore")
        await terminal.until("Iron Song", "Salt War", "Sung since")
        await terminal.tap("Search the lore")
        await terminal.keys("salt w")
        await terminal.until("It lasted nine years.", "salt w")
        await terminal.keys("x")
        await terminal.until("salt wx")
        await terminal.tap("⌫")
        await terminal.tap("Done")
        await terminal.tap("█ Salt War")
        await terminal.until("lore, not canon", "links: Hollin", "Mentioned (1)", "version 2 by Ada[2J")
        await terminal.tap("History")
        await terminal.until("Version 2", "Ada[2J with /edit", "- It lasted two years.", "+ It lasted nine years.")
        await terminal.until("Version 1", "with import")
        await terminal.tap("Mentioned (1)")
        await terminal.tap("“Sung since the Salt War ended.”")
        await terminal.until("Mentioned (0)", gone="links: Hollin")
        terminal.type("b")
        await terminal.until("lore, not canon", "links: Hollin")
        terminal.type("d")
        await terminal.until("Nothing waits to be looked at.")
