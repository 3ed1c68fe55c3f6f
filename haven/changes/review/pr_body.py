"""A review as the Markdown body of a pull request; nothing in it can break out of its place.

Forges look for mentions, references and addresses in the text as it is shown, so a backslash does not stop them; an
invisible space does (as in Dependabot's descriptions).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from haven.changes.review import STAND_IN, Review, by_class
from haven.quoting import visible
from haven.redact import redact

MOST_FILES = 100
MOST_TESTS = 20
SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&])|(?<!\S)[-=/:]|(?<=\d)\.(?=\s)")
"""What Markdown reads as markup: anywhere, or where a line or word begins (lists, rules, a forge's /commands)."""
ACTS = re.compile(r"@|#(?=\w)|(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=\bGH)(?=-\d)", re.IGNORECASE)
"""Mentions, references, addresses: what comes after them is held off."""
NOTHING = "\u200b"


def pr_body(review: Review) -> str:
    """Summary, request, tests, files, risk, and what wrote it."""
    return "\n\n".join(_parts(review)) + "\n"


def _parts(review: Review) -> Iterator[str]:
    yield f"# {_plain(review.title)}"
    by = review.summary.get("by", "rules")
    yield _plain(review.summary.get("text", ""))
    if by != "rules":
        yield f"*Written by {_plain(by)}, a model; the diff is what counts.*"
    yield f"## Asked for by {_plain(review.requester)}\n\n{_quoted(review.request or review.title)}"
    yield f"## Tests\n\n{_tests(review)}"
    yield f"## Files\n\n{_files(review)}"
    for heading, said in (("Look twice", review.risk_marks), ("Worth knowing", (*review.risk_notes, *review.notes))):
        if said:
            yield f"## {heading}\n\n" + "\n".join(f"- {_plain(one)}" for one in said)
    yield _made(review)


def _tests(review: Review) -> str:
    lines = [_plain(str(review.tests.get("one_line") or "untested"))]
    for name, tests in by_class(review.tests).items():
        if tests and name not in {"passing", "idle"}:
            more = f" and {len(tests) - MOST_TESTS} more" if len(tests) > MOST_TESTS else ""
            lines.append(f"- {name.replace('_', ' ')}: {', '.join(_code(one) for one in tests[:MOST_TESTS])}{more}")
    return "\n".join(lines)


def _files(review: Review) -> str:
    rows = ["| file | added | removed |", "|---|---:|---:|"]
    for file in review.files[:MOST_FILES]:
        counts = ("binary", "") if file.added is None else (str(file.added), str(file.removed or 0))
        rows.append(f"| {_code(file.path)} | {counts[0]} | {counts[1]} |")
    if len(review.files) > MOST_FILES:
        rows.append(f"| and {len(review.files) - MOST_FILES} more | | |")
    return "\n".join(rows) if review.files else "None."


def _made(review: Review) -> str:
    model = STAND_IN if review.stand_in else str(review.route.get("model") or "git" if review.commit else "nobody")
    where = f"round {review.round}, commit {review.commit[:12]} on {review.base[:12]}"
    return f"---\n\nHaven change `{review.id}`, {where}; written by {_plain(model)} for {review.cost_usd:.4f} USD."


def _plain(text: str) -> str:
    """On one line, letter by letter: no markup, no mention, no link, and no secret."""
    marked = SPECIAL.sub(r"\\\g<0>", " ".join(visible(redact(text)).split()))
    return ACTS.sub(rf"\g<0>{NOTHING}", marked)


def _quoted(text: str) -> str:
    whole = redact(text)  # a key may go over several lines
    return "\n".join(f"> {_plain(line)}".rstrip() for line in whole.splitlines())


def _code(text: str) -> str:
    """A name in code marks, without a secret; such a mark in it, or a column's, is shown as another letter."""
    return f"`{' '.join(visible(redact(text)).split()).replace('`', chr(39)).replace('|', '¦')}`"
