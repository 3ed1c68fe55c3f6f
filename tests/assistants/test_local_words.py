"""What a local model words is taken only where it says nothing beyond what it rests on; else computed words stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistants.cartographer import Cartographer
from assistants.local_words import LocalWords, is_faithful, is_label
from assistants.scribe import Scribe
from haven.settings import WorldSettings
from haven.world.drafts import Drafts
from haven.world.gazetteer import Atlases
from haven.world.schema import Discovery, Found, Planet, Point, System, Thing
from tests.ai.desk import Talker, desk_at, model_at, said
from tests.world.a_world import MEMBER, OLGA, world_in

TEXT = (
    "The Candlewright was a survey ship built at Ropewalk in the year 26. Her master and pilot was Dax Umber; with him"
    " sailed a crew of nine. She was never found. It is said that Ana Vey hid the wreck under the ice in winter."
)
NOBODY = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("sentence", "faithful"),
    [
        ("The Candlewright was a survey ship built at Ropewalk in the year 26.", True),
        ("The Candlewright was built at Ropewalk in the year 26.", True),
        ("Her pilot was Dax Umber with a crew of nine.", True),
        ("The Candlewright was built by Dax Umber in the year 26.", False),
        ("The Candlewright was a great ship built at Ropewalk in the year 26.", False),
        ("The Candlewright was built at Ropewalk in the year 27.", False),
        ("Ana Vey hid the wreck under the ice in winter.", False),
        ("It is said that the wreck hid Ana Vey under the ice.", False),
        ("She was found by a crew of nine.", False),
        ("A ship.", False),
        ("", False),
    ],
)
def test_a_summary_only_leaves_words_out(sentence: str, faithful: bool) -> None:
    assert is_faithful(sentence, TEXT, "The Candlewright") is faithful


@pytest.mark.parametrize(
    ("label", "fits"),
    [
        ("Venture Gardens", True),
        ("Gardens of Venture", True),
        ("Venture Fields", False),
        ("Dark Gardens", False),
        ("Gardens", False),
        ("Venture Venture", False),
        ("", False),
    ],
)
def test_a_label_has_only_words_of_the_records_and_is_new(label: str, fits: bool) -> None:
    assert is_label(label, ["Venture Fields", "Venture Gardens"], ["Venture Fields"]) is fits


WORLD: tuple[Thing, ...] = (
    *(System(id=f"system-{n}", name=name, region="Old Reach", position=Point(x=x, y=0, z=0), economy="Mining")
      for n, (name, x) in enumerate([("Venture", 0), ("Astra", 10), ("Pell", 19), ("Far Post", 90), ("Edge", 100)])),
    Planet(id="planet-1", name="Meridian", parent="system-0", biome="Lush"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "new"), [("Venture Lode Reach", True), ("Venture Lode", False), ("Dark Lode", False)]
)
async def test_a_cluster_is_named_from_its_records_and_a_models_words_are_checked(
    words: str, new: bool, tmp_path: Path
) -> None:
    def answer(body: Any) -> Any:
        return said(json.dumps({"said": words}))

    async with Talker(answer) as far, world_in(tmp_path) as (world, _):
        await world.put(list(WORLD), OLGA, "test")
        local = model_at(far.url)
        async with desk_at(tmp_path, NOBODY, local) as desk:
            cartographer = Cartographer(Atlases(world), LocalWords(desk.engine))
            found = await cartographer.answer("suggest a name for the cluster around Astra", MEMBER)
            assert found is not None and "Astra, Pell, Venture" in found.text and "Far Post" not in found.text
            assert "Venture Lode: " in found.text and found.sources, "computed, with its records"
            added = f"{words}: put together by the local model" in found.text
            assert added is new, "what is suggested already, or has a word that was not given, is left out"
        await local.close()


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("The Heron was a survey ship that came down in the year 26.", True),
        ("The Heron was a warship with a crew of forty.", False),
    ],
)
async def test_a_long_entry_is_summed_up_at_once(words: str, kept: bool, tmp_path: Path) -> None:
    heron = Discovery(
        name="The Heron",
        parent="planet-1",
        found=Found.CRASHED_SHIP,
        text="The Heron was a long survey ship that came down on the ice in the year 26. Its crew of nine walked away."
        " The hull is whole. The bell is missing. Its log was never found.",
    )

    def answer(body: Any) -> Any:
        return said(json.dumps({"said": words}))

    async with Talker(answer) as far, world_in(tmp_path) as (world, database):
        await world.put(list(WORLD), OLGA, "test")
        local = model_at(far.url)
        async with desk_at(tmp_path, NOBODY, local) as desk:
            scribe = Scribe(world, Drafts(database, WorldSettings()), Atlases(world), engine=desk.engine)
            short = await scribe.in_short(heron, MEMBER)
            assert short == words if kept else short.startswith("The Heron was a long survey ship")
            text = f"Crashed ship: The Heron on planet Meridian. {heron.text}"
            recorded = await scribe.record(text, MEMBER)
            assert any("The Heron, in short: " in note for note in recorded.report.notes)
            assert await scribe.in_short(heron.model_copy(update={"text": "Short."}), MEMBER) == ""
        await local.close()
