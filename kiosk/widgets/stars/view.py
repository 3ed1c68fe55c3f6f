"""What a person wishes to see of the world's map, how that is read, and the legend that explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from textual.content import Content

from haven.world.gazetteer import Gazetteer
from haven.world.maps.sky import BIOME, DISCOVERER, GRADE, Portion, default_trait, prepare, sky_of, trait_of
from kiosk.plain import line
from kiosk.widgets.stars.shown import CLASS, COLOURED, PLAIN, Shown, class_mark

FILTERS = (BIOME, DISCOVERER, GRADE, "region")
NAMED = 7
"""Values that the legend names."""


@dataclass(frozen=True)
class View:
    """`frame`: which map, "" for the fullest; `colour`: by what, "" for what tells most; `filters`: trait and value."""

    frame: str = ""
    colour: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)

    def read(self, gazetteer: Gazetteer) -> Shown | Portion:
        """What is to be drawn, or that a portion of the work is done: ask again. Raises BadInput for an empty map."""
        frame = self.frame if self.frame in gazetteer.frames else ""
        seen = sky_of(gazetteer, frame)
        colour = self.colour or default_trait(gazetteer, seen)
        if (portion := prepare(gazetteer, frame, {colour, *self.filters})) is not None:
            return portion
        kept = None
        for name, value in self.filters.items():
            having = trait_of(gazetteer, seen, name).having(value)
            kept = having if kept is None else kept & having
        return Shown(seen, trait_of(gazetteer, seen, colour), kept)

    def values(self, gazetteer: Gazetteer, name: str) -> list[tuple[str, int]] | Portion:
        """The values of a trait that somebody has, with how many; or a portion, as of `read`."""
        frame = self.frame if self.frame in gazetteer.frames else ""
        if (portion := prepare(gazetteer, frame, {name})) is not None:
            return portion
        trait = trait_of(gazetteer, sky_of(gazetteer, frame), name)
        return [(value, count) for value, count in zip(trait.values, trait.counts, strict=True) if count]


def legend(shown: Shown) -> Content:
    """How many systems there are, what their marks and colours mean, and what is left out."""
    everything = len(shown.sky)
    kept = everything - shown.first
    of = f"system{'s' * (everything != 1)}"
    count = f"{everything:,}" if shown.kept is None else f"{kept:,} of {everything:,}"
    parts: list[str | tuple[str, str]] = [(f"{count} {of}", "$ink"), f" · {shown.trait.field}: "]
    there = [place for place, count in enumerate(shown.trait.counts) if count]
    for place in there[:NAMED]:
        mark, look = class_mark(place)
        parts += [(f"{mark} ", _ink(look, shown)), (f"{line(shown.trait.values[place], 18)}  ", "$ink")]
    if (more := len(there) - NAMED) > 0:
        mark, look = class_mark(COLOURED)
        parts += [(f"{mark} ", _ink(look, shown)), (f"{more} other{'s' * (more != 1)}  ", "$ink")]
    if bool((shown.trait.of < 0).any()):
        parts.append("· not recorded  ")
    return Content.assemble(*parts, *(f"{line(note, 90)}  " for note in shown.sky.notes))


def _ink(look: int, shown: Shown) -> str:
    return f"$voice-{shown.voices[look - CLASS]}" if look > PLAIN else "$quiet"
