"""Questions about places in plain language: read into a typed query, computed, and said with the records it rests on.

`ask` is the way in. It needs no model: the rules know the world's own words (lexicon.py), the phrases of questions
(phrases.toml), and say which part of a question they don't understand.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import replace

from haven.errors import BadInput
from haven.world.asking.answer import Answer, row
from haven.world.asking.answering import Answering
from haven.world.asking.chunks import chunks
from haven.world.asking.clearing import cleared, is_share, share_of
from haven.world.asking.equalling import equalled
from haven.world.asking.lexicon import Lexicon
from haven.world.asking.negating import plainly
from haven.world.asking.query import Query, Want
from haven.world.asking.reading import read
from haven.world.asking.stream import NotUnderstood
from haven.world.gazetteer import Gazetteer
from haven.world.glyphs import Glyphs
from haven.world.name_index import NameIndex
from haven.world.words import fold

_SIGNS = {
    r"(?<=[^\W\d])\s*>\s*(?=[^\W\d])": " to ",
    r"\s/\s": " or ",
    r"#\s*(?:of\s+)?(?=[^\W\d])": "number of ",
    r"\s*(?:[-=]+>|→)\s*": " to ",
    r"\bw/o\b": "without",
    r"\bw/(?=\s|\w)": "with ",
    r"%": " percent ",
    r"\s&\s": " and ",
}
NEAREST = 3
"""Names that are offered for one that nobody knows."""


def ask(question: str, lexicon: Lexicon) -> Answer | None:
    """The answer, or None where the question is not about places or nobody can compute it."""
    if glyphs := Glyphs.found_in(question):
        return _address(glyphs, lexicon)
    question = plainly(cleared(_plain(question), lexicon))
    try:
        query = _share(question, lexicon) or equalled(question, lexicon) or read(question, lexicon)
        if query is None:
            return None
        answer = Answering(lexicon).answer(query)
        read_as = f" (I read {' and '.join(query.read_as)}.)" if query.read_as else ""
        return replace(answer, text=answer.text + read_as)
    except NotUnderstood as puzzle:
        return _not_understood(question, puzzle, lexicon)


def _share(question: str, lexicon: Lexicon) -> Query | None:
    """`what percentage of planets are frozen`: of how many it is so."""
    every = share_of(question)
    query = read(every, lexicon) if every else None
    if query is not None and query.want is Want.EVERY:
        return query.model_copy(update={"want": Want.SHARE})
    if is_share(question):
        raise NotUnderstood("share")
    return None


def _plain(question: str) -> str:
    """Signs that people type for words."""
    for sign, word in _SIGNS.items():
        question = re.sub(sign, word, question, flags=re.IGNORECASE)
    return question


def _address(glyphs: Glyphs, lexicon: Lexicon) -> Answer:
    """What a portal address says, and which recorded systems have it."""
    here = [one for one in lexicon.gazetteer.systems if one.glyphs and _same(one.glyphs, glyphs)]
    known = f"Recorded there: {', '.join(one.name for one in here)}." if here else "No system is recorded there."
    text = (
        f"{glyphs.dashed}: planet {glyphs.planet}, system {glyphs.system} ({glyphs.kind.value}), voxel x {glyphs.x}, "
        f"y {glyphs.y}, z {glyphs.z}, {glyphs.light_years_to_centre:,.0f} ly from the centre. {known}"
    )
    return Answer(text, tuple(map(row, here)), f"glyphs {glyphs.text}")


def _same(text: str, glyphs: Glyphs) -> bool:
    try:
        return Glyphs.parse(text).same_system(glyphs)
    except BadInput:
        return False


def _not_understood(question: str, puzzle: NotUnderstood, lexicon: Lexicon) -> Answer | None:
    """What is not understood is said with its part; None where it may be a question for somebody else."""
    words = " ".join(puzzle.words.split())
    if whole := re.search(rf"[\w-]*{re.escape(words)}[\w-]*", question):
        words = whole[0]
    if puzzle.slot == "name":
        near = [one.title for one, _ in lexicon.gazetteer.names.near(fold(words), NEAREST)]
        meant = f" Names like it: {', '.join(dict.fromkeys(near))}." if near else ""
        return Answer(f"Not recorded: nothing is called {words!r}.{meant}", (), "", recorded=False)
    if puzzle.slot == "unit":
        return Answer(f"I can't compare {words} with what is recorded.", (), "", recorded=False)
    if not any(chunk.ids or chunk.kinds or chunk.one_of("far", "route") for chunk in chunks(question, lexicon)):
        return None
    if puzzle.slot == "property":
        known = sorted(name.replace("_", " ") for name in lexicon.fields.concepts if len(name) > 2)
        near = difflib.get_close_matches(words.casefold(), known, n=NEAREST)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        return Answer(f"Not recorded: no field here tells {words!r}.{meant}", (), "", recorded=False)
    return None


__all__ = ["Answer", "Gazetteer", "Lexicon", "NameIndex", "Query", "ask", "row"]
