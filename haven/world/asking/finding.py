"""Finds the records that a selection means, and says which were left out because something of them is not recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from haven.world import space
from haven.world.asking.checks import EQUAL, Checks
from haven.world.asking.fields import Field
from haven.world.asking.lexicon import Lexicon
from haven.world.asking.measuring import alternatives, carriers, in_unit, rank
from haven.world.asking.query import Condition, Order, Relation, Selection
from haven.world.asking.stream import NotUnderstood, Unmeasurable
from haven.world.atlas import Atlas, positions
from haven.world.lengths import convert
from haven.world.schema import Kind, System, Thing, noun

LISTS = ("links", "materials", "tags", "aliases")
"""Fields of several values: who has most has the longest list."""
NAMED = {"discovered_by": "discoverer", "year": "year of discovery", "method": "discovery method"}
"""Concepts that people know by another name."""


class Ambiguous(Exception):
    """Several records where one is meant, such as several of the largest."""

    def __init__(self, name: str, things: list[Thing]) -> None:
        super().__init__(name)
        self.name = name
        self.things = things


@dataclass
class Found:
    """`distances` and `keys` by id: how far from where it was asked from, and what it was ordered by."""

    things: list[Thing]
    distances: dict[str, float] = field(default_factory=dict)
    keys: dict[str, float] = field(default_factory=dict)
    unit: str = ""
    origin: str = ""
    origin_system: str = ""
    """The id of the system that it was measured from."""
    notes: list[str] = field(default_factory=list)
    looked_at: int = 0
    """How many there were before the conditions."""
    evidence: dict[str, list[Thing]] = field(default_factory=dict)
    """Records other than itself in which a condition was found true."""


class Finder:
    """Looks through one gazetteer."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.gazetteer = lexicon.gazetteer
        self.fields = lexicon.fields
        self.checks = Checks(lexicon, self.one, self._ids)
        self._found: dict[Selection, frozenset[str]] = {}

    def find(self, selection: Selection) -> Found:
        """Raises Ambiguous, Unmeasurable, and NotUnderstood for a comparison that has no meaning."""
        for condition in selection.conditions:
            self._comparable(condition)
        found = Found(self._candidates(selection))
        found.looked_at = len(found.things)
        for condition in selection.conditions:
            self._keep(found, condition)
        if selection.near is not None:
            self._near(found, selection, selection.near)
        elif selection.radius is not None or selection.beyond is not None:
            self._from_origin(found, selection)
        if selection.order is not None:
            self._sort(found, selection.order, selection.limit, selection.nth)
        if selection.limit is not None and selection.order is None:
            found.things = found.things[: selection.limit]
        return found

    def _comparable(self, condition: Condition) -> None:
        """Raises Unmeasurable where others are to have as many of something as a record of which none is recorded."""
        other, than = condition.other, condition.than
        if condition.test is not Relation.AS_MANY or other is None or than is None or not than.ids:
            return
        named = [self.gazetteer.things[id] for id in than.ids]
        if not any(self.checks.held(one, other) for one in named):
            kind = noun(other.kinds[0], 1) if other.kinds else "record"
            raise Unmeasurable(f"no {kind} of {names(named)} is recorded, so none has as many.")

    def _ids(self, selection: Selection) -> frozenset[str]:
        if selection not in self._found:
            self._found[selection] = frozenset(one.id for one in self.find(selection).things)
        return self._found[selection]

    def _candidates(self, selection: Selection) -> list[Thing]:
        if selection.ids:
            things = [self.gazetteer.things[id] for id in selection.ids if id in self.gazetteer.things]
        elif selection.of:
            held = [self._related(holder, selection) for holder in selection.of]
            shared = (self.gazetteer.things[id] for id in set.intersection(*held))
            things = [thing for thing in shared if not selection.kinds or thing.kind in selection.kinds]
            things.sort(key=lambda one: (one.name.casefold(), one.id))
        else:
            things = self.gazetteer.of_kind(*selection.kinds)
        if selection.ids and selection.of:
            held = [self._related(holder, selection) for holder in selection.of]
            things = [thing for thing in things if all(thing.id in some for some in held)]
        if not selection.without:
            return things
        left_out = set(selection.without)  # with what lies in them, where they are none of these themselves
        around = {id for id in left_out if self.gazetteer.things[id].kind not in selection.kinds}
        return [
            thing
            for thing in things
            if thing.id not in left_out and around.isdisjoint(map(_id, self.gazetteer.above(thing)))
        ]

    def _related(self, holder: Selection, selection: Selection) -> set[str]:
        """The ids of what belongs to the holders, and of what they belong to."""
        found = self.find(holder).things
        if holder.order is not None and holder.limit == 1 and len(found) > 1:
            raise Ambiguous(found[0].kind.value, found)  # `moons of the largest planet`, where several are as large
        ids: set[str] = set()
        for thing in found:
            ids |= {one.id for one in (*self.gazetteer.below(thing), *self.gazetteer.above(thing))}
            if selection.kinds == (Kind.STATION,) and (system := self.gazetteer.system_of(thing)):
                ids |= {one.id for one in self.gazetteer.below(system, Kind.STATION)}
            if thing.id in selection.ids or selection.kinds == (thing.kind,) == (Kind.DISCOVERY,):
                ids.add(thing.id)  # `the wreck of the Ledger of Ash` is the Ledger of Ash
        return ids

    def one(self, selection: Selection) -> Thing:
        """The one record that is meant. Raises Ambiguous where several come first."""
        things = self.find(selection).things
        if not things:
            raise NotUnderstood(selection.name or "that")
        if len(things) > 1 and selection == Selection(kinds=selection.kinds):
            raise NotUnderstood("which")  # `its system`: nothing was said of it
        if len(things) > 1 and (selection.ids or selection.order is None):
            raise Ambiguous(selection.name or " or ".join(dict.fromkeys(one.kind.value for one in things)), things)
        return things[0]

    def _keep(self, found: Found, condition: Condition) -> None:
        """Those for which it is so; those that nobody recorded it of are counted."""
        kept, open_ = [], 0
        for thing in found.things:
            so = self.checks.holds(thing, condition, found.evidence)
            if so:
                kept.append(thing)
            open_ += so is None
        if open_ and condition.concepts and found.looked_at > open_:
            label = " or ".join(sorted({NAMED.get(one, one.replace("_", " ")) for one in condition.concepts})[:3])
            found.notes.append(f"{open_:,} of {found.looked_at:,} have no {label} recorded and are left out")
        found.things = kept

    def frame_of(self, *things: Thing) -> Atlas:
        """The atlas in which all these lie. Raises Unmeasurable, with who has no position or who is on another map."""
        systems = [self._system(thing) for thing in things]
        frames = [[point.frame for point in positions(system)] for system in systems]
        for thing, system, own in zip(things, systems, frames, strict=True):
            if not own:
                whose = thing.name if thing.id == system.id else f"{thing.name}'s system {system.name}"
                raise Unmeasurable(f"{whose} has no recorded position, so no distance can be given.")
        shared = [frame for frame in frames[0] if all(frame in own for own in frames[1:])]
        if not shared:
            maps = ", ".join(f"{thing.name} on {own[0]!r}" for thing, own in zip(things, frames, strict=True))
            raise Unmeasurable(f"They lie on different maps, whose distances can't be compared: {maps}.")
        return self.gazetteer.atlas(shared[0])

    def _system(self, thing: Thing) -> System:
        system = self.gazetteer.system_of(thing)
        if system is None:
            raise Unmeasurable(f"{thing.name} is a {thing.kind.value} and lies in no recorded system.")
        return system

    def distance(self, one: Thing, other: Thing) -> tuple[float, Atlas]:
        atlas = self.frame_of(one, other)
        return space.distance(atlas, self._system(one).id, self._system(other).id), atlas

    def _near(self, found: Found, selection: Selection, near: Selection) -> None:
        anchor = self.one(near)
        if selection.linked:
            self._linked(found, anchor)
            return
        atlas = self.frame_of(anchor)
        origin = self._system(anchor)
        away = space.distances(atlas, atlas.point(origin.id))
        radius = _length(selection.radius, selection.unit, atlas)
        beyond = _length(selection.beyond, selection.unit, atlas)
        kept, lost = [], []
        for thing in found.things:
            system = self.gazetteer.system_of(thing)
            row = atlas.rows.get(system.id) if system else None
            if thing.id in (anchor.id, origin.id):
                continue
            if row is None:
                lost.append(thing.name)
                continue
            distance = float(away[row])
            if radius is not None and distance > radius * (1 + EQUAL):
                continue
            if beyond is not None and distance <= beyond:
                continue
            found.distances[thing.id] = distance
            kept.append(thing)
        found.things = sorted(kept, key=lambda one: (found.distances[one.id], one.name))
        found.unit, found.origin, found.origin_system = atlas.unit, anchor.name, origin.id
        found.looked_at -= len(lost)
        if lost:
            verb = "has" if len(lost) == 1 else "have"
            named = ", ".join(lost[:3]) + (f" and {len(lost) - 3:,} more" if len(lost) > 3 else "")
            found.notes.append(f"{len(lost):,} {verb} no position on this map and no distance: {named}")

    def _linked(self, found: Found, anchor: Thing) -> None:
        to = set(getattr(anchor, "links", ()))
        found.things = [one for one in found.things if one.id in to or anchor.id in getattr(one, "links", ())]
        found.origin = anchor.name

    def _sort(self, found: Found, order: Order, limit: int | None, nth: int | None) -> None:
        if order.concept == "distance" and not found.distances:
            self._from_origin(found)
        both = {thing.id: key for thing in found.things if (key := self.key(thing, order, found)) is not None}
        kinds = Counter(kind for kind, _ in both.values())
        used = max(kinds, key=lambda kind: (kinds[kind], kind), default="")
        keys = {id: key for id, (kind, key) in both.items() if kind == used}
        if missing := len(found.things) - len(keys):
            what = "position" if order.concept in ("distance", "spacing") else alternatives(order.concept)[0]
            found.notes.append(
                f"{missing:,} of {len(found.things):,} have no {what.replace('_', ' ')} recorded and are left out"
            )
        sign = -1 if order.descending else 1
        ranked = sorted(
            (one for one in found.things if one.id in keys), key=lambda one: (sign * keys[one.id], one.name)
        )
        found.keys = keys
        if order.concept == "count" and order.descending and not any(keys.values()):
            ranked = []  # none has any: nothing says which would have most
        if nth is not None:
            ranked = ranked[nth - 1 : nth]
        elif limit is not None and len(ranked) > limit:
            last = keys[ranked[limit - 1].id]
            ranked = [one for place, one in enumerate(ranked) if place < limit or (limit == 1 and keys[one.id] == last)]
        found.things = ranked

    def _from_origin(self, found: Found, selection: Selection | None = None) -> None:
        """Where nobody says from where: from the system at the middle of the map."""
        origin = self.origin()
        if origin is None:
            raise Unmeasurable("From where? Name the place that the distance is to be measured from.")
        self._near(found, selection or Selection(), Selection(ids=(origin.id,), name=origin.name))

    def origin(self) -> Thing | None:
        """The one system at 0, 0, 0 of the fullest frame; None where there is none or several."""
        atlas = self.gazetteer.atlas()
        rows = np.flatnonzero(np.all(np.abs(atlas.xyz) < EQUAL, axis=1))
        return self.gazetteer.things[atlas.ids[int(rows[0])]] if len(rows) == 1 else None

    def key(self, thing: Thing, order: Order, found: Found | None = None) -> tuple[str, float] | None:
        """What it is ordered by, and whether that is a `number` or a word of a `scale`: the two can't be compared.

        None where it is not recorded.
        """
        number = self._number(thing, order, found)
        if number is not None:
            return "number", number
        for concept in alternatives(order.concept):
            for carrier in self.holders(thing, concept):
                if (read := self.fields.read(carrier, concept)) and (place := rank(read[1], concept)) is not None:
                    kind = "number" if isinstance(read[1][0], float) else "scale"
                    return kind, _common_unit(place, concept, read[0])
        if order.concept == "size" and thing.kind in (Kind.SYSTEM, Kind.REGION):
            below = self.gazetteer.below(thing, Kind.PLANET if thing.kind is Kind.SYSTEM else Kind.SYSTEM)
            return "number", float(len(below))
        if order.concept == "age" and (read := self.fields.read(thing, "year")) and isinstance(read[1][0], float):
            return "number", -read[1][0]
        return None

    def holders(self, thing: Thing, concept: str) -> list[Thing]:
        """The records that tell a concept of this one: itself or what it belongs to, never one of its many parts."""
        above = {one.id for one in (thing, *self.gazetteer.above(thing))}
        return [one for one in carriers(thing, concept, self.fields, self.gazetteer) if one.id in above]

    def _number(self, thing: Thing, order: Order, found: Found | None) -> float | None:
        """What is counted or measured rather than read from a field."""
        if order.concept == "distance":
            return found.distances.get(thing.id) if found else None
        if order.concept == "spacing":
            return self._spacings.get(thing.id)
        if order.concept == "count" and order.counted is not None:
            return float(len(self.checks.held(thing, order.counted)))
        listed = next((one for one in alternatives(order.concept) if one in LISTS), "")
        if listed and (found_there := getattr(thing, listed, ())):
            return float(len(found_there))
        return None

    @cached_property
    def _spacings(self) -> dict[str, float]:
        """How far each system of the fullest map is from its nearest neighbour."""
        atlas = self.gazetteer.atlas()
        return dict(zip(atlas.ids, space.spacing(atlas.xyz).tolist(), strict=True))


def _common_unit(value: float, concept: str, field_: Field) -> float:
    """Measures of one concept in different units, as one: Jupiters of planets beside suns of stars."""
    common = {"size": "jupiter", "mass": "jupiter", "orbit": "days", "day": "hours"}.get(concept, "")
    turned = in_unit(value, concept, field_.unit, common)
    return value if turned is None else turned


def _length(value: float | None, unit: str, atlas: Atlas) -> float | None:
    if value is None or not unit or (unit == "units" and atlas.unit not in ("pc", "ly")):
        return value
    turned = convert(value, unit, atlas.unit)
    if turned is None:
        raise Unmeasurable(
            f"This map counts in {atlas.unit}, and nobody recorded how many {unit} that is. Ask again in {atlas.unit}."
        )
    return turned


def _id(thing: Thing) -> str:
    return thing.id


def names(things: Iterable[Thing], most: int = 10) -> str:
    """The first of them by name, and how many more."""
    listed = [thing.name for thing in things]
    more = f" and {len(listed) - most:,} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
