"""What a question names, while it is read: groups of records, tied to each other, and what is said of all."""

from __future__ import annotations

from dataclasses import dataclass, field

from haven.world.asking.fields import COUNTED
from haven.world.asking.query import Condition, Order, Relation, Selection
from haven.world.asking.stream import Draft, NotUnderstood, Stream
from haven.world.schema import Kind

NUMBERS = COUNTED | {"sell_percent", "buy_percent", "mystery", "confidence", "gravity", "day", "year", "magnitude"}
Reach = tuple[float | None, float | None, str]
"""At least so far, at most so far, the unit; the unit `near` or `nearest` where nobody said how far."""


@dataclass(eq=False)
class Group(Draft):
    """Some records; `lead` is what stands between them and the records named before."""

    lead: frozenset[str] = frozenset()
    adjacent: bool = False
    """A name stands right before it."""
    holders: list[Group] = field(default_factory=list)
    """What they belong to, or what belongs to them."""
    anchor: Group | None = None
    """What they are near to."""
    also: list[Group] = field(default_factory=list)
    """Those that `and` and `or` put beside it."""
    tied: bool = False
    """It holds others, is held, or is what others are measured from: nothing is asked of it."""

    @property
    def named(self) -> bool:
        return bool(self.ids)

    @property
    def described(self) -> bool:
        return bool(self.conditions or self.order or self.holders or self.anchor or self.of)

    def frozen(self) -> Selection:
        near = self.anchor.frozen() if self.anchor is not None else self.near
        return (
            super()
            .frozen()
            .model_copy(update={"of": (*self.of, *(one.frozen() for one in self.holders)), "near": near})
        )

    def draft(self) -> Draft:
        """The same as one selection, with what it belongs to frozen."""
        one = self.frozen()
        values = {name: getattr(self, name) for name in Draft.__dataclass_fields__}
        return Draft(**{**values, "of": list(one.of), "near": one.near})

    def turn_into(self, other: Group) -> None:
        """Be what the other is, in its own place; what it was holds the other."""
        before = Group(**{name: getattr(self, name) for name in Group.__dataclass_fields__})
        for name in Group.__dataclass_fields__:
            if name != "tied":
                setattr(self, name, getattr(other, name))
        before.tied, before.lead, self.lead = True, frozenset(), before.lead
        self.holders = [*self.holders, before]


@dataclass
class Scene:
    """`pending` holds what was said before the records that it is said of were named."""

    stream: Stream
    yes_no: bool = False
    groups: list[Group] = field(default_factory=list)
    pending: Group = field(default_factory=Group)
    lead: set[str] = field(default_factory=set)
    reach: Reach | None = None
    links: bool = False
    """Linked with what comes next."""
    number: int | None = None
    nth: int | None = None
    counting: bool = False
    counted: Group | None = None
    """What `how many` stands before."""
    wanted: Group | None = None
    """What `which` stands before."""
    comparisons: list[Order] = field(default_factory=list)
    asked_at: int = -1
    tolerant: bool = False
    """Words that nobody knows are left out where they can't change what is asked."""
    generic: bool = False
    """What is asked for was named by a word for anything, such as `colour`."""
    routing: bool = False
    """It is about a way between places."""
    jump: tuple[float, str] | None = None

    # what is asked lives in the stream, where the readers of conditions look for it as well

    @property
    def asked(self) -> list[str]:
        return self.stream.asked

    @property
    def flags(self) -> set[str]:
        return self.stream.flags

    @property
    def numbers(self) -> frozenset[str]:
        return NUMBERS

    @property
    def last(self) -> Group | None:
        return self.groups[-1] if self.groups else None

    @property
    def marks(self) -> int:
        """How many words that say something were read."""
        return sum(1 for chunk in self.stream.chunks[: self.stream.at] if not _says_nothing(chunk.roles, chunk))

    @property
    def named_chunks(self) -> list[int]:
        return [place for place, chunk in enumerate(self.stream.chunks) if chunk.ids]

    @property
    def comparing(self) -> bool:
        """Whether two or more records are set against each other."""
        said = [chunk.text.lower() for chunk in self.stream.chunks]
        either = any(chunk.one_of("or") for chunk in self.stream.chunks) or any(
            text.startswith(("which of", "whose", "wessen", "both", "the two", "two", "to which of", "welche von"))
            for text in said
        )
        return len(self.named_chunks) > 1 and (self.yes_no or either or bool({"who"} & self.flags))

    @property
    def subject(self) -> Group | None:
        return next((one for one in self.groups if one.kinds and not one.tied), None)

    @property
    def waiting(self) -> Group | None:
        """Whose order is `most`, of what nobody said yet."""
        found = (one for one in (self.pending, *reversed(self.groups)) if one.order and one.order.concept == "?")
        return next(found, None)

    def measures_to(self, kind_ahead: bool) -> bool:
        """`how far from a small planet`: what is said before the kind leaves the way to it as it is."""
        return kind_ahead and ("far" in self.flags or self.routing)

    def ask(self, concept: str) -> None:
        options = concept.split("|")
        for place, entry in enumerate(self.asked):  # `spectral type of the star`, `at what percentage does it sell`
            if shared := [one for one in entry.split("|") if one in options]:
                self.asked[place] = "|".join(shared)
                break
        else:
            self.asked.append(concept)
        self.asked_at = self.marks

    def scratch(self) -> Draft:
        """What a reader of conditions may look at: the records that were named last."""
        last = self.last
        if last is None:
            return Draft(kinds=self.pending.kinds)
        return Draft(kinds=last.kinds, ids=last.ids, name=last.name, genitive=last.genitive)

    def say(self, scratch: Draft, *, ahead: bool = False, subject: Group | None = None) -> None:
        """Give conditions to the nearest records that can have such fields: those ahead, or those before."""
        concepts = {concept for condition in scratch.conditions for concept in condition.concepts}
        counted = self.counted_by(*concepts) if not ahead else None
        if counted is not None and counted.order is not None and counted.order.counted is not None:
            more = (*counted.order.counted.conditions, *scratch.conditions)
            of_these = counted.order.counted.model_copy(update={"conditions": more})
            counted.order = counted.order.model_copy(update={"counted": of_these})
            return
        target = self.pending if ahead else subject or self.fitting(*concepts) or self.pending
        target.conditions += scratch.conditions
        target.of += [one for one in scratch.of if one not in target.of]
        target.without += scratch.without

    def counted_by(self, *concepts: str) -> Group | None:
        """The records that are ordered by how many of others they have, where it is said of those others."""
        fields = self.stream.lexicon.fields
        for one in (self.pending, *reversed(self.groups)):
            counted = one.order.counted if one.order is not None else None
            if counted is not None and concepts:
                fit = any(fields.fits(concept, kind) for concept in concepts for kind in counted.kinds)
                own = any(fields.fits(concept, kind) for concept in concepts for kind in one.kinds)
                return one if fit and not own else None
        return None

    def fitting(self, *concepts: str) -> Group | None:
        """The last group of a kind that can have one of the fields; else the last; else what is named."""
        fields = self.stream.lexicon.fields
        kinds = [one for one in reversed(self.groups) if one.kinds and not one.named]
        fit = [one for one in kinds if any(fields.fits(concept, kind) for concept in concepts for kind in one.kinds)]
        named = [one for one in reversed(self.groups) if one.named]
        return next(iter((*fit, *kinds, *named)), None)

    def ordered_by(self, order: Order, *, ahead: bool) -> Group:
        """Give an order to the records ahead, or to the nearest ones before that have none."""
        before = [one for one in reversed(self.groups) if one.kinds and not one.named and one.order is None]
        again = [one for one in self.groups if one.order is not None and one.order.concept == order.concept]
        target = self.pending if ahead or not before + again else (*again, *before)[0]
        target.order = order
        return target

    def ranked(self) -> Group | None:
        """The records whose order by some measure is known."""
        found = (one for one in (self.pending, *reversed(self.groups)) if one.order is not None)
        return next((one for one in found if one.order and one.order.concept not in ("?", "count", "distance")), None)

    def measured_from(self, place: Group) -> None:
        """The records that are near to this place: those named before, or systems."""
        low, high, unit = self.reach or (None, None, "near")
        self.reach = None
        before = [one for one in reversed(self.groups) if one.kinds and not one.named and one is not place]
        if not before and self.yes_no and unit not in ("near", "nearest"):  # `is A within 20 units of B`
            before = [one for one in self.groups if one.named and one is not place]
        free = [one for one in before if one.anchor is None]
        target = free[0] if free else self.pending
        for one in self.groups:
            one.holders = [holder for holder in one.holders if holder is not place]
        target.anchor, place.tied = place, True
        if unit in ("near", "nearest"):
            if target.order is not None and target.order.concept != "distance":
                raise NotUnderstood("near")  # `the safest near X`: how near, nobody says
            target.order = target.order or Order(concept="distance")
            target.limit = target.limit or (1 if unit == "nearest" else 5)
        else:
            target.beyond, target.radius, target.unit = low, high, unit
        if target is self.pending:
            target.kinds = target.kinds or (Kind.SYSTEM,)

    def _place(self) -> Group | None:
        """What is named and may be measured from; where `to` or `from` leads to it, that one."""
        named = [one for one in self.groups if one.named]
        return next((one for one in named if one.lead & {"to", "from"}), named[0] if len(named) == 1 else None)

    def _anchored(self) -> None:
        """`to X, which system is the nearest`: the place may be named before what is near to it."""
        for one in (self.pending, *self.groups):
            if one.order is None or one.order.concept != "distance" or one.anchor is not None or self.comparisons:
                continue
            place = self._place()
            if place is None or not place.lead & {"to", "from"} or any(o.anchor is place for o in self.groups):
                continue
            one.holders = [holder for holder in one.holders if holder is not place]
            one.anchor, place.tied = place, True

    def target(self) -> Group | None:
        """What the question is about: what `how many` stands before, else the first that nothing holds."""
        for said in (self.counted, self.wanted):
            if said is not None and any(one is said for one in self.groups):
                self._lift(said)
                return said
        free = [one for one in self.groups if not one.tied]
        return next((one for one in free if not one.named), free[0] if free else None)

    def _lift(self, one: Group) -> None:
        """Make it the one that holds, where another holds it: belonging has no direction here."""
        for other in self.groups:
            if any(holder is one for holder in other.holders):
                other.holders = [holder for holder in other.holders if holder is not one]
                self._lift(other)
                one.holders.append(other)
                other.tied, one.tied = True, False

    def left(self, target: Group | None) -> bool:
        """Whether records were named that nothing ties to what is asked about."""
        beside = target.also if target is not None else []
        return any(not one.tied and one is not target and one not in beside for one in self.groups)

    def linked_with(self, place: Group | None) -> None:
        """The records that have a link to this place: those named before it, or systems; any place where none is."""
        self.links = False
        target = next((one for one in reversed(self.groups) if not one.named and one is not place), None)
        if place is None or not place.named:
            if place is not None:
                place.conditions.append(Condition(concepts=("links",), test=Relation.RECORDED))
            return
        if target is None:
            target = Group(kinds=(Kind.SYSTEM,))
            self.groups.insert(0, target)
        if place in target.holders:
            target.holders.remove(place)
        target.anchor, target.linked, place.tied = place, True, True

    def _said_of_the_star(self, one: Group, loose: list[Group]) -> bool:
        """`the red star of X` is X, where its star is red."""
        things = self.stream.lexicon.gazetteer.things
        stars = one.conditions and not (one.kinds or one.order or one.of or one.holders or one.anchor)
        if not stars or len(loose) != 1 or any("star" not in each.concepts for each in one.conditions):
            return False
        systems = tuple(id for id in loose[0].ids if things[id].kind is Kind.SYSTEM)
        if systems:
            loose[0].ids, loose[0].conditions = systems, [*loose[0].conditions, *one.conditions]
        return bool(systems)

    def close(self) -> None:
        """What was never followed by records goes to those before, or stands for records of its own."""
        if self.reach is not None and (place := self._place()) is not None:
            self.measured_from(place)
        self._anchored()
        one, self.pending = self.pending, Group()
        if not (one.described or one.kinds):
            if (free := self.target()) is not None:
                free.without += one.without  # `what did A find besides B`
            return
        before = [other for other in reversed(self.groups) if other.kinds and not other.named]
        if before and not one.kinds:
            target = before[-1]
            target.conditions += one.conditions
            target.of += one.of
            target.order = target.order or one.order
            target.anchor = target.anchor or one.anchor
            target.limit, target.nth = target.limit or one.limit, target.nth or one.nth
            target.beyond, target.radius, target.unit = one.beyond, one.radius, one.unit or target.unit
            return
        if one.order is not None and one.order.concept == "spacing":
            one.kinds = one.kinds or (Kind.SYSTEM,)
        loose = [other for other in self.groups if not other.tied]
        if self._said_of_the_star(one, loose):
            return
        for other in loose:
            other.tied = True
        one.holders += loose
        self.groups.insert(0, one)


def _says_nothing(roles: tuple[str, ...], chunk: object) -> bool:
    return bool(set(roles) & {"skip", "be", "genitive"}) and not getattr(chunk, "ids", ())
