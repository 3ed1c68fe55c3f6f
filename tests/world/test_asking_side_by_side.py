"""`Compare A and B`: every field of both, side by side, computed."""

from __future__ import annotations

from haven.world.asking import Lexicon
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
