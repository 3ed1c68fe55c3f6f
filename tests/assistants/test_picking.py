"""Whose job a request is, by its words alone and with requests like it; benchmarks/seats.py measures it on a set."""

from __future__ import annotations

import pytest

from assistants.base import Assistant
from assistants.round_table import FOUR
from assistants.table.picking import Picker, weigh
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
    assert chosen is not None and chosen.name == name and "rules" in why


async def test_a_name_alone_is_nobodys_and_likeness_decides_what_words_leave_open() -> None:
    assert await Picker(FOUR).pick("Oculi") == (None, "")
    picker = Picker(FOUR, Embedder())
    for text, name in (
        ("nobody could get through to it at noon, is it up", "sentinel"),
        ("between Gilt and Pell, what is there", "cartographer"),
    ):
        assert weigh(text, FOUR).lead < 3
        chosen, why = await picker.pick(text)
        assert chosen is not None and chosen.name == name and "like it" in why


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
