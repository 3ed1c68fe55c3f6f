"""Negations: a question asked with one, and records that are left out by what is said of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from haven.world.asking.chunk import Chunk
from haven.world.asking.comparing import HAVE
from haven.world.asking.conditions import value_condition
from haven.world.asking.discovering import CALENDAR
from haven.world.asking.query import Condition, Relation, Selection
from haven.world.asking.ranking import kind_ahead
from haven.world.asking.scene import Group, Scene
from haven.world.asking.stream import Draft, NotUnderstood, Stream

Gather = Callable[[Stream, bool], Scene]
"""What reads a part of a question as it reads the whole."""
ONES = frozenset({"ones", "one", "those", "that", "these", "denen", "derer", "jene", "jenen", "diejenigen"})
OUTSIDE = frozenset({"outside", "außerhalb", "ausserhalb"})
ALL = frozenset({"all", "every", "each", "any", "everything", "alle", "jede", "jeder", "jedes"})
_VERB = re.compile(
    r"(^|[,:;]\s*)(is|are|was|were|does|did|has|have|had|can|could|will|would)(?:n['’]?t|\s+not)\b", re.IGNORECASE
)
_DO = re.compile(r"(^|[,:;]\s*)(do)n['’]?t\b(?=.*\?\s*$)", re.IGNORECASE)
_BE = r"(?P<verb>is|are|was|were|has|have|lies|ist|sind|hat|haben|liegt)(?:n['’]?t| not)?"
_STATED = re.compile(
    r"^(?!(?:who|what|which|when|where|why|how|wer|was|wo|wann|wie|is|are|does|do|did|has|have)\b)"
    rf"(?P<one>[^,;?]+?) {_BE} (?P<rest>[^;?]+?),?"
    r" (?:right|correct|true|yes|no|or not|am i right|(?:is|was|does|has)(?:n['’]?t| not)? (?:it|he|she|that so)"
    r"|(?:are|do|have)(?:n['’]?t)? they|richtig|oder|oder nicht|nicht wahr|stimmt['’]?s|ja)\s*\?+$",
    re.IGNORECASE,
)
"""`X is a moon, isn't it?`"""
_TRUE = re.compile(
    r"^(?:is|isn['’]?t|ist) (?:it|es) (?:not )?(?:true|correct|right|so|the case|a fact) that"
    rf" (?P<one>[^,;?]+?) {_BE} (?P<rest>.+)$",
    re.IGNORECASE,
)
_FOUND = re.compile(r"discover|found|entdeckt|charted", re.IGNORECASE)
_NONE = re.compile(r"no|kein\w*", re.IGNORECASE)


def plainly(text: str) -> str:
    """`isn't Cobble a moon` and `Cobble is a moon, isn't it` ask what `is Cobble a moon` asks."""
    for stated in (_STATED, _TRUE):
        text = stated.sub(r"\g<verb> \g<one> \g<rest>?", text)
    return _DO.sub(r"\1\2", _VERB.sub(r"\1\2", text))


def asserted(found: Sequence[Chunk]) -> list[Chunk]:
    """A question for yes or no without the negation of its verb: `is Cobble not a moon`, `is there no X`."""
    for at, chunk in enumerate(found):
        bare = chunk.one_of("not", "without") and len(chunk.text.split()) == 1 and at > 0
        if bare and _NONE.fullmatch(chunk.text):
            return [*found[:at], replace(chunk, text="a", roles=("skip",), values=()), *found[at + 1 :]]
        if bare and chunk.text.lower() in ("not", "nicht"):
            return [*found[:at], *found[at + 1 :]]
        named = chunk.ids or (chunk.kinds and any(found[place].ids for place in (at - 1, at + 1) if place < len(found)))
        if not named and not chunk.one_of("skip", "be", "there", "genitive"):
            break
    return list(found)


def left_out(scene: Scene, chunk: Chunk, gather: Gather) -> bool:
    """`other than the trading ones`, `not in X`, `not discovered by X`, `outside X`, `non-ocean planets`."""
    stream, mark = scene.stream, scene.stream.at
    excepted = _excepted(scene, chunk)
    tied = (chunk.one_of("not") and _tied_ahead(stream)) or (chunk.text.lower() in OUTSIDE and _name_ahead(stream))
    if not (excepted or tied):
        return not scene.groups and _described_ahead(scene, chunk)
    end = _clause(stream) if excepted else _last_name(stream)
    if end is None and any(one.one_of("linked") for one in stream.chunks[mark:]):
        return _linked_nowhere(scene)
    if end is None:
        raise NotUnderstood(chunk.text)
    stream.at += 1
    some = stream.chunks[stream.at : end]
    names = [one for one in some if one.ids]
    bare = all(one.ids or one.one_of("skip", "and", "or", "of") for one in some)
    if not any(not one.one_of("skip") or one.ids for one in some) or (
        bare and len(names) == 1 and chunk.one_of("except")
    ):
        stream.at = mark
        return False  # `except those in X`: tying leaves out X with what lies in it
    stream.at = end
    scene.lead.clear()
    target = scene.subject or scene.pending
    if excepted and bare:
        target.without += tuple(id for one in names for id in one.ids)
        return True
    if scene.subject is None and any(one.named for one in scene.groups):
        raise NotUnderstood(chunk.text)  # `what has X that Y has not`
    found = {"discovered"} if any(_FOUND.search(one.text) for one in some) else set[str]()
    inner = gather(Stream(_with_kind(some, target), stream.lexicon, flags=found), False)
    meant = inner.target()
    if meant is None or inner.left(meant) or inner.asked or inner.comparisons:
        raise NotUnderstood(" ".join(one.text for one in some))
    for one in (meant, *meant.also):
        _apply(scene, _selection(one))
    return True


def _with_kind(some: Sequence[Chunk], target: Group) -> list[Chunk]:
    """The words with the kind that `ones` and `those` stand for."""
    at = next((at for at, one in enumerate(some) if one.text.lower() in ONES), None)
    if at is None or not target.kinds:
        return list(some)
    kind = replace(some[at], roles=tuple(f"kind:{kind.value}" for kind in target.kinds))
    return [*some[:at], kind, *some[at + 1 :]]


def _selection(meant: Group) -> Selection:
    one = meant.frozen()
    return one if not meant.named else Selection(of=(one,))


def _apply(scene: Scene, meant: Selection) -> None:
    """What fits it is not meant: one condition turned round, a kind taken away, or all of it together."""
    single = meant.model_copy(update={"kinds": (), "conditions": ()}) == Selection()
    target = scene.subject or scene.pending
    conditions = _joined(meant.conditions)
    if single and not conditions:
        rest = tuple(kind for kind in target.kinds if kind not in meant.kinds)
        if not rest or len(rest) == len(target.kinds):
            raise NotUnderstood("except")
        target.kinds = rest
        return
    condition = Condition(test=Relation.FITS, other=meant.model_copy(update={"conditions": conditions}), negated=True)
    if single and len(conditions) == 1:
        condition = conditions[0].model_copy(update={"negated": not conditions[0].negated})
    scene.say(Draft(conditions=[condition]), subject=scene.subject)


def _joined(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """`the desert and the ocean ones`: values of one field are those of different records."""
    found: list[Condition] = []
    for one in conditions:
        same = next((at for at, other in enumerate(found) if _alike(one, other)), None)
        if same is None:
            found.append(one)
        else:
            found[same] = found[same].model_copy(update={"words": (*found[same].words, *one.words)})
    return tuple(found)


def _alike(one: Condition, other: Condition) -> bool:
    return bool(one.words) and one.model_copy(update={"words": other.words}) == other


def _excepted(scene: Scene, chunk: Chunk) -> bool:
    """Whether what comes next is left out: `except`, and `but` behind `all`."""
    if chunk.one_of("except"):
        return True
    stream = scene.stream
    after = stream.peek()
    if chunk.text.lower() != "but" or after is None or after.one_of("with", "without", "not", "be"):
        return False
    return any(one.text.lower().split()[0] in ALL for one in stream.chunks[: stream.at])


def _clause(stream: Stream) -> int:
    """Where the clause ends: at a comma, and where the verb of the rest follows a name: `other than X is a desert`."""
    named = False
    for place in range(stream.at + 1, len(stream.chunks)):
        chunk = stream.chunks[place]
        named = named or bool(chunk.ids)
        if place > stream.at + 1 and chunk.start - stream.chunks[place - 1].end > 1:
            return place
        if named and (chunk.one_of("be") or chunk.text.lower() in HAVE):
            return place
        named = named and bool(chunk.ids or chunk.one_of("skip", "and", "or", "of"))
    return len(stream.chunks)


def _tied_ahead(stream: Stream) -> bool:
    """Whether a tie follows, such as `in X` or `discovered by X`."""
    ahead = 1
    while (after := stream.peek(ahead)) is not None and after.one_of("skip", "be", "exist") and not after.ids:
        ahead += 1
    if after is not None and after.number is not None:
        return not after.unit and after.number in CALENDAR
    return (
        after is not None
        and not (after.values or after.ids or (after.concepts and not after.one_of("linked")))
        and after.one_of("of", "near", "linked", "discovered", "within", "from")
    )


def _name_ahead(stream: Stream) -> bool:
    ahead = 1
    while (after := stream.peek(ahead)) is not None and after.one_of("skip", "of") and not after.ids:
        ahead += 1
    return after is not None and bool(after.ids)


def _linked_nowhere(scene: Scene) -> bool:
    """`not linked to any other system`."""
    stream = scene.stream
    stream.at += 1
    while (after := stream.next) is not None and (after.one_of("linked", "skip", "be", "to", "with") or after.kinds):
        stream.at += 1
    condition = Condition(concepts=("links",), test=Relation.RECORDED, negated=True)
    scene.say(Draft(conditions=[condition]), subject=scene.subject)
    return True


def _last_name(stream: Stream) -> int | None:
    """Behind the name, value or year, those that `or` puts beside it, and the kind that says what is named."""
    end: int | None = None
    for place in range(stream.at + 1, len(stream.chunks)):
        chunk = stream.chunks[place]
        year = chunk.number is not None and not chunk.unit
        if chunk.ids or chunk.values or year or (end and chunk.kinds and not chunk.text.endswith("s")):
            end = place + 1
        elif end == place and chunk.one_of("discovered") and not chunk.one_of("of"):
            end = place + 1  # `nicht 2012 entdeckt`
        elif end and not chunk.one_of("or", "not", "skip", "of"):
            break
    return end


def _described_ahead(scene: Scene, chunk: Chunk) -> bool:
    """`non-ocean planets`: the value stands before the kind."""
    stream, mark = scene.stream, scene.stream.at
    if not chunk.one_of("not") or _NONE.fullmatch(chunk.text):
        return False
    stream.at += 1
    stream.take("skip")
    scratch = Draft()
    if not kind_ahead(stream) or not value_condition(stream, scratch):
        stream.at = mark
        return False
    turned = [one.model_copy(update={"negated": True}) for one in scratch.conditions]
    scene.say(Draft(conditions=turned), ahead=True)
    return True
