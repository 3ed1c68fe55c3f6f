"""Facts first: what the assistants find out by themselves, the seated one before the others."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from assistants.base import Answerer
from assistants.findings import Findings, Nature
from assistants.lore.tales import Tales
from assistants.scribe import SCRIBE
from assistants.scribing.bulk import is_ordered
from assistants.scribing.handing import is_handed_in
from assistants.sentry.subjects import subject_of
from assistants.table.choosing import Choosing
from assistants.table.core import Named, Naming, core
from assistants.table.recorders import recorded_by
from haven.access import Principal
from haven.errors import HavenError
from haven.world.mentions import mentions
from haven.world.name_index import NameIndex
from haven.world.names import Names
from haven.world.schema import kind_of
from haven.world.telling import Aim, notice_of
from haven.world.watches import Watches, outcome, promise
from haven.world.world import World

log = logging.getLogger("haven.round_table")

CONSULTED = ("cartographer", "lorekeeper", "scribe", "sentinel")
"""Whom the seated assistant asks. They only look; who acts does so only where it has the seat."""
STEPS = "lorekeeper and cartographer"
"""Who answers a question of two steps: one tells which place is meant, the other what is recorded of it."""
OF_THE_WORLD = frozenset({"cartographer", "lorekeeper"})
"""Whose questions are about the world, and nothing else."""
TOLD = (Nature.FACT, Nature.QUOTATION)
Ask = Callable[[str, Principal], Awaitable[Findings | None]]
"""What an `Answerer` does."""


class Act(Protocol):
    """What somebody does who acts where they have the seat: once for each `key`."""

    async def __call__(self, question: str, principal: Principal, *, key: str = "") -> Findings | None: ...


_QUESTION = re.compile(
    r"\?\s*$|^\s*(who|whom|whose|what|whats|when|where|which|wich|why|how|is|are|was|were|do|does|did|has|have|can|could"
    r"|tell|list|show|count|name|wer|wen|wem|wessen|was|wann|wo|woher|wohin|welche[nrsm]?|warum|wieso|weshalb|wie"
    r"|ist|sind|war|hat|gibt|nenne|zeige?)\b",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"^\s*(please |pls |bitte )?(add|set|change|correct|rename|replace|update|edit|fix|make|create|write|put|fill"
    r"|record|submit|enter|register|delete|remove|generate|draw|render|export|import|plan|suggest|mark|label|annotate|compose"
    r"|tag|translate|explain|help|check|compare|zeichne|schreib|erstelle|füge|setze|ändere|plane|mach)\w*\b",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\b(how to\b|how (do|can|could|should|would|might) (i|we|you|one|someone)\b|should (i|we)\b|do you (think|like)\b"
    r"|(can|could|would|will) you (?!tell|say|list|show|find|name|count)|wie (kann|mache|soll|könnte)\b|kannst du"
    r"|könntest du|soll(te|en)? (ich|wir)\b)",
    re.IGNORECASE,
)
_CAPITAL = re.compile(
    r"(?<=[a-z,;] )(?!Pi\b|Raspberry|Python|Linux|Git|English|German|\w+day\b|January|February|March|April|June|July"
    r"|August|September|October|November|December)[A-Z][a-z'’]+"
)
_GERMAN = re.compile(r"\b(der|die|das|den|dem|ist|sind|wie|wer|was|ein|eine|und|von|auf|im|am|bitte)\b", re.IGNORECASE)
_HOUSE = re.compile(
    r"\b(haven|round table|sentinel(?!s\b| (?:level|activity|presence))|cartographer|scribe|lorekeeper|assistants?"
    r"|claude|discord|kiosk|dashboard)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Consulted:
    """What one assistant found; None: it has nothing to say to it."""

    name: str
    findings: Findings | None


class Facts:
    """One for the Round Table: what can be looked up, by whom, and what the world's names are."""

    def __init__(
        self,
        answerers: Mapping[str, Answerer],
        world: World | None = None,
        names: Names | None = None,
        watches: Watches | None = None,
        hops: Answerer | None = None,
        acts: Mapping[str, Act] | None = None,
        tales: Tales | None = None,
    ) -> None:
        """`hops` answers questions of two steps, before anybody takes them for one.

        `acts`: what those do who act where they have the seat. `tales`: who keeps what a model has told.
        """
        self._answerers = dict(answerers)
        self._acts = dict(acts or {})
        self._tales = tales
        self._world = world
        self._names = names
        self._watches = watches
        self._hops = hops
        self.choosing = Choosing(names, world)

    async def consult(
        self, text: str, seated: str, principal: Principal, *, key: str = "", acting: bool = True
    ) -> AsyncGenerator[Consulted, None]:
        """Ask the seated assistant, then the others, until one of them has a fact; only the seated one acts.

        A second delivery of one `key` does nothing twice; without `acting` nobody acts at all.

        After a quotation the rest are asked as well: one may know a fact, or that the very field for it is empty. The
        Sentinel speaks of the machine: where a place is named it comes last, and says nothing of what is asked of that.
        """
        if self._hops is not None and (found := await self._asked(STEPS, self._hops.answer, text, principal, seated)):
            yield Consulted(STEPS, found)
            if found.kind is Nature.FACT:
                return
        names = await self.names_in(text)
        first = seated if seated != "sentinel" or not names else CONSULTED[0]
        for name in dict.fromkeys((first, *CONSULTED, seated)):
            if name == "sentinel" and names and not subject_of(text, names):
                yield Consulted(name, None)
            elif (answerer := self._answerers.get(name)) is not None:
                act = self._acts.get(name) if name == seated and acting else None
                ask = partial(act, key=key) if act is not None else answerer.answer
                findings = await self._asked(name, ask, text, principal, seated)
                yield Consulted(name, findings)
                if findings is not None and findings.kind is Nature.FACT:
                    return
        if (written := await recorded_by(text, self._world)) is not None:
            yield Consulted(SCRIBE.name, written)

    async def _asked(self, name: str, ask: Ask, text: str, principal: Principal, seated: str) -> Findings | None:
        """What one says; where its own code fails, that is logged and the others are asked."""
        try:
            return await ask(text, principal)
        except HavenError:
            if name == seated:
                raise
            return None
        except Exception:
            log.exception("%s failed over a question", name)
            return None

    async def watch(self, text: str, principal: Principal, place: Mapping[str, Any]) -> Findings | None:
        """Where somebody wants to hear of what comes, they are told once, at `place`; where no more, that watch ends.

        Raises BadInput, AccessDenied.
        """
        notice = notice_of(text) if self._watches is not None else None
        if notice is None or self._watches is None:
            return None
        if notice.aim is Aim.BEGIN:
            watch = await self._watches.add(text, principal, place)
            return Findings(promise(watch), query=f"watch {watch.understood}")
        done = await self._watches.heed(notice, principal)
        return Findings(outcome(done, notice), kind=Nature.ASK_BACK if done.several else Nature.FACT, query="watches")

    async def keep_tale(self, text: str, asked: str, model: str, principal: Principal, key: str) -> str:
        """Keep what a model has told as a draft, and what to say of that; "" where nobody keeps tales."""
        return await self._tales.kept(text, asked, model, principal, key=key) if self._tales is not None else ""

    def is_to_keep(self, text: str) -> bool:
        """Whether a text, as it was typed, hands in a record or orders an edit of many."""
        return is_handed_in(text) or is_ordered(text)

    def writes(self, text: str, seated: str) -> bool:
        """Whether the answer would be kept in the person's words: a draft that others read, or a watch."""
        if self._watches is not None and (notice := notice_of(text)) is not None:
            return notice.aim is Aim.BEGIN
        return seated == SCRIBE.name and seated in self._answerers and self.is_to_keep(text)

    async def core(self, text: str, earlier: str = "") -> str:
        """What of the text asks, with the names put in that it points at; a text that is handed in stays whole."""
        if self._names is None or ("?" not in text and self.is_to_keep(text)):
            return text
        return await self._names.ask(lambda index: core(text, _naming(text, index), earlier))

    async def names_in(self, text: str) -> list[str]:
        """The names of the world that a text speaks of, each once, as it spells them."""
        if self._names is None:
            return []
        return list(dict.fromkeys(mention.text for mention in await self._names.mentions(text)))

    async def could_know(self, text: str) -> bool:
        """Whether "not recorded" says anything: something is recorded, and no question is about this house itself."""
        return self._world is not None and not _HOUSE.search(text) and bool(await self._world.counts())


def _naming(text: str, index: NameIndex) -> Naming:
    """What finds the names in parts of a text; names without their capitals only where it has no others."""
    loose = not mentions(text, index)

    def names(part: str) -> list[Named]:
        found = mentions(part, index, loose=loose)
        return [Named(one.text, frozenset(map(kind_of, one.ids))) for one in found]

    return names


def is_question(text: str) -> bool:
    """Whether it asks for something that could be recorded, rather than orders something or wants advice.

    Bare words ("ocean planets within 50 of Venture") are a question.
    """
    return not _ADVICE.search(text) and bool(_QUESTION.search(text) or not _ORDER.search(text))


def speaks_of_a_name(text: str) -> bool:
    """Whether an English text holds a name, known or not: a capital within a sentence."""
    return not _GERMAN.search(text) and _CAPITAL.search(text) is not None


def best(found: list[Consulted], seated: str, *, question: bool) -> Findings | None:
    """Of all findings a fact, else a question back, a quotation, or that it is not recorded; the seated one's first.

    An order is not answered by what somebody doesn't know, save by who was to do it. Where the very field that is asked
    for is empty, that is said before a text is quoted which may mean something else.
    """
    told = [one for one in found if question or one.name == seated or _kind(one) in TOLD]
    if not question and seated != "cartographer":
        told = [one for one in told if _kind(one) is not Nature.NOT_RECORDED]
    for kind in Nature.FACT, Nature.ASK_BACK, Nature.QUOTATION, Nature.NOT_RECORDED:
        for one in told:
            if one.findings is not None and one.findings.kind is kind:
                return _beside(one.findings, told)
    return None


def _beside(chosen: Findings, told: list[Consulted]) -> Findings:
    """A quotation behind the word that the field for it is empty, where somebody knows that."""
    known = [one.findings for one in told if one.findings is not None]
    empty = next((one for one in known if one.kind is Nature.NOT_RECORDED and one.sources), None)
    if chosen.kind is not Nature.QUOTATION or empty is None:
        return chosen
    text = f"{empty.text}\nWhat a text says of it, and may be something else:\n{chosen.text}"
    return replace(empty, text=text, sources=(*empty.sources, *chosen.sources))


def unrecorded(names: list[str]) -> Findings:
    """The answer where nobody found anything."""
    of = f" of {', '.join(names)}" if names else ""
    return Findings(
        f"That is not recorded. The records{of} were searched, by their names, fields and texts; none says it.",
        kind=Nature.NOT_RECORDED,
    )


def _kind(one: Consulted) -> Nature | None:
    return one.findings.kind if one.findings is not None else None
