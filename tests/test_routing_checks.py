"""The checks of the routing simulation tell good replies from bad; its tasks can be passed, but not for free."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.routing.checks import failures
from haven.errors import BadInput

TASKS_FILE = Path(__file__).parent.parent / "benchmarks" / "routing" / "tasks.jsonl"
TASKS: list[dict[str, Any]] = [json.loads(line) for line in TASKS_FILE.read_text(encoding="utf-8").splitlines()]
MIX = {"answer": 60, "summary": 25, "tags": 20, "record": 20, "title": 10, "code": 20, "sql": 10, "page": 10}

CONTEXT = "The ruins hum at night.\nThe storm took my mast."
PYTHON = "```python\nimport math\n\n\nasync def far(a, b):\n    return math.dist(a, await b)\n```"
WITH_QUERY = (
    "WITH few AS (SELECT * FROM planets), big(id) AS (SELECT id FROM few) -- from nowhere\n"
    "SELECT 'from moons' FROM big JOIN systems AS s ON s.id = big.id"
)

CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"has": r"^\W*no\b"}, "Well:\nNo, none.", "Nothing."),
    ({"not": "sable"}, "Ludo", "Ludo and SABLE"),
    ({"equals": "complaint"}, '  "Complaint."\n', "It is a complaint"),
    ({"words": [2, 3]}, "two words", "one"),
    ({"lines": [1, 2]}, "one\n\ntwo\n", "one\ntwo\nthree"),
    ({"json": {"path": "tags.0", "in": ["ship", "ruin"]}}, '{"tags": ["Ship"]}', '{"tags": []}'),
    ({"json": {"path": "tags.0", "is": "ship"}}, '```json\n{"tags": ["ship"]}\n```', 'Here: {"tags": ["ship"]}'),
    ({"json": {"path": "x", "is": -17}}, '{"x": -17.0}', '{"x": "-17"}'),
    ({"json": {"path": "doubt", "is": True}}, '{"doubt": true}', '{"doubt": 1}'),
    ({"json": {"path": "moon", "is": None}}, '{"moon": null}', "{}"),
    ({"json": {"path": "", "all_in": ["a", "b"]}}, '["a", "B"]', "[]"),
    ({"json": {"path": "", "all_in": ["a", "b"]}}, '["a"]', '["a", "c"]'),
    ({"json": {"path": "t", "holds": ["a", "b"]}}, '{"t": ["b", "c", "a"]}', '{"t": ["a"]}'),
    ({"json": {"path": "t", "size": [1, 2]}}, '{"t": [1]}', '{"t": [1, 2, 3]}'),
    ({"json": {"path": "when", "matches": "^2026-11-29"}}, '{"when": "2026-11-29T21:00"}', '{"when": 2026}'),
    ({"python": {"defines": ["far"], "args": {"far": 2}}}, PYTHON, PYTHON.replace("a, b)", "a)")),
    ({"python": {"defines": ["far"]}}, PYTHON, "def far(a, b:\n    return"),
    ({"python": {"calls": ["dist"], "uses": ["Await"]}}, PYTHON, PYTHON.replace("await b", "b")),
    ({"python": {"imports_only": ["math"]}}, PYTHON, PYTHON.replace("import math", "from os.path import join")),
    ({"sql_tables": ["systems", "planets"]}, WITH_QUERY, "SELECT * FROM systems JOIN moons"),
    ({"sql_tables": ["systems"]}, "```sql\nUPDATE systems SET region = 'Veil'\n```", "SELECT 1"),
    ({"mermaid": "erDiagram"}, "```mermaid\nerDiagram\n  A ||--o{ B : has\n```", "flowchart LR\n  erDiagram --> b"),
    ({"html": ["title", "h1"]}, "<title>Onda</title><h1>Onda</h1>", "<title></title><h1>Onda</h1>"),
    ({"html": ["li", "img"]}, "<ul><li>one<li>two</ul><img src=x>", "<ul><li>one</ul>"),
    ({"html": ["p"]}, "<div><p>here</div>", "<div><b><p>here</p></div></b>"),
    ({"html": ["p"]}, "<section><p>here</p></section>", "<section><p>here</p>"),
    ({"quotes_context": True}, "He fears it: “the storm took my mast”.", 'He says "it took my whole ship".'),
    ({"quotes_context": True}, 'They "hum at night. The storm" came.', "They hum at night."),
]


@pytest.mark.parametrize(("check", "good", "bad"), CASES)
def test_a_check_lets_the_good_pass_and_names_what_the_bad_misses(check: dict[str, Any], good: str, bad: str) -> None:
    assert failures([check], good, CONTEXT) == []
    (missed,) = failures([check], bad, CONTEXT)
    assert missed.startswith(next(iter(check)))


@pytest.mark.parametrize(
    "check",
    [
        {"sounds_nice": True},
        {},
        {"has": "a", "not": "b"},
        {"json": {"path": "", "sorted": True}},
        {"python": {"runs": True}},
    ],
)
def test_a_check_outside_the_language_is_an_error(check: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        failures([check], "[1]")


def test_a_reply_is_never_run(tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    reply = f"open({str(trace)!r}, 'w')\ndef far(a, b): ..."
    assert failures([{"python": {"defines": ["far"], "calls": ["open"]}}], reply) == []
    assert not trace.exists()


@pytest.mark.parametrize("task", TASKS, ids=lambda task: str(task["id"]))
def test_the_stand_in_passes_and_nothing_or_an_echo_does_not(task: dict[str, Any]) -> None:
    text, context = task["text"], task["context"]
    assert failures(task["checks"], task["cloud_reply"], context) == []
    for empty in ("", text, context, f"{text}\n{context}", f"{context}\n\n{text}"):
        assert failures(task["checks"], empty, context), f"passes with {empty[:40]!r}"


def test_the_tasks_are_the_mix_that_the_readme_promises() -> None:
    kinds = Counter(task["kind"] for task in TASKS)
    assert len(TASKS) == len({task["id"] for task in TASKS}) == len({task["text"] for task in TASKS}) == 200
    assert all(kinds[kind] == number for kind, number in MIX.items())
    for split in ("dev", "heldout"):
        labels = Counter(task["label"] for task in TASKS if task["split"] == split)
        assert labels == {"simple": 45, "medium": 35, "complex": 20}
    assert sum(task["private"] for task in TASKS) == 20
    assert all(len(task["context"]) <= 1500 for task in TASKS)
    assert all((task["schema"] is not None) == (task["kind"] in {"tags", "record"}) for task in TASKS)
    assert not any(task["kind"] == "code" and task["label"] == "simple" for task in TASKS)
