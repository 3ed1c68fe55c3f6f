"""The sentences of answers: counts with their kind, orders in words, lengths with what people know them as."""

from __future__ import annotations

from collections.abc import Sequence

from haven.world.asking.fields import LABELS, Field
from haven.world.asking.finding import Finder, Found
from haven.world.asking.measuring import LONG, SPOKEN, alternatives, shown
from haven.world.asking.query import Condition, Order, Relation, Selection, joining
from haven.world.lengths import convert, written
from haven.world.schema import Kind, Thing, kind_of, noun

MOST_LEFT_OUT = 5
"""Names that are said of what was left out."""
CONCEPTS = {"orbit": "orbital period", "year": "year of discovery", "method": "discovery method", "day": "day length"}
CONCEPTS |= {"axis": "semi-major axis", "discovered_by": "discoverer", "aliases": "other names"}


MIDDLE = Selection(name="the middle of the map")
"""Where it is measured from, where nobody says."""


def kinds_said(kinds: Sequence[Kind], count: int) -> str:
    if not kinds:
        return "records" if count != 1 else "record"
    return " or ".join(noun(kind, count) for kind in kinds)


def asked_label(concept: str, field: Field | None = None) -> str:
    """How a field is called, with a capital."""
    name = alternatives(concept)[0]
    label = CONCEPTS.get(name) or LABELS.get(name) or (field.label if field and "." in field.key else name)
    text = label.replace("_", " ")
    return text[:1].upper() + text[1:]


def length(value: float, unit: str, wanted: str = "") -> str:
    """`4.157 pc (13.56 ly)`: in the unit that was asked for first, else in the map's own."""
    if wanted and wanted != unit and (turned := convert(value, unit, wanted)) is not None:
        return f"{written(turned, wanted)} ({written(value, unit)})"
    said = written(value, unit)
    if unit in ("pc", "voxels") and (turned := convert(value, unit, "ly")) is not None:
        return f"{said} ({written(turned, 'ly')})"
    return said


def in_words(subject: Selection, count: int, finder: Finder) -> str:
    """`7 planets of TRAPPIST-1 with biome Ocean`."""
    parts = [f"{count:,} {kinds_said(subject.kinds, count)}"]
    parts += [_of(holder) for holder in subject.of]
    if subject.near is not None:
        parts.append(_nearness(subject, subject.near))
    elif subject.radius is not None or subject.beyond is not None:
        parts.append(_nearness(subject, MIDDLE))
    parts.append(_conditions(subject))
    if subject.without and (left := [finder.gazetteer.things[id].name for id in subject.without[:MOST_LEFT_OUT]]):
        parts.append(f"other than {' and '.join(dict.fromkeys(left))}")
    if subject.order is not None and count > 1:
        parts.append(f"({_ordered(subject.order)})")
    return " ".join(part for part in parts if part)


def said(selection: Selection) -> str:
    """What a nested selection means, in words."""
    if selection.name:
        return selection.name
    kind = kinds_said(selection.kinds, 1 if selection.limit == 1 else 2)
    parts = [f"the {kind}"]
    parts += [_of(holder) for holder in selection.of]
    if selection.order is not None:
        parts.append(f"({_ordered(selection.order)})")
    if selection.near is not None:
        parts.append(_nearness(selection, selection.near))
    elif selection.radius is not None or selection.beyond is not None:
        parts.append(_nearness(selection, MIDDLE))
    parts.append(_conditions(selection))
    return " ".join(part for part in parts if part)


def _of(holder: Selection) -> str:
    """`of Venture`; what a person has, that person discovered."""
    people = bool(holder.ids) and all(kind_of(id) is Kind.PERSON for id in holder.ids)
    return f"{'discovered by' if people else 'of'} {said(holder)}"


def _nearness(selection: Selection, near: Selection) -> str:
    if selection.linked:
        return f"linked with {said(near)}"
    if selection.radius is not None and selection.beyond is not None:
        bounds = f"{written(selection.beyond, '')} to {written(selection.radius, selection.unit)}"
        return f"{bounds} from {said(near)}"
    if selection.radius is not None:
        return f"within {written(selection.radius, selection.unit)} of {said(near)}"
    if selection.beyond is not None:
        return f"farther than {written(selection.beyond, selection.unit)} from {said(near)}"
    return f"by distance from {said(near)}"


def _conditions(selection: Selection) -> str:
    return " and ".join(_condition(condition) for condition in selection.conditions)


def _condition(one: Condition) -> str:
    field = " or ".join(dict.fromkeys(asked_label(concept).lower() for concept in one.concepts[:3]))
    if one.test is Relation.HAS and one.other is not None:
        what = f"{_few(one)} {said(one.other).removeprefix('the ')}"
        return f"{'without' if one.negated else 'with'} {what}".replace("  ", " ")
    if one.than is not None and one.other is not None:
        return f"with {one.test.value.removeprefix('has ')} {_bare(one.other)} {joining(one.test)} {_bare(one.than)}"
    if one.test is Relation.FITS and one.other is not None:
        return f"{'other than' if one.negated else 'among'} those {_description(one.other)}"
    if one.test is Relation.RECORDED:
        return f"{'without' if one.negated else 'with'} {field}"
    joined = " or ".join({word.casefold(): word for word in reversed(one.words)}.values())
    if one.other is not None:
        text = f"whose {field} is {_sign(one.test)} that of {said(one.other)}".replace("  ", " ")
    elif one.number is not None:
        bounds = f"{one.number:g}" if one.upper is None else f"{one.number:g} and {one.upper:g}"
        unit = LONG.get((one.concepts[0], one.unit)) or SPOKEN.get(one.unit, one.unit)
        text = f"whose {field} is {_sign(one.test)} {bounds} {unit}".replace("  ", " ").strip()
    else:
        text = f"whose {field} {'is' if one.exact else 'contains'} {joined}"
        if one.concepts in (("materials",), ("tags",)):
            return f"{'without' if one.negated else 'with'} {joined}"
    if not one.exact and one.negated:
        return text.replace(" contains ", " does not contain ", 1)
    return text.replace(" is ", " is not ", 1) if one.negated else text


def _description(one: Selection) -> str:
    """What a selection says of its records, without what they are."""
    parts = [_of(holder) for holder in one.of]
    parts += [_nearness(one, one.near)] if one.near is not None else []
    return " and ".join([*parts, *map(_condition, one.conditions)]) or said(one)


def _bare(one: Selection) -> str:
    return said(one).removeprefix("the ")


def _few(one: Condition) -> str:
    if one.number is None:
        return ""
    if one.upper is None:
        return f"at least {one.number:g}"
    return f"{one.number:g}" if one.number == one.upper else f"{one.number:g} to {one.upper:g}"


def _sign(test: Relation) -> str:
    return {
        Relation.IS: "",
        Relation.ABOVE: "above",
        Relation.AT_LEAST: "at least",
        Relation.BELOW: "below",
        Relation.AT_MOST: "at most",
        Relation.BETWEEN: "between",
    }.get(test, "").strip()


def _ordered(order: Order) -> str:
    if order.concept == "distance":
        return "farthest first" if order.descending else "nearest first"
    if order.concept == "spacing":
        return "farthest from their nearest neighbour first"
    return f"{_end(order)} {_by(order)} first"


def _by(order: Order) -> str:
    if order.concept == "count" and order.counted is not None:
        return said(order.counted).removeprefix("the ")
    return asked_label(order.concept).lower()


def order_words(subject: Selection) -> str:
    """`The planet of Venture with the largest size`: what a single best row is."""
    kind = kinds_said(subject.kinds, 1)
    rest = " ".join([*(_of(holder) for holder in subject.of), _conditions(subject)]).strip()
    order = subject.order
    if subject.nth is not None and order is not None:
        return f"Number {subject.nth} of the {kinds_said(subject.kinds, 2)} {rest}".strip() + f" ({_ordered(order)})"
    if order is None:
        return f"The {kind} {rest}".strip()
    if order.concept == "distance":
        where = f" to {said(subject.near)}" if subject.near is not None and not order.descending else ""
        where = f" from {said(subject.near)}" if subject.near is not None and order.descending else where
        return f"The {'farthest' if order.descending else 'nearest'} {kind} {rest}".strip() + where
    if order.concept == "spacing":
        return f"The {kind} farthest from its nearest neighbour {rest}".strip()
    return f"The {kind} {rest}".strip() + f" with the {_end(order)} {_by(order)}"


def _end(order: Order) -> str:
    ends = {"count": ("most", "fewest"), "size": ("largest", "smallest"), "year": ("latest", "earliest")}
    return ends.get(alternatives(order.concept)[0], ("highest", "lowest"))[not order.descending]


def ranked_value(thing: Thing, order: Order, key: float, finder: Finder) -> str:
    """What of a record put it in its place."""
    if order.concept == "count" and order.counted is not None:
        return f"{key:g} {kinds_said(order.counted.kinds, int(key))}"
    if order.concept == "spacing":
        return f"{written(key, finder.gazetteer.atlas().unit)} to its nearest neighbour"
    for concept in alternatives(order.concept):
        if concept in ("links", "materials", "tags", "aliases"):
            return f"{key:g} {asked_label(concept).lower()}"
        for carrier in finder.holders(thing, concept):
            if read := finder.fields.read(carrier, concept):
                whose = "" if carrier.id == thing.id else f" of {carrier.name}"
                return f"{asked_label(concept, read[0]).lower()}{whose} {shown(read[0], read[1], concept)}"
    if order.concept == "size":
        return f"{key:g} {kinds_said([Kind.PLANET if thing.kind is Kind.SYSTEM else Kind.SYSTEM], int(key))}"
    read = finder.fields.read(thing, "year")
    return f"discovered {shown(read[0], read[1], 'year')}" if read else ""


def none_found(subject: Selection, found: Found) -> str:
    """That there is none, among how many, and what was left out."""
    rest = " ".join(
        [*(_of(holder) for holder in subject.of), _conditions(subject)]
        + ([_nearness(subject, subject.near)] if subject.near is not None else [])
    )
    kind = kinds_said(subject.kinds, 1)
    among = f" (looked through {found.looked_at:,})" if found.looked_at else ""
    return sentence(f"None is recorded: no {kind} {rest}".rstrip() + among, found.notes)


def sentence(text: str, notes: Sequence[str] = ()) -> str:
    """With a full stop, and what was left out behind it."""
    closed = text if text.endswith((".", "?", "!")) else f"{text}."
    return " ".join([closed, *(f"({note[:1].upper()}{note[1:]}.)" for note in notes)])
