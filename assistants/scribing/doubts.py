"""What a sentence may say of a field where the rules can't tell: the word stands in it, and the field's noun does.

It is asked; a local model that can tell picks one of the words, or that none is said: it can't say more.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistants.scribing.clauses import FIELDS, NOTHING, Own, is_in, listed, with_values
from haven.access import Principal
from haven.ai.engine import Engine
from haven.ai.task import Privacy, Task, Turn, Where
from haven.errors import HavenError
from haven.quoting import data_block
from haven.world.schema import Kind, Thing
from haven.world.words import words

log = logging.getLogger("haven.scribe")

NOT_SAID = "not said"
MOST = 6
"""Doubts of one record that are asked."""
MOST_CHARS = 400
"""Of a sentence: what is longer says too many things at once."""
_SENTENCE = re.compile(r"[^.!?\n]+")
_SYSTEM = (
    "Read what a person reports of a place in a game. Choose for each field the word that is said of that place. "
    f'Choose "{NOT_SAID}" where it says none, denies it, or speaks of something else. Answer as JSON.'
)


@dataclass(frozen=True)
class Doubt:
    """`sentence` has these words, one of which may be what the record holds in that field."""

    id: str
    record: str
    field: str
    choices: tuple[str, ...]
    sentence: str

    def note(self, value: str) -> str:
        """For a person who looks at the record: what was read, and by whom."""
        return (
            f"{self.record}: {self.field.replace('_', ' ')} {value} is what the local model reads in “{self.sentence}”."
        )

    @property
    def question(self) -> str:
        said = " or ".join(self.choices)
        return f"{self.record}: is its {self.field.replace('_', ' ')} {said}, as “{self.sentence}” may say?"


@dataclass(frozen=True)
class Settled:
    """The records, the doubts that are left, and a note for each that is not."""

    things: tuple[Thing, ...]
    left: tuple[Doubt, ...]
    notes: tuple[str, ...] = ()


def _exam(field: str, sentence: str, wanted: str, *others: str) -> tuple[Doubt, str]:
    told = (wanted,) if wanted != NOT_SAID else ()
    return Doubt("", "Meadow", field, (*others, *told), sentence), wanted


EXAM = (
    _exam("flora", "The plants, as far as we walked, are sparse", "Sparse"),
    _exam("economy", "Its economy, they told us, was mining long ago and is trading today", "Trading", "Mining"),
    _exam("conflict", "We argued about the conflict, and our tempers were high", NOT_SAID, "High"),
    _exam("star", "The star lit a ship whose hull was red", NOT_SAID, "Red"),
    _exam("sentinels", "The sentinels that the pilot met there were, he says, aggressive", "Aggressive"),
    _exam("weather", "We spoke of the weather at home, which is humid", NOT_SAID, "Humid"),
)
"""Sentences of which it is known what they say; who gets one of them wrong would fill in what nobody said."""


def doubts(kind: Kind, rest: str, whole: str, found: Mapping[str, object], own: Own) -> Iterator[tuple[str, Doubt]]:
    """The fields and what may be said of them, without the record; `rest` is the text without what was understood."""
    fields = [name for name, kinds in FIELDS.items() if kind in kinds and name not in found]
    for match in _SENTENCE.finditer(rest):
        sentence = " ".join(whole[match.start() : match.end()].split())
        if len(sentence) > MOST_CHARS:
            continue
        clause = with_values(words(match[0]), fields, own)
        cued = {name for name in fields for one in clause.pieces if one.bare in listed("cues", name)}
        denied = any(is_in(one, "negation") for one in clause.pieces)
        for name in fields:
            told = (forms.get(name, "") for _, end, forms in clause.values if not clause.of_a_noun(end))
            values = [value for value in told if value not in ("", *NOTHING)]
            if name in cued and values and not denied:
                yield name, Doubt("", "", name, tuple(dict.fromkeys(values)), sentence)


class SecondReader:
    """The local model, where it can tell. It shows once that it can, on the sentences of an exam: a small one can't."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._passed: bool | None = None

    async def settled(self, things: Sequence[Thing], open_: Sequence[Doubt], by: Principal) -> Settled:
        """The records with what the model chose; all as it was where there is none that can tell."""
        if not await self._can_tell(by):
            return Settled(tuple(things), tuple(open_))
        of: dict[str, list[Doubt]] = defaultdict(list)
        for doubt in open_:
            of[doubt.id].append(doubt)
        changed: list[Thing] = []
        left: list[Doubt] = []
        notes: list[str] = []
        for thing in things:
            chosen = await self._chosen(of[thing.id][:MOST], by)
            changed.append(thing.model_copy(update=chosen))
            left += [doubt for doubt in of[thing.id] if doubt.field not in chosen]
            notes += [one.note(chosen[one.field]) for one in of[thing.id] if one.field in chosen]
        return Settled(tuple(changed), tuple(left), tuple(notes))

    async def _can_tell(self, by: Principal) -> bool:
        if self._passed is None:
            said = [await self._asked([doubt], by) for doubt, _ in EXAM]
            if None in said:
                return False  # it may come later
            answers = [(one or {}).get(doubt.field, NOT_SAID) for (doubt, _), one in zip(EXAM, said, strict=True)]
            right = sum(answer == wanted for answer, (_, wanted) in zip(answers, EXAM, strict=True))
            self._passed = right == len(EXAM)
            log.info("the local model told %d of %d sentences right", right, len(EXAM))
        return self._passed

    async def _chosen(self, some: Sequence[Doubt], by: Principal) -> dict[str, str]:
        return (await self._asked(some, by) or {}) if some else {}

    async def _asked(self, some: Sequence[Doubt], by: Principal) -> dict[str, str] | None:
        """What the model says of each field, without those that it finds not said; None where it can't be asked."""
        fields = {one.field: {"enum": [NOT_SAID, *one.choices]} for one in some}
        sentences = "\n".join(dict.fromkeys(one.sentence for one in some))
        task = Task(
            kind="record",
            turns=(Turn("user", f"{data_block('place', some[0].record)}\n{data_block('report', sentences)}"),),
            principal=by,
            purpose="read a report",
            system=(_SYSTEM,),
            words=sentences,
            privacy=Privacy.PRIVATE,
            where=Where.LOCAL,
            schema={"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False},
            max_tokens=24 + 24 * len(fields),
        )
        try:
            told = (await self._engine.complete(task)).data
        except HavenError as error:
            log.info("a report was read without a model: %s", error)
            return None
        choices = {one.field: one.choices for one in some}
        return {field: value for field, value in dict(told).items() if value in choices[field]}
