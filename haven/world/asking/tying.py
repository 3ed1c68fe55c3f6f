"""Ties the records of a question together as they are named: what belongs to what, is near what, stands beside what."""

from __future__ import annotations

from haven.world.asking.chunk import Chunk
from haven.world.asking.query import Condition
from haven.world.asking.scene import Group, Scene
from haven.world.asking.stream import Stream
from haven.world.schema import Kind

BESIDE = frozenset({"and", "or", "than"})
SUN_OF = frozenset({"of", "von", "des", "that", "around which"})
ENDS = frozenset({"from", "to", "between", "and", "be", "than", "or"})


def named(scene: Scene, chunk: Chunk) -> bool:
    """The name of something."""
    if not chunk.ids or (chunk.values and _before_kind(scene.stream)):
        return False
    stream, after = scene.stream, scene.stream.peek()
    if chunk.text.lower().endswith(("sun", "sonne")) and after is not None and after.text.lower() in SUN_OF:
        scene.ask("star")  # `the sun of that planet`
        stream.at += 1
        return True
    stream.at += 1
    genitive = chunk.genitive or (stream.next is not None and stream.next.one_of("genitive"))
    stream.take("genitive")
    new = Group(ids=chunk.ids, name=_called(scene, chunk), genitive=genitive, lead=frozenset(scene.lead))
    last = scene.last
    things = stream.lexicon.gazetteer.things
    if (
        last is not None
        and last.kinds
        and not last.named
        and not last.described
        and not (scene.reach or scene.links or scene.routing)
    ):
        of_it = all(things[id].kind in last.kinds for id in new.ids)
        if of_it and not scene.lead - {"called", "be"} and not _kind_apart(scene):
            last.ids, last.name, last.kinds, last.genitive = new.ids, new.name, (), genitive
            scene.lead.clear()
            return True
    _tie(scene, new)
    return True


def _called(scene: Scene, chunk: Chunk) -> str:
    """The record's own name; the words of the question where several records may be meant."""
    things = scene.stream.lexicon.gazetteer.things
    names = {things[id].name for id in chunk.ids}
    return names.pop() if len(names) == 1 else chunk.slip or chunk.text


def _kind_apart(scene: Scene) -> bool:
    """`which system is Dorn`: not the system Dorn but whatever; a verb between kind and name keeps them apart."""
    return "be" in scene.lead


def of_kind(scene: Scene, chunk: Chunk) -> bool:
    """Records of a kind."""
    if _the_finding_of(scene, chunk):
        scene.flags.add("discovered")
        scene.stream.at += 1
        return True
    if not (chunk.kinds or chunk.part("found") or _is_a_place(scene, chunk)) or (chunk.ids and not chunk.kinds):
        return False
    stream, last = scene.stream, scene.last
    if _rather_a_field(scene, chunk) or (chunk.part("found") and "and" in chunk.text.lower() and scene.subject):
        return False  # `planets with rich flora and fauna` are no discoveries
    if last is not None and last.named and not _is_a(scene) and _same_thing(scene, last, chunk):
        stream.at += 1
        return True
    first = scene.subject
    if last is not None and last.tied and first is not None and first.order is not None and _is_a(scene):
        last = first  # `is the largest planet of X an ocean planet`
        last.conditions += scene.pending.conditions
        scene.pending.conditions = []
        stream.at += 1
        scene.lead.clear()
        return set(chunk.kinds) == set(last.kinds)
    if last is not None and last.named and _is_a(scene):
        last.conditions += scene.pending.conditions
        last.conditions.append(Condition(concepts=("kind",), words=tuple(kind.value for kind in chunk.kinds)))
        scene.pending.conditions = []
        stream.at += 1
        scene.lead.clear()
        return True
    asked_for, adjacent = _asked_for(stream), _behind_a_name(stream)
    stream.at += 1
    new = _described(scene, chunk)
    new.adjacent = adjacent
    if asked_for and scene.wanted is None:
        scene.wanted = new
    if scene.counting and scene.counted is None:
        scene.counted = new
    again = scene.subject if last is not None and last.named and not last.genitive else last
    if again is not None and again.kinds and not again.named and _said_again(scene, again, new):
        return True
    _tie(scene, new)
    return True


def _the_finding_of(scene: Scene, chunk: Chunk) -> bool:
    """`when was the discovery of X made`, `whose discovery came first`: that it was discovered."""
    if chunk.kinds != (Kind.DISCOVERY,) or chunk.text.lower() not in ("discovery", "entdeckung"):
        return False
    after = scene.stream.peek()
    years = any("year" in entry.split("|") or "method" in entry.split("|") for entry in scene.asked)
    whose = scene.stream.at > 0 and scene.stream.chunks[scene.stream.at - 1].text.lower() in ("whose", "wessen")
    of_it = after is not None and after.one_of("of") and bool({"who", "when", "how"} & scene.flags or years)
    return of_it or (whose and scene.comparing)


def _is_a_place(scene: Scene, chunk: Chunk) -> bool:
    """`the star nearest to X`: a star is a system here."""
    ahead_of, order = 1, scene.pending.order
    if "star" not in chunk.concepts:
        return False
    while (after := scene.stream.peek(ahead_of)) is not None and after.one_of("be", "skip") and not after.ids:
        ahead_of += 1
    ahead = after is not None and after.part("superlative").startswith("distance")
    return ahead or (order is not None and order.concept == "distance")


def _behind_a_name(stream: Stream) -> bool:
    """Whether a name stands right before the words for these records."""
    at = stream.at - 1
    while at >= 0 and not stream.chunks[at].ids:
        chunk = stream.chunks[at]
        if not (chunk.values or chunk.part("superlative") or chunk.number or chunk.one_of("skip", "genitive")):
            return False
        at -= 1
    return at >= 0


def _asked_for(stream: Stream) -> bool:
    """Whether `which` or `what` stands before the words for these records, and not behind the name of others."""
    at = stream.at - 1
    while at >= 0 and not stream.chunks[at].one_of("list"):
        chunk = stream.chunks[at]
        plain = chunk.values or chunk.part("superlative") or chunk.number or chunk.one_of("skip", "of", "ordinal")
        if not plain or chunk.ids or chunk.kinds or chunk.concepts or chunk.one_of("be", "with"):
            return False
        at -= 1
    before = stream.chunks[at - 1] if at > 0 else None
    return at >= 0 and (before is None or not (before.kinds or before.ids))


def _described(scene: Scene, chunk: Chunk) -> Group:
    """The kind with all that was said before it."""
    new, scene.pending = scene.pending, Group()
    new.kinds, new.lead = chunk.kinds or (Kind.SYSTEM,), frozenset(scene.lead)
    if chunk.text.lower().startswith(("exo", "extrasolar")):
        new.without += tuple(one.id for one in scene.stream.lexicon.gazetteer.names.exact("sun"))
    if found := chunk.part("found"):
        new.kinds = (Kind.DISCOVERY,)
        new.conditions.append(Condition(concepts=("found",), words=(found,)))
    if scene.number is not None:
        new.limit, scene.number = scene.number, None
    if new.anchor is not None:
        new.anchor.tied = True
    return new


def _said_again(scene: Scene, last: Group, new: Group) -> bool:
    """`which systems are trading systems`, `planets and moons`, `what kinds of discoveries are fossils`."""
    joined = bool(scene.lead & {"and", "or"})
    if "or" in scene.lead and any(order.concept in ("count", "?") for order in scene.comparisons):
        return False  # `what is there more of, moons or stations`
    if not joined and set(new.kinds) <= set(last.kinds) and scene.lead <= {"be", "list"} and last.holders:
        last.conditions += new.conditions
    elif joined and not new.described and not last.described and set(new.kinds) != set(last.kinds):
        last.kinds = (*last.kinds, *(kind for kind in new.kinds if kind not in last.kinds))
    elif last.order is not None and set(new.kinds) == set(last.kinds) and "of" in scene.lead and not new.described:
        pass  # `the planet who has the largest radius of all planets`
    elif not joined and set(new.kinds) <= set(last.kinds) and not (scene.lead - {"be", "list"}) and not scene.reach:
        last.conditions += [one for one in new.conditions if one not in last.conditions]
        last.order, last.limit, last.nth = new.order or last.order, new.limit or last.limit, new.nth or last.nth
    else:
        return False
    if scene.counted is new:
        scene.counted = last
    if scene.wanted is new:
        scene.wanted = last
    scene.lead.clear()
    return True


def _same_thing(scene: Scene, last: Group, chunk: Chunk) -> bool:
    """`Meridian system`: the kind says which record of the name is meant, unless the name is a genitive."""
    things, before = scene.stream.lexicon.gazetteer.things, scene.stream.chunks[scene.stream.at - 1].text.lower()
    after = scene.stream.peek()
    again = before in ("the", "this", "that", "der", "das", "dieses", "dieser") and not scene.pending.described
    again = again and (after is None or after.one_of("with", "be", "skip")) and "far" not in scene.flags
    of, which = scene.stream.peek(), scene.stream.peek(2)
    asked = of is not None and (of.text.lower().endswith("which") or (which is not None and which.one_of("list")))
    if of is not None and of.one_of("of") and asked and scene.lead == {"be"}:
        again = True  # `A is moon of which planet`
    if last.genitive or last.conditions or (scene.lead and not again):
        return False
    fitting = tuple(id for id in last.ids if things[id].kind in chunk.kinds)
    if not fitting or chunk.text.lower().endswith(("s", "en")):
        return False
    last.ids = fitting
    return True


def _is_a(scene: Scene) -> bool:
    """`is Oculi a planet`."""
    stream = scene.stream
    at = stream.at - 1
    while at > 0 and stream.chunks[at].values and not stream.chunks[at].ids:
        at -= 1
    article = at > 0 and stream.chunks[at].text.lower() in ("a", "an", "ein", "eine", "einen")
    having = any(one.one_of("with") for one in stream.chunks[:2])  # `has X a moon`
    return (
        article and scene.yes_no and not having and not scene.lead & {"with", "near", "of"} and not scene.pending.order
    )


def _rather_a_field(scene: Scene, chunk: Chunk) -> bool:
    """`which region is X in` asks for a field where regions have no records; so does `the species of X`."""
    if not chunk.concepts:
        return False
    stream = scene.stream
    if Kind.SYSTEM in chunk.kinds:  # `how many stars has X`
        return _asked_of_a_name(stream) and stream.lexicon.fields.fits(chunk.concepts[0], Kind.SYSTEM)
    if chunk.kinds == (Kind.PERSON,) and "discovered_by" in chunk.concepts:
        return _asked_of_a_name(stream) or (scene.last is not None and scene.last.named)
    if chunk.kinds == (Kind.REGION,) and "grouped" in scene.flags:
        return True  # `systems per region`
    regions = stream.lexicon.gazetteer.of_kind(Kind.REGION)
    return (chunk.kinds == (Kind.REGION,) and not regions) or (bool(chunk.part("found")) and bool(scene.groups))


def _asked_of_a_name(stream: Stream) -> bool:
    """Whether nothing but small words stands between the next chunk and a name."""
    ahead = 1
    while (after := stream.peek(ahead)) is not None and not after.ids and after.one_of("skip", "with", "be", "of"):
        ahead += 1
    return after is not None and bool(after.ids)


def _before_kind(stream: Stream) -> bool:
    after = stream.peek()
    return after is not None and bool(after.kinds) and not after.ids


def _tie(scene: Scene, new: Group) -> None:
    """Put a group where it belongs among those named before."""
    lead, scene.lead = set(new.lead), set()
    groups, last = scene.groups, scene.last
    groups.append(new)
    if "except" in lead:
        _left_out(scene, new)
    elif scene.reach is not None:
        scene.measured_from(new)
    elif scene.links:
        scene.linked_with(new)
    elif (waiting := _waits_for_a_place(scene, new, lead)) is not None:
        waiting.anchor, new.tied = new, True
    elif last is None or new.anchor is last or (("far" in scene.flags or scene.routing) and lead & ENDS):
        pass
    elif lead & BESIDE and bool(last.ids) == bool(new.ids):
        last.also.append(new)
    elif scene.comparisons and new.named:
        pass
    elif last.named and not new.named and last.lead & {"to", "from"} and not last.genitive and lead:
        pass  # `to X, which system is the nearest`
    elif scene.routing and not new.named and not last.genitive:
        pass
    elif last.named and not new.named and (not last.tied or last.genitive or new.adjacent):
        groups.pop()
        last.turn_into(new)
        scene.counted = last if scene.counted is new else scene.counted
        scene.wanted = last if scene.wanted is new else scene.wanted
    elif new.named and not any(not one.named for one in groups[:-1]) and "of" in last.lead and "of" not in lead:
        new.holders.append(last)  # `on A, where does B lie`
        last.tied = True
    else:
        holder = next((one for one in reversed(groups[:-1]) if not one.named), last)
        holder.holders.append(new)
        new.tied = True


def _waits_for_a_place(scene: Scene, new: Group, lead: set[str]) -> Group | None:
    """Which records are the nearest to something that was not named yet."""
    for one in (scene.pending, *reversed(scene.groups[:-1])):
        if one.order is not None and one.order.concept == "distance" and one.anchor is None:
            before = scene.stream.chunks[scene.stream.at - 2] if scene.stream.at > 1 else None
            things = scene.stream.lexicon.gazetteer.things
            if lead == {"of"} and new.named and all(things[id].kind is Kind.REGION for id in new.ids):
                return None  # `the closest pair of systems in X`
            bare = not lead and new.named and before is not None and before.part("superlative")  # `nearest X`
            return one if bare or lead & {"to", "from", "of", "near", "than"} else None
    return None


def _left_out(scene: Scene, new: Group) -> None:
    scene.groups.pop()
    target = next((one for one in scene.groups if not one.named), scene.pending)
    if new.named:
        target.without += new.ids
