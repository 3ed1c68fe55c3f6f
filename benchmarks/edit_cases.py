"""How many edit cases come out right: `python -m benchmarks.edit_cases CASES.jsonl[.xz]`; alone, a few of its own.

A case has a text or a tree, an edit in one of several forms and the outcome that is expected. It is `right` if the
outcome is just that or an error is expected and the edit is refused with the tree untouched; `silent` if something else
was written without an error; `refused` if an error came where none was expected. A case marked `policy`, where tools
disagree, is also right if it is refused: Haven refuses rather than guesses.
"""

from __future__ import annotations

import json
import lzma
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from haven.changes.edits import Edit, EditKind, Proposal, apply, from_commands, from_text
from haven.errors import EditError

Case = dict[str, Any]
FILE = "file.txt"
LITERALS = {"range": range, "len": len, "str": str, "chr": chr, "repr": repr}
"""What the expressions may use that stand for one large text."""
SMOKE: tuple[Case, ...] = (
    {"id": "exact", "kind": "apply", "format": "str_replace", "original": "a\r\nb", "edit": {"old": "b", "new": "c"}},
    {"id": "twice", "kind": "apply", "format": "str_replace", "original": "a a", "edit": {"old": "a", "new": "b"}},
    {
        "id": "patch",
        "kind": "apply",
        "format": "apply_patch",
        "original": {"a.txt": "one\n"},
        "edit": "*** Begin Patch\n*** Update File: a.txt\n@@\n-one\n+two\n*** End Patch",
        "expected": {"a.txt": "two\n"},
    },
)
SMOKE[0]["expected"], SMOKE[1]["expected_error"] = "a\r\nc", "twice"


class Skipped(Exception):
    """The case asks for something that Haven does not do; says why."""


def text_of(case: Case, name: str) -> Any:
    """A field, or the text that the expression beside it stands for."""
    if f"{name}_py" in case:
        return eval(case[f"{name}_py"], {"__builtins__": LITERALS})
    return case.get(name)


def replacements(case: Case) -> Proposal:
    """Cases of the forms {old, new}, {old_str, new_str} and lists of {old_string, new_string}."""
    given = case["edit"]
    edits = []
    for one in given if isinstance(given, list) else [given]:
        old = next((text_of(one, name) for name in ("old", "old_str", "old_string") if has(one, name)), None)
        new = next((text_of(one, name) for name in ("new", "new_str", "new_string") if has(one, name)), None)
        edits.append(Edit(FILE, old, new or "", every=bool(one.get("replace_all"))))
    return Proposal("", tuple(edits))


def has(data: Case, name: str) -> bool:
    return name in data or f"{name}_py" in data


def command(case: Case) -> Proposal:
    """Cases of Claude's text editor."""
    given = {name: text_of(case["edit"], name.removesuffix("_py")) for name in case["edit"]}
    call = {"command": case["format"].removeprefix("text_editor_"), "path": FILE}
    return from_commands([call | {name.removesuffix("_py"): value for name, value in given.items()}])


def creation(case: Case) -> Proposal:
    given = case["edit"]
    return Proposal("", (Edit(given["path"], None, text_of(given, "content"), EditKind.CREATE),))


def reply(case: Case) -> Proposal:
    """Cases that are the text of a reply; those for one file may leave its name out."""
    text = text_of(case, "edit")
    if isinstance(case.get("original"), dict):
        return from_text(text)
    proposal = from_text(f"{FILE}\n{text}")
    named = tuple(Edit(FILE, e.old, e.new, e.kind, None, e.every, e.line, e.hunks) for e in proposal.edits)
    return Proposal(proposal.summary, named)


READERS: dict[str, Callable[[Case], Proposal]] = {
    **dict.fromkeys(("str_replace", "str_replace_multi", "search_replace_chunk"), replacements),
    **dict.fromkeys((f"text_editor_{name}" for name in ("str_replace", "create", "insert", "undo_edit")), command),
    **dict.fromkeys(("apply_patch", "unified_diff", "whole_file_reply"), reply),
    **dict.fromkeys((f"{tool}_search_replace" for tool in ("aider", "cline", "roo")), reply),
    "create": creation,
}


def verdict(case: Case) -> str:
    """right, right by policy, refused or silent; raises Skipped."""
    if case["kind"] == "parse":
        return parsed(case)
    if case["kind"] == "validate":
        return validated(case)
    if case["kind"] != "apply":
        raise Skipped(f"{case['kind']}: not something that Haven does by itself")
    if case["format"] not in READERS:
        lazy = case["format"].startswith("lazy_")
        reason = "lines left out are never filled in by guess" if lazy else "not a form that Haven reads"
        raise Skipped(f"{case['format']}: {reason}")
    if case.get("dry_run"):
        raise Skipped("there is no dry run of edits")
    with tempfile.TemporaryDirectory() as folder:
        return applied(case, Path(folder))


def applied(case: Case, root: Path) -> str:
    before = files_of(case, "original")
    for path, data in before.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    try:
        apply(root, READERS[case["format"]](case).edits)
    except EditError:
        if tree_of(root) != before:
            return "silent"
        return "right" if expects_error(case) else "right by policy" if "policy" in case else "refused"
    if expects_error(case):
        return "silent"
    return "right" if tree_of(root) == files_of(case, "expected") else "silent"


def expects_error(case: Case) -> bool:
    return not has(case, "expected")


def files_of(case: Case, name: str) -> dict[str, bytes]:
    value = text_of(case, name)
    files = value if isinstance(value, dict) else {} if value is None else {FILE: value}
    return {path: text.encode("utf-8", "surrogatepass") for path, text in files.items()}


def tree_of(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def parsed(case: Case) -> str:
    """Whether the reply is read into the edits that are expected; shell commands beside them are left out."""
    try:
        edits = from_text(text_of(case, "edit")).edits
    except EditError:
        return "right" if expects_error(case) else "refused"
    if expects_error(case):
        return "silent"
    if case["format"] == "aider_udiff":
        got: list[Any] = [[e.path, [sign + text + "\n" for h in e.hunks for sign, text in h.lines]] for e in edits]
        wanted = [[path, [line for line in lines if line.strip()]] for path, lines in case["expected"]]
        return "right" if got == wanted else "silent"
    got = [[edit.path, edit.old or "", edit.new or ""] for edit in edits]
    return "right" if got == [one for one in case["expected"] if one[0]] else "silent"


def validated(case: Case) -> str:
    """Whether a run of markers is taken or turned down."""
    try:
        from_text(f"{FILE}\n{text_of(case, 'edit')}")
    except EditError:
        return "right" if expects_error(case) else "refused"
    return "silent" if expects_error(case) else "right"


def is_old_new(case: Case) -> bool:
    """One of the cases that the peers were compared on: one file, the edit as old and new text."""
    edit = case["edit"]
    if case["kind"] != "apply" or not isinstance(edit, dict) or isinstance(case.get("original"), dict):
        return False
    given = any(edit.get(old) is not None or f"{old}_py" in edit for old in ("old", "old_str"))
    return given and case["format"] in READERS


def figures(cases: Sequence[Case]) -> dict[str, Any]:
    """Counts by format, and the ids of every case that is not right."""
    groups: dict[str, Counter[str]] = {}
    ids: dict[str, list[str]] = {"silent": [], "refused": []}
    skipped: dict[str, str] = {}
    for case in cases:
        names = [f"{case['kind']} {case['format']}", *(["old/new"] if is_old_new(case) else []), "all"]
        try:
            found = verdict(case)
        except Skipped as reason:
            found, skipped[case["id"]] = "skipped", str(reason)
        for name in names:
            groups.setdefault(name, Counter())[found] += 1
        if found in ids:
            ids[found].append(case["id"])
    formats = {name: {"cases": counts.total(), **counts} for name, counts in sorted(groups.items())}
    return {"formats": formats, "wrong": ids["refused"], "silently_wrong": ids["silent"], "skipped": skipped}


def main() -> int:
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    if words:
        data = Path(words[0]).read_bytes()
        lines = (lzma.decompress(data) if words[0].endswith(".xz") else data).decode().split("\n")
        cases: Sequence[Case] = [json.loads(line) for line in lines if line.strip()]
    else:
        cases = SMOKE
    done = figures(cases)
    print(json.dumps({"benchmark": "edit_cases", **done}))
    return bool(done["silently_wrong"])


if __name__ == "__main__":
    sys.exit(main())
