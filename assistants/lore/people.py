"""Questions for those who are two things at once: the signer who was a founder, who signed both papers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from assistants.findings import Findings
from assistants.lore.dates import Ask, told
from assistants.lore.evidence import Evidence
from assistants.lore.telling import not_recorded
from assistants.lore.wanting import asks_for_a_number

People = Callable[[Sequence[Evidence]], Awaitable[Mapping[str, tuple[str, Evidence]]]]
"""Whom sentences name: by id the name, and the first sentence that has it."""

_WHICH = r"^(?:which|what|welche[rsn]?)"
_DEED = (
    r"(?:was|were|is|are|became|signed|founded|built|led|commanded|discovered|found|wrote|kept|fought"
    r"|war|wurde|waren)"
)
_FORMS: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(form + r"\W*$", re.IGNORECASE), one, two)
    for form, one, two in (
        (
            rf"^(?:who|wer|which (?:people|persons?)) (?P<verb>{_DEED}) both (?P<one>.+?) and (?P<two>.+?)",
            "{verb} {one}",
            "{verb} {two}",
        ),
        (
            rf"{_WHICH} (?P<one>.+?) (?:(?P<verb>was|were|is|are|became|war|waren) )?(?:also|auch) (?P<two>.+?)",
            "was {one}",
            "{verb} {two}",
        ),
        (
            rf"{_WHICH} of (?P<one>(?:the|those) .+?) (?P<verb>{_DEED}) (?P<two>.+?)",
            "was {one}",
            "{verb} {two}",
        ),
        (
            rf"{_WHICH} (?P<one>\w+s) (?P<verb>was|were|became) (?P<two>(?:an? |the )?[\w' -]+?)",
            "was {one}",
            "{verb} {two}",
        ),
        (
            rf"^(?:who|wer) (?P<verb>{_DEED}) (?P<one>.+?) and (?:also|later|then|auch) (?P<two>.+?)",
            "{verb} {one}",
            "{two}",
        ),
    )
)


async def told_by_people(question: str, ask: Ask, people: People) -> Findings | None:
    """Those who are named for both; None for another question, and where nobody is."""
    if asks_for_a_number(question):
        return None
    for form, one, two in _FORMS:
        if match := form.match(" ".join(question.split())):
            parts = {key: said or "" for key, said in match.groupdict().items()}
            if two == "{two}" and not re.match(_DEED, parts["two"], re.IGNORECASE):
                parts["two"] = f"{parts['verb']} {parts['two']}"
            first, second = [await people(await ask(f"who {part.format(**parts)}")) for part in (one, two)]
            both = [id for id in first if id in second]
            if first and second and not both:
                return not_recorded([parts["one"], parts["two"]], "Nobody is named for both.")
            if both:
                evidence = [each for id in both for each in (first[id][1], second[id][1])]
                return told(f"{', '.join(first[id][0] for id in both)}:", evidence)
    return None
