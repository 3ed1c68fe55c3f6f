"""What the local model may word: a summary of a text and a label of the map, each held against what it rests on.

The computed words are there already. The model's are taken only where they say nothing beyond what they rest on; else,
or where there is no such model, the computed ones stand.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from assistants.table.grounding import ungrounded
from haven.access import Principal
from haven.ai.engine import Engine
from haven.ai.task import Privacy, Task, Turn, Where
from haven.errors import HavenError
from haven.quoting import cut_middle, data_block
from haven.world.words import is_stop, plain, word_set, words

log = logging.getLogger("haven.scribe")

MOST_READ = 2_400
"""Characters of a text that a small model is shown."""
SHORTEST, LONGEST = 30, 320
"""Characters of a summary."""
MOST_LABEL = 40
FEWEST = 3
"""Words that a summary must say beside its title."""
_TURNS = word_set(
    "no not never none nobody nothing neither nor without cannot cant didnt wasnt werent isnt hasnt dont doesnt"
    " if unless although perhaps maybe might may would could should said says say claim claims claimed rumour rumoured"
    " legend allegedly supposedly believed believe lie lied false wrong almost nearly hardly barely only until before"
    " after"
)
"""Words that turn a sentence round where they are left out."""
_SENTENCE = re.compile(r"[^.!?]+[.!?]+[\"”»)]*|[^.!?]+$")
_SUMMARY = "Say in one sentence what the entry tells. Use only its own words, names and numbers. Answer as JSON."
_LABEL = "Give this part of a star map a name of two or three words. Use only words of the list. Answer as JSON."


class LocalWords:
    """One for the house."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def summary(self, title: str, text: str, by: Principal) -> str:
        """One sentence by the local model that says what the text says; "" where there is none."""
        shown = cut_middle(text, MOST_READ)
        schema = {"type": "string", "minLength": SHORTEST, "maxLength": LONGEST}
        content = f"{data_block('title', title)}\n{data_block('entry', shown)}"
        said = await self._said(_SUMMARY, content, schema, by, shown)
        return said if is_faithful(said, text, title) else ""

    async def label(self, allowed: Sequence[str], taken: Sequence[str], by: Principal) -> str:
        """A label of words that are allowed, by the local model; "" where there is none that nobody has taken yet."""
        schema = {"type": "string", "minLength": 3, "maxLength": MOST_LABEL}
        said = await self._said(_LABEL, data_block("words", "; ".join(allowed)), schema, by)
        return said if is_label(said, allowed, taken) else ""

    async def _said(self, system: str, content: str, schema: Mapping[str, Any], by: Principal, about: str = "") -> str:
        task = Task(
            kind="summary" if about else "label",
            turns=(Turn("user", content),),
            principal=by,
            purpose="a summary" if about else "a name on the map",
            system=(system,),
            words=content,
            material=(about,) if about else (),
            privacy=Privacy.PRIVATE,
            where=Where.LOCAL,
            schema={
                "type": "object",
                "properties": {"said": schema},
                "required": ["said"],
                "additionalProperties": False,
            },
            max_tokens=96 if about else 24,
        )
        try:
            return " ".join(str((await self._engine.complete(task)).data["said"]).split())
        except HavenError as error:
            log.info("worded without a model: %s", error)
            return ""


def is_faithful(said: str, text: str, title: str = "") -> bool:
    """Whether each sentence of a summary is one of the text's with words left out, and none that turns it round.

    Names and words of several sentences could be put together to something that nobody wrote.
    """
    if not SHORTEST <= len(said) <= LONGEST or said[-1] not in ".!?" or ungrounded(said, title, text):
        return False
    own = frozenset(_content(title))
    known = [(_content(one), _turns(one)) for one in _SENTENCE.findall(text)]
    for sentence in _SENTENCE.findall(said):
        some = [one for one in _content(sentence) if one not in own]
        if len(some) < FEWEST or not any(_left_of(some, of) and _turns(sentence) == turns for of, turns in known):
            return False
    return True


def _left_of(some: Sequence[str], of: Sequence[str]) -> bool:
    """Whether these words stand in that order among those."""
    rest = iter(of)
    return all(one in rest for one in some)


def is_label(said: str, allowed: Sequence[str], taken: Sequence[str]) -> bool:
    """Whether a label is two or three of the words that are allowed, and nobody's yet."""
    known = {one.folded for name in allowed for one in words(name)}
    some = [one.folded for one in words(said)]
    telling = [one for one in some if not is_stop(one)]
    whole = {" ".join(one.folded for one in words(name)) for name in taken}
    fits = 2 <= len(some) <= 4 and len(telling) >= 2 and len(set(some)) == len(some)
    return fits and all(one in known or is_stop(one) for one in some) and " ".join(some) not in whole


def _content(text: str) -> list[str]:
    """The words that carry a sentence, in their plain form."""
    return [plain(one.bare) for one in words(text) if not is_stop(one.bare)]


def _turns(text: str) -> frozenset[str]:
    """The words that deny a sentence, or leave open whether it is so."""
    return frozenset(one.folded for one in words(text)) & _TURNS
