"""Whether a text hands in a record rather than asking for something: by what it begins with, and what it states."""

from __future__ import annotations

import re

from assistants.scribing.clauses import FIELDS, listed
from haven.world.words import words

MOST_CHARS = 4_000
"""Characters that are looked at: a report shows itself at its beginning."""
FIRST = 8
"""Words in which an order says that it is about many records."""
FEW = 2
"""Fields that a statement must speak of, where nothing else says that it is a report."""
_NOUN = (
    r"(?:star |space )?(?:systems?|planets?|moons?|stations?|mond|discover(?:y|ies)|fossils?|ruins?|wreck"
    r"|(?:crashed )?ship|text log|mineral|hazard|sonnensystem|raumstation)"
)
_ABOUT = re.compile(rf"\b(?:{_NOUN}|record|report|entry|eintrag)\b", re.IGNORECASE)
_VERBS = (
    "who|whom|whose|what|whats|which|wich|where|wheres|when|why|how|is|are|was|were|do|does|did|has|have you|tell|show"
    "|list|give|find|name the|count|compare|draw|plot|render|write|compose|summar\\w+|explain|translate|grade|audit"
    "|check|suggest|plan|route|map|set|change|replace|rename|merge|remove|delete|fix|undo|tag|export|import|help|search|look"
    "|quote|make|turn|describe|create|imagine|wer|wen|wem|wie|wo|wann|warum|welche\\w?|zeig\\w*|nenn\\w*|schreib\\w*"
    "|erkl\\w+|ist|sind|gibt"
)
"""How questions and other orders begin."""
_ASKS = re.compile(
    r"\?\s*$|^\W{0,8}(?:please |pls |bitte |hey |hi |so |and )*(?:can |could |would |will )?(?:you |we |i )?"
    rf"(?:please )?(?:{_VERBS})\b"
    r"|\b(?:don'?t|do not|never|nicht)\b.{0,20}\b(?:record|add|submit|log|enter|note|eintragen|erfassen)\b"
    r"|^\W{0,8}(?:please |pls |bitte )?(?:record|add|submit|log|enter|note|register) (?:no|nothing|none|nobody|not)\b"
    r"|\b(?:to know|let me know|tell me|wonder\w*|curious|question|asking|interested in|looking for|need the|want the"
    r"|how far|how long|how many|how much|wissen|frage|interessier\w*|suche)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    rf"^\W{{0,8}}(?:there(?:'s| is) no|es gibt keine?n?) {_NOUN}\b"
    r"|\b(?:not an? (?:record|report|entry)|ignore (?:this|that))\b"
    r"|^\W{0,8}(?:\w+ ){0,2}(?:haven'?t|have not|hasn'?t|has not|didn'?t|did not|never|nobody|no one|nie|niemand)\b"
    r".{0,12}\b(?:found|find|discovered|discover|recorded|entdeckt|gefunden)\b"
    r"|\b(?:never ?mind|(?:forget|cancel) (?:it|that|this)|(?:please|actually) don'?t|vergiss (?:es|das)|doch nicht)\b"
    r"[^.!\n]{0,20}[.!]*\s*$",
    re.IGNORECASE,
)
"""What says that there is nothing of the kind, or takes all of it back."""
_WISH = (
    r"(?:please |pls |bitte |can you |could you |i(?:'d like| want|'d love| would like) to |i propose to |i'm |let me )"
)
_ORDER = re.compile(
    rf"(?:^|[,.:!]\s)\W{{0,8}}(?:(?:hey |hi )?scribe\W+)?{_WISH}*(?:somebody should )?(?:record(?! of\b)|log|enter"
    r"|submit|register|add|note(?: down)?|put|reporting|report|trage?|füge|erfasse|notiere)\b",
    re.IGNORECASE,
)
_MANY = re.compile(r"\b(?:all|every|each|bulk|labels?|record holder|alle[rsn]?|jede[rsnm]?)\b", re.IGNORECASE)
"""An order for many records at once is no report of one."""
_PHRASE = re.compile(
    r"^[^.,:;!\n]*\b(?:nearest|closest|farthest|within|number of|most|least|highest|lowest|where|which|whats"
    r"|nächste\w*)\b[^.,:;!\n]*[.!]?$",
    re.IGNORECASE,
)
"""A question that has neither its word order nor its mark: `systems within 2 parsecs of the Sun`."""
_SAYS = re.compile(
    r"[:=]|\b(?:is|are|isn't|was|were|has|have|had|turned|dropped|rose|saw|lies|orbits|ist|hat|sind|gibt)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\b(?i:called|named|christened|call it|name is|it is)\s+(?:the\s+)?[\"“]?[^\W_a-z]")
_BEGINS = re.compile(
    rf"^\W{{0,8}}(?:here'?s |(?:my |our |a |the )?(?:new|another|neuer|neues|neue|third|second|corrected|correction"
    rf"|update)\b|(?:the |a |our )?{_NOUN}\b[^?\n]{{0,80}}?[:,(]|{_NOUN} (?-i:[^\W_a-z]))",
    re.IGNORECASE,
)
_FOUND = re.compile(
    r"\b(?:we|i|our|us|my|found|spent|scouted|landed|somebody)\b.{0,200}\b(?:found|discovered|landed|surveyed|charted|mapped"
    r"|named|called|christened|reached|explored|jumped|scouted|visited|orbits?|been to|set down|came back|find)\b"
    r"|^\W{0,8}(?:just |yesterday |today )*(?:found|discovered|landed|surveyed|charted|mapped|scouted|explored)\b",
    re.IGNORECASE | re.DOTALL,
)
_PAIR = re.compile(r"^[ \t*•-]*(?P<key>[^\W\d_][\w ]{1,30}?)[ \t]*[:=][ \t]*\S", re.MULTILINE)


def is_handed_in(text: str) -> bool:
    """Whether a text hands in a record, which becomes a draft that others read."""
    text = text[:MOST_CHARS].strip()
    if _ASKS.search(text) or _DENIED.search(text):
        return False
    about, fields = bool(_ABOUT.search(text)), _fields(text)
    if len(_PAIR.findall(text)) >= FEW and (about or fields >= FEW):
        return True
    if _MANY.search(" ".join(text.split()[:FIRST])) or _PHRASE.search(text):
        return False
    if _ORDER.search(text) or _NAMED.search(text):
        return about
    if _BEGINS.search(text) or _FOUND.search(text):
        return fields > 0 or (about and bool(re.search("[:,]", text)))
    return fields > 0 and bool(_SAYS.search(text))


def _fields(text: str) -> int:
    """How many fields of a record it speaks of."""
    said = {one.folded for one in words(text)}
    return sum(not said.isdisjoint(listed("cues", name) - listed("words", "kind")) for name in FIELDS)
