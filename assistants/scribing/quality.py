"""What the records are worth, in words: the answer to a `Look`, computed, with the records it speaks of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from assistants.findings import Findings, Source
from assistants.scribing.looks import Aim, Look
from haven.world.gazetteer import Gazetteer
from haven.world.quality.audit import audit
from haven.world.quality.grading import LETTERS, Grade, Missing, grade, grades
from haven.world.quality.todo import Job, todo
from haven.world.schema import Kind, System, Thing

SHOWN = 12
"""Records, findings or jobs that one answer names."""
BODIES = {Kind.PLANET, Kind.MOON, Kind.STATION}
ENDS = 3
"""Systems at either end of a list of grades, where neither end is asked for."""


def looked(look: Look, gazetteer: Gazetteer) -> Findings:
    """The answer to a question about grades, gaps, what is odd, or what to do."""
    if look.aim is Aim.AUDIT:
        return _audited(look, gazetteer)
    if look.aim is Aim.TODO or (look.aim is Aim.GAPS and not look.places):
        return _jobs(look, gazetteer)
    if look.places:
        return _placed(look, gazetteer)
    if look.most is False and set(look.kinds) & BODIES:  # only systems have grades; of the rest one knows the gaps
        return _jobs(replace(look, most=None), gazetteer)
    return _graded(look, gazetteer)


def _placed(look: Look, gazetteer: Gazetteer) -> Findings:
    """The grades of what is named, and what is missing there."""
    found = [(one, _grade_of(one, gazetteer)) for one in look.places]
    lines = [_one(thing, graded, gazetteer) for thing, graded in found]
    known = {graded.id: graded for _, graded in found if graded is not None}
    if len(known) > 1:
        order = sorted(known.values(), key=lambda one: (-one.points, one.name))
        best, last = (order[-1], order[0]) if look.most is False else (order[0], order[-1])
        word = "less" if look.most is False else "more"
        same = best.points == last.points
        lines.append("They are equally complete." if same else f"{best.name} is the {word} complete one.")
    sources = dict.fromkeys(Source(one.id, one.name) for one in (*known.values(), *look.places))
    return Findings("\n".join(lines), tuple(sources), query=_query(look))


def _grade_of(thing: Thing, gazetteer: Gazetteer) -> Grade | None:
    system = gazetteer.system_of(thing)
    return grade(system, gazetteer.below(system)) if system is not None else None


def _one(thing: Thing, found: Grade | None, gazetteer: Gazetteer) -> str:
    if found is None:
        return f"{thing.name} lies in no recorded system, and grades are those of systems."
    own = {thing.id, *(one.id for one in gazetteer.below(thing))}
    missing = [one for one in found.missing if isinstance(thing, System) or one.id in own]
    where = "" if isinstance(thing, System) else f"The {thing.kind} {thing.name} is graded with its system. "
    head = f"{where}{found.name} has grade {found.letter}: {found.points:g} of 100 points."
    gaps = f"Missing{'' if isinstance(thing, System) else f' of {thing.name}'}: {_gaps(missing)}."
    return f"{head} {gaps if missing else 'Nothing is missing.'}"


def _gaps(missing: Sequence[Missing]) -> str:
    named = [f"{one.field} of {one.name} (+{one.gain:.1f})" for one in missing[:SHOWN]]
    more = [f"and {len(missing) - SHOWN} more"] if len(missing) > SHOWN else []
    return ", ".join([*named, *more])


def _graded(look: Look, gazetteer: Gazetteer) -> Findings:
    """How many systems have which grade, and those at the end that is asked for."""
    every = grades(gazetteer, region=look.region, person=look.person)
    if not every:
        return Findings(f"There are no systems{_of(look)} that could be graded.", query=_query(look))
    counted = Counter(one.letter for one in every)
    count = ", ".join(f"{counted[letter]} with grade {letter}" for letter, _ in LETTERS if counted[letter])
    lines = [f"{_count(every, 'system')}{_of(look)}: {count}."]
    chosen = [one for one in every if one.letter == look.letter] if look.letter else every
    most = look.limit or SHOWN
    if look.letter:
        shown = chosen[:most] if look.most is not False else chosen[: -most - 1 : -1]
        lines.append(f"Grade {look.letter}: {_listed(shown) or 'no system'}.")
    elif look.most is not None:
        shown = chosen[:most] if look.most else chosen[: -most - 1 : -1]
        lines.append(f"The {'most' if look.most else 'least'} complete: {_listed(shown)}.")
    else:
        shown = [*chosen[:ENDS], *chosen[max(ENDS, len(chosen) - ENDS) :]]
        lines.append(f"The most complete: {_listed(chosen[:ENDS])}.")
        if len(chosen) > ENDS:
            lines.append(f"The least complete: {_listed(chosen[: -ENDS - 1 : -1])}.")
    return Findings("\n".join(lines), tuple(Source(one.id, one.name) for one in shown), query=_query(look))


def _listed(found: Sequence[Grade]) -> str:
    return ", ".join(f"{one.name} ({one.letter}, {one.points:g} of 100)" for one in found)


def _audited(look: Look, gazetteer: Gazetteer) -> Findings:
    """What is odd, each with what to do; the records stay as they are."""
    findings = audit(gazetteer, only=look.oddities, region=look.region)
    if wanted := _wanted(look, gazetteer):
        findings = [one for one in findings if not wanted.isdisjoint(one.ids)]
    what = " or ".join(f"{one}s" for one in look.oddities) or "oddities"
    if not findings:
        looked = f"{_count(gazetteer.things, 'record')} of the world were looked through"
        return Findings(
            f"Nothing looks wrong{_of(look, 'with')}: {looked}, and there are no {what}.", query=_query(look)
        )
    shown = findings[: look.limit or SHOWN]
    lines = [f"{_count(findings, 'record or group')}{_of(look)} look odd; nothing was changed:"]
    lines += [f"- {one.text} {one.mend}" for one in shown]
    if len(findings) > len(shown):
        lines.append(f"- and {len(findings) - len(shown)} more")
    ids = dict.fromkeys(id for one in shown for id in one.ids)
    sources = tuple(Source(id, gazetteer.things[id].name, gazetteer.things[id].kind.value) for id in ids)
    return Findings("\n".join(lines), sources[:SHOWN], query=_query(look))


def _wanted(look: Look, gazetteer: Gazetteer) -> set[str]:
    """The ids that are meant, by place, person and kind; empty where all are."""
    ids: set[str] = set()
    for place in look.places:
        ids |= {place.id, *(one.id for one in gazetteer.below(place))}
    if look.person:
        ids |= {one.id for one in gazetteer.things.values() if one.discovered_by == look.person}
    if look.kinds and (narrow := set(look.kinds) - {Kind.REGION}):
        of_kind = {one.id for one in gazetteer.of_kind(*narrow)}
        ids = ids & of_kind if ids else of_kind
    return ids


def _jobs(look: Look, gazetteer: Gazetteer) -> Findings:
    """What to fill in, the biggest gain first."""
    jobs = todo(gazetteer, region=look.region, person=look.person, limit=len(gazetteer.things) + 1)
    if wanted := _wanted(look, gazetteer):
        jobs = [one for one in jobs if one.id in wanted]
    if look.letter:
        jobs = [one for one in jobs if one.grade.startswith(look.letter)]
    if not jobs:
        return Findings(f"Nothing is missing{_of(look)}.", query=_query(look))
    shown = jobs[: -(look.limit or SHOWN) - 1 : -1] if look.most is False else jobs[: look.limit or SHOWN]
    lines = [f"What gains {'least' if look.most is False else 'most'}{_of(look)}, in points of 100:"]
    lines += [_job(one) for one in shown]
    if len(jobs) > len(shown):
        lines.append(f"- and {len(jobs) - len(shown)} more")
    sources = tuple(Source(one.id, one.name) for one in shown)
    return Findings("\n".join(lines), sources, query=_query(look))


def _job(one: Job) -> str:
    where = f" in {one.system}" if one.name != one.system else ""
    return f"- +{one.gain:g} {one.name}{where} ({one.grade}): {', '.join(one.fields)}"


def _of(look: Look, word: str = "of") -> str:
    names = [one.name for one in look.places]
    names += [f"the region {look.region}"] if look.region else []
    names += [f"what {look.person} discovered"] if look.person else []
    return f" {word} {' and '.join(names)}" if names else ""


def _count(some: Sequence[object] | dict[str, Thing], what: str) -> str:
    """`3 systems`, `1 record or group`."""
    if len(some) == 1:
        return f"1 {what}"
    return f"{len(some):,} {' '.join(f'{word}s' if word != 'or' else word for word in what.split())}"


def _query(look: Look) -> str:
    narrow = [f"{one.kind} {one.name}" for one in look.places]
    narrow += [f"region {look.region}"] if look.region else []
    narrow += [f"discovered by {look.person}"] if look.person else []
    narrow += [f"grade {look.letter}"] if look.letter else []
    narrow += [str(one) for one in (*look.kinds, *look.oddities)]
    return f"{look.aim} of {', '.join(narrow)}" if narrow else f"{look.aim} of all records"
