"""Scores in general: what spoils any reply, what a stranger's text may not do, and the words that ask for mending."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haven.ai.kinds import KINDS
from haven.ai.task import Turn
from haven.ai.validate import (
    CHECKS,
    MOST_PROSE,
    NEUTRAL,
    PASS_MARK,
    UNCHECKED,
    before_repeat,
    grounded,
    repair_hint,
    running_text,
    score,
)
from haven.quoting import data_block
from tests.ai.desk import task

FINE = "The Round Table takes every request and picks the assistant that fits it best."
LOOP = "The star is bright. It is a very large star in the far galaxy. It is a very large star in the far galaxy. "
SHAPE = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
PIECES = (
    *(
        "```",
        "```python\n",
        "```sql\n",
        "```mermaid\n",
        "\n",
        " ",
        "<",
        "</p>",
        "<p>",
        "<!--",
        '"',
        "'",
        "{",
        "}",
        "[",
        "]",
        "(",
    ),
    *(")", "-->", "--", "|", ":", ";", "erDiagram\n", "flowchart LR\n", "sequenceDiagram\n", "classDiagram\n"),
    *(
        "stateDiagram\n",
        "A",
        "a b",
        "select ",
        "from ",
        "openapi: 3.1.0\n",
        "paths:\n  /a:\n",
        "- ",
        "1. ",
        "As a ",
        "I want ",
    ),
    *(
        "def f():\n",
        "    return 1\n",
        "import os\n",
        "é",
        "\ud800",
        "\x00",
        "\x1b[31m",
        "9" * 5000,
        "~~~",
        "&",
        "`",
        "\\",
    ),
)
DEEP = 20_000
HOSTILE = {
    "brackets": "[" * DEEP,
    "closed brackets": "[" * DEEP + "]" * DEEP,
    "objects": '{"a":' * DEEP,
    "tags": "<p><div>" * DEEP,
    "attributes": "<a " + "b='" * DEEP,
    "comments": "<!--" * DEEP,
    "dashes": "- " * DEEP,
    "questions": "? " * DEEP,
    "quotes": "```js\n" + '"\\' * DEEP,
    "slashes": "```js\n" + "=/[" * DEEP,
    "fences": "```\n````\n" * DEEP,
    "loops": "```python\n[x" + " for x in y" * DEEP + "]\n```",
    "signs": "```python\n" + "-" * DEEP + "1\n```",
    "query": "select " + "(" * DEEP,
    "conditions": "select 1 where " + "not " * 2_000 + "1",
    "nodes": "flowchart LR\n" + "A--" * DEEP,
    "people": "sequenceDiagram\n" + "a -" * DEEP,
    "anchors": "openapi: 3.1.0\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\npaths: *a",
    "blanks": "As a " + " " * DEEP + "\t" * DEEP,
    "number": "9" * DEEP,
    "names": "the Vesh Quill " * DEEP,
}


@pytest.mark.parametrize(
    ("text", "stop", "passes", "reason"),
    [
        (FINE, "end", True, None),
        (FINE, "length", True, "cut off"),
        (LOOP.split(". It")[0] + ".", "repeat", False, "stopped where it began to repeat"),
        ("", "end", False, "empty"),
        (" \n ", "end", False, "empty"),
        ("A star", "length", False, "too short"),
        (LOOP * 3, "end", False, "repeats itself"),
        (f"{FINE} <|im_end|>", "end", False, "prompt markup"),
        (f"<question>{FINE}</question>", "end", False, "prompt markup"),
    ],
)
def test_text_is_scored_by_what_is_wrong_with_it(text: str, stop: str, passes: bool, reason: str | None) -> None:
    points, reasons = score(task(), text, None, stop)
    assert (points >= PASS_MARK) is passes
    assert reason is None or any(reason in one for one in reasons)


@pytest.mark.parametrize("kind", CHECKS)
def test_nothing_is_never_good(kind: str) -> None:
    assert score(task(kind=kind), "  ", None, "end") == (0, ("empty",))


def test_structured_replies_need_their_structure() -> None:
    asked = task(schema={"type": "object"})
    assert score(asked, '{"a": 1}', {"a": 1}, "length") == (100, ())
    assert score(asked, "", None, "length") == (0, ("no structured reply",))


@pytest.mark.parametrize("kind", ["answer", "assistant", "complexity", "probe", "prepare"])
def test_every_structured_reply_is_held_against_its_schema(kind: str) -> None:
    asked = task(kind=kind, schema=SHAPE)
    assert score(asked, '{"a": 1}', {"a": 1}, "tool") == (100, ())
    points, reasons = score(asked, '{"b": 1}', {"b": 1}, "tool")
    assert points < PASS_MARK and reasons == ("'a' is a required property",)


def test_sentences_inside_a_structure_are_read_as_well() -> None:
    asked = task(kind="lore", schema={"type": "object"})
    told = {"text": "Sure! Here is a text about the moon that you asked for, and I hope that you enjoy it."}
    points, reasons = score(asked, "", told, "tool")
    assert points < PASS_MARK and any("talks about the text" in one for one in reasons)


@pytest.mark.parametrize(
    "schema",
    [{"type": "no such type"}, {"$ref": "#"}, {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}],
)
def test_a_record_that_can_not_be_held_against_its_schema_fails(schema: dict[str, object]) -> None:
    impossible = task(kind="probe", schema=schema)
    points, reasons = score(impossible, '{"a": 1}', {"a": 1}, "tool")
    assert points == UNCHECKED < PASS_MARK and "could not be checked" in reasons


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(unclosed"])
@pytest.mark.parametrize("key", ["pattern", "patternProperties"])
def test_a_pattern_that_could_take_too_long_is_not_tried(pattern: str, key: str) -> None:
    schema = {"pattern": pattern} if key == "pattern" else {"patternProperties": {pattern: {"type": "integer"}}}
    long = "a" * 40 + "!"
    points, reasons = score(task(kind="probe", schema=schema), "", long if key == "pattern" else {long: {}}, "tool")
    assert points == UNCHECKED and reasons == ("a pattern of its schema could not be checked",)


def test_a_plain_pattern_is_held_against_its_value() -> None:
    asked = task(kind="probe", schema={"properties": {"day": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}}})
    assert score(asked, "", {"day": "2026-11-21"}, "tool") == (100, ())
    points, reasons = score(asked, "", {"day": "today"}, "tool")
    assert points < PASS_MARK and reasons == ("day: today does not have the wanted form",)


def test_a_reference_in_a_schema_is_never_fetched() -> None:
    outside = task(kind="probe", schema={"properties": {"a": {"$ref": "http://127.0.0.1:9/x.json"}}})
    points, reasons = score(outside, '{"a": 1}', {"a": 1}, "tool")
    assert points == UNCHECKED and "could not be checked" in reasons


def test_a_loop_is_cut_back_to_its_last_whole_sentence() -> None:
    assert before_repeat(LOOP) == "The star is bright. It is a very large star in the far galaxy."
    assert before_repeat(FINE) is None and before_repeat("") is None


def test_only_running_text_may_be_stopped_where_it_repeats() -> None:
    assert running_text("answer") and running_text("something new")
    assert not any(map(running_text, ("code", "page", "api", "record")))


def test_an_answer_to_another_question_given_again_fails() -> None:
    stuck = "A portal is a round gate between two systems."
    asked = task("Who found the ruins?")
    earlier = (Turn("user", data_block("question", "What is a portal?")), Turn("assistant", stuck))
    talk = replace(asked, turns=(*earlier, *asked.turns))
    assert score(talk, stuck, None, "end") == (40, ("says an earlier answer again",))
    again = task("What is a portal?")
    assert score(replace(again, turns=(*earlier, *again.turns)), stuck, None, "end")[0] == 100, "asked for once more"


def test_numbers_and_names_are_looked_for_in_the_material() -> None:
    material = ("Ossa Prime lies 719.938 light years out; Mira Tolan found seven ruins there.",)
    assert grounded("It was Tolan who found 7 ruins, about 720,000 light years out.", material) == ()
    assert grounded("In 2031 it was Doctor Mire who found 9 ruins near Ossa.", material) == (
        "2031",
        "9",
        "Doctor",
        "Mire",
    )


def test_the_hint_names_what_can_be_mended() -> None:
    asked = task(kind="diagram")
    hint = repair_hint(
        asked, ("line 4 of the diagram: nobody replies", "of the Rust only the brackets could be checked")
    )
    assert "- line 4 of the diagram: nobody replies" in hint and "Rust" not in hint
    assert "JSON" not in hint and "JSON" in repair_hint(task(schema=SHAPE), ("'a' is a required property",))


@pytest.mark.parametrize("kind", sorted({*CHECKS, *KINDS, "something new"}))
@settings(max_examples=60, deadline=None)
@given(parts=st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=30)), max_size=25), shaped=st.booleans())
def test_any_text_gets_a_score(kind: str, parts: list[str], shaped: bool) -> None:
    text = "".join(parts)
    asked = task("Write it, please.", kind, material=("Ossa Prime has 2 moons.",), schema=SHAPE if shaped else None)
    points, reasons = score(asked, text, None, "end")
    assert 0 <= points <= 100
    assert all(one and "\n" not in one and "\x1b" not in one and len(one) <= 200 for one in reasons)


@pytest.mark.parametrize("attack", HOSTILE)
def test_no_text_brings_a_check_down(attack: str) -> None:
    for kind in CHECKS:
        points, _ = score(task(kind=kind), HOSTILE[attack], None, "end")
        assert 0 <= points <= 100


def test_endless_text_is_not_read() -> None:
    told = "\n".join(f"On day {day} crew {day} saw star {day} and then it went home." for day in range(30_000))
    points, reasons = score(task(), told, None, "end")
    assert points == NEUTRAL and reasons == (f"only its first {MOST_PROSE:,} characters could be checked",)


def test_long_python_is_not_compiled() -> None:
    fields = "```python\nx = f'" + "{a}" * 60_000 + "'\n```"
    parts = "```python\nx = 1 +\n```\n" + "```python\nx = [\n" + "    1,\n" * 3_000 + "]\n```"
    for text in (fields, parts):
        points, reasons = score(task(kind="code"), text, None, "end")
        assert points == NEUTRAL and reasons == ("the Python is too long to be checked",)


def test_long_data_is_read_to_its_end() -> None:
    numbers = "[" + "1, " * MOST_PROSE + "1]"
    assert score(task(kind="probe", schema={"type": "array"}), numbers, None, "end") == (100, ())
