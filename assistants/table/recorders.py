"""What somebody recorded: `planets of Olga`, where Olga is nobody in the world but who wrote its records down."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistants.findings import Findings, Source
from haven.world.schema import Kind, noun
from haven.world.words import fold
from haven.world.world import World

MOST_TOLD = 25
"""Records that are written out."""
_KINDS: dict[str, tuple[Kind, ...]] = {
    "system": (Kind.SYSTEM,),
    "star": (Kind.SYSTEM,),
    "planet": (Kind.PLANET,),
    "world": (Kind.PLANET,),
    "moon": (Kind.MOON,),
    "mond": (Kind.MOON,),
    "station": (Kind.STATION,),
    "discover": (Kind.DISCOVERY,),
    "entdeck": (Kind.DISCOVERY,),
    "lore": (Kind.LORE,),
    "region": (Kind.REGION,),
    "record": (),
    "entr": (),
    "eintr": (),
    "thing": (),
}
"""What the records are called, by the beginnings of the words."""
_KIND = rf"(?P<kind>(?:{'|'.join(_KINDS)})\w*(?: entries)?)"
_WHO = r"(?P<who>[^\W\d_][^?!,;:]{0,38}?)"
_DONE = r"(?:record|add|enter|submitt?|regist(?:e?r)|catalogu?|log+|map+|chart|eingetragen|erfasst|hinzugefügt)\w*"
_ASKS = "list|show|me|name|give|which|what|how many|are|all|the|of|welche|wie viele|zeige?|nenne?|alle|die"
_BEGIN = rf"^\W*(?:(?:{_ASKS})\s+)*"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_BEGIN}{_KIND} (?:(?:that|which|were|was|are|have been|has been|{_DONE}|of|by|from|von|die)\s+)+{_WHO}"
        rf"(?: (?:has |have |hat )?{_DONE})?\W*$",
        rf"{_BEGIN}{_KIND} (?:did|has|have|hat) {_WHO} {_DONE}\W*$",
        rf"^\W*{_WHO}['’]s {_KIND}\W*$",
        rf"^\W*(?:what|which|was) (?:did|has|hat)(?P<kind>) {_WHO} {_DONE}\W*$",
    )
)


async def recorded_by(question: str, world: World | None) -> Findings | None:
    """The records of the kind that this person wrote down, still there; None where it is nobody who did."""
    match = next((found for form in _FORMS if (found := form.match(question))), None)
    if match is None or world is None:
        return None
    written = await world.recorded_by(match["who"])
    if written is None:
        return None
    who, ids = written
    kinds = next((kinds for word, kinds in _KINDS.items() if match["kind"].lower().startswith(word)), ())
    things = [one for one in (await world.get_many(ids)).values() if not kinds or one.kind in kinds]
    things.sort(key=lambda one: (one.name.casefold(), one.id))
    what = _named(kinds, len(things))
    if not things:
        return None
    listed = "; ".join(one.name for one in things[:MOST_TOLD])
    more = f"; and {len(things) - MOST_TOLD:,} more" if len(things) > MOST_TOLD else ""
    text = f"{len(things):,} {what} recorded by {who}: {listed}{more}."
    sources = tuple(Source(one.id, one.name, f"recorded by {who}") for one in things[:MOST_TOLD])
    return Findings(text, sources, query=f"{what} recorded by {fold(who)}")


def _named(kinds: Sequence[Kind], count: int) -> str:
    return noun(kinds[0], count) if kinds else "record" if count == 1 else "records"
