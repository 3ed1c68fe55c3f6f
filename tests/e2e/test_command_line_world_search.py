"""`haven world search, mentions, mentioned, lore check, link, timeline` with the real command."""

from __future__ import annotations

import asyncio
from pathlib import Path

from haven.access import Principal, Role
from haven.app import open_house
from haven.settings import load
from haven.world.schema import Lore, Person, System
from tests.e2e.command import haven
from tests.e2e.test_command_line_world import a_house

OWNER = Principal("unix:0", "owner", Role.OWNER, "cli")


async def test_records_are_found_linked_and_a_draft_is_held_against_canon(tmp_path: Path) -> None:
    home = await a_house(tmp_path)
    async with open_house(load(home / "haven.toml")) as house:
        await house.world.put(
            [
                System(name="Oculi", notes="A pair of \x1b[31mworlds."),
                Person(name="Mara Voss", aliases=("Captain Voss",)),
                Lore(name="The Lamp", text="The Lamp was first lit in the year 8 by Mara Voss.", canon=True),
            ],
            OWNER,
            "test",
        )
    draft = tmp_path / "draft.md"
    draft.write_text("---\ntitle: My lamp\n---\nThe Lamp was lit in the year 9, off Oculi.\n", encoding="utf-8")
    searched, nothing, named, spoken, checked, good, missing = await asyncio.gather(
        haven(home, "world", "search", "who lit the lamp", "--kind", "lore", "--json"),
        haven(home, "world", "search", 'NEAR("xyzzy*'),
        haven(home, "world", "mentions", "Captain Voss left Oculi."),
        haven(home, "world", "mentioned", "Mara Voss"),
        haven(home, "world", "lore", "check", str(draft)),
        haven(home, "world", "lore", "check", "The Lamp", "--json"),
        haven(home, "world", "lore", "check", str(tmp_path / "nothing.md")),
    )
    assert [one["name"] for one in searched.data] == ["The Lamp"] and "lit in the year 8" in searched.data[0]["excerpt"]
    assert nothing.status == 0 and "Nothing is found." in nothing.out
    assert "Captain Voss: Mara Voss (person, " in named.out and "Oculi: Oculi (system, " in named.out
    assert "The Lamp (lore-" in spoken.out and "“The Lamp was first lit in the year 8 by Mara Voss.”" in spoken.out
    assert checked.status == 3 and "The Lamp, lit: the draft says 9, canon 8." in checked.out
    assert "draft: “The Lamp was lit in the year 9, off Oculi.” (My lamp, " in checked.out
    assert good.status == 0 and good.data["clashes"] == [] and good.data["understood"] >= 2
    assert missing.status == 1 and "There is no record" in missing.err
    mara, events = (await haven(home, "world", "show", "Mara Voss", "--json")).data["id"], ["lore", "timeline"]
    linked = await haven(home, "world", "lore", "link", "The Lamp")
    assert f"The Lamp -> Mara Voss ({mara})" in linked.out and "haven world undo" in linked.out
    again, shown, told, none = await asyncio.gather(
        haven(home, "world", "lore", "link", "The Lamp"),
        haven(home, "world", "show", "The Lamp", "--kind", "lore", "--json"),
        haven(home, "world", *events, "the lamp", "--json"),
        haven(home, "world", *events, "Oculi"),
    )
    assert "links to all that it names" in again.out and shown.data["links"] == [mara]
    assert [(one["year"], one["subject"], one["event"]) for one in told.data] == [(8, "The Lamp", "lit")]
    assert "No dated event of Oculi" in none.out
