"""Names are found however people type them, and a name is never taken for another one."""

from __future__ import annotations

import pytest

from haven.world.mentions import mentions
from haven.world.name_index import NameIndex, is_slip
from haven.world.names import How, resolved
from haven.world.schema import Kind
from haven.world.words import fold, mean_the_same


def index() -> NameIndex:
    found = NameIndex()
    for id, kind, name, aliases in (
        ("system-1", Kind.SYSTEM, "Oculi", ("The Two Eyes",)),
        ("system-2", Kind.SYSTEM, "Venture", ()),
        ("system-3", Kind.SYSTEM, "Meridian", ()),
        ("planet-1", Kind.PLANET, "Meridian", ()),
        ("system-4", Kind.SYSTEM, "TRAPPIST-1", ("2MASS J23062928-0502285",)),
        ("planet-2", Kind.PLANET, "TRAPPIST-1 e", ()),
        ("person-1", Kind.PERSON, "Maëlle Quist", ("the Captain",)),
        ("station-1", Kind.STATION, "Hope", ()),
        ("system-5", Kind.SYSTEM, "Kestrel's Folly", ()),
        ("system-6", Kind.SYSTEM, "Void Watch", ()),
        ("lore-1", Kind.LORE, "The Long Night", ()),
        ("system-7", Kind.SYSTEM, "🚀", ()),
    ):
        found.put(id, kind, name, aliases)
    return found


@pytest.mark.parametrize(
    ("typed", "id", "how"),
    [
        ("Oculi", "system-1", How.EXACT),
        ("OCULI", "system-1", How.EXACT),
        ("the two eyes", "system-1", How.ALIAS),
        ("trappist1", "system-4", How.EXACT),
        ("Trappist 1E", "planet-2", How.EXACT),
        ("maelle quist", "person-1", How.EXACT),
        ("kestrels folly", "system-5", How.EXACT),
        ("voidwatch", "system-6", How.JOINED),
        ("the system Oculi please", "system-1", How.AROUND),
        ("Vent", "system-2", How.BEGINS),
        ("Venutre", "system-2", How.SLIP),
        ("Oculus", "system-1", How.NEAR),
        ("the planet Meridian", "planet-1", How.AROUND),
        ("how far is it from Oculi, and by which way would one go", "system-1", How.INSIDE),
        ("🚀", "system-7", How.EXACT),
    ],
)
def test_a_name_is_found_as_it_is_typed(typed: str, id: str, how: How) -> None:
    best = resolved(typed, index())[0]
    assert (best.id, best.how) == (id, how)


def test_order_is_fixed_kinds_are_kept_to_and_nothing_is_made_up() -> None:
    assert [hit.id for hit in resolved("meridian", index())][:2] == ["planet-1", "system-3"]
    assert [hit.id for hit in resolved("meridian", index(), [Kind.SYSTEM])] == ["system-3"]
    assert resolved("Xyzzy", index()) == [] == resolved("", index()) == resolved("?!", index())


def test_names_come_and_go() -> None:
    names = index()
    names.put("system-1", Kind.SYSTEM, "Ocularis", ())
    assert resolved("Oculi", names)[0].name == "Ocularis" and resolved("Oculi", names)[0].how is not How.EXACT
    names.drop("system-1")
    assert all(hit.id != "system-1" for typed in ("Ocularis", "Ocul", "Oculi") for hit in resolved(typed, names))


@pytest.mark.parametrize(
    ("typed", "name", "slip"),
    [
        ("vnture", "venture", True),
        ("ventrue", "venture", True),
        ("ventuure", "venture", True),
        ("vemture", "venture", True),
        ("oculus", "oculi", False),
        ("aster", "astra", False),
        ("ventures", "venture", False),
        ("kepler 22 b", "kepler 22 c", False),
        ("hd 10180", "hd 10108", False),
        ("gliese 5", "gliese 51", False),
    ],
)
def test_a_slip_of_typing_is_told_from_another_name(typed: str, name: str, slip: bool) -> None:
    assert is_slip(typed, name) is slip


@pytest.mark.parametrize(
    ("text", "loose", "found"),
    [
        ("They left Oculi's light for Venture.", False, [("Oculi", 1), ("Venture", 1)]),
        ("Without hope they sailed.", False, []),
        ("They docked at Hope.", False, [("Hope", 1)]),
        ("TRAPPIST-1 e is a planet", False, [("TRAPPIST-1 e", 1)]),
        ("Meridian fell.", False, [("Meridian", 2)]),
        ("The planet Meridian fell.", False, [("Meridian", 1)]),
        ("Kestrel's Folly's dock", False, [("Kestrel's Folly", 1)]),
        ("a long night passed", False, []),
        ("who remembers the long night", True, [("the long night", 1)]),
        ("is oculi far from venture", True, [("oculi", 1), ("venture", 1)]),
        ("who is captain there", True, []),
        ("22 and 1 e", True, []),
    ],
)
def test_a_text_names_records(text: str, loose: bool, found: list[tuple[str, int]]) -> None:
    assert [(one.text, len(one.ids)) for one in mentions(text, index(), loose=loose)] == found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("founded", "established", True),
        ("founders", "founded", True),
        ("discoveries", "discover", True),
        ("died", "death", True),
        ("gegründet", "founded", True),
        ("ruins", "destroyed", False),
        ("mother", "father", False),
        ("captain", "mayor", False),
    ],
)
def test_words_that_mean_the_same(one: str, other: str, same: bool) -> None:
    assert mean_the_same(fold(one), fold(other)) is same
