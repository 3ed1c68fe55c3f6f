"""0-100 with reasons for each kind of reply; below the pass mark it is mended once, then the next tier is asked."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from haven.ai.checks import api, code, diagram, page, prose, sql, stories, structured, words
from haven.ai.checks.base import FATAL, Check, Draft, Finding
from haven.ai.checks.parsed import Unreadable
from haven.ai.checks.words import before_repeat as before_repeat
from haven.ai.task import Task
from haven.quoting import visible

log = logging.getLogger("haven.validate")

PASS_MARK = 70
NEUTRAL = 70
"""The most that a reply gets which could not be checked: kept, but never as a good one."""
UNCHECKED = 40
"""The most that a record gets which could not be held against its schema or its text: it fails."""
MOST_CHARS = 300_000
"""Characters that are read of any reply: 75,000 tokens, about a second."""
MOST_PROSE = 50_000
"""The same for running text, where more is compared."""
MOST_REASONS = 8

CHECKS: Mapping[str, tuple[Check, ...]] = {
    "answer": (prose.said, prose.flows, prose.answers, prose.grounded),
    "summary": (prose.said, prose.flows, prose.summarises, prose.grounded),
    "prepare": (prose.said, prose.flows, prose.grounded),
    "lore": (prose.said, prose.flows, prose.tells),
    "title": (prose.said, prose.titles),
    "tags": (prose.said, structured.tags),
    "record": (prose.said, structured.record),
    "code": (prose.said, code.code),
    "sql": (prose.said, sql.query),
    "page": (prose.said, page.page),
    "diagram": (prose.said, diagram.diagram),
    "api": (prose.said, api.api),
    "story": (prose.said, stories.story),
    "workflow": (prose.said, stories.workflow),
}
"""What is looked at, after the schema; kinds that are not here are read as plain text, or by their schema alone."""
RECORDS = (structured.by_schema, structured.tags, structured.record)
"""Checks that have to come to their end."""
STRUCTURED = (structured.tags, structured.record, prose.titles)
"""Checks that read the data of a structured reply; the others read the sentences in it."""
PLAIN: tuple[Check, ...] = (prose.said, prose.flows, prose.answers)


def score(task: Task, text: str, data: object, stop: str) -> tuple[int, tuple[str, ...]]:
    """How good a reply is as far as rules can tell; the text is only read, never run. Raises nothing.

    `stop`: end, length, tool, calls, or repeat where it was stopped. Takes up to a second for the longest texts, so
    it belongs into a thread.
    """
    shaped = task.schema is not None or task.tool is not None
    read = MOST_PROSE if running_text(task.kind) and not shaped else MOST_CHARS
    cut = stop == "end" and len(text) > read and not shaped
    draft = Draft(task, text[:read], data, "cut" if cut else stop)
    if not shaped and not text.strip():
        return 0, ("empty",)
    wanted = CHECKS.get(task.kind, () if shaped else PLAIN)
    looks = [(check, draft) for check in wanted]
    if shaped:
        inner = replace(draft, text=structured.sentences(draft)[:MOST_PROSE], data=None, stop="end")
        looks = [
            (check, draft if check in STRUCTURED else inner) for check in wanted if check in STRUCTURED or inner.text
        ]
        looks.insert(0, (structured.by_schema, draft))
    total, most, reasons = 100, 100, list[str]()
    if len(text) > read:
        most = NEUTRAL
        reasons.append(f"only its first {read:,} characters could be checked")
    for check, seen in looks:
        found, whole = _run(check, seen)
        total -= sum(one.points for one in found)
        if not whole:
            most = min(most, UNCHECKED if check in RECORDS else NEUTRAL)
        reasons += [one.reason for one in found]
        if any(one.points >= FATAL for one in found):
            break
    return max(0, min(total, most)), tuple(_tidy(reason) for reason in dict.fromkeys(reasons[:MOST_REASONS]))


def running_text(kind: str) -> bool:
    """Whether a reply of this kind says a thing only once: code, pages and descriptions repeat themselves rightly."""
    return prose.flows in CHECKS.get(kind, PLAIN)


def _run(check: Check, draft: Draft) -> tuple[list[Finding], bool]:
    """What a check found, and whether it came to its end; one that fails itself must not spoil a reply."""
    found: list[Finding] = []
    try:
        found.extend(check(draft))
    except Unreadable as reason:
        found.append(Finding(0, str(reason)))
        return found, False
    except Exception as error:
        # The text may be private and a traceback may quote it, so neither stands in the log.
        log.warning("the check %s of a reply (%s) failed: %s", check.__name__, draft.task.kind, type(error).__name__)
        found.append(Finding(0, "could not be checked"))
        return found, False
    return found, True


def _tidy(reason: str) -> str:
    """One short line, whatever the reply put into it."""
    return " ".join(visible(reason).split())[:200]


def grounded(text: str, material: tuple[str, ...]) -> tuple[str, ...]:
    """The numbers and names of a text that stand nowhere in the material; empty where all of them do."""
    known = "\n".join(material)
    return (*words.ungrounded_numbers(text, known), *words.ungrounded_names(text, known))


def repair_hint(task: Task, reasons: tuple[str, ...]) -> str:
    """The instruction for the one attempt to mend a draft, which stands before it in the conversation."""
    mend = [reason for reason in reasons if not reason.endswith("be checked")]
    listed = "\n".join(f"- {reason}" for reason in mend) or "- it is not good enough"
    form = "the corrected JSON" if task.schema is not None or task.tool is not None else "the corrected answer"
    return f"Your answer can't be used yet. Mend this:\n{listed}\nWrite {form} in full, and nothing about the mending."
