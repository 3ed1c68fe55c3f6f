"""The phrases of questions (phrases.toml), folded and by their part."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from haven.world.words import fold

ROLES = {"filler": "skip"}
Phrase = tuple[str, ...]
"""Folded pieces."""


@dataclass(frozen=True)
class Phrases:
    """`roles` has all but concepts and units: what a phrase may be, as `kind:planet` or `superlative:size+`."""

    roles: dict[Phrase, tuple[str, ...]]
    concepts: dict[Phrase, tuple[str, ...]]
    keys: dict[str, tuple[str, ...]]
    """The words in the keys of measures and properties that belong to a concept."""
    units: dict[Phrase, str]
    same: dict[Phrase, tuple[str, ...]]
    """Other words for values."""
    qualities: dict[Phrase, tuple[str, str]]
    """The field and value that an adjective before a system stands for."""
    names: dict[Phrase, str]
    """Other words for names of records."""
    named: frozenset[Phrase]
    """Words that are such a name where a record bears it, and an everyday word elsewhere."""
    scales: dict[str, dict[str, int]]
    """Places of words that have an order."""

    def rank(self, word: str, concept: str) -> int | None:
        """Where a word stands on the scale of its concept; None where it has no place there."""
        name = "size" if concept == "size" else "life" if concept in ("flora", "fauna") else "levels"
        return self.scales[name].get(fold(word))


@cache
def phrases() -> Phrases:
    text = resources.files("haven.world.asking").joinpath("phrases.toml").read_text(encoding="utf-8")
    read = tomllib.loads(text)
    roles: dict[Phrase, list[str]] = defaultdict(list)
    for section in ("role", "kind", "found", "superlative", "comparative", "adjective"):
        for name, line in read[section].items():
            for phrase in _split(line) if section != "comparative" else _declined(line):
                part = ROLES.get(name, name) if section == "role" else f"{section}:{name}"
                if part not in roles[phrase]:
                    roles[phrase].append(part)
    for part, phrase in _graded(read["graded"]):
        if part not in roles[phrase]:
            roles[phrase].append(part)
    concepts: dict[Phrase, list[str]] = defaultdict(list)
    for name, entry in read["concept"].items():
        for phrase in _split(entry["words"]):
            if name not in concepts[phrase]:
                concepts[phrase].append(name)
    same: dict[Phrase, list[str]] = defaultdict(list)
    for name, line in read["same"].items():
        for phrase in _split(line):
            same[phrase].append(fold(name))
    return Phrases(
        {phrase: tuple(parts) for phrase, parts in roles.items()},
        {phrase: tuple(names) for phrase, names in concepts.items()},
        {name: tuple(entry["keys"].split()) for name, entry in read["concept"].items()},
        {phrase: name for name, line in read["unit"].items() for phrase in _split(line)},
        {phrase: tuple(names) for phrase, names in same.items()},
        {
            phrase: (name.partition("=")[0], name.partition("=")[2])
            for name, line in read["quality"].items()
            for phrase in _split(line)
        },
        {phrase: name for name, line in read["name"].items() for phrase in _split(line)},
        frozenset(phrase for name in read["name"] for phrase in _split(name)),
        {
            name: {word.strip(): place for place, word in enumerate(line.split(","))}
            for name, line in read["scale"].items()
        },
    )


def _graded(table: dict[str, str]) -> Iterator[tuple[str, Phrase]]:
    """`more cold`, `least far`: what the four words make of each adjective."""
    for name, line in table.items():
        turned = name[:-1] + ("-" if name.endswith("+") else "+")
        for phrase in _split(line):
            yield f"comparative:{name}", ("more", *phrase)
            yield f"superlative:{name}", ("most", *phrase)
            yield f"comparative:{turned}", ("less", *phrase)
            yield f"superlative:{turned}", ("least", *phrase)


def _declined(line: str) -> list[Phrase]:
    """With the endings that German comparatives have before a noun: `der größere`, `den größeren`."""
    found = _split(line)
    german = [
        phrase for phrase in _split(",".join(re.findall(r"[^,]*[äöüß][^,]*er\b(?=,|$)", line))) if len(phrase) == 1
    ]
    return [*found, *((phrase[0] + ending,) for phrase in german for ending in ("e", "en", "er", "es", "em"))]


def _split(line: str) -> list[Phrase]:
    found = (tuple(fold(phrase).split()) for phrase in line.replace("\n", " ").split(","))
    return [phrase for phrase in dict.fromkeys(found) if phrase]
