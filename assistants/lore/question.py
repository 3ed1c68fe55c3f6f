"""A question about lore, taken apart: what kind of answer it wants, the names in it, and the words that matter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from assistants.lore.paraphrase import is_light, opposites, said_by_phrases
from haven.world.mentions import KIND_WORDS, Mention
from haven.world.schema import Kind, Thing
from haven.world.words import Word, fold, implied, is_everyday, is_german, is_stop, word_set, words


class Asks(StrEnum):
    """What an answer must hold."""

    WHO = "who"
    WHEN = "when"
    WHERE = "where"
    WHY = "why"
    COUNT = "how many"
    MEASURE = "how much"
    NAME = "name"
    """What somebody or something is called."""
    ABOUT = "about"
    """Whatever is recorded of a name."""
    WHAT = "what"
    """What the other words say, and nothing more."""


_ASKS: tuple[tuple[Asks, re.Pattern[str]], ...] = (
    (Asks.WHEN, re.compile(r"\b(when|wann|(what|which) (year|date|day|time)|since when|seit wann|in welchem jahr)\b")),
    (
        Asks.NAME,
        re.compile(
            r"\b(names? of|(what|whats|what's) .*\bname\b|(what|how) (is|are|was|were) .* (called|named)\b"
            r"|wie (heißt|heisst|hieß|hiess|hei(ß|ss)en)|name (von|der|des))"
        ),
    ),
    (
        Asks.COUNT,
        re.compile(
            r"\b(how many|what (was|is|were|are) the (total )?number of|wie ?viele|(what|which) number of|number of)\b"
        ),
    ),
    (
        Asks.MEASURE,
        re.compile(
            r"\b(what (do|does|did) .*\b(weigh|cost)|what (is|was) the (price|cost) of|was kostete?"
            r"|how (long|far|old|tall|big|large|deep|high|heavy|wide|fast|often|much|thick|strong)"
            r"|wie (lange?|alt|hoch|gro(ss|ß)|weit|tief|schwer|schnell|oft))\b"
        ),
    ),
    (Asks.WHY, re.compile(r"\b(why|how come|what (is|was) the (reason|cause)|warum|wieso|weshalb)\b")),
    (Asks.WHO, re.compile(r"\b(who|whom|whose|wer|wem|wen|wessen)\b")),
    (
        Asks.WHERE,
        re.compile(r"\b(where|wo|wohin|woher|(what|which) (place|system|planet|moon|station|world|region))\b"),
    ),
    (Asks.WHAT, re.compile(r"\b(what|which|how|was|did|does|is|welch\w+)\b")),
)
_FRAME = word_set("""
    happen happened happens lore story stories history tell described describe explain exactly originally ever called
    canon according quote cite passage entry entries text sources source mention mentions mentioned anyone actual famous
    real true full geschah geschehen geschichte erzahl bekannt special interesting important unusual remarkable notable
    besonders since seit damals longer""")
"""Words of asking: what is asked for is not in them."""
_OF_KIND: dict[Asks, frozenset[str]] = {
    Asks.WHEN: word_set("year date day time jahr datum"),
    Asks.WHERE: word_set(
        "place located location system planet moon station world region ort liegt lie lies seen situated"
    ),
    Asks.WHY: word_set("reason cause grund"),
    Asks.COUNT: word_set("number many amount times anzahl mal"),
    Asks.MEASURE: word_set("""
        long far old tall big large deep high heavy wide fast often much thick strong lange lang alt hoch gross
        weit tief schwer schnell oft aged last lasts lasted duration dauer dauert dauerte"""),
    Asks.WHO: word_set("person people"),
    Asks.NAME: word_set("name names named called heisst hiess heissen hiessen namens"),
}
"""Words that only say what kind of answer is wanted."""
_ABOUT_IT = re.compile(r"\b(?:written|recorded|said|told|known|heard) (?:down )?(?:about|of)\b", re.IGNORECASE)
_ACCORDING = re.compile(
    r",? ?\b(?:according to|laut|nach) (?:the |der |dem |den )?(?:\w+ ){0,2}"
    r"(?:records?|lore|canon|texts?|accounts?|annals|chronicles?|books|sources?|archives?|office|reports?|letters?|minutes|logs?|(?:Ü|ü)berlieferung|Quellen?|Aufzeichnungen?|Chronik)\b,?",
    re.IGNORECASE,
)
_OVER = re.compile(
    r"\b(?:once|after|when|as soon as) ((?:the )?(?:\w+ ){0,2}\w+)"
    r" (?:was over|ended|had ended|was finished|was done|came to an end)\b",
    re.IGNORECASE,
)
_GOES_BY = re.compile(r"[ -](?:[b-z](?=\W|$)(?!['’])|(?:[IVX]{2,4}|[IVX]|\d{1,4})(?=\W*$))")
"""What follows the name of a planet or of one of several: a letter, and at the end a number."""
_TO_REST = re.compile(r"\b(?:laid|put) to rest\b", re.IGNORECASE)
_NUMBER_OF_IT = re.compile(r"\b(which|what) (?:number|one) (?:is|was) the (?:one|article)\b", re.IGNORECASE)
_WAS_KILLED = re.compile(
    r"\b((?:was|were|been|get|got|wurden?)\b.{0,40}?\b)(?:killed|getötet)\b(?! (?:by|von)\b)", re.IGNORECASE
)
_WAS_FOUND = re.compile(r"\b((?:has|have|had|was|were|been|be|is|are)(?: \w+){0,4}?) found\b", re.IGNORECASE)
_AT_A_PLACE = r"(?:in|on|at|with|among|part of)"
_GONE = re.compile(
    rf"\b(?:is|are)(?: not|n['’]t) (?:{_AT_A_PLACE}|there|here|around)\b[^?,;]{{0,40}}?(?:any ?more|any longer)\b"
    rf"|\b(?:is|are) no longer (?:{_AT_A_PLACE} (?:the )?\w+|there|here|around|to be found)",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"(?<!how )(?<!wie )(?<!how a )\b(?-i:old|big|great|grand|poor|dear|famous|legendary|mighty|good old|beloved|noble"
    r"|infamous|terrible|awful|alte[rnms]?|große[rnms]?|berühmte[rnms]?) "
    r"(?=(?!and\b|or\b|than\b|as\b|is\b|was\b)[^\W\d_])",
    re.IGNORECASE,
)
"""What says only what the speaker thinks of it: `old Brannoc Eide`, `the big lamp`."""
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_CARDINALS = "one two three four five six seven eight nine ten eleven twelve"
_COUNTED = dict(zip(_ORDINALS.split(), _CARDINALS.split(), strict=True))
_NTH = frozenset(_COUNTED) - {"first"}
_ARTICLE = re.compile(rf"\b({'|'.join(_COUNTED)}) (article|chapter|clause|paragraph|rule|law)\b", re.IGNORECASE)
_LABELLED = word_set("article chapter clause paragraph rule law verse stanza volume artikel kapitel vers strophe")
MOST_COUNTED = 3
"""Words behind an ordinal among which is what it counts."""
_WHO_ACTS = re.compile(r"\bwho (\w+)")
_HELPING = word_set(
    "is are was were has have had did does do can could will would should shall may might be been else exactly the all"
    " really knows know also no not never"
)
"""After `who` these are no deed of somebody's; any other word is, and must be in the answer: `who named it`."""
_SPEECH = re.compile(r"\b(?:did|had|have|has) .*\b(?:say|said)\b")
"""What somebody said is asked for; what an entry says is just what stands in it."""
_HEAD = re.compile(
    r"\b(?:what|which|whose|how many|how much|welche[nrsm]?|wie ?viele?|names? of(?: the| an?)?|name (?:der|des|von))"
    r" (?:(?:is|was|are|were) (?:the|an?) )?(?:of (?:the )?)?([^\W\d_]+)"
)
_ABOUT_A_DEED = re.compile(
    r"\b(?:when|where|why|how|what|wann|wo|warum|wie|was|wodurch|woran) (?:\w+ )?"
    r"(?:is|are|was|were|did|does|do|has|had|have|ist|sind|war|waren|wurde|wurden|hat|hatte)\b"
)
_TIME_CLAUSE = re.compile(
    r"^(?:when|after|before|once|as|while|if|als|nachdem|bevor) [^?]+?, ?(?=(?:how|who|what|which|where|why|w)\b)"
)
_STANDS_FOR = re.compile(
    r"^(?:what|wofür) (?:does|do|did|steht) (?:the |an? )?[\w' -]+? (?:mean|stand for|signify|represent)\W*$"
    r"|^what (?:is|was|are|were) (?:the |an? )?[\w' -]+? (?:used for|good for|for)\W*$|^was bedeutet"
)
_GOES_ON = re.compile(
    r"\b(?:happen\w*|became|become|d(?:id|o|oes) .* do|how (?:do|does|did|can|was|were|is|are)|passiert\w*|geschah)\b",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(
    r"^\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|ist|sind|war|waren|hat|haben|wurden?"
    r"|kann|konnte)\b(?! (?:you|du|sie)\b)",
    re.IGNORECASE,
)
_NAMESAKE = re.compile(r"\bnamed (after|for|by)\b")


@dataclass(frozen=True)
class Term:
    """What an answer must speak of: a name in any of its spellings (folded, in pieces), or one word."""

    text: str
    spellings: tuple[tuple[str, ...], ...]
    ids: tuple[str, ...] = ()
    """The records that it names; empty for a word, and for a name that no record bears."""
    name: bool = False
    weak: frozenset[tuple[str, ...]] = frozenset()
    """Spellings of one word that an entry bears beside its own name: in the name of another they mean that one."""
    of: tuple[str, ...] = ()
    """Of an ordinal: what it counts, the second of which may be the name of it."""
    label: bool = False
    """A number that names something, as in `article six`."""
    opposites: tuple[str, ...] = ()
    """Where yes or no is asked for: the words that say no."""


@dataclass(frozen=True)
class Question:
    text: str
    asks: Asks
    names: tuple[Term, ...]
    words: tuple[Term, ...]
    main: frozenset[str] = frozenset()
    """The words among them that the answer itself must say: what is asked for, and what somebody did."""
    acts: str = ""
    """What somebody did, where that somebody is asked for."""

    @property
    def goes_on(self) -> bool:
        """Whether the answer may take more than a sentence: what happened, and what somebody did."""
        return self.asks is Asks.WHAT and _GOES_ON.search(self.text) is not None


def plainly(text: str) -> str:
    """The question without words that ask for what is written rather than for what is so; articles by their number."""
    text = _OVER.sub(r"after \1", _TO_REST.sub("buried", _ACCORDING.sub("", text)))
    text = _NUMBER_OF_IT.sub(r"\1 article", text)
    text = _WAS_KILLED.sub(
        r"\1died", _GONE.sub("is missing", _WAS_FOUND.sub(r"\1 discovered", _ATTRIBUTE.sub("", text)))
    )
    return _ARTICLE.sub(lambda match: f"{match[2]} {_COUNTED[match[1].casefold()]}", _ABOUT_IT.sub("about", text))


def read(text: str, mentions: Sequence[Mention], things: dict[str, Thing]) -> Question:
    """Take a question apart; `mentions` are the names in it, `things` the records that these name."""
    german = is_german(text)
    folded = _TIME_CLAUSE.sub("", " ".join(text.casefold().split()))
    asked = [(match.start(), kind) for kind, pattern in _ASKS if (match := pattern.search(folded))]
    asks = min(asked, key=lambda one: one[0], default=(0, Asks.WHAT))[1]  # of those that begin alike, the first
    polar = _YES_OR_NO.match(text) is not None
    asks = Asks.WHAT if polar else asks
    names = [_named(one, [things[id] for id in one.ids if id in things]) for one in mentions]
    inside = [(one.start, one.end) for one in mentions]
    rest = [one for one in words(text) if not any(start <= one.start < end for start, end in inside)]
    names += [] if german else _unknown(text, rest)  # in German every noun has a capital
    taken = {piece for one in names if not one.ids for piece in one.spellings[0]}
    kinds = {things[id].kind for one in mentions for id in one.ids if id in things}
    mere = _FRAME | _OF_KIND.get(asks, frozenset()) | {word for word, kind in KIND_WORDS.items() if kind in kinds}
    content = [one for one in rest if one.bare not in taken and one.bare not in mere and not is_stop(one.bare, german)]
    acts = _acts(folded, mere)
    if acts or _NAMESAKE.search(folded) or asks is Asks.WHY:
        content += [one for one in rest if one.folded in ("named", "called", acts) and one not in content]
    if Kind.PERSON in kinds and _SPEECH.search(folded):
        content += [one for one in rest if one.folded in ("say", "said") and one not in content]
    heads = {match[1] for match in _HEAD.finditer(folded)}
    telling = [one for one in content if not is_light(one.bare) or one.folded == acts] or content
    telling += [one for one in rest if one.folded in ("against", "gegen")]
    said_as = _implied([one.folded for one in rest])
    phrases = word_set(" ".join(said_as.values()))
    terms = {one.bare: _word(one, rest, text) for one in telling if one.folded not in phrases}
    terms |= {word: Term(phrase, ((word,),)) for word, phrase in said_as.items()}
    if names and _STANDS_FOR.search(folded) and all(one.ids for one in names):
        terms, asks = {}, Asks.ABOUT
    if names and not terms and (asks is Asks.WHAT or (asks is Asks.WHO and all(one.ids for one in names))):
        asks = Asks.ABOUT
    main = frozenset(one.bare for one in telling if one.folded in {acts, *heads})
    main |= {one.bare for one in telling if one.number}
    main |= {one.bare for one in telling[:1] if polar and names}
    main |= _deed(folded, text, telling, inside) if len(telling) > 1 else {one.bare for one in telling}
    return Question(text, asks, tuple(names), tuple(terms.values()), main & terms.keys(), acts)


def _deed(folded: str, text: str, telling: Sequence[Word], inside: Sequence[tuple[int, int]]) -> frozenset[str]:
    """What happened to the first name, or what it did: the first word that tells something behind it."""
    if not inside or not _ABOUT_A_DEED.search(folded):
        return frozenset()
    return frozenset([one.bare for one in telling if one.start > min(inside)[1]][:1])


def _word(one: Word, rest: Sequence[Word], text: str) -> Term:
    at = next(at for at, other in enumerate(rest) if other is one)
    of = tuple(other.bare for other in words(text[one.end :])[:MOST_COUNTED]) if one.bare in _NTH else ()
    label = (one.number or one.bare in _COUNTED.values()) and at > 0 and rest[at - 1].bare in _LABELLED
    against = opposites(one.bare) if _YES_OR_NO.match(text) else ()
    return Term(one.text, ((one.bare,),), of=of, label=label, opposites=against)


def _acts(folded: str, mere: frozenset[str]) -> str:
    """What somebody did who is asked for; "" where no deed is named."""
    acts = _WHO_ACTS.search(folded)
    return acts[1] if acts and acts[1] not in _HELPING and acts[1] not in mere else ""


def _implied(folded: Sequence[str]) -> dict[str, str]:
    return {**said_by_phrases(" ".join(folded)), **implied(folded)}


def longer(text: str, mention: Mention) -> Mention:
    """The mention, or one of nothing where a letter or number behind makes it the name of another: `TRAPPIST-1 i`."""
    match = _GOES_BY.match(text, mention.end)
    return Mention(mention.start, match.end(), text[mention.start : match.end()], ()) if match else mention


def _named(mention: Mention, things: Sequence[Thing]) -> Term:
    """A name with all the spellings of its records, since a text may call them by another."""
    spelt = {mention.text: None} | {name: None for thing in things for name in (thing.name, *thing.aliases)}
    spellings = {tuple(_pieces(one)): None for one in spelt}
    for thing in things:
        if thing.kind == "person" and len(pieces := _pieces(thing.name)) > 1:
            spellings[(pieces[-1],)] = None  # people are called by their last name
    aliases = {tuple(_pieces(one)) for thing in things if thing.kind == "lore" for one in thing.aliases}
    weak = frozenset(one for one in aliases if len(one) == 1)
    return Term(mention.text, tuple(one for one in spellings if one), mention.ids, name=True, weak=weak)


def _pieces(name: str) -> list[str]:
    pieces = fold(name).split()
    return pieces[1:] if len(pieces) > 1 and pieces[0] in ("the", "a", "an", "der", "die", "das") else pieces


def _unknown(text: str, rest: Sequence[Word]) -> list[Term]:
    """Runs of words with capitals inside a sentence: names that no record bears.

    Where every word has one, as in a title, a capital says nothing.
    """
    telling = [one for one in rest if not is_stop(one.bare) and not one.number]
    if len(telling) > 3 and all(one.capital for one in telling):
        return []
    runs: list[list[Word]] = []
    for one in rest:
        first = not text[: one.start].strip(" \"'“„(") or text[: one.start].rstrip(" \"'“„(")[-1:] in ".!?:"
        if one.capital and not is_stop(one.bare) and not (first and not runs):
            if runs and not text[runs[-1][-1].end : one.start].strip():
                runs[-1].append(one)
            else:
                runs.append([one])
    return [
        Term(text[run[0].start : run[-1].end], _spelt([one.bare for one in run]), name=True)
        for run in runs
        if len(run[0].bare) > 1 and not (len(run) == 1 and is_everyday(run[0].bare))
    ]


def _spelt(pieces: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """A name that no record bears, and many of it: `the Keepers`."""
    return tuple(pieces), (*pieces[:-1], f"{pieces[-1]}s")
