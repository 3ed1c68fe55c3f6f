"""Which sentences answer a question: every word that matters is in them, and what is wanted as well.

Nearness of meaning counts for nothing here: a sentence that does not say it does not answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistants.lore.fitting import fits
from assistants.lore.question import Asks, Question, Term
from haven.world.mentions import Mention
from haven.world.passages import Sentence, is_draft, sentences
from haven.world.schema import Kind, Lore, Thing, kind_of, parent_of
from haven.world.statements import COLORS
from haven.world.words import Word, is_stop, mean_the_same, stands_at, word_set, words

HERE, OWN, TITLE, BEFORE, AFTER, EARLIER = 1.0, 0.98, 0.9, 0.7, 0.65, 0.6
"""What a term is worth in the sentence, as the record itself, in its name, in the sentence before or after, earlier."""
PRONOUNS = word_set("he she it they him her his hers its their them theirs this these those er sie ihr ihm")
FIRST_WORDS = 3
"""Of a sentence: a pronoun among them is its subject, as in `There he founded`."""
MOST_PARTIAL = 0.99


@dataclass(frozen=True)
class Evidence:
    """A sentence, and how much of the question it covers: 1 is all. `fits`: it holds what is wanted."""

    sentence: Sentence
    before: Sentence | None
    """The sentence that says whom a pronoun means, or the rest of what was asked."""
    after: Sentence | None
    covered: float
    fits: bool
    score: float
    dated: str = ""
    """The time that the entry itself tells of, where the sentence names none."""

    @property
    def thing(self) -> Thing:
        return self.sentence.thing

    @property
    def answers(self) -> bool:
        return self.fits and self.covered >= 1.0


def gather(question: Question, things: Iterable[Thing]) -> list[Evidence]:
    """The sentences of these records that cover something of the question, the best first."""
    found = [one for thing in things for one in _of(question, thing)]
    return sorted(found, key=lambda one: (-one.answers, -one.score, one.thing.name, one.thing.id, one.sentence.number))


def _of(question: Question, thing: Thing) -> list[Evidence]:
    title = [word for name in (thing.name, *thing.aliases) for word in words(name)]
    all_ = sentences(thing)
    return [one for at in range(len(all_)) if (one := _weigh(question, all_, at, title)) is not None]


def _weigh(question: Question, all_: Sequence[Sentence], at: int, title: Sequence[Word]) -> Evidence | None:
    sentence = all_[at]
    before = all_[at - 1] if at and all_[at - 1].paragraph == sentence.paragraph else None
    after = all_[at + 1] if at + 1 < len(all_) and all_[at + 1].paragraph == sentence.paragraph else None
    known = [one for one in question.names if one.ids]
    names = [_name_worth(one, all_, at, title, [] if one.ids else known) for one in question.names]
    terms = [_word_worth(one, sentence, (before, after), title) for one in question.words]
    worths = [*names, *terms]
    if not any(worths):
        return None
    here = sum(worth == HERE for worth in worths)
    covered = sum(worth > 0 for worth in worths) / len(worths)
    led = not PRONOUNS.isdisjoint(sentence.folded[:FIRST_WORDS])
    told_before = question.asks is Asks.WHY and led
    told_before |= question.asks is Asks.COUNT and terms == [BEFORE] and all(worth >= TITLE for worth in names)
    full = all(worths) and (
        told_before or (2 * sum(worth >= TITLE for worth in terms) >= len(terms) and bool(here or not terms))
    )
    by_title = question.asks is Asks.WHEN and bool(terms) and max(terms) == TITLE
    fit = not by_title and fits(question, sentence)
    dated = (
        ""
        if fit or question.asks is not Asks.WHEN or min(names or [0]) < TITLE
        else getattr(sentence.thing, "when", "")
    )
    score = sum(worths) / len(worths) + 0.3 * fit + _standing(sentence.thing) - 0.002 * sentence.number
    said_before = BEFORE in terms or BEFORE in names or led
    return Evidence(
        sentence,
        before if said_before else None,
        after if AFTER in terms else None,
        1.0 if full else min(covered, MOST_PARTIAL),
        fit or bool(dated),
        score,
        dated,
    )


def _standing(thing: Thing) -> float:
    """Canon before other records, drafts last."""
    return 0.1 if isinstance(thing, Lore) and thing.canon else -0.3 if is_draft(thing) else 0.0


def _name_worth(term: Term, all_: Sequence[Sentence], at: int, title: Sequence[Word], known: Sequence[Term]) -> float:
    """`known` are names that may hold this one: `Tamsin` is not spoken of where `Tamsin's Rest` is."""
    sentence = all_[at]
    if _has_name(term, sentence.words, known):
        return HERE
    if sentence.thing.id in term.ids:
        return OWN
    meant = 0.0 if PRONOUNS.isdisjoint(sentence.folded) else _by_pronoun(term, all_, at, known)
    somebody_else = meant == 0.0 and sentence.folded[:1] in (("he",), ("she",)) and at > 0
    return TITLE if _in_title(term, title, known) and not somebody_else else meant


def _in_title(term: Term, title: Sequence[Word], known: Sequence[Term]) -> bool:
    """Whether a record's name holds the name, and not only a weak spelling of it, as `Second Charter` does."""
    held = _held(term, title, known)
    return any(name not in term.weak or at == 0 or is_stop(title[at - 1].bare) for name, at in held)


def _by_pronoun(term: Term, all_: Sequence[Sentence], at: int, known: Sequence[Term]) -> float:
    """What a name is worth that a pronoun may mean: the first name of the nearest sentence before that has one.

    What is written small, as goods and beasts are, may stand anywhere in it.
    """
    for back in range(at - 1, -1, -1):
        if all_[back].paragraph != all_[at].paragraph:
            break
        first = _first_name(all_[back].words)
        if first is not None:
            held = _held(term, all_[back].words, known)
            leads = any(
                first in range(place, place + len(name)) or not all_[back].words[place].capital for name, place in held
            )
            return (BEFORE if back == at - 1 else EARLIER) if leads else 0.0
    return 0.0


def _first_name(text: Sequence[Word]) -> int | None:
    """Where the first name of a sentence stands: a pronoun in the next one means that."""
    return next((at for at, word in enumerate(text) if word.capital and not is_stop(word.bare)), None)


def _has_name(term: Term, text: Sequence[Word], known: Sequence[Term] = ()) -> bool:
    return bool(_held(term, text, known))


def _held(term: Term, text: Sequence[Word], known: Sequence[Term]) -> list[tuple[tuple[str, ...], int]]:
    """The spellings of a name in a text and where they stand, but for those inside of a `known` name."""
    spoken = {
        place
        for other in known
        for name in other.spellings
        for at in _places(name, text)
        for place in range(at, at + len(name))
    }
    held = [(name, at) for name in term.spellings for at in _places(name, text) if at not in spoken]
    return [
        (name, at)
        for name, at in held
        if len(name) > 1 or not (_is_part(term, text, at) or (name in term.weak and not text[at].capital))
    ]


def _is_part(term: Term, text: Sequence[Word], at: int) -> bool:
    """Whether somebody's last name is the end of another name there: `Ash` in `the Ledger of Ash`."""
    person = any(kind_of(id) is Kind.PERSON for id in term.ids)
    return person and at > 0 and text[at - 1].folded in ("of", "the", "a", "other")


def _places(name: tuple[str, ...], text: Sequence[Word]) -> list[int]:
    return [at for at in range(len(text) - len(name) + 1) if stands_at(name, text, at)]


def _word_worth(
    term: Term, sentence: Sentence, beside: tuple[Sentence | None, Sentence | None], title: Sequence[Word]
) -> float:
    word = term.spellings[0][0]
    if any(mean_the_same(one, word) for one in sentence.implied):
        return HERE
    places = (
        (HERE, sentence.words),
        (TITLE, title),
        *((worth, one.words) for worth, one in zip((BEFORE, AFTER), beside, strict=True) if one),
    )
    return next((worth for worth, text in places if any(_says(one, word) for one in text)), 0.0)


def _says(one: Word, word: str) -> bool:
    """Whether a word of a text stands for a word of the question; a colour is spoken of by being named."""
    return mean_the_same(one.bare, word) or (one.bare in COLORS and mean_the_same(word, "color"))


def misnamed(question: Question, sentence: Sentence, mentions: Sequence[Mention]) -> bool:
    """Whether a name of the question stands there only as a part of another's: `Charter` in `the Second Charter`."""
    for term in question.names:
        held = [sentence.words[at].start for _, at in _held(term, sentence.words, ())]
        others = [one for one in mentions if term.ids and not set(term.ids) & set(one.ids)]
        if held and all(any(one.start <= at < one.end for one in others) for at in held):
            return True
    return False


def about(question: Question, things: Iterable[Thing], most: int) -> list[Evidence]:
    """The sentences that say who or what a name is: its own record's first ones, then others that begin with it.

    A name that no record bears is told of where it stands.
    """
    found: list[Evidence] = []
    borne = any(term.ids for term in question.names)
    for thing in things:
        own = any(thing.id in term.ids for term in question.names)
        tied = {thing.id, parent_of(thing), *getattr(thing, "links", ())} if own else {thing.id}
        for sentence in sentences(thing):
            early = any(_has_name(term, sentence.words[:6]) for term in question.names)
            said = all(_has_name(term, sentence.words) or tied & set(term.ids) for term in question.names)
            if said and (own or early or not borne):
                score = 1.0 * own + 0.5 * early + _standing(thing) - 0.05 * sentence.number
                found.append(Evidence(sentence, None, None, 1.0, True, score))
    found.sort(key=lambda one: (-one.score, one.thing.name, one.thing.id, one.sentence.number))
    return found[:most]
