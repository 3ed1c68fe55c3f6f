"""Whatever words a record holds, it reads back as it was: JSON, CSV and Markdown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haven.world.exchange import formats, markdown, table, whole
from haven.world.exchange.pieces import Piece
from haven.world.schema import Discovery, Found, Lore, Planet, Point, System, Thing

WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
TRICKY = st.sampled_from(
    [
        *("=1+1", "'=1", "---", "- a", "null", "yes", "0015", "1e5", "[[A]]", "\\[[A|b]]", "![[p]]", "a: b", "#x", '"'),
        *("\\", "a\n\n---\nb", "|", "✨", "&a", "*a", "!!int 1", "{a: b}", "[1]", "\ta", "~", "<<: *a"),
    ]
)
TEXT = st.one_of(WORDS, TRICKY)
LINE = TEXT.filter(lambda text: bool(System(name="x", region=text).region))
LINES = st.lists(LINE, max_size=3).map(tuple)
NUMBER = st.floats(-1e15, 1e15)
PAIRS = st.dictionaries(LINE, LINE, max_size=3)
COMMON: dict[str, Any] = {
    "name": LINE,
    "aliases": LINES,
    "notes": TEXT,
    "properties": PAIRS,
    "measures": st.dictionaries(LINE, NUMBER, max_size=3),
}
PLACE = st.builds(Point, x=NUMBER, y=NUMBER, z=NUMBER, frame=LINE, unit=LINE)
THINGS: st.SearchStrategy[Thing] = st.one_of(
    st.builds(System, id=st.just("system-0123456789"), position=st.none() | PLACE, materials=LINES, **COMMON),
    st.builds(Planet, id=st.just("planet-0123456789"), parent=st.just("system-aaaaaaaaaa"), biome=LINE, **COMMON),
    st.builds(
        Discovery,
        id=st.just("discovery-0123456789"),
        found=st.sampled_from(Found),
        text=TEXT,
        tags=LINES,
        confidence=st.none() | st.floats(0, 1),
        mystery=st.integers(0, 5),
        **COMMON,
    ),
    st.builds(
        Lore,
        id=st.just("lore-0123456789"),
        text=TEXT,
        tags=LINES,
        canon=st.booleans(),
        when=LINE,
        sources=LINES,
        **COMMON,
    ),
)


def read(name: str, text: str) -> list[Thing | None]:
    return [one.thing for one in formats.read_file(Piece(name, text.encode()))]


@pytest.mark.parametrize("format", ["json", "csv", "markdown"])
@settings(max_examples=50, deadline=None)
@given(thing=THINGS)
def test_a_record_reads_back_as_it_was(format: str, thing: Thing) -> None:
    if format == "json":
        assert read("a.json", "".join(whole.write([thing]))) == [thing]
    elif format == "csv":
        assert read("a.csv", "".join(table.write([thing]))) == [thing]
    else:
        [(name, text)] = markdown.write([thing])
        assert read(name, text) == [thing]


def test_what_is_wide_or_empty_reads_back_too() -> None:
    wide = [
        System(id=f"system-{n:010x}", name=f"S{n}", properties={f"own {n} {key}": "x" for key in range(10)})
        for n in range(60)
    ]
    long = System(id="system-aaaaaaaaaa", name="Long", properties={"k" * 400: "x", "empty": ""}, measures={"mass": 2.5})
    full = System(
        id="system-bbbbbbbbbb", name="Full", properties={f"{n:03}" + "k" * 490: "v" * 490 for n in range(200)}
    )
    for things in ([*wide, long], [long, full]):
        assert read("a.csv", "".join(table.write(things))) == things
    for name, text in markdown.write([full]):
        assert read(name, text) == [full]
    broken = "kind,id,name,properties\nsystem,system-aaaaaaaaaa,Long,{broken\n"
    assert read("a.csv", broken) == [None]


def test_no_two_records_are_one_markdown_file() -> None:
    named = [
        ("lore-a-1", "Same"),
        ("lore-b-1", "Same"),
        ("lore-1", "Same A"),
        ("lore-0123456789", "Same"),
        ("lore-1", "Same"),
    ]
    assert len({markdown.file_name(Lore(id=id, name=name)) for id, name in named}) == len(named)
