"""Whose job a request is, by its words alone and with requests like it; benchmarks/seats.py measures it on a set."""

from __future__ import annotations

import pytest

from assistants.base import Assistant
from assistants.round_table import FOUR
from assistants.table.picking import Picker
from assistants.table.proposing import change_kind, is_data_work
from haven.ai.judging.embed import Embedder

MINER = Assistant("miner", "Miner", "ores", "#c0a060", ("emeril", "ore"), "You are Miner.")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("how hot is the pi", "sentinel"),
        ("somebody logged in from a strange address", "sentinel"),
        ("please check the document of that member for spam", "sentinel"),
        ("Ist die Sicherung in Ordnung?", "sentinel"),
        ("what lies within 40 units of the capital", "cartographer"),
        ("quickest way from Gilt to Astra", "cartographer"),
        ("add a zoom slider to the map viewer", "cartographer"),
        ("which systems are missing coordinates", "cartographer"),
        ("what should the nebula region be called, suggest names", "cartographer"),
        ("I found a crashed ship on Brine, please record it", "scribe"),
        ("rename Tolan Far to Tollan Far in all records", "scribe"),
        ("tag the newest entries", "scribe"),
        ("weekly digest please", "scribe"),
        ("write a guide to the backup command for the docs", "scribe"),
        ("who betrayed the founders", "lorekeeper"),
        ("does my draft contradict canon", "lorekeeper"),
        ("quote the charter, with its source", "lorekeeper"),
        ("schreib eine Legende über den Leuchtturm", "lorekeeper"),
    ],
)
async def test_the_words_tell_whose_job_it_is(text: str, name: str) -> None:
    chosen, why = await Picker(FOUR).pick(text)
    assert chosen is not None and chosen.name == name and why


async def test_a_name_alone_is_nobodys_and_greetings_are_left_to_the_model() -> None:
    picker = Picker(FOUR, Embedder())
    assert await picker.pick("Oculi", ["Oculi"]) == (None, "")
    assert await picker.pick("42") == (None, "")
    for text in ("good evening everybody", "danke dir", "what is the capital of France"):
        assert await picker.pick(text) == (None, "")


@pytest.mark.parametrize(
    ("text", "names", "name"),
    [
        ("nobody could get through to it at noon, is it up", [], "sentinel"),
        ("between Gilt and Pell, what is there", ["Gilt", "Pell"], "cartographer"),
        ("I wonder whether you could tell me what lies next to Zorblax", ["Zorblax"], "cartographer"),
        ("did teh bakcup of last nite work", [], "sentinel"),
        ("what temperature does Zorblax have", ["Zorblax"], "cartographer"),
        ("Hallo, könntest du mir sagen, wer das Salzlied geschrieben hat?", [], "lorekeeper"),
        ("summarise the legend of the giant in two lines", [], "scribe"),
        ("summarise what went wrong on the server last night", [], "sentinel"),
        ("which texts tell of the first map and its maker", [], "lorekeeper"),
        ("export a picture of the whole region", [], "cartographer"),
        ("hi there! found a weird worm thing yesterday and would like to have it written down", [], "scribe"),
    ],
)
async def test_wordings_that_no_table_has_are_heard(text: str, names: list[str], name: str) -> None:
    chosen, why = await Picker(FOUR, Embedder()).pick(text, names)
    assert chosen is not None and chosen.name == name and why


async def test_an_assistant_of_ones_own_takes_what_its_words_name() -> None:
    chosen, _ = await Picker((*FOUR, MINER)).pick("where is emeril")
    assert chosen is MINER
    chosen, _ = await Picker((*FOUR, MINER)).pick("who was the first captain")
    assert chosen is not MINER


@pytest.mark.parametrize(
    ("text", "names", "data"),
    [
        ("Rename Tolan Far to Tollan Far", ["Tollan Far"], True),
        ("Fix the region field of 30 records", [], True),
        ("Fix the zoom of the viewer", [], False),
        ("Rename the function that draws Oculi", ["Oculi"], False),
        ("Refactor the import of systems", [], False),
    ],
)
def test_work_on_records_is_no_change_of_code(text: str, names: list[str], data: bool) -> None:
    kind = change_kind(text)
    assert kind is not None and is_data_work(text, kind, names) is data
