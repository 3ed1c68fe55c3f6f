"""Whether a claim fits canon, asked in many wordings: what is claimed, and what canon says to it with its words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistants.findings import Nature
from assistants.lore.claims import claim_in, told_of_claims
from haven.world.names import Names
from haven.world.schema import Lore, Person
from haven.world.search import Search
from haven.world.world import World
from tests.world.a_world import OLGA, world_in


@pytest.mark.parametrize(
    ("question", "claim"),
    [
        (
            "Does my draft contradict canon? It says Captain Vard died in the year 33.",
            "Captain Vard died in the year 33.",
        ),
        ("is my draft wrong to say she was built in 20?", "She was built in 20."),
        ("does it contradict anything if the ship was built in 12", "The ship was built in 12."),
        ("Check this against canon: The Lamp was lit in the year 9.", "The Lamp was lit in the year 9."),
        (
            "widerspricht es dem Kanon, dass die Lampe im Jahr 9 entzündet wurde?",
            "Die Lampe im Jahr 9 entzündet wurde.",
        ),
        (
            'My draft has "Tobin died in the year 3 on Hilt". Is that at odds with canon?',
            "Tobin died in the year 3 on Hilt.",
        ),
        ("Does my draft contradict canon anywhere", ""),
        ("if the ship was built in 12, who built it?", ""),
        ("who wrote the lore", ""),
    ],
)
def test_what_is_claimed_is_taken_out_of_the_question(question: str, claim: str) -> None:
    assert claim_in(question) == claim


@pytest.fixture
async def lore(tmp_path: Path) -> AsyncIterator[tuple[World, Search]]:
    async with world_in(tmp_path) as (world, database):
        things = (
            Person(name="Mara Voss", properties={"died": "30"}),
            Lore(name="The Lamp", text="The Lamp was lit in the year 8 by Mara Voss.", canon=True),
            Lore(name="Another Tale", text="The Lamp was lit in the year 9.", canon=False),
        )
        await world.put(list(things), OLGA, "test")
        search = Search(database, tmp_path / "search.db", Names(database), None)
        await search.refresh()
        yield world, search
        await search.close()


@pytest.mark.parametrize(
    ("question", "kind", "said"),
    [
        ("Would it contradict canon if Mara Voss died in the year 5?", Nature.FACT, "the draft says 5, canon 30"),
        (
            "Does my draft clash with canon? It says that the Lamp was lit in the year 9.",
            Nature.FACT,
            "“The Lamp was lit",
        ),
        ("is it true that the Lamp was lit in the year 9?", Nature.FACT, "Canon says otherwise"),
        ("Stimmt es, dass die Lamp im Jahr 9 entzündet wurde?", Nature.FACT, "Canon says otherwise"),
        ("does it fit canon that Mara Voss died in the year 30?", Nature.FACT, "Nothing contradicts canon"),
        ("does Another Tale contradict canon?", Nature.FACT, "Yes, it contradicts canon"),
        ("is it true that the Lamp was lit in the year 8?", None, ""),
        ("is it true that Mara Voss was tired?", None, ""),
        ("does it contradict canon if nobody was there?", None, ""),
        ("who is Mara Voss", None, ""),
        ("draft " * 4_000, None, ""),
    ],
)
async def test_a_claim_is_held_against_canon_and_what_rules_cannot_read_is_left_to_others(
    question: str, kind: Nature | None, said: str, lore: tuple[World, Search]
) -> None:
    found = await told_of_claims(question, *lore)
    assert (found.kind if found else None) is kind and (found is None or said in found.text)
    if found is not None and "otherwise" in found.text:
        assert found.sources, "with the entry that says so"
