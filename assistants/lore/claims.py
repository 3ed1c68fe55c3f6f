"""Whether something that a person says would fit canon: the claim is taken out of the question and held against it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistants.findings import Findings, Nature, Source
from assistants.lore.checking import Checked, check_draft
from haven.world.passages import is_draft
from haven.world.schema import Lore, Thing
from haven.world.search import Search
from haven.world.timeline import Clash
from haven.world.world import World

MOST_CHARS = 20_000
"""Of a draft that is pasted into a question."""
SHOWN = 5
_ASKS = re.compile(
    r"\b(?:canon|kanon|contradict\w*|contradiction\w*|inconsisten\w*|clash\w*|at odds|widerspr\w+|draft|entwurf)\b",
    re.IGNORECASE,
)
_TRUE = re.compile(
    r"^\W*(?:is it|isn't it|ist es|stimmt es)\s*(?:canon|true|right|correct|wahr|richtig|so)?,?\s*(?:that|dass)\s+"
    r"(?P<claim>.+?)\W*$",
    re.IGNORECASE,
)
_SOMEBODY = r"(?:it|she|he|they|the draft|my draft|mine|i|we|er|sie|es|da)"
_SAY = r"(?:says?|said|writes?|wrote|tells?|claims?|states?|schrieb\w*|sagt|steht)"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE | re.DOTALL)
    for form in (
        r"\b(?:contradict|against|canon|draft|kanon|entwurf|contradictions?|contradicts)\b[^:?!.]{0,60}:\s*(?P<claim>.+)$",
        rf"[?!.]\s+{_SOMEBODY}\s+{_SAY}(?:\s+(?:that|there|dass))?[,:]?\s+(?P<claim>.+)$",
        r"\b(?:wrong|right|mistaken|allowed|correct|falsch|richtig)\s+(?:to|in)\s+(?:say|write|claim|state)(?:ing)?"
        r"(?:\s+that)?\s+(?P<claim>.+)$",
        r"\b(?:if|that|wenn|dass|ob)\s+(?P<claim>.+)$",
    )
)
_SAYS = re.compile(r"[\"“„](?P<claim>[^\"”“]{12,})[\"”“]")


def claim_in(question: str) -> str:
    """What is claimed in a question whether it fits canon; "" where nothing is."""
    if not _ASKS.search(question):
        return ""
    for form in (_SAYS, *_FORMS):
        if match := form.search(question):
            claim = match["claim"].strip(' ?."“”')
            return f"{claim[:1].upper()}{claim[1:]}." if len(claim.split()) > 2 else ""
    return ""


async def told_of_claims(question: str, world: World, search: Search) -> Findings | None:
    """What canon says to it, both sides cited; None where the question claims nothing, or rules can't read it."""
    if len(question) > MOST_CHARS or not (_ASKS.search(question) or _TRUE.match(question)):
        return None
    plain = _TRUE.match(question)
    claim = plain["claim"] if plain else claim_in(question)
    found = await search.names.mentions(question, loose=True)
    things = await world.get_many({id for one in found for id in one.ids})
    if not claim:
        entry = next((one for one in things.values() if isinstance(one, Lore) and is_draft(one)), None)
        return _told(await check_draft(entry, world, search), entry.name) if entry is not None else None
    first = next((things[id] for one in found for id in one.ids if id in things), None)
    checked = await check_draft(_as_draft(f"{claim.rstrip('.')}.", first), world, search)
    surely = bool(_ASKS.search(question))
    if checked.check.clashes or (surely and checked.check.compared):
        return _told(checked, "")
    return None


def _as_draft(claim: str, about: Thing | None) -> Lore:
    """The claim as an entry about the first name of the question, so that `she` in it has somebody to mean."""
    return Lore(name=about.name if about is not None else "A claim", text=f"{claim[:1].upper()}{claim[1:]}")


def _told(checked: Checked, name: str) -> Findings:
    clashes = checked.check.clashes[:SHOWN]
    of = f" of {name}" if name else ""
    if not clashes:
        many = checked.check.compared
        text = (
            f"Nothing{of} contradicts canon, as far as rules can read it: {many} of its statements could be compared."
            if many
            else f"Rules could compare no statement{of} with canon, so that nothing can be said."
        )
        return Findings(text, kind=Nature.FACT if many else Nature.NOT_RECORDED, query="held against canon")
    lines = [f"Yes, it contradicts canon{of}:" if name else "Canon says otherwise:", *(_cited(one) for one in clashes)]
    return Findings("\n".join(lines), tuple(_sources(clashes)), query="held against canon")


def _cited(one: Clash) -> str:
    known = one.known.sentence
    return f"- {one.why} “{known.text}” ({known.thing.name})"


def _sources(clashes: Sequence[Clash]) -> list[Source]:
    known = (one.known.sentence for one in clashes)
    return list({one.text: Source(one.thing.id, one.thing.name, one.where, one.text) for one in known}.values())
