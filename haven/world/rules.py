"""What must hold between records: places that belong to places, and no system that is there twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from haven.errors import BadInput
from haven.store import world as table
from haven.store.database import Transaction
from haven.world.entries import Entry, address_of, entry_of, read
from haven.world.schema import Discovery, Kind, Lore, System, Thing, parent_of
from haven.world.words import fold

PARENTS: dict[Kind, tuple[Kind, ...]] = {
    Kind.PLANET: (Kind.SYSTEM,),
    Kind.MOON: (Kind.PLANET,),
    Kind.STATION: (Kind.SYSTEM,),
    Kind.DISCOVERY: (Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION),
}
"""What each kind may belong to."""


async def check_references(
    tx: Transaction, entries: Sequence[Entry], was: Mapping[str, Thing], *, restored: bool
) -> None:
    """Parents and links that are new must be there; old ones may have been removed since."""
    kinds = {entry.thing.id: entry.thing.kind.value for entry in entries}
    fresh: list[tuple[Thing, str, tuple[Kind, ...]]] = []
    for thing in (entry.thing for entry in entries):
        old = was.get(thing.id)
        alone = thing.kind not in PARENTS or (thing.kind is Kind.DISCOVERY and not parent_of(thing))
        if not alone and (old is None or parent_of(old) != parent_of(thing)):
            fresh.append((thing, parent_of(thing), PARENTS[thing.kind]))
        if isinstance(thing, (System, Lore)) and not restored:
            known = set(old.links) if isinstance(old, (System, Lore)) else set()
            only = (Kind.SYSTEM,) if isinstance(thing, System) else tuple(Kind)
            fresh += [(thing, link, only) for link in thing.links if link not in known]
    asked = {reference for _, reference, _ in fresh} - set(kinds)
    kinds |= await table.kinds_of(tx.execute_fetchall, asked) if asked else {}
    for thing, reference, allowed in fresh:
        _check_reference(thing, reference, kinds.get(reference), allowed, restored)


def _check_reference(
    thing: Thing, reference: str, found: str | None, allowed: tuple[Kind, ...], restored: bool
) -> None:
    if found is None and restored and isinstance(thing, Discovery):
        return  # it stood by itself when its place went, and comes back to where it stood
    does = "belong" if reference == parent_of(thing) else "lead"
    if found is None:
        what = f"{reference!r}, which is not there" if reference else "nothing"
        raise BadInput(f"{thing.name} {does}s to {what}.", f"Name a {allowed[0].value} that is there by its id.")
    if found not in {kind.value for kind in allowed}:
        kinds = " or ".join(kind.value for kind in allowed)
        said = f"{thing.name} is a {thing.kind.value} and can't {does} to a {found}."
        raise BadInput(said, f"Name a {kinds}.")


async def check_twins(
    tx: Transaction, entries: Sequence[Entry], was: Mapping[str, Thing], *, allow_same_name: bool
) -> None:
    """No second system of the same name where both may be in the same galaxy, nor of the same glyphs."""
    changed = [entry for entry in entries if _identity(entry.thing) != _identity(was.get(entry.thing.id))]
    if not changed:
        return
    names = {entry.columns.names[0] for entry in changed}
    glyphs = {entry.columns.glyphs for entry in changed} - {""}
    there = [entry_of(read(row)) for row in await table.namesakes(tx.execute_fetchall, names, glyphs)]
    own = {entry.thing.id for entry in entries}
    by_key: dict[str, list[Entry]] = {}
    for entry in (*(one for one in there if one.thing.id not in own), *entries):
        if isinstance(entry.thing, System):
            by_key.setdefault(f"name {entry.columns.names[0]}", []).append(entry)
            by_key.setdefault(f"glyphs {entry.columns.glyphs}", []).append(entry)
    for entry in changed:
        same_name = [] if allow_same_name else by_key[f"name {entry.columns.names[0]}"]
        for other in same_name:
            if _near(entry.thing, other.thing, frames=True):
                raise BadInput(f"There are two systems of one name: {_both(entry, other)}.", _TWIN_MEND)
        for other in by_key[f"glyphs {entry.columns.glyphs}"] if entry.columns.glyphs else ():
            if _near(entry.thing, other.thing, frames=False):
                raise BadInput(f"Two systems have the same portal glyphs: {_both(entry, other)}.", _GLYPHS_MEND)


_TWIN_MEND = "Change the one that is there, or say that two systems of one name are meant."
_GLYPHS_MEND = "They are one system: change the one that is there, or correct the glyphs."


def _identity(thing: Thing | None) -> tuple[object, ...] | None:
    """What tells a system from others; None for all that is no system."""
    if not isinstance(thing, System):
        return None
    frame = thing.position.frame if thing.position else ""
    return fold(thing.name), thing.galaxy, thing.reality, address_of(thing), frame


def _near(one: Thing, other: Thing, *, frames: bool) -> bool:
    """Whether two systems may be in one place: what is not recorded tells nothing apart."""
    if not (isinstance(one, System) and isinstance(other, System)) or one.id == other.id:
        return False
    pairs = [(one.galaxy, other.galaxy), (one.reality, other.reality)]
    if frames and one.position and other.position:
        pairs.append((one.position.frame, other.position.frame))
    return all(not a or not b or fold(a) == fold(b) for a, b in pairs)


def _both(entry: Entry, other: Entry) -> str:
    return f"{other.thing.name!r} ({other.thing.id}) and {entry.thing.name!r} ({entry.thing.id})"
