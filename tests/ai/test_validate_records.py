"""Tags and records: they fit their schema, come from the text, and say each thing once."""

from __future__ import annotations

from typing import Any

from tests.ai.samples import Break, Good, Sample, judging

NOTE = (
    "Ossa Prime, found by Mira Tolan on 3 October 2026. Scorched days, freezing nights. Two moons, Ketter and Lun. "
    "Resources: copper, gold and phosphorus. Sentinels: low. Portal at 12.5, -44.1. Distance from the core 719,938 LY."
)
TAGS = {
    "type": "object",
    "properties": {
        "tags": {
            "type": "array",
            "items": {"enum": ["fossil", "ruin", "flora", "mineral", "ship", "hazard"]},
            "maxItems": 4,
            "uniqueItems": True,
        }
    },
    "required": ["tags"],
}
PLANET: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 2},
        "discoverer": {"type": ["string", "null"]},
        "found": {"type": ["string", "null"]},
        "sentinels": {"enum": ["None", "Low", "High", None]},
        "moons": {"type": "array", "items": {"type": "string"}},
        "resources": {"type": "array", "items": {"type": "string"}, "maxItems": 8},
        "distance_ly": {"type": ["number", "null"], "minimum": 0},
        "life": {"type": ["string", "null"]},
    },
    "required": ["name", "sentinels", "moons"],
    "additionalProperties": False,
}
FULL = (
    '{"name": "Ossa Prime", "discoverer": "Mira Tolan", "found": "2026-10-03", "sentinels": "Low", '
    '"moons": ["Ketter", "Lun"], "resources": ["copper", "gold", "phosphorus"], "distance_ly": 719938, "life": null}'
)
LETTER = "Mika wrote: the gate at Kessel Reach opens at 19:00 for 40 ships, and Sam pays 250 units for each of them."
GATE = {
    "type": "object",
    "properties": {
        "who": {"type": "string"},
        "place": {"type": "string"},
        "ships": {"type": "integer"},
        "paid": {"type": "boolean"},
        "units": {"type": "number"},
    },
    "required": ["who", "place"],
}

GOOD: Good = {
    "ruin": Sample("tags", "Tag this discovery", '{"tags": ["ruin", "hazard"]}', "Ruins under a toxic storm.", TAGS),
    "one tag": Sample("tags", "Tag this discovery", '{"tags": ["ship"]}', "A crashed freighter.", TAGS),
    "free tags": Sample("tags", "Give three tags for this note", "scorched, copper, low sentinels", NOTE),
    "hash tags": Sample("tags", "Give tags for this note", "#scorched #copper #moons", NOTE),
    "listed tags": Sample("tags", "Give tags for this note", "- scorched\n- copper\n- gold", NOTE),
    "planet": Sample("record", "Take the record from this note", FULL, NOTE, PLANET),
    "sparse": Sample(
        "record",
        "Take the record from this note",
        '{"name": "Ossa Prime", "sentinels": null, "moons": []}',
        NOTE,
        PLANET,
    ),
    "gate": Sample(
        "record",
        "Take the record from the letter",
        '{"who": "Mika", "place": "Kessel Reach", "ships": 40, "paid": true, "units": 250}',
        LETTER,
        GATE,
    ),
    "inline": Sample(
        "record",
        f"Take the record from this: {LETTER}",
        '{"who": "Sam", "place": "Kessel Reach", "units": 250.0}',
        schema=GATE,
    ),
}

BROKEN: tuple[Break, ...] = (
    ("ruin", '"hazard"', '"temple"', "temple is not one of the allowed values"),
    ("ruin", '"hazard"', '"ruin"', "the same more than once"),
    ("ruin", '["ruin", "hazard"]', "[]", "no tags"),
    ("ruin", '["ruin", "hazard"]', '["fossil", "ruin", "flora", "mineral", "ship"]', "too long"),
    ("ruin", '["ruin", "hazard"]', '"ruin"', "not of the type array"),
    ("ruin", "", "The tags are ruin and hazard.", "no structured reply"),
    ("free tags", "copper", "scorched", "the same tag more than once"),
    (
        "free tags",
        "",
        "This is a note about a planet which is very hot\nand I think that it is good",
        "too long for a tag",
    ),
    ("free tags", "", ", ".join(f"tag{number}" for number in range(20)), "20 tags are too many"),
    ("planet", '"name": "Ossa Prime", ', "", "'name' is a required property"),
    ("planet", '"Low"', '"Medium"', "sentinels: Medium is not one of the allowed values"),
    ("planet", '"Mira Tolan"', '"Captain Jonas Reed"', "not in the text: discoverer"),
    ("planet", "719938", "4200", "not in the text: distance_ly"),
    ("planet", '"Lun"', '"Ketter"', "the same more than once: ketter"),
    ("planet", '["Ketter", "Lun"]', '"Ketter"', "moons: is not of the type array"),
    ("planet", '"life": null', '"life": "intelligent jellyfish"', "not in the text: life"),
    ("planet", '"life": null', '"mood": "happy"', "Additional properties"),
    ("planet", "719938", "-719938", "distance_ly"),
    ("planet", "2026-10-03", "1987-05-21", "not in the text: found"),
    ("planet", "", FULL[:60], "no structured reply"),
    ("gate", "40", '"forty"', "ships: is not of the type integer"),
    ("gate", '"Mika"', '"Professor Xavier"', "not in the text: who"),
    ("inline", "250.0", "9000", "not in the text: units"),
)

test_what_is_good_passes, test_one_thing_broken_is_named = judging(GOOD, BROKEN)
