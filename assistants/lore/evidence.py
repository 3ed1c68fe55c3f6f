"""Which sentences answer a question: every word that matters is in them, and what is wanted as well.

Nearness of meaning counts for nothing here: a sentence that does not say it does not answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistants.lore.fitting import fits
from assistants.lore.paraphrase import ALIKE, SAME, alike, likeness, said_by_phrases, says_of_what
from assistants.lore.question import MOST_COUNTED, Asks, Question, Term
from assistants.lore.wanting import is_of_a_number, is_of_an_end, is_to_come
from haven.world.mentions import Mention
from haven.world.passages import Sentence, is_draft, sentences
from haven.world.schema import Kind, Lore, Thing, kind_of, parent_of
from haven.world.words import Word, is_stop, stands_at, word_set, words

HERE, OWN, TITLE, BEFORE, AFTER, EARLIER, ENTRY = 1.0, 0.98, 0.9, 0.7, 0.65, 0.6, 0.4
"""What a term is worth in the sentence, as the record itself, in its name, in the sentence before or after, earlier, or
elsewhere in the entry."""
PRONOUNS = word_set("he she it they him her his hers its their them theirs this these those er sie ihr ihm")
_COPULAS = word_set("is are was were means called")
MOST_BEFORE = 2
MOST_A_MISSING = 5
"""Of so many words of a question one may be said in words that nobody thought of."""
FIRST_WORDS = 3
"""Of a sentence: a pronoun among them is its subject, as in `There he founded`."""
_GENDER = {**dict.fromkeys(("she", "her", "hers"), "f"), **dict.fromkeys(("he", "him", "his"), "m")}
ANAPHORS = PRONOUNS | word_set("other others both one there")
"""They point back, as a pronoun does."""
ALIKE_TITLE = 0.85
MOST_PARTIAL = 0.99


@dataclass(frozen=True)
class Evidence:
    """A sentence, and how much of the question it covers: 1 is all. `fits`: it holds what is wanted."""

    sentence: Sentence
    before: tuple[Sentence, ...]
    """The sentences that say whom a pronoun means, or the rest of what was asked."""
    after: tuple[Sentence, ...]
    covered: float
    fits: bool
    score: float
    of_all: bool = True
    """Whether it is about all the names of the question: they stand in it, or in the record's name."""
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
    its_own = any(_in_title(one, title, []) or thing.id in one.ids for one in question.names)
    told = its_own or bool(question.main and question.names)
    inside = {one for one in question.words if told and any(_says_it(one, each) for each in all_)}
    if all_ and any(likeness(one, term.spellings[0][0]) for one in title for term in question.words):
        inside |= {one for one in question.names if _has_name(one, all_[0].words)}
    return [one for at in range(len(all_)) if (one := _weigh(question, all_, at, title, frozenset(inside))) is not None]


def _weigh(
    question: Question, all_: Sequence[Sentence], at: int, title: Sequence[Word], inside: frozenset[Term]
) -> Evidence | None:
    """`inside` are the words that the entry says anywhere, and the names that it begins with."""
    sentence = all_[at]
    before = all_[at - 1] if at and all_[at - 1].paragraph == sentence.paragraph else None
    after = all_[at + 1] if at + 1 < len(all_) and all_[at + 1].paragraph == sentence.paragraph else None
    known = [one for one in question.names if one.ids]
    names = [
        _name_worth(one, all_, at, title, [] if one.ids else known) or ENTRY * (one in inside) for one in question.names
    ]
    own = not names or any(worth in (OWN, TITLE) for worth in names) or any(_in_title(one, title, []) for one in known)
    titled = title if own or len(question.words) > 1 else ()
    terms = [_word_worth(one, sentence, (before, after), titled) or ENTRY * (one in inside) for one in question.words]
    worths = [*names, *terms]
    if not any(worths):
        return None
    led = not ANAPHORS.isdisjoint(sentence.folded[:FIRST_WORDS])
    told_when_where = question.asks in (Asks.WHEN, Asks.WHERE)
    fit = _fits(question, all_, at, led=led) and not (told_when_where and terms and BEFORE < max(terms) <= TITLE)
    dated = (
        ""
        if fit or question.asks is not Asks.WHEN or min(names or [0]) < TITLE or _is_open(question)
        else getattr(sentence.thing, "when", "")
    )
    full = _are_enough(question, terms, names, fit=fit, own=own) and _is_said(question, names, terms, led=led, own=own)
    covered = 1.0 if full else min(sum(worth > 0 for worth in worths) / len(worths), MOST_PARTIAL)
    score = sum(worths) / len(worths) + 0.3 * fit + _standing(sentence.thing) - 0.002 * sentence.number
    said_before = BEFORE in terms or BEFORE in names or led
    return Evidence(
        sentence,
        _leading(all_, at) if said_before else (),
        (after,) if after and (AFTER in terms or question.goes_on) else (),
        covered,
        fit or bool(dated),
        score,
        all(worth >= TITLE for worth in names),
        dated,
    )


def _fits(question: Question, all_: Sequence[Sentence], at: int, *, led: bool) -> bool:
    """Whether it holds what is wanted; the number that it goes by may stand in the sentence that is pointed back at."""
    if fits(question, all_[at]):
        return True
    return led and is_of_a_number(question) and any(fits(question, one) for one in _leading(all_, at))


def _are_enough(question: Question, terms: Sequence[float], names: Sequence[float], *, fit: bool, own: bool) -> bool:
    """Whether all is covered; of a long question a word or two may be missing where the kind of answer is there."""
    missing = [one for one, worth in zip(question.words, terms, strict=True) if not worth]
    if not missing or not all(names):
        return all(names)
    typed = (fit and question.asks is not Asks.WHAT) or (own and bool(question.main))
    spared = len(question.words) // MOST_A_MISSING
    return typed and len(missing) <= spared and not any(one.spellings[0][0] in question.main for one in missing)


def _is_said(question: Question, names: Sequence[float], terms: Sequence[float], *, led: bool, own: bool) -> bool:
    """Whether the sentence itself says it: half of the words and all the main ones stand in it, or in its title.

    Where it begins with a pronoun, what it means stands in the sentence before.
    """
    if question.asks is Asks.COUNT and terms == [BEFORE] and all(worth >= TITLE for worth in names):
        return True
    near = BEFORE if led else ALIKE_TITLE
    said = [worth >= near for worth in terms]
    surely = said if own else [worth > TITLE or (led and worth >= BEFORE) for worth in terms]
    if question.acts:
        surely = [worth > TITLE for worth in terms]
    main = all(ok for one, ok in zip(question.words, surely, strict=True) if one.spellings[0][0] in question.main)
    here = (
        not terms
        or any(worth > TITLE for worth in (*names, *terms))
        or (led and (len(terms) == 1 or question.asks is Asks.WHY))
    )
    return main and 2 * sum(said) >= len(said) and here


def _leading(all_: Sequence[Sentence], at: int) -> tuple[Sentence, ...]:
    """The sentence before, and one more where that points back itself."""
    back = at
    while back and at - back < MOST_BEFORE and all_[back - 1].paragraph == all_[at].paragraph:
        back -= 1
        if ANAPHORS.isdisjoint(all_[back].folded[:FIRST_WORDS]):
            break
    return tuple(all_[back:at])


def _is_open(question: Question) -> bool:
    """Whether the date of an entry can't answer: what is to come, and until when something was."""
    return is_to_come(question) or is_of_an_end(question)


def own_days(question: Question, things: Iterable[Thing]) -> list[Evidence]:
    """Of entries that bear a name of the question and say all its words: the sentences about the time they tell of."""
    found = []
    for thing in () if _is_open(question) else things:
        when = re.match(r"-?\d+", str(getattr(thing, "when", "")))
        all_ = sentences(thing)
        own = any(thing.id in term.ids for term in question.names) and not is_draft(thing)
        if own and when and all(any(_says_it(term, one) for one in all_) for term in question.words):
            found += [Evidence(one, (), (), 1.0, True, 1.0) for one in all_ if str(int(when[0])) in one.folded]
    return found


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
        if first is not None and not _goes_on(all_[at], all_[back]):
            held = _held(term, all_[back].words, known)
            leads = any(
                first in range(place, place + len(name)) or not all_[back].words[place].capital for name, place in held
            )
            return (BEFORE if back == at - 1 else EARLIER) if leads else 0.0
    return 0.0


def _goes_on(one: Sentence, before: Sentence) -> bool:
    """Whether a sentence about `her` follows another one about her, whatever other names that has."""
    said = {word for word in one.folded if word in _GENDER}
    return any(_GENDER[word] == _GENDER.get(other) for word in said for other in before.folded[:FIRST_WORDS])


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
    if here := _says_it(term, sentence):
        return HERE * here
    if any(likeness(one, word) for one in title) and not term.label:
        return TITLE
    if term.text.isdigit() and _is_of_year(sentence, term.text):
        return TITLE
    around = ((worth, one) for worth, one in zip((BEFORE, AFTER), beside, strict=True) if one)
    return next((worth for worth, one in around if _says_it(term, one)), 0.0)


def _is_of_year(sentence: Sentence, year: str) -> bool:
    """Whether the entry tells of that year, and the sentence names no other."""
    when = re.match(r"-?\d+", str(getattr(sentence.thing, "when", "")))
    return when is not None and int(when[0]) == int(year) and not any(one.number for one in sentence.words)


def _says_it(term: Term, sentence: Sentence) -> float:
    """How well a sentence says a word of the question; a phrase of it may."""
    word = term.spellings[0][0]
    if word == "material" and says_of_what(" ".join(sentence.folded)):
        return SAME
    implied = (*sentence.implied, *said_by_phrases(" ".join(sentence.folded)))
    if any(alike(one, word) for one in implied):
        return SAME
    if any(one in implied or _is_denied_by(one, sentence) for one in term.opposites):
        return ALIKE
    return max(
        (likeness(one, word) for at, one in enumerate(sentence.words) if _counts(term, sentence, at)), default=0.0
    )


def _is_denied_by(word: str, sentence: Sentence) -> bool:
    """Whether a sentence says it, and not only when that was: `two years after she was lost`."""
    return any(
        alike(one, word) and {"after", "before", "until", "since"}.isdisjoint(sentence.folded[max(at - 4, 0) : at])
        for at, one in enumerate(sentence.folded)
    )


def _counts(term: Term, sentence: Sentence, at: int) -> bool:
    """Whether an ordinal there counts the same thing as in the question, and a label is one."""
    if term.label:
        end = sentence.words[at].end
        leads = at == 0 and sentence.text[end : end + 1] in (":", ".", ")")
        return leads or (at > 0 and bool(likeness(sentence.words[at - 1], "article")))
    if sentence.folded[at + 1 : at + 2] == ("out",) and sentence.folded[at] in ("find", "found"):
        return False  # to find out is no finding
    some = sentence.words[at + 1 : at + 1 + MOST_COUNTED]
    return not term.of or any(likeness(one, word) for one in some for word in term.of if not is_stop(word))


def misnamed(question: Question, sentence: Sentence, mentions: Sequence[Mention]) -> bool:
    """Whether a name of the question stands there only as a part of another's: `Charter` in `the Second Charter`."""
    for term in question.names:
        if sentence.thing.id in term.ids:
            continue
        held = [sentence.words[at].start for _, at in _held(term, sentence.words, ())]
        others = [one for one in mentions if term.ids and not set(term.ids) & set(one.ids)]
        others = [one for one in others if not _is_named_otherwise(question, one.text)]
        if held and all(any(one.start <= at < one.end for one in others) for at in held):
            return True
    return False


def _is_named_otherwise(question: Question, name: str) -> bool:
    """Whether the question says all of a name in its own words: `Peace of Meridian` by `Frieden von Meridian`."""
    known = {piece for term in question.names for one in term.spellings for piece in one}
    rest = [one for one in words(name) if one.bare not in known and not is_stop(one.bare)]
    return bool(rest) and all(any(likeness(one, term.spellings[0][0]) for term in question.words) for one in rest)


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
                score += 0.6 * any(_defines(term, sentence.words) for term in question.names)
                found.append(Evidence(sentence, (), (), 1.0, True, score))
    found.sort(key=lambda one: (-one.score, one.thing.name, one.thing.id, one.sentence.number))
    return found[:most]


def _defines(term: Term, text: Sequence[Word]) -> bool:
    """Whether a sentence says what a name is: `the mark on it is the cindermark`, `Bluewort is a moss`."""
    for name in term.spellings:
        for at in _places(name, text):
            before = [one.folded for one in text[max(at - 2, 0) : at] if one.folded not in ("the", "a", "an")]
            after = [one.folded for one in text[at + len(name) : at + len(name) + 2]]
            if before[-1:] and before[-1] in _COPULAS:
                return True
            if at <= 1 and after[:1] and after[0] in _COPULAS and after[1:] and after[1] in ("a", "an", "the"):
                return True
    return False
