"""What people type becomes a record or a sentence that says what it must be; what is recorded is shown as it is."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haven.errors import BadInput
from haven.world.differences import Difference, differences
from haven.world.fields import edited, fields_of, filled, made
from haven.world.schema import THING, Discovery, Kind, Lore, Station, System


def test_a_record_is_made_of_what_is_typed_and_shown_again() -> None:
    typed = {
        "name": " Venture\x1b[31m ",
        "aliases": "The Gate; Door, first",
        "position": "(1, 2.5, -3)",
        "materials": "Emeril, Salt",
        "properties.colour": "red",
        "measures.radius_jupiter": "1.0",
        "notes": "Two\nlines",
    }
    thing = made(Kind.SYSTEM, typed)
    assert isinstance(thing, System) and thing.aliases == ("The Gate", "Door, first")
    assert thing.materials == ("Emeril", "Salt") and thing.position and thing.position.z == -3
    shown = filled(thing)
    assert shown == {
        "name": "Venture[31m",
        "aliases": "The Gate; Door, first",
        "notes": "Two\nlines",
        "properties": "colour: red",
        "measures": "radius_jupiter: 1",
        "position": "1, 2.5, -3",
        "materials": "Emeril; Salt",
    }
    again = edited(thing, shown)
    assert filled(again) == shown, "what is shown can be typed"
    less = edited(thing, {"position": "", "measures.radius_jupiter": "", "name": "Door"})
    assert "position" not in filled(less) and "measures" not in filled(less) and less.name == "Door"
    lore = made(Kind.LORE, {"name": "A tale", "canon": "yes"})
    assert isinstance(lore, Lore) and lore.canon and filled(lore)["canon"] == "yes"
    far = made(Kind.SYSTEM, {"name": "Far", "position": "1 2 3 sun parsecs"})
    assert filled(far)["position"] == "1, 2, 3 parsecs (sun)"


@pytest.mark.parametrize(
    ("kind", "typed", "says"),
    [
        (Kind.PLANET, {"name": "X"}, "A planet needs a record that it belongs to"),
        (Kind.SYSTEM, {"name": ""}, "A system needs its field 'name'"),
        (Kind.SYSTEM, {"name": "x" * 121}, "name of this system: it must have 120 characters or fewer"),
        (Kind.SYSTEM, {"name": "X", "position": "here"}, "'here' is no position"),
        (Kind.SYSTEM, {"name": "X", "position": "1, 2, inf"}, "position.z of this system: it must be a finite number"),
        (Kind.SYSTEM, {"name": "X", "measures.size": "big"}, "measures.size of this system: it must be a number"),
        (Kind.SYSTEM, {"name": "X", "flavour": "sweet"}, "A system has no field 'flavour'"),
        (Kind.SYSTEM, {"name": "X", "economy.level": "high"}, "A system has no field 'economy.level'"),
        (Kind.SYSTEM, {"name": "X", "id": "system-1"}, "A system has no field 'id'"),
        (Kind.DISCOVERY, {"name": "X", "found": "dinosaur"}, "it must be 'fossil', "),
        (
            Kind.DISCOVERY,
            {"name": "X", "found": "fossil", "mystery": "9"},
            "mystery of this discovery: it must be 5 or less",
        ),
    ],
)
def test_what_can_not_be_is_said(kind: Kind, typed: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput) as refused:
        made(kind, typed)
    assert says in str(refused.value) and refused.value.mend


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(list(Kind)), st.data())
def test_whatever_is_typed_is_a_record_or_refused(kind: Kind, data: st.DataObject) -> None:
    value = st.text(max_size=30) | st.sampled_from(["1,2,3", "nan, 1, 2", "a: b; c", "1e999", "; ;", "yes", "0"])
    names = st.sampled_from([*fields_of(kind), "properties.x", "measures.y"])
    with suppress(BadInput):
        thing = made(kind, data.draw(st.dictionaries(names, value)))
        assert THING.validate_python(thing.model_dump()) == thing
        assert all("\x1b" not in text for text in filled(thing).values())


def test_every_field_of_every_kind_can_be_shown() -> None:
    assert all({"name", "aliases", "notes"} <= set(fields_of(kind)) for kind in Kind)
    station = Station(name="S", parent="system-1", sell_percent=0.0)
    assert filled(station) == {"name": "S", "parent": "system-1", "sell_percent": "0"}
    assert "mystery" not in filled(Discovery(name="D", found="fossil"))  # type: ignore[arg-type]


def test_differences_name_the_fields_and_cut_long_texts_to_what_differs() -> None:
    before = Lore(id="lore-1", name="A tale", text="The sun rose. " * 40, links=("system-1",))
    after = before.model_copy(update={"text": before.text + "Then it set.", "canon": True, "links": ()})
    found = differences(before, after, {"system-1": "Venture"})
    assert [one.field for one in found] == ["text", "links", "canon"]
    assert found[1] == Difference("links", "Venture (system-1)", "", "lore A tale", "lore-1")
    old, new = found[0].short(100)
    assert new.endswith("Then it set.") and new.startswith("…") and len(old) <= 101
    assert differences(before, before) == []
    assert {one.record for one in differences(None, before)} == {"lore A tale, new"}
