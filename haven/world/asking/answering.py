"""Computes the answer to a typed query and says it: facts from records alone, each with the record it stands in."""

from __future__ import annotations

from dataclasses import replace

from haven.errors import BadInput
from haven.world.asking.about import about, where
from haven.world.asking.aggregates import figure, grouped, pair, share
from haven.world.asking.answer import Answer, Row, row
from haven.world.asking.fields import Field, Value
from haven.world.asking.finding import Ambiguous, Finder, Found, names
from haven.world.asking.lexicon import Lexicon
from haven.world.asking.measuring import alternatives, carriers, gauge_of, in_unit, shown
from haven.world.asking.query import Condition, Query, Relation, Selection, Want
from haven.world.asking.readings import each_read
from haven.world.asking.said import (
    asked_label,
    in_words,
    kinds_said,
    length,
    none_found,
    order_words,
    ranked_value,
    sentence,
)
from haven.world.asking.spatial import clusters, compare, distance, route, same_in
from haven.world.asking.stream import Unmeasurable
from haven.world.schema import Discovery, Kind, Thing

MOST_CHOICES = 8
"""Records of which several come first."""
MOST_ROWS = 25
"""Rows of a list that are written out."""


class Answering:
    """Answers queries over one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.finder = Finder(lexicon)
        self.gazetteer = lexicon.gazetteer
        self.fields = lexicon.fields

    def answer(self, query: Query) -> Answer:
        """Raises NotUnderstood for what has no meaning; all else, missing records included, is an answer."""
        return each_read(query, self.lexicon, self._computed)

    def _computed(self, query: Query) -> Answer:
        """Of a query in which each name is that of one record."""
        try:
            return self._answer(query)
        except Ambiguous as several:
            rows = tuple(map(row, several.things[:MOST_CHOICES]))
            listed = ", ".join(f"the {one.kind.value} {one.name} ({one.id})" for one in rows)
            many = f" {len(several.things):,}, such as" if len(several.things) > len(rows) else ""
            text = f"Which {several.name} do you mean? There are{many}: {listed}."
            return Answer(text, choices=rows, query=str(query))
        except BadInput as refused:
            return Answer(refused.full, tuple(map(row, self._named(query))), str(query), recorded=False)
        except Unmeasurable as why:
            rows = tuple(row(thing) for thing in self._named(query))
            return Answer(f"Not recorded: {why}", rows, str(query), recorded=False, measured=False)

    def _named(self, query: Query) -> list[Thing]:
        """The records that the query names, for the sources of a refusal."""
        ids = [id for one in (query.subject, *query.others) for id in one.ids]
        ids += [id for one in (query.subject, *query.others) if one.near for id in one.near.ids]
        return [self.gazetteer.things[id] for id in dict.fromkeys(ids) if id in self.gazetteer.things]

    def _answer(self, query: Query) -> Answer:
        match query.want:
            case Want.DISTANCE:
                return distance(self.finder, query)
            case Want.COMPARE:
                return compare(self.finder, query)
            case Want.ROUTE:
                return route(self.finder, query)
            case Want.CLUSTERS:
                return clusters(self.finder, query)
            case Want.SAME:
                return same_in(self.finder, query)
            case Want.WHERE | Want.ABOUT:
                return self._told(query)
            case Want.CHECK:
                return self._check(query)
            case Want.GROUP:
                return grouped(self.finder, query)
            case Want.AVERAGE | Want.MEDIAN | Want.TOTAL:
                return figure(self.finder, query)
            case Want.EVERY | Want.SHARE:
                return self._every(query)
            case Want.PAIR:
                return pair(self.finder, query)
        if query.want is Want.COUNT and (best := _most(query.subject)) is not None:
            return self._list(query.model_copy(update={"subject": best}), self.finder.find(best))
        found = self.finder.find(query.subject)
        match query.want:
            case Want.COUNT:
                return self._count(query, found)
            case Want.EXISTS:
                return self._exists(query, found)
            case Want.VALUE:
                return self._values(query, found)
            case _:
                return self._list(query, found)

    # -- lists and counts

    def _list(self, query: Query, found: Found) -> Answer:
        subject = query.subject
        if not found.things:
            return Answer(none_found(query.subject, found), self._held_by(subject), str(query), recorded=False)
        ids = {thing.id for thing in found.things}
        told = [one for one in found.things if not self._only_by(one, found, ids)]
        rows = tuple(row(thing, self._value(thing, query, found)) for thing in told)
        if len(told) < len(found.things):
            inside = {one.id: self.gazetteer.system_of(one) for one in told}
            rows = tuple(
                Row(one.id, one.name, one.kind, f"in {system.name}")
                if not one.value and (system := inside[one.id]) is not None and system.id != one.id
                else one
                for one in rows
            )
        listed = "; ".join(f"{one.name}{f' ({one.value})' if one.value else ''}" for one in rows[:MOST_ROWS])
        more = f"; and {len(rows) - MOST_ROWS:,} more" if len(rows) > MOST_ROWS else ""
        head = in_words(subject, len(rows), self.finder) if len(rows) > 1 or not subject.order else order_words(subject)
        return Answer(sentence(f"{head}: {listed}{more}", found.notes), rows, str(query))

    def _only_by(self, thing: Thing, found: Found, ids: set[str]) -> bool:
        """Whether it is so of a record only by others that are told as well: a system by its planets."""
        proofs = found.evidence.get(thing.id, [])
        return bool(proofs) and all(one.id in ids and one.kind is not thing.kind for one in proofs)

    def _value(self, thing: Thing, query: Query, found: Found) -> str:
        """What of a row matters: its distance, what it was ordered by, the record that proves a condition."""
        parts = []
        if thing.id in found.distances:
            system = self.gazetteer.system_of(thing)
            here = system is not None and system.id == found.origin_system
            away = length(found.distances[thing.id], found.unit, query.unit)
            parts.append("in the same system" if here else away)
        order = query.subject.order
        if order is not None and order.concept != "distance" and thing.id in found.keys:
            parts.append(ranked_value(thing, order, found.keys[thing.id], self.finder))
        if proofs := found.evidence.get(thing.id):
            parts.append(names(list({one.id: one for one in proofs}.values()), 3))
        return ", ".join(part for part in parts if part)

    def _held_by(self, subject: Selection) -> tuple[Row, ...]:
        """The records named in a selection, as the source of there being none."""
        ids = [id for one in (subject, *subject.of, *([subject.near] if subject.near else [])) for id in one.ids]
        return tuple(row(self.gazetteer.things[id]) for id in dict.fromkeys(ids) if id in self.gazetteer.things)

    def _count(self, query: Query, found: Found) -> Answer:
        if query.concepts:
            return self._count_values(query, found)
        count = len(found.things)
        rows = (*self._held_by(query.subject), *map(row, found.things[:MOST_ROWS]))
        head = in_words(query.subject, count, self.finder)
        listed = f": {names(found.things, 10)}" if 0 < count <= MOST_ROWS else ""
        listed = listed or (": none is recorded" if not count else "")
        text = sentence(f"{head}{listed}", found.notes)
        if query.subject == Selection(kinds=(Kind.PERSON,)):
            text += " These have a record; how many people there are is not recorded."
        return Answer(text, rows, str(query), recorded=count > 0, data={"count": count})

    def _count_values(self, query: Query, found: Found) -> Answer:
        told = self._values(query, found)
        if not told.recorded or len(found.things) != 1:
            return told
        thing = found.things[0]
        for concept in alternatives(query.concepts[0]):
            for carrier in carriers(thing, concept, self.fields, self.gazetteer):
                if (read := self.fields.read(carrier, concept)) and isinstance(read[1][0], str) and len(read[1]) > 1:
                    return Answer(f"{len(read[1])}. {told.text}", told.rows, told.query)
        return told

    def _exists(self, query: Query, found: Found) -> Answer:
        if query.subject.order is not None and query.subject.limit == 1 and query.subject.conditions:
            return self._so_of_the_first(query)
        if not found.things:
            none = none_found(query.subject, found)
            if query.subject.conditions:
                return Answer(none, self._held_by(query.subject), str(query), recorded=False)
            return Answer(f"No. {none}", self._held_by(query.subject), str(query), recorded=False)
        rows = tuple(row(thing, self._value(thing, query, found)) for thing in found.things)
        head = in_words(query.subject, len(rows), self.finder)
        return Answer(sentence(f"Yes. {head}: {names(found.things, 10)}", found.notes), rows, str(query))

    def _every(self, query: Query) -> Answer:
        """Whether something is so of all: who is not, where one is not."""
        *others, last = query.subject.conditions
        whole = query.subject.model_copy(update={"conditions": tuple(others)})
        things = self.finder.find(whole).things
        so = [self.finder.checks.holds(thing, last) for thing in things]
        against = [thing for thing, one in zip(things, so, strict=True) if one is False]
        head = f"{so.count(True):,} of {in_words(whole, len(things), self.finder)}"
        open_ = f"; of {so.count(None):,} it is not recorded" if None in so else ""
        rows = tuple(map(row, (against or things)[:MOST_ROWS]))
        if query.want is Want.SHARE:
            told, known = share(so)
            return Answer(sentence(f"{told}: it is so of {head}{open_}"), rows, str(query), recorded=known)
        if against:
            return Answer(sentence(f"No: it is so of {head}{open_}; not of {names(against)}"), rows, str(query))
        verdict = "Not recorded of all" if None in so or not things else "Yes"
        return Answer(sentence(f"{verdict}: it is so of {head}{open_}"), rows, str(query), recorded=verdict == "Yes")

    def _so_of_the_first(self, query: Query) -> Answer:
        """`is the largest planet of X a desert`: the condition is asked of the one that comes first."""
        *others, last = query.subject.conditions
        first = query.subject.model_copy(update={"conditions": tuple(others)})
        thing = self.finder.one(first)
        so, text = self._checked(thing, last)
        lead = f"{order_words(first)}: {thing.name}"
        verdict = "Not recorded" if so is None else "Yes" if so else "No"
        return Answer(sentence(f"{verdict}: {lead}; {text}"), (row(thing),), str(query), recorded=so is not None)

    # -- values

    def _values(self, query: Query, found: Found) -> Answer:
        if query.others:
            told_all = [
                self._answer(query.model_copy(update={"subject": one, "others": ()}))
                for one in (query.subject, *query.others)
            ]
            rows = tuple(one for answer in told_all for one in answer.rows)
            text = " ".join(answer.text for answer in told_all)
            return Answer(text, rows, str(query), any(answer.recorded for answer in told_all))
        things = found.things
        if not things:
            return Answer(none_found(query.subject, found), self._held_by(query.subject), str(query), recorded=False)
        told = [self._value_of(thing, query) for thing in things[:MOST_ROWS]]
        rows = tuple(one for _, some, _ in told for one in some)
        recorded = any(good for _, _, good in told)
        if len(told) == 1:
            lead = ""
            if not query.subject.ids:
                value = self._value(things[0], query, found)
                lead = f"{order_words(query.subject)}: {things[0].name}{f' ({value})' if value else ''}. "
            return Answer(sentence(lead + told[0][0], found.notes), rows, str(query), recorded)
        more = f" And {len(things) - MOST_ROWS:,} more." if len(things) > MOST_ROWS else ""
        return Answer(sentence(" ".join(text for text, _, _ in told) + more, found.notes), rows, str(query), recorded)

    def _value_of(self, thing: Thing, query: Query) -> tuple[str, list[Row], bool]:
        """Each field that was asked for: its value, or that it is not recorded."""
        parts, rows, recorded = [], [], False
        for entry in query.concepts:
            text, carrier, good = self._field(thing, entry, query.unit, bool(query.subject.ids))
            parts.append(text)
            rows.append(row(carrier, text))
            recorded = recorded or good
        return " ".join(parts), rows, recorded

    def _field(self, thing: Thing, entry: str, unit: str, named: bool) -> tuple[str, Thing, bool]:
        options = alternatives(entry)
        if "position" in options and isinstance(thing, Discovery) and not thing.coordinates:
            told = where(thing, self.gazetteer)[0]
            return f"The coordinates of {thing.name} are not recorded. {told}", thing, False
        if "position" in options or "links" in options:
            return where(thing, self.gazetteer, links="links" in options)
        fitting = [one for one in options if self.fields.fits(one, thing.kind)]
        for concept in (*fitting, *(one for one in options if one not in fitting)):
            for carrier in self.finder.holders(thing, concept)[:1]:
                if read := self.fields.read(carrier, concept):
                    label = asked_label(concept, read[0])
                    whose = (
                        carrier.name
                        if carrier.id == thing.id
                        else f"{carrier.name} ({carrier.kind.value} of {thing.name})"
                    )
                    value = shown(read[0], read[1], concept)
                    return f"{label} of {whose}: {value}{_turned(concept, read, unit)}.", carrier, True
        below = self._below(thing, options) if named else None
        if below:
            return below
        label = asked_label((fitting or options)[0])
        return f"The {label.lower()} of {thing.name} is not recorded.", thing, False

    def _below(self, thing: Thing, options: list[str]) -> tuple[str, Thing, bool] | None:
        """Where a system has no such field, what its planets say."""
        for concept in options:
            if self.fields.fits(concept, thing.kind):
                continue
            told = []
            for carrier in carriers(thing, concept, self.fields, self.gazetteer):
                if carrier.kind in (Kind.PLANET, Kind.STATION) and (read := self.fields.read(carrier, concept)):
                    told.append(f"{carrier.name} {shown(read[0], read[1], concept)}")
            if told:
                return f"{asked_label(concept)} in {thing.name}: {'; '.join(told[:12])}.", thing, True
        return None

    # -- named records

    def _told(self, query: Query) -> Answer:
        thing = self.finder.one(query.subject)
        if query.want is Want.WHERE:
            text, carrier, good = where(thing, self.gazetteer)
            return Answer(text, (row(thing), *([row(carrier)] if carrier.id != thing.id else ())), str(query), good)
        return Answer(about(thing, self.gazetteer), (row(thing),), str(query))

    def _check(self, query: Query) -> Answer:
        """Yes or no for a named record, with what is recorded; `not recorded` where a field is empty."""
        subject = query.subject
        thing = self.finder.one(Selection(ids=subject.ids, name=subject.name, kinds=subject.kinds))
        told = [self._checked(thing, condition) for condition in subject.conditions]
        for holder in subject.of:
            inside = self.finder.find(Selection(ids=(thing.id,), of=(holder,))).things
            place = where(thing, self.gazetteer)[0]
            told.append((bool(inside), place))
        if subject.near is not None:
            anchor = self.finder.one(subject.near)
            near = self.finder.find(
                subject.model_copy(update={"ids": (thing.id,), "conditions": (), "of": (), "order": None})
            )
            if subject.linked:
                told.append(
                    (bool(near.things), f"{thing.name} and {anchor.name} are {'' if near.things else 'not '}linked")
                )
            else:
                away, atlas = self.finder.distance(thing, anchor)
                told.append((bool(near.things), f"{thing.name} is {length(away, atlas.unit)} from {anchor.name}"))
        if any(so is None for so, _ in told):
            text = "; ".join(said for so, said in told if so is None)
            return Answer(f"Not recorded: {text}.", (row(thing),), str(query), recorded=False)
        verdict = "Yes" if all(so for so, _ in told) else "No"
        text = f"{verdict}: {'; '.join(said.rstrip('.') for _, said in told)}."
        return Answer(text, (row(thing),), str(query), recorded=verdict == "Yes" or not self._none_held(thing, subject))

    def _none_held(self, thing: Thing, subject: Selection) -> bool:
        """Whether nothing of what it should have is recorded: that there is none, nobody said."""
        having = [one.other for one in subject.conditions if one.other is not None and one.test is Relation.HAS]
        return any(not self.finder.checks.held(thing, one) for one in having)

    def _checked(self, thing: Thing, condition: Condition) -> tuple[bool | None, str]:
        evidence: dict[str, list[Thing]] = {}
        so = self.finder.checks.holds(thing, condition, evidence)
        if condition.concepts == ("kind",):
            return so, f"{thing.name} is a {thing.kind.value}"
        if condition.other is not None and condition.test is Relation.HAS:
            held = self.finder.checks.held(thing, condition.other)
            listed = f" ({names(held, 8)})" if held else ""
            return so, f"{thing.name} has {len(held)} recorded {kinds_said(condition.other.kinds, len(held))}{listed}"
        said = []
        for concept in condition.concepts:
            for carrier in carriers(thing, concept, self.fields, self.gazetteer):
                if (read := self.fields.read(carrier, concept)) is not None:
                    label = asked_label(concept, read[0]).lower()
                    said.append(f"{label} of {carrier.name} is {shown(read[0], read[1], concept)}")
        if not said:
            label = " or ".join(asked_label(one).lower() for one in condition.concepts[:3])
            return so, f"the {label} of {thing.name} is not recorded"
        return so, "; ".join(dict.fromkeys(said[:8]))


def _most(subject: Selection) -> Selection | None:
    """Of `how many moons has the planet with the most moons` that planet; None for another question."""
    holder = subject.of[0] if len(subject.of) == 1 else Selection()
    order, counted = holder.order, Selection(kinds=subject.kinds, conditions=subject.conditions)
    return holder if order is not None and order.concept == "count" and order.counted == counted else None


def _turned(concept: str, read: tuple[Field, tuple[Value, ...]], unit: str) -> str:
    """The same in the unit that was asked for, in brackets; "" where it has none."""
    field, values = read
    if not unit or unit == field.unit or not isinstance(values[0], float):
        return ""
    turned = in_unit(values[0], gauge_of(field, concept), field.unit, unit)
    return "" if turned is None else f" ({shown(replace(field, unit=unit), (float(f'{turned:.6g}'),), concept)})"
