"""`Compare A and B`: every field of both, side by side, computed."""

from __future__ import annotations

from haven.world.asking import Lexicon, ask
from haven.world.asking.side_by_side import side_by_side
from haven.world.gazetteer import Gazetteer
from tests.world.star_map import THINGS

LEXICON = Lexicon(Gazetteer(THINGS))


def test_two_records_stand_side_by_side_with_what_is_not_recorded() -> None:
    for asked in ("Compare Halden and Brook", "please compare Halden with Brook", "vergleiche Halden und Brook"):
        told = side_by_side(asked, LEXICON)
        assert told is not None and [row.name for row in told.rows] == ["Halden", "Brook"]
        assert "- economy: Trading / Mining" in told.text and "planets:" in told.text


def test_a_field_or_one_name_alone_is_no_such_question() -> None:
    for asked in (
        "compare the economy of Halden and Brook",
        "compare Halden",
        "compare",
        "is Halden richer than Brook",
    ):
        assert side_by_side(asked, LEXICON) is None


def test_what_is_said_of_a_name_is_checked_of_that_very_record() -> None:
    assert (yes := ask("Is Brook a mining system?", LEXICON)) is not None and yes.text.startswith("Yes")
    assert (no := ask("Is Halden a mining system?", LEXICON)) is not None and no.text.startswith("No")


def test_but_not_leaves_out() -> None:
    told = ask("Which systems have planets but not Halden?", LEXICON)
    mining = ask("Which systems within 500 units of Halden are systems but not mining?", LEXICON)
    assert told is None or "Halden" not in [row.name for row in told.rows]
    assert mining is None or not {"Brook", "Dorn"} & {row.name for row in mining.rows}
