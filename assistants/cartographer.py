"""Cartographer knows places: distances, routes, maps, labels and names of regions. It computes; it never guesses.

Changes to the map viewer's code are asked for like any other change: the Round Table proposes them.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from assistants.base import Assistant
from assistants.findings import Findings, Nature, Source
from assistants.local_words import LocalWords
from assistants.scribing.looks import Aim, look_in
from assistants.scribing.quality import looked
from haven.access import Act, Principal, check
from haven.errors import BadInput, NotFound, error_id
from haven.world import annotating, space
from haven.world.asking import ask
from haven.world.asking.answer import Answer
from haven.world.asking.answering import Answering
from haven.world.asking.chunk import Chunk
from haven.world.asking.chunks import chunks
from haven.world.asking.lexicon import Lexicon
from haven.world.asking.query import Query, Selection, Want
from haven.world.asking.side_by_side import side_by_side
from haven.world.atlas import positions
from haven.world.gazetteer import Atlases, Gazetteer
from haven.world.maps.picture import Format, picture
from haven.world.maps.scene import View, Wish
from haven.world.maps.themes import THEMES
from haven.world.schema import Kind, System
from haven.world.space import Near
from haven.world.which import in_order, which
from haven.world.words import fold

log = logging.getLogger("haven")

CARTOGRAPHER = Assistant(
    name="cartographer",
    title="Cartographer",
    job="maps, distances, routes, coordinates, regions, the map viewer",
    colour="#56b6c2",
    words=(
        *("map", "route", "distance", "nearest", "coordinate", "region", "glyph", "portal", "galax", "navigat", "zoom"),
        *("render", "viewer", "sector", "jump range", "parsec", "light year", "label", "cluster", "star colour"),
    ),
)
T = TypeVar("T")
MOST_SOURCES = 25
NAMES_OF = "names of"
MOST_AHEAD = 200_000
"""Records of a world that is read before anybody asks; a larger one takes its memory when it is needed."""
MOST_CHARS = 1_000
"""Of a question: what is longer is no question about places."""

_DRAW = r"(?:draw|show|make|plot|give|render|export|create|zeichne|zeig\w*|mal|male|mach\w*)"
_A_MAP = (
    r"(?:a |an |the |eine |die )?(?:\w+ )?(?:star |sky |route |picture |bild )?(?:map|chart|sternkarte|karte|picture)\b"
)
_MAP = re.compile(
    r"^\W*(?:please |bitte |can you |could you |kannst du |i want |i'd like |ich will )*(?:me |mir |us )?"
    rf"(?:{_DRAW}\s+(?:me |us |mir |uns )?{_A_MAP}(?! viewer| app| code| button| page)"
    rf"|{_A_MAP}(?=\s+(?:of|around|from|for|near|with|showing|von|um|mit)\b|(?: please| bitte)?[ .!?]*$))",
    re.IGNORECASE,
)
_LABELS = re.compile(
    r"\b(suggest\w*|propose|which|what|vorschl\w*)\b.*\b(labels?|annotations?|beschriftung\w*)\b", re.I
)
_NAMES = re.compile(
    r"\b(suggest\w*|propose|think of|come up with|invent|schlag\w*|vorschl\w*)\b.*\b(names?|namen|call)\b"
    r"|\b(find|give|nenne?|finde)\b.*\b(a|some|any|good|better|new|einen?|gute[nr]?|neue[nr]?) (names?|namen)\b"
    r"|\b(what|how) (could|should|might) we call\b",
    re.IGNORECASE,
)
_ON_A_MAP = re.compile(r"\s*\b(on (a|the) map|auf (einer|der) karte)\b", re.IGNORECASE)
_CLUSTER = re.compile(r"\b(clusters?|group of (?:stars|systems)|haufen|sternhaufen)\b", re.IGNORECASE)
_REGION = re.compile(r"\b(region|sector|gegend)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Neighbours:
    """Systems around one, nearest first; distances in `unit`. `left_out` says why some are not among them."""

    of: System
    systems: tuple[Near, ...]
    unit: str
    left_out: str


class Cartographer:
    """One for all faces. Everything is computed from the gazetteer, in a thread; no model is asked."""

    def __init__(self, atlases: Atlases, words: LocalWords | None = None) -> None:
        """`words`: a local model that may word a name for the map."""
        self._atlases = atlases
        self._words_of_model = words
        self._lexicon: Lexicon | None = None
        self._drawing = asyncio.Semaphore(1)

    async def prepare(self) -> None:
        """Read the world before the first question has to wait for it; where that fails, the question tries again."""
        try:
            if 0 < await self._atlases.size() <= MOST_AHEAD:
                await self._atlases.ask(self._words)
        except Exception:  # nothing else of the house may end because of this
            log.exception("[%s] the world was not read ahead; the first question about it reads it", error_id())

    async def answer(self, question: str, principal: Principal) -> Findings | None:
        """What can be computed about places; None where the question is about something else. Raises AccessDenied."""
        check(principal, Act.ASK)
        text = " ".join(question.split())
        if not text or len(text) > MOST_CHARS:
            return None
        found = await self._atlases.ask(lambda gazetteer: self._answer(text, gazetteer))
        return await self._worded(found, principal) if found is not None and found.query.startswith(NAMES_OF) else found

    async def _worded(self, found: Findings, by: Principal) -> Findings:
        """Suggested names, with one that the local model puts together of their words."""
        if self._words_of_model is None:
            return found
        taken = await self._atlases.ask(annotating.taken_names)
        label = await self._words_of_model.label(found.material, (*taken, *found.material), by)
        added = f"\n- {label}: put together by the local model of the words above" if label else ""
        return replace(found, text=found.text + added)

    async def ask(self, question: str, principal: Principal) -> Answer | None:
        """The computed answer with its rows; None where the question is about something else. Raises AccessDenied."""
        check(principal, Act.ASK)
        return await self._atlases.ask(lambda gazetteer: ask(question[:MOST_CHARS], self._words(gazetteer)))

    async def map(
        self, wish: Wish, *, format: Format = Format.PNG, theme: str = "dark", width: int = 1_200, height: int = 900
    ) -> bytes:
        """A map as a file; one is drawn at a time, so that reviews never wait for many. Raises as `picture` does."""
        async with self._drawing:
            return await self._atlases.ask(
                lambda gazetteer: picture(gazetteer, wish, format=format, theme=theme, width=width, height=height)
            )

    async def near(self, place: str, principal: Principal, count: int = 5, frame: str = "") -> Neighbours:
        """The systems nearest to a place. Raises AccessDenied, NotFound, and BadInput where several are called so."""
        check(principal, Act.READ)

        def found(gazetteer: Gazetteer) -> Neighbours:
            system = gazetteer.system_called(place)
            atlas = gazetteer.atlas(frame or next((point.frame for point in positions(system)), ""))
            near = space.nearest(atlas, atlas.point(system.id), count, without=[system.id])
            return Neighbours(system, tuple(near), atlas.unit, atlas.left_out)

        return await self._atlases.ask(found)

    async def route(self, start: str, end: str, principal: Principal, jump: float | None = None) -> Answer:
        """From one place to another by jumps of at most `jump`, or over recorded links. Raises as `near` does."""
        check(principal, Act.READ)

        def found(gazetteer: Gazetteer) -> Answer:
            ends = [gazetteer.system_called(name) for name in (start, end)]
            one, two = (Selection(ids=(system.id,), name=system.name) for system in ends)
            query = Query(want=Want.ROUTE, subject=one, others=(two,), number=jump)
            return Answering(self._words(gazetteer)).answer(query)

        return await self._atlases.ask(found)

    async def look(self, question: Callable[[Gazetteer], T]) -> T:
        """What `question` finds in the world as it is now; it runs in a thread."""
        return await self._atlases.ask(question)

    def _words(self, gazetteer: Gazetteer) -> Lexicon:
        """The world's words as they are now."""
        if self._lexicon is None or self._lexicon.gazetteer is not gazetteer:
            self._lexicon = Lexicon(gazetteer)
        self._lexicon.refresh()
        return self._lexicon

    def _answer(self, text: str, gazetteer: Gazetteer) -> Findings | None:
        lexicon = self._words(gazetteer)
        if (look := look_in(text, gazetteer)) is not None and look.aim is not Aim.NEWS:
            return looked(look, gazetteer)
        try:
            if _MAP.search(text):
                return _drawn(text, lexicon)
            if _LABELS.search(text):
                return _labelled(_region_in(text, lexicon), gazetteer)
            if _NAMES.search(text) and _CLUSTER.search(text):
                return _cluster_names(text, lexicon)
            if _NAMES.search(text) and _REGION.search(text):
                return _region_names(_region_in(text, lexicon), gazetteer)
        except (NotFound, BadInput) as refused:
            return Findings(refused.full, kind=Nature.NOT_RECORDED)
        answer = side_by_side(text, lexicon) or ask(_ON_A_MAP.sub("", text), lexicon)
        if answer is None:
            return None
        return _pictured(answer, gazetteer) if _ON_A_MAP.search(text) else findings_of(answer)


def _pictured(answer: Answer, gazetteer: Gazetteer) -> Findings:
    """An answer with the map of its route, or of what lies around its first record."""
    systems = (gazetteer.system_of(gazetteer.things[row.id]) for row in answer.rows)
    first = next((one for one in systems if one is not None and one.position is not None), None)
    told = findings_of(answer)
    if not answer.route and first is None:
        return told
    wish = Wish(route=answer.route) if answer.route else Wish(around=first.id if first else "")
    return replace(told, picture=picture(gazetteer, wish))


def findings_of(answer: Answer) -> Findings:
    """An answer as the Round Table takes it: with its sources, its query, and what kind of answer it is."""
    kind = Nature.ASK_BACK if answer.choices else Nature.FACT if answer.recorded else Nature.NOT_RECORDED
    rows = {row.id: row for row in (*answer.rows, *answer.choices)}
    sources = tuple(Source(row.id, row.name, row.kind.value) for row in list(rows.values())[:MOST_SOURCES])
    return Findings(answer.text, sources, kind, answer.query)


def _drawn(text: str, lexicon: Lexicon) -> Findings | None:
    """A map of what the words name: a route, a region, the neighbourhood of a place, or everything."""
    gazetteer = lexicon.gazetteer
    theme = next((name for name in THEMES if re.search(rf"\b{name}\b", text, re.IGNORECASE)), "dark")
    view = View.SIDE if re.search(r"\b(side|seite)\b", text, re.IGNORECASE) else View.TOP
    said, wish, ids = _wished(text, lexicon)
    if wish is None:
        return said
    image = picture(gazetteer, replace(wish, view=view), theme=theme)
    sources = tuple(Source(id, gazetteer.things[id].name, gazetteer.things[id].kind.value) for id in ids[:MOST_SOURCES])
    told = said.text if said is not None else f"The map of {_spoken(wish, gazetteer)}."
    return Findings(told, sources, query=f"map of {_spoken(wish, gazetteer)}, {theme}, {view}", picture=image)


def _spoken(wish: Wish, gazetteer: Gazetteer) -> str:
    if wish.route:
        return f"the route from {gazetteer.things[wish.route[0]].name} to {gazetteer.things[wish.route[-1]].name}"
    if wish.around:
        return f"what lies around {gazetteer.things[wish.around].name}"
    return f"the region {wish.region}" if wish.region else "all systems"


def _wished(text: str, lexicon: Lexicon) -> tuple[Findings | None, Wish | None, list[str]]:
    """What the map is to show, and the records that it is about; without a wish, why there is no map."""
    gazetteer = lexicon.gazetteer
    found = chunks(text, lexicon)
    if any(chunk.one_of("route", "jump") for chunk in found) and sum(bool(chunk.ids) for chunk in found) >= 2:
        answer = ask(re.sub(r"\b(map|chart|karte|picture) (of|von|for) ", "", text, flags=re.IGNORECASE), lexicon)
        if answer is not None and answer.route:
            return findings_of(answer), Wish(route=answer.route), list(answer.route)
        return (findings_of(answer) if answer is not None else None), None, []
    if region := _region_in(text, lexicon):
        inside = [one.id for one in gazetteer.systems if fold(one.region) == fold(region)]
        return None, Wish(region=region), inside
    named = [chunk for chunk in found if chunk.ids]
    if named:
        if (several := _several(named[0], gazetteer)) is not None:
            return several, None, []
        system = _system(named[0], gazetteer)
        if system is None:
            return Findings(f"{named[0].text} lies in no recorded system.", kind=Nature.NOT_RECORDED), None, []
        radius = next((chunk.number for chunk in found if chunk.number is not None), None)
        return None, Wish(around=system.id, radius=radius or 0.0), [system.id]
    if unknown := next((chunk.text for chunk in found if chunk.unknown and chunk.capital and chunk.start > 0), ""):
        text = f"Not recorded: no region and no system is called {unknown!r}, so there is no map of it."
        return Findings(text, kind=Nature.NOT_RECORDED), None, []
    return None, Wish(), []


def _several(chunk: Chunk, gazetteer: Gazetteer) -> Findings | None:
    """The question back where records of one name lie in different systems."""
    things = in_order(gazetteer.things[id] for id in chunk.ids)
    if len({system.id for one in things if (system := gazetteer.system_of(one))}) < 2:
        return None
    sources = tuple(Source(one.id, one.name, one.kind.value) for one in things)
    return Findings(which(things[0].name, things, gazetteer.name_above), sources, Nature.ASK_BACK)


def _system(chunk: Chunk, gazetteer: Gazetteer) -> System | None:
    systems = [gazetteer.system_of(gazetteer.things[id]) for id in chunk.ids]
    return next((one for one in systems if one is not None), None)


def _region_in(text: str, lexicon: Lexicon) -> str:
    """The region that a text names, as it is recorded; "" where it names none."""
    for chunk in chunks(text, lexicon):
        for id in chunk.ids:
            if lexicon.gazetteer.things[id].kind is Kind.REGION:
                return lexicon.gazetteer.things[id].name
        for value in chunk.values:
            if value.concept == "region" and value.exact:
                return value.text
    return ""


def _labelled(region: str, gazetteer: Gazetteer) -> Findings:
    found = annotating.notes(gazetteer, region)
    where = f"the region {region}" if region else "the map"
    if not found:
        return Findings(f"Nothing on {where} stands out enough for a label.", kind=Nature.NOT_RECORDED)
    lines = [f"Labels for {where}:", *(f"- {one.name}: {one.label} ({one.why})" for one in found)]
    sources = tuple({one.id: Source(one.id, one.name, one.label) for one in found}.values())
    return Findings("\n".join(lines), sources, query=f"labels of {where}")


def _region_names(region: str, gazetteer: Gazetteer) -> Findings:
    found = annotating.region_names(gazetteer, region)
    return _suggested(found, f"the region {region}" if region else "the whole map", gazetteer)


def _cluster_names(text: str, lexicon: Lexicon) -> Findings:
    """Names for the systems around the one that the words name."""
    named = next((chunk for chunk in chunks(text, lexicon) if chunk.ids), None)
    if named is not None and (several := _several(named, lexicon.gazetteer)) is not None:
        return several
    system = _system(named, lexicon.gazetteer) if named is not None else None
    if system is None:
        return Findings("Name a system of the cluster.", kind=Nature.ASK_BACK)
    inside = annotating.cluster_around(lexicon.gazetteer, system)
    others = ", ".join(one.name for one in inside[:MOST_SOURCES])
    found = annotating.names_for(lexicon.gazetteer, inside)
    return _suggested(found, f"the cluster of {system.name} ({others})", lexicon.gazetteer)


def _suggested(found: Sequence[annotating.Suggestion], where: str, gazetteer: Gazetteer) -> Findings:
    lines = [f"Names for {where} that no region has yet:", *(f"- {one.name}: {one.why}" for one in found)]
    ids = dict.fromkeys(id for one in found for id in one.ids)
    sources = tuple(Source(id, gazetteer.things[id].name, gazetteer.things[id].kind.value) for id in ids)
    names = tuple(one.name for one in found)
    return Findings("\n".join(lines), sources[:MOST_SOURCES], query=f"{NAMES_OF} {where}", material=names)
