"""Reads what must be so: `with more than 3 planets`, `larger than X`, `high conflict`, `mass above 5`."""

from __future__ import annotations

import re

from haven.world.asking.chunk import Chunk
from haven.world.asking.lexicon import Value
from haven.world.asking.query import Condition, Relation, Selection
from haven.world.asking.stream import Draft, NotUnderstood, Stream
from haven.world.schema import Kind
from haven.world.words import fold

_OR = frozenset({"or", "nor", "oder", "noch"})
"""Between values of one field. `not this or that` and `neither this nor that` are the same."""
_OF_NONE = frozenset({"none", "keine", "keiner", "keines"})


def having(stream: Stream, one: Draft) -> bool:
    """`with`, `without`, `that have`: what belongs to them, a value, or that a field is recorded at all."""
    chunk = stream.next
    if chunk is None or not chunk.one_of("with", "without", "not", "whose", "there"):
        return False
    if chunk.one_of("there") and not (one.kinds or one.ids):
        return False
    mark, negated = stream.at, chunk.one_of("without", "not")
    stream.at += 1
    stream.take("skip")
    if stream.take("not"):
        negated = True
        stream.take("skip")
    if stream.take("without"):
        negated = True
    before = len(one.conditions)
    taken = _has(stream, one, negated) or _had(stream, one, negated, not chunk.one_of("not") or chunk.text in _OR)
    while taken and one.conditions[-1].test is Relation.HAS and _and_has(stream, one, negated):
        pass
    if not taken:
        stream.at = mark
        return False
    if chunk.one_of("without") and any(_is_another_word(stream, mark, each) for each in one.conditions[before:]):
        raise NotUnderstood(" ".join(said.text for said in stream.chunks[mark : stream.at]))
    if negated:
        one.conditions[before:] = [one_.model_copy(update={"negated": True}) for one_ in one.conditions[before:]]
    return True


def _is_another_word(stream: Stream, start: int, condition: Condition) -> bool:
    """`without water`: that the biome is another says not that there is none."""
    some = stream.chunks[start : stream.at + 1]
    said = fold(" ".join(chunk.text for chunk in some))
    return (
        not any(chunk.kinds for chunk in some)
        and condition.concepts == ("biome",)
        and not any(fold(word)[:4] in said for word in condition.words)
    )


def _has(stream: Stream, one: Draft, negated: bool) -> bool:
    """`with more than 3 ocean planets`, `without a station`."""
    mark = stream.at
    low, high = _how_many(stream)
    stream.take("skip")
    counted = Draft()
    while (chunk := stream.next) is not None and (chunk.kinds or chunk.part("found") or chunk.values):
        if chunk.values and not chunk.kinds:
            if not value_condition(stream, counted):
                break
        elif counted.kinds or (
            chunk.concepts and chunk.kinds in ((Kind.REGION,), (Kind.PERSON,), ()) and not chunk.part("found")
        ):
            break
        else:
            stream.at += 1
            counted.kinds = (Kind.DISCOVERY,) if chunk.part("found") else chunk.kinds
            if found := chunk.part("found"):
                counted.conditions.append(Condition(concepts=("found",), words=(found,)))
    named = (
        stream.next is not None and bool(stream.next.ids) and stream.at > 0 and bool(stream.chunks[stream.at - 1].kinds)
    )
    if not counted.kinds or named or set(counted.kinds) == set(one.kinds):
        stream.at = mark
        return False
    if stream.take("more"):
        high = None
    elif stream.take("less"):
        low, high = 0, low
    one.conditions.append(Condition(test=Relation.HAS, other=counted.frozen(), number=low, upper=high))
    return True


def _and_has(stream: Stream, one: Draft, negated: bool) -> bool:
    """`with a desert planet and a frozen planet`."""
    mark = stream.at
    if stream.take("and") is not None:
        stream.skip()
        if _has(stream, one, negated):
            return True
    stream.at = mark
    return False


def _how_many(stream: Stream) -> tuple[float | None, float | None]:
    """`more than 3`, `at least 2`, `exactly 4`, `between 2 and 5`, `no`: at least and at most so many."""
    start = stream.at
    sign = stream.take("within", "beyond", "between")
    if sign is None and (said := stream.next) is not None and said.part("comparative"):
        stream.at += 1
        stream.take("than")
        sign = said
    number = stream.next
    if number is None or number.number is None or (number.unit and number.unit != "units"):
        stream.at = start
        return None, None
    stream.at += 1
    if sign is None:
        return number.number, number.number
    if sign.one_of("between"):
        stream.take("and", "to")
        upper = stream.next
        if upper is not None and upper.number is not None:
            stream.at += 1
            return number.number, upper.number
    test = sign_of(sign)
    if test in (Relation.ABOVE, Relation.AT_LEAST):
        return number.number + (test is Relation.ABOVE), None
    return 0, number.number - (test is Relation.BELOW)


def _had(stream: Stream, one: Draft, negated: bool, alone: bool) -> bool:
    """`with Emeril`, `with a high conflict`, `with glyphs`, `whose mass is above 5`."""
    before = len(one.conditions)
    while (chunk := stream.next) is not None:
        if any(step(stream, one) for step in (field_condition, value_condition, compared, measured)):
            pass
        elif alone and chunk.concepts and (negated or _stands_alone(stream)):
            stream.at += 1
            one.conditions.append(Condition(concepts=chunk.concepts, test=Relation.RECORDED))
        elif chunk.one_of("skip"):
            stream.at += 1
        else:
            break
        after = stream.peek()
        if after is not None and after.one_of("not", "without"):
            break
        if not (
            stream.next is not None and stream.next.one_of("and", "or") and after and (after.values or after.concepts)
        ):
            break
        stream.at += 1
    return len(one.conditions) > before


def _stands_alone(stream: Stream) -> bool:
    """A field after `with` that nothing is said about: it must be recorded. At a question's start it is asked for."""
    after = stream.peek()
    said = stream.peek(2) if after is not None and after.one_of("be") else after
    if said is not None and (said.part("superlative") or said.part("comparative")):
        return False  # `where the day is shortest`
    asked = {"list", "count", "how"} & {role for chunk in stream.chunks[: stream.at] for role in chunk.roles}
    subject = any(chunk.ids for chunk in stream.chunks[: stream.at])
    return not (subject and asked and after is None)


def value_condition(stream: Stream, one: Draft) -> bool:
    """A value that records have, with the field's name beside it (`high conflict`) and others after `or`."""
    chunk = stream.next
    if chunk is None or not chunk.values or (chunk.ids and not before_kind(stream)):
        return False
    if (chunk.kinds or chunk.part("found")) and not before_kind(stream):
        return False
    if chunk.text.lower() in _OF_NONE and (behind := stream.peek()) is not None and behind.one_of("of"):
        return False  # `none of the moons`
    tagged = all(value.concept == "tags" for value in chunk.values)  # a tag that is called as a field is: `Flora`
    if chunk.concepts and (tagged or chunk.capital is False) and not before_kind(stream) and len(chunk.text) > 3:
        return False
    before = stream.before()
    adjective = chunk.part("adjective")
    if adjective and before is not None and before.one_of("how"):
        return False
    if adjective and one.bare and adjective not in [value.concept for value in chunk.values]:
        return False  # `is Venture rich` is about its economy, not about its flora
    stream.at += 1
    values = chunk.values
    after = stream.next
    if (
        after is not None
        and after.concepts
        and not after.ids
        and (beside := [v for v in values if v.concept in after.concepts])
    ):
        values = tuple(beside)
        stream.at += 1
    elif (
        after is not None
        and after.concepts == ("economy",)
        and (levels := [value for value in values if value.concept == "economy_level"])
    ):
        values = tuple(levels)  # `a high economy`
        stream.at += 1
    else:
        values = _of_quality(stream, values, one)
    words, concepts = [value.text for value in values], [value.concept for value in values]
    exact = all(value.exact for value in values)
    while (after := stream.peek()) is not None and stream.next is not None and stream.next.one_of("or"):
        shared = [value for value in after.values if value.concept in concepts]
        if not shared:
            break
        words += [value.text for value in shared]
        concepts = [value.concept for value in shared if value.concept in concepts]
        exact = exact and all(value.exact for value in shared)
        stream.at += 2
        if stream.next is not None and set(stream.next.concepts) & set(concepts):
            stream.at += 1
    one.conditions.append(
        Condition(concepts=tuple(dict.fromkeys(concepts)), words=tuple(dict.fromkeys(words)), exact=exact)
    )
    return True


def _of_quality(stream: Stream, values: tuple[Value, ...], one: Draft) -> tuple[Value, ...]:
    """`rich systems` are those of a rich economy; planets may have a rich flora."""
    chunk = stream.next
    kinds = chunk.kinds if chunk is not None and chunk.kinds else one.kinds
    quality = tuple(value for value in values if value.quality)
    if quality and Kind.SYSTEM in kinds:
        return quality
    return tuple(value for value in values if not value.quality) or values


def before_kind(stream: Stream) -> bool:
    after = stream.peek()
    return after is not None and bool(after.kinds) and not after.ids


def field_condition(stream: Stream, one: Draft) -> bool:
    """`conflict is high`, `mass over 5`, `gravity between 0.5 and 1`, `economy: trading`, `radius the same as X`."""
    chunk = stream.next
    if chunk is None or not chunk.concepts or Kind.SYSTEM in chunk.kinds:
        return False
    mark = stream.at
    stream.at += 1
    negated = False
    while (word := stream.take("be", "skip", "genitive", "of", "not", "with")) is not None:
        negated = negated or word.one_of("not")
    after = stream.next
    if after is not None and (fitting := [value for value in after.values if value.concept in chunk.concepts]):
        stream.at += 1
        while stream.next is not None and stream.next.text.lower() in _OR and (more := stream.peek()) is not None:
            if not (shared := [value for value in more.values if value.concept in chunk.concepts]):
                break
            fitting += shared
            stream.at += 2
        one.conditions.append(
            Condition(
                concepts=tuple(dict.fromkeys(value.concept for value in fitting)),
                words=tuple(dict.fromkeys(value.text for value in fitting)),
                exact=all(value.exact for value in fitting),
                negated=negated,
            )
        )
        return True
    if after is not None and (sign := _sign(stream)) is not None:
        condition = _numbers(stream, chunk.concepts, sign)
        if condition is not None:
            one.conditions.append(condition.model_copy(update={"negated": negated}))
            return True
    stream.at = mark
    return False


def _sign(stream: Stream) -> Relation | None:
    """The comparison that the next words make, stepped over; None where they make none."""
    chunk = stream.next
    assert chunk is not None
    if chunk.number is not None:
        return Relation.IS
    if chunk.one_of("within", "beyond", "between", "before", "after", "since", "until"):
        after = stream.peek()
        if after is not None and after.ids:
            return None  # `the star over X`
        stream.at += 1
        return sign_of(chunk)
    if said := chunk.part("comparative"):
        stream.at += 1
        stream.take("than")
        return Relation.ABOVE if said.endswith("+") else Relation.BELOW
    return None


def sign_of(chunk: Chunk) -> Relation:
    said = chunk.text.lower()
    if chunk.one_of("between"):
        return Relation.BETWEEN
    if chunk.one_of("before"):
        return Relation.BELOW
    if chunk.one_of("since"):
        return Relation.AT_LEAST
    if chunk.one_of("until"):
        return Relation.AT_MOST
    if chunk.one_of("after"):
        return Relation.ABOVE
    least = re.search(r"at least|no less|not less|mindestens|>=|minimum|min\b|not closer", said)
    most = re.search(
        r"at most|no more|not more|up to|within|innerhalb|umkreis|höchstens|<=|max|no f|not f|not exc|radius", said
    )
    if chunk.one_of("beyond"):
        return Relation.AT_LEAST if least else Relation.ABOVE
    return Relation.AT_MOST if most else Relation.BELOW


def _numbers(stream: Stream, concepts: tuple[str, ...], test: Relation) -> Condition | None:
    """The number behind a comparison, or the record whose value it is."""
    stream.take("skip")
    number = stream.next
    if number is not None and number.number is not None:
        stream.at += 1
        upper = None
        if test is Relation.BETWEEN:
            stream.take("and", "to")
            upper = stream.next
            if upper is None or upper.number is None:
                return None
            stream.at += 1
        unit = (upper.unit if upper is not None and upper.unit else number.unit) or ""
        if stream.take("more"):
            test = Relation.AT_LEAST
        elif stream.take("less"):
            test = Relation.AT_MOST
        return Condition(
            concepts=concepts, test=test, number=number.number, upper=upper.number if upper else None, unit=unit
        )
    if number is not None and number.ids and test is not Relation.BETWEEN:
        stream.at += 1
        return Condition(concepts=concepts, test=test, other=Selection(ids=number.ids, name=number.slip or number.text))
    return None


def compared(stream: Stream, one: Draft) -> bool:
    """`larger than 2 Jupiter radii`, `hotter than TRAPPIST-1 b`, `more than 5 planets`, `a higher gravity than X`."""
    chunk = stream.next
    said = chunk.part("comparative") if chunk else ""
    if chunk is None or not said:
        return False
    mark = stream.at
    stream.at += 1
    concepts: tuple[str, ...] = (said[:-1],)
    if said[:-1] == "?":
        stream.take("than")
        field = stream.next
        if field is None or not field.concepts:
            stream.at = mark
            return False
        concepts = field.concepts
        stream.at += 1
    if said[:-1] == "distance":
        stream.at = mark
        return False
    stream.take("than", "to", "from")
    condition = _numbers(stream, concepts, Relation.ABOVE if said.endswith("+") else Relation.BELOW)
    if condition is None:
        stream.at = mark
        return False
    stream.take("unit")
    one.conditions.append(condition)
    return True


def measured(stream: Stream, one: Draft) -> bool:
    """`more than 5 Earth masses`, `under 300 K`: the unit says what is measured."""
    chunk, number = stream.next, stream.peek()
    if chunk is None or number is None or not chunk.one_of("within", "beyond", "between"):
        return False
    concept = next((name for said, name in MEASURED if re.search(said, number.text.lower())), "")
    if number.number is None or not number.unit or not concept:
        return False
    stream.at += 1
    condition = _numbers(stream, (concept,), sign_of(chunk))
    if condition is not None:
        one.conditions.append(condition)
    return condition is not None


MEASURED = (
    *((r"mass", "mass"), (r"radi", "size"), (r"\d ?k\b|kelvin|celsius", "temperature"), (r"\d ?g\b|gees", "gravity")),
    *((r"hour|stunde", "day"), (r"\bday|\btag", "orbit")),
)
