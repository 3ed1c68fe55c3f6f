"""Whether something is so of a record: yes, no, or not recorded."""

from __future__ import annotations

from collections.abc import Callable

from haven.world.asking.fields import Field, Value
from haven.world.asking.lexicon import Lexicon
from haven.world.asking.measuring import carriers, in_unit, rank
from haven.world.asking.query import Condition, Relation, Selection
from haven.world.asking.stream import NotUnderstood, Unmeasurable
from haven.world.atlas import positions
from haven.world.schema import Kind, Thing
from haven.world.words import fold

EQUAL = 1e-9


class Checks:
    """`one` finds the record that a nested selection means, `ids` all of them."""

    def __init__(
        self, lexicon: Lexicon, one: Callable[[Selection], Thing], ids: Callable[[Selection], frozenset[str]]
    ) -> None:
        self.gazetteer = lexicon.gazetteer
        self.fields = lexicon.fields
        self._one = one
        self._ids = ids

    def holds(self, thing: Thing, condition: Condition, evidence: dict[str, list[Thing]] | None = None) -> bool | None:
        """Whether it is so; None where it is not recorded."""
        so = self._holds(thing, condition, evidence if evidence is not None else {})
        return so if so is None or not condition.negated else not so

    def _holds(self, thing: Thing, condition: Condition, evidence: dict[str, list[Thing]]) -> bool | None:
        if condition.test is Relation.HAS and condition.other is not None:
            held = self.held(thing, condition.other)
            evidence.setdefault(thing.id, []).extend(held[:3])
            low = 1 if condition.number is None else condition.number
            return low <= len(held) <= (condition.upper if condition.upper is not None else len(held))
        if condition.other is not None and condition.than is not None:
            return self._outnumbers(thing, condition, condition.other, condition.than)
        if condition.test is Relation.FITS and condition.other is not None:
            return self._fits(thing, condition.other)
        if condition.concepts == ("kind",):
            return thing.kind.value in condition.words
        if condition.concepts == ("links",):
            return bool(getattr(thing, "links", ()))
        if condition.test is Relation.RECORDED and set(condition.concepts) & {"position", "distance"}:
            system = self.gazetteer.system_of(thing)
            return bool(system and positions(system))
        if condition.concepts == ("glyphs",) and condition.test is Relation.RECORDED:
            return bool(getattr(thing, "glyphs", ""))
        answers = []
        for concept in condition.concepts:
            for carrier in carriers(thing, concept, self.fields, self.gazetteer):
                so = self._value_holds(carrier, concept, condition)
                if so and carrier.id != thing.id:
                    evidence.setdefault(thing.id, []).append(carrier)
                answers.append(so)
        if True in answers:
            return True
        if condition.test is Relation.RECORDED and not any(self._has_none(concept) for concept in condition.concepts):
            return False
        return False if False in answers else None

    def _fits(self, thing: Thing, other: Selection) -> bool | None:
        """Whether it is one of those; None where that hangs on what is not recorded."""
        if other.kinds and thing.kind not in other.kinds:
            return False
        so = [self.holds(thing, one) for one in other.conditions]
        plain = other.model_copy(update={"conditions": (), "kinds": (thing.kind,)})
        if False in so or ((plain.of or plain.near) and thing.id not in self._ids(plain)):
            return False
        return None if None in so else True

    def _outnumbers(self, thing: Thing, condition: Condition, other: Selection, than: Selection) -> bool:
        """Whether it has more, fewer or as many of the ones than of the others, or than another record has of them."""
        count = len(self.held(thing, other))
        named = [self.gazetteer.things[id] for id in than.ids]
        rivals = [one for one in named if one.kind is thing.kind] or named
        against = max(len(self.held(rival, other)) for rival in rivals) if rivals else len(self.held(thing, than))
        if condition.test is Relation.AS_MANY:
            return count == against > 0  # where none is recorded, nothing says that they are as many
        return count > against if condition.test is Relation.MORE else count < against

    def held(self, thing: Thing, other: Selection) -> list[Thing]:
        """What of a kind belongs to it and fits."""
        holder = thing
        if Kind.STATION in other.kinds and thing.kind in (Kind.PLANET, Kind.MOON):
            holder = self.gazetteer.system_of(thing) or thing
        below = self.gazetteer.below(holder, *other.kinds)
        return [one for one in below if all(self.holds(one, each) for each in other.conditions)]

    def _has_none(self, concept: str) -> bool:
        """Whether a record may say that there is none of it."""
        return concept in ("flora", "fauna", "sentinels")

    def _value_holds(self, thing: Thing, concept: str, condition: Condition) -> bool | None:
        read = self.fields.read(thing, concept)
        if condition.test is Relation.RECORDED:
            return None if read is None else fold(str(read[1][0])) not in ("none", "absent", "no")
        if read is None:
            return None
        field_, values = read
        if condition.other is not None:
            return self._like_other(thing, concept, condition, values)
        if condition.number is not None:
            return self._number_holds(field_, values, concept, condition)
        said = [fold(str(value)) for value in values]
        wanted = [fold(word) for word in condition.words]
        if condition.exact:
            return any(word in said for word in wanted)
        return any(word in one.split() for word in wanted for one in said)

    def _number_holds(
        self, field_: Field, values: tuple[Value, ...], concept: str, condition: Condition
    ) -> bool | None:
        number = next((value for value in values if isinstance(value, float)), None)
        if number is None or condition.number is None:
            return None
        bounds = []
        for bound in (condition.number, condition.upper):
            turned = None if bound is None else in_unit(bound, concept, condition.unit, field_.unit)
            if bound is not None and turned is None:
                raise NotUnderstood(f"{bound:g} {condition.unit}", "unit")
            bounds.append(turned)
        low, high = bounds
        assert low is not None
        return _compare(number, condition.test, low, high)

    def _like_other(self, thing: Thing, concept: str, condition: Condition, values: tuple[Value, ...]) -> bool | None:
        assert condition.other is not None
        other = self._one(condition.other)
        read = self.fields.read(other, concept)
        if read is None:
            raise Unmeasurable(f"The {concept.replace('_', ' ')} of {other.name} is not recorded.")
        if other.id == thing.id:
            return condition.test in (Relation.AT_LEAST, Relation.AT_MOST)
        if condition.test is Relation.IS:
            return bool({fold(str(value)) for value in values} & {fold(str(value)) for value in read[1]})
        one, two = rank(values, concept), rank(read[1], concept)
        return None if one is None or two is None else _compare(one, condition.test, two, None)


def _compare(value: float, test: Relation, low: float, high: float | None) -> bool:
    tolerance = EQUAL * max(1.0, abs(low))
    if test is Relation.BETWEEN:
        return low - tolerance <= value <= (high if high is not None else low) + tolerance
    if test in (Relation.IS, Relation.IS_NOT):
        return (abs(value - low) <= tolerance) is (test is Relation.IS)
    if test is Relation.ABOVE:
        return value > low + tolerance
    if test is Relation.AT_LEAST:
        return value >= low - tolerance
    return value < low - tolerance if test is Relation.BELOW else value <= low + tolerance
