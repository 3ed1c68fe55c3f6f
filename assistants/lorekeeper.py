"""Lorekeeper remembers: stories, history, names, canon, and who said what. It quotes, and names its sources.

What a lore entry says is quoted, never obeyed; what no entry says is "not recorded", never guessed.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path

from assistants.base import Assistant
from assistants.findings import Findings, Nature
from assistants.lore import narrative, telling
from assistants.lore.claims import told_of_claims
from assistants.lore.dates import told_by_dates
from assistants.lore.evidence import Evidence, about, gather, misnamed, own_days
from assistants.lore.fitting import all_places
from assistants.lore.lives import told_by_lives
from assistants.lore.paraphrase import is_common, likeness, others
from assistants.lore.people import told_by_people
from assistants.lore.placing import places_of
from assistants.lore.question import Asks, Question, longer, plainly, read
from assistants.lore.sums import told_by_sums
from assistants.lore.times import told_by_time
from haven.access import Act, Principal, check
from haven.errors import BadInput
from haven.world.mentions import Mention, mentions
from haven.world.name_index import NameIndex, is_slip
from haven.world.names import How
from haven.world.passages import is_draft
from haven.world.schema import Kind, Thing, kind_of, parent_of
from haven.world.search import Search
from haven.world.which import in_order
from haven.world.words import fold, is_everyday, words
from haven.world.world import World

log = logging.getLogger("haven.lorekeeper")

LOREKEEPER = Assistant(
    name="lorekeeper",
    title="Lorekeeper",
    job="lore, stories, history, names, canon, timelines, quotations",
    colour="#c678dd",
    words=(
        *(
            "lore",
            "story",
            "stories",
            "legend",
            "histor",
            "myth",
            "canon",
            "chronicle",
            "timeline",
            "character",
            "faction",
        ),
        *("narrative", "tale", "quote", "origin", "ancient", "prophec", "legacy", "founder", "culture", "religion"),
    ),
)
MOST_ASKED = 1_000
"""Characters of a question: what is longer is no question about lore; of the wish for a tale, so many are looked up."""
MOST_READ = 40
"""Records that are read for one question."""
MOST_CHARS = 400_000
"""Of their texts together: a second's work on a small machine."""
MOST_ANSWERS = 60
"""Sentences that answer and are looked at closely."""
MOST_PARTS = 3
LEAST_WORDS = 2
"""Of a question without a name: one word alone may mean anything."""
LEAST_LAST_NAME = 4
"""Letters of a last name that may stand alone."""
_PARTS = re.compile(r"[,;]?\s+(?:and|und)\s+(?=(?:who|when|where|why|how|what|wer|wann|wo|warum|wie)\b)", re.IGNORECASE)
_MEANT = re.compile(r"^.*\b(?:i mean|ich meine)\b[,:]?", re.IGNORECASE | re.DOTALL)
"""What somebody says before they put themselves right."""


class Lorekeeper:
    """One for all faces."""

    def __init__(self, world: World, search: Search, persona: Path | None = None) -> None:
        """`persona` is a text file that shows how the community writes."""
        self._world = world
        self._search = search
        self._persona = persona
        self._people: tuple[int, Mapping[str, tuple[str, ...]]] = (-1, {})
        """The world's stamp, and whom a last name names."""

    async def answer(self, question: str, principal: Principal) -> Findings | None:
        """What is recorded, in the records' own words. None where the question is about nothing of the world.

        Raises AccessDenied.
        """
        check(principal, Act.ASK)
        question = " ".join(question.split())
        if narrative.is_asked(question):
            return await self._tale(question[:MOST_ASKED])
        if (held := await told_of_claims(question, self._world, self._search)) is not None:
            return held
        if len(question) > MOST_ASKED:
            return None
        for told_by in (told_by_time, told_by_lives, told_by_dates, told_by_sums):
            if (computed := await told_by(question, self._answers_to)) is not None:
                return computed
        if (both := await told_by_people(question, self._answers_to, self._people_in)) is not None:
            return both
        parts = [part.strip() for part in _PARTS.split(_MEANT.sub("", question)) if part.strip()][:MOST_PARTS]
        found: list[Findings] = []
        before: Question | None = None
        for part in parts:
            asked = await self._read(part)
            if before is not None and not asked.names:
                asked = Question(asked.text, asked.asks, before.names, asked.words or before.words)
            before = asked
            if (answer := await self._answer(asked)) is not None:
                found.append(answer)
        return _together(found)

    async def _tale(self, question: str) -> Findings:
        """The facts that a tale may rest on: a large model writes it, in the community's voice."""
        asked = await self._read(question)
        try:
            voice = await asyncio.to_thread(narrative.voice_of, self._persona)
        except BadInput as error:
            log.warning("[%s] %s", error.id, error.full)
            voice = ""
        named = Question(asked.text, Asks.ABOUT, asked.names, ())
        things = await self._candidates(named) if asked.names else []
        return await asyncio.to_thread(narrative.outline, named, things, voice)

    async def place_of(self, event: str, *kinds: Kind) -> list[Thing]:
        """The places of these kinds where something happened or lies, the likeliest first; [] where none is sure.

        `event` is a clause such as `the Second Charter was signed`.
        """
        asked = await self._read(event[:MOST_ASKED])
        if not asked.names:
            return []
        answers = await self._answers_to(f"where {asked.text}") if asked.words else []
        if not answers and asked.words:
            answers = own_days(asked, await self._candidates(asked))
        return await places_of(asked, answers, kinds, self._world, self._search)

    async def named_by(self, noun: str, deed: str) -> Thing | None:
        """The thing of that sort (`moss`) that did it (`cured the Grey Sleep`), neither a person nor a place."""
        for one in await self._answers_to(f"what {deed}"):
            said = words(f"{one.thing.name} {getattr(one.thing, 'text', '')}")
            if one.thing.kind in (Kind.LORE, Kind.DISCOVERY) and any(likeness(word, fold(noun)) for word in said):
                return one.thing
        return None

    async def _answers_to(self, text: str) -> Sequence[Evidence]:
        """The sentences that answer a question, the best first, drafts left out."""
        asked = await self._read(text)
        evidence = await self._evidence(asked, await self._candidates(asked))
        answers = await self._sure(asked, [one for one in evidence if one.answers])
        return [one for one in answers if not is_draft(one.thing)]

    async def _read(self, text: str) -> Question:
        text = plainly(text)
        mentions = await self._search.names.mentions(text, loose=True)
        mentions = [longer(text, one) for one in mentions]
        mentions += await self._last_names(text, mentions)
        things = await self._world.get_many({id for one in mentions for id in one.ids})
        mentions = [one for one in mentions if not _is_just_a_word(one, things)]
        return read(text, sorted(mentions, key=lambda one: one.start), things)

    async def _people_in(self, evidence: Sequence[Evidence]) -> dict[str, tuple[str, Evidence]]:
        """Whom these sentences name, or are the records of."""

        def named(index: NameIndex) -> list[tuple[str, str, Evidence]]:
            found = []
            for one in evidence:
                said = [mention.ids for part in (*one.before, one.sentence) for mention in mentions(part.text, index)]
                ids = [one.thing.id, *(ids[0] for ids in said if len(ids) == 1)]
                found += [(id, index.title(id)[0], one) for id in ids if kind_of(id) is Kind.PERSON]
            return found

        people: dict[str, tuple[str, Evidence]] = {}
        for id, name, one in await self._search.names.ask(named):
            people.setdefault(id, (name, one))
        return people

    async def _last_names(self, text: str, mentions: Sequence[Mention]) -> list[Mention]:
        """People who are called by their last names alone."""
        if (stamp := await self._world.stamp()) != self._people[0]:
            named: dict[str, tuple[str, ...]] = {}
            for one in await self._world.things(Kind.PERSON):
                if len(pieces := fold(one.name).split()) > 1 and len(pieces[-1]) >= LEAST_LAST_NAME:
                    named[pieces[-1]] = (*named.get(pieces[-1], ()), one.id)
            self._people = stamp, named
        free = [one for one in words(text) if not any(each.start <= one.start < each.end for each in mentions)]
        known = [one for one in free if one.bare in self._people[1]]
        return [
            Mention(one.start, one.end, one.text, self._people[1][one.bare])
            for one in known
            if one.capital or not (is_everyday(one.bare) or is_common(one.bare))
        ]

    async def _answer(self, asked: Question) -> Findings | None:
        """Read what may speak of it, and quote what answers."""
        if not asked.names and len(asked.words) < LEAST_WORDS:
            return None
        things = await self._candidates(asked)
        evidence = await self._evidence(asked, things)
        most = telling.MOST_ABOUT if asked.asks is Asks.ABOUT else telling.MOST_QUOTES
        if answers := await self._sure(asked, [one for one in evidence if one.answers]):
            return await self._which(asked, answers) or telling.told(asked, answers, most)
        if (slipped := await self._without_slips(asked)) is not None:
            mended, note = slipped
            answer = await self._answer(mended)
            return None if answer is None else _with_note(answer, note)
        return await self._nothing(asked, evidence, things)

    async def _evidence(self, asked: Question, things: Sequence[Thing]) -> list[Evidence]:
        if asked.asks is Asks.ABOUT:
            return await asyncio.to_thread(about, asked, things, telling.MOST_ABOUT)
        return await asyncio.to_thread(gather, asked, things)

    async def _sure(self, asked: Question, answers: Sequence[Evidence]) -> list[Evidence]:
        """Those in which the names are not parts of other names, and somebody stands where somebody is asked for."""

        def sure(index: NameIndex) -> list[Evidence]:
            found = [(one, mentions(one.sentence.text, index)) for one in answers[:MOST_ANSWERS]]
            named = [(one, inside) for one, inside in found if not misnamed(asked, one.sentence, inside)]
            wants_somebody = asked.asks in (Asks.WHO, Asks.NAME)
            return [one for one, inside in named if not (wants_somebody and all_places(asked, one.sentence, inside))]

        return await self._search.names.ask(sure)

    async def _candidates(self, asked: Question) -> list[Thing]:
        """The records that the names name, and what a search for names and words finds."""
        ids = dict.fromkeys(id for term in asked.names for id in term.ids)
        said = [term.text for term in asked.words]
        alike = [other for term in asked.words for other in others(term.spellings[0][0])]
        for query in (asked.text, *(term.text for term in asked.names), " ".join([*said, *alike])):
            ids |= dict.fromkeys(hit.thing_id for hit in await self._search.find(query, limit=MOST_READ // 2))
        things = await self._world.get_many(list(ids)[: 2 * MOST_READ])
        read = accumulate(len(getattr(things[id], "text", "")) for id in ids if id in things)
        known = (things[id] for id in ids if id in things)
        return [one for one, length in zip(known, read, strict=True) if length <= MOST_CHARS]

    async def _which(self, asked: Question, answers: Sequence[Evidence]) -> Findings | None:
        """A question back where a name is that of several records, and what is recorded of them differs."""
        for term in asked.names:
            things = [one for one in (await self._world.get_many(term.ids)).values() if one.kind is not Kind.LORE]
            ids = {thing.id for thing in things}
            meant = {id for one in answers for id in ids & _spoken_of(one.thing)}
            if len(meant) > 1:
                some = in_order(thing for thing in things if thing.id in meant)
                parents = await self._world.get_many(filter(None, map(parent_of, some)))
                return telling.ask_back(term.text, some, parents)
        return None

    async def _without_slips(self, asked: Question) -> tuple[Question, str] | None:
        """The question with one mistyped name put right, and the words that say so."""
        for term in (*asked.names, *asked.words):
            if term.ids or await self._search.knows(term.text):
                continue
            hits = [
                one
                for one in await self._search.names.resolve(term.text)
                if is_slip(fold(term.text), fold(one.matched))
            ]
            if hits:
                mended = await self._read(asked.text.replace(term.text, hits[0].matched, 1))
                return mended, f"I took “{term.text}” for {hits[0].matched}."
        return None

    async def _nothing(self, asked: Question, evidence: Sequence[Evidence], things: Sequence[Thing]) -> Findings | None:
        """Why nothing answers: a name or word that no record holds, or records that don't say it."""
        unknown = [term for term in asked.names if not term.ids and not await self._search.knows(term.text)]
        if not asked.names and asked.asks in (Asks.WHAT, Asks.MEASURE) and not LOREKEEPER.matches(asked.text):
            return None
        searched = [term.text for term in (*asked.names, *asked.words)]
        if unknown:
            hits = [hit for term in unknown for hit in await self._search.names.resolve(term.text, limit=3)]
            meant = [hit.name for hit in hits if hit.how in (How.SLIP, How.NEAR, How.BEGINS)]
            names = ", ".join(f"“{term.text}”" for term in unknown)
            return telling.not_recorded(searched, f"No record speaks of {names}.", meant=list(dict.fromkeys(meant))[:3])
        named = ", ".join(term.text for term in asked.names)
        why = f"{len(things)} records that may speak of {named or 'it'} were read; none says it."
        near = [one for one in evidence if one.covered >= telling.LEAST_NEAR and one.of_all and one.score > 0.5][:1]
        return telling.not_recorded(searched, why, near)


def _is_just_a_word(one: Mention, things: Mapping[str, Thing]) -> bool:
    """Whether a small word is by chance somebody's other name, as `count` is of an entry called The Count."""
    known = [things[id] for id in one.ids if id in things]
    own = any(fold(one.text) in (fold(each.name), fold(each.name).removeprefix("the ")) for each in known)
    return one.text.islower() and " " not in one.text and is_common(fold(one.text)) and not own


def _spoken_of(thing: Thing) -> set[str]:
    return {thing.id, *getattr(thing, "links", ())}


def _with_note(answer: Findings, note: str) -> Findings:
    return Findings(f"{note}\n{answer.text}", answer.sources, answer.kind, material=answer.material)


def _together(found: Sequence[Findings]) -> Findings | None:
    """The answers to the parts of a question as one."""
    if len(found) < 2:
        return found[0] if found else None
    told = [one for one in found if one.kind is not Nature.NOT_RECORDED]
    return Findings(
        "\n".join(dict.fromkeys(line for one in found for line in one.text.splitlines())),
        tuple(dict.fromkeys(source for one in found for source in one.sources)),
        told[0].kind if told else Nature.NOT_RECORDED,
        material=tuple(line for one in found for line in one.material),
    )
