"""What the stand-in knows: a handful of requests for the sample project, each with the edits that answer it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

MARK = "[stand-in, not Claude]"
TAGGED = r"<{0}>\n?(.*?)\n?</{0}>"
LABEL = re.compile(r"[\w .,!-]{1,40}")
QUOTED = re.compile(r"[\"'“‘«](.+?)[\"'”’»]")
NAMED = re.compile(r"\b(?:name|call|rename|label)\b.*?\b(?:button|it)\b\s+(?:to |as )?(.+)", re.IGNORECASE)


@dataclass(frozen=True)
class Edit:
    """One edit as the tool `propose_edits` takes it; `old` and `to` are None where they have no use."""

    path: str
    kind: str
    old: str | None = None
    new: str = ""
    to: str | None = None

    def filled(self, values: Mapping[str, str]) -> Edit:
        """The edit with each `@name@` replaced by its value."""
        old, new = self.old, self.new
        for name, value in values.items():
            old = old and old.replace(f"@{name}@", value)
            new = new.replace(f"@{name}@", value)
        return replace(self, old=old, new=new)


@dataclass(frozen=True)
class Step:
    """One set of edits and the sentence that says what they do."""

    summary: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Known:
    """One request: its edits, the repair for tests that they break, and the tweak that may be asked for."""

    request: str
    marker: str
    """Text that stands in the project once the first edits are in."""
    first: Step
    repair: Step | None = None
    tweak: Step | None = None
    tweak_example: str = ""
    default_label: str = ""
    current_label: str = ""
    """Pattern that finds the label in the project's files."""


@dataclass(frozen=True)
class Answer:
    """A text, or edits with their summary."""

    text: str
    edits: tuple[Edit, ...] = ()


RIGHT, WRONG = "        return len(self.systems)\n", "        return len(self.systems) + 1\n"
BREAKING = Edit("atlas/systems.py", "replace", RIGHT, WRONG)
"""Breaks tests of the sample project; put right again when it is seen in a prompt that speaks of failures."""


def answer(before: str, last_turn: str) -> Answer:
    """The answer to a prompt; a person's words stand in its last turn, the project's files in either part."""
    request = _tagged("request", last_turn)
    if request is None:
        return _about(last_turn)
    known = next((known for known in _known() if fold(known.request) == fold(request)), None)
    if known is None:
        return Answer(f"{MARK} I only know these requests for the sample project: {_list(_requests())}.")
    # A diff tells what was tried. Only in the last turn are tags tags: what comes before may explain them in words.
    shown = before + re.sub(TAGGED.format("diff"), "", last_turn, flags=re.DOTALL)
    instruction, failures = _tagged("instruction", last_turn), _tagged("failures", last_turn)
    if instruction is not None:
        return _tweaked(known, instruction, shown)
    if known.marker not in shown:
        return _answer(known.first, {"label": known.default_label})
    return _repaired(known, shown) if failures is not None else Answer(f"{MARK} The project has this already.")


def plan(last_turn: str) -> dict[str, Any]:
    """What it would do for the request, as a written plan: its own edits, or that it has none."""
    request = fold(_tagged("request", last_turn) or last_turn)
    known = next((known for known in _known() if fold(known.request) == request), None)
    if known is None:
        steps = [f"{MARK} Make no edits: I only know some requests for the sample project, and this is none of them."]
        return {"steps": steps, "files": [], "risk": "Nothing will come of it: ask a real model."}
    files = list(dict.fromkeys(edit.path for edit in known.first.edits))
    steps = [f"{MARK} {known.first.summary.replace('@label@', known.default_label)}"]
    return {
        "steps": steps,
        "files": files,
        "risk": "No model has thought about it, and words about this plan change nothing in it.",
    }


def as_text(edits: Iterable[Edit]) -> str:
    """The edits as SEARCH/REPLACE blocks, for a prompt that offers no tool."""
    return "\n\n".join(
        f"{edit.path}\n```\n<<<<<<< SEARCH\n{_line_end(edit.old)}=======\n{_line_end(edit.new)}>>>>>>> REPLACE\n```"
        for edit in edits
    )


def fold(text: str) -> str:
    """Case, blanks and the final mark do not make another request."""
    return " ".join(text.casefold().split()).rstrip(".!? ")


def _tweaked(known: Known, instruction: str, shown: str) -> Answer:
    if known.tweak is None:
        return Answer(f"{MARK} I know no tweak of '{known.request}'.")
    match = QUOTED.search(instruction) or NAMED.search(instruction)
    label = match[1].strip().rstrip(".") if match else ""
    if not LABEL.fullmatch(label):
        return Answer(f"{MARK} I only know this tweak of '{known.request}': {known.tweak_example}.")
    if known.marker not in shown:
        return _answer(known.first, {"label": label})
    current = re.search(known.current_label, shown)
    return _answer(known.tweak, {"label": label, "current": current[1] if current else known.default_label})


def _repaired(known: Known, shown: str) -> Answer:
    step = known.repair or Step("What broke the tests is put right.", ())
    edits = [edit for edit in step.edits if edit.old and edit.old in shown]
    if WRONG in shown:
        edits.append(replace(BREAKING, old=WRONG, new=RIGHT))
    if not edits:
        return Answer(f"{MARK} I know no repair for these failures.")
    return _answer(replace(step, edits=tuple(edits)), {})


def _answer(step: Step, values: Mapping[str, str]) -> Answer:
    summary = step.summary.replace("@label@", values.get("label", ""))
    return Answer(f"{MARK} {summary}", tuple(edit.filled(values) for edit in step.edits))


def _about(text: str) -> Answer:
    for question in _tables()["questions"]["question"]:
        if fold(question["asks"]) in fold(text):
            return Answer(f"{MARK} {question['says'].strip()}")
    asked = _list([question["asks"] for question in _tables()["questions"]["question"]])
    return Answer(
        f"{MARK} I don't know: I am a stand-in that knows a few requests for the sample project, and the answers to "
        f"{asked}. Give Haven a Claude key with `haven setup` for real answers."
    )


def _tagged(tag: str, text: str) -> str | None:
    match = re.search(TAGGED.format(tag), text, re.DOTALL)
    return match[1].strip() if match else None


def _list(items: Sequence[str]) -> str:
    return "; ".join(f'"{item}"' for item in items)


def _line_end(text: str | None) -> str:
    return text if text and text.endswith("\n") else f"{text}\n" if text else ""


def _requests() -> list[str]:
    return [known.request for known in _known()]


@cache
def _tables() -> dict[str, dict[str, Any]]:
    folder = resources.files("haven.demo").joinpath("answers")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return {file.name.removesuffix(".toml"): tomllib.loads(file.read_text(encoding="utf-8")) for file in files}


@cache
def _known() -> tuple[Known, ...]:
    found = []
    for tree in (tree for tree in _tables().values() if "request" in tree):
        tweak = tree.get("tweak", {})
        found.append(
            Known(
                request=tree["request"],
                marker=tree["marker"],
                first=_step(tree),
                repair=_step(tree["repair"]) if "repair" in tree else None,
                tweak=_step(tweak) if tweak else None,
                tweak_example=tweak.get("example", ""),
                default_label=tweak.get("default", ""),
                current_label=tweak.get("current", ""),
            )
        )
    return tuple(found)


def _step(tree: Mapping[str, Any]) -> Step:
    return Step(tree["summary"], tuple(Edit(**edit) for edit in tree["edits"]))
