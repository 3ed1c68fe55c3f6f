"""The benchmark of edit cases tells right, refused and silently wrong apart."""

from __future__ import annotations

from typing import Any

from benchmarks.edit_cases import SMOKE, figures


def case(name: str, original: str, old: str, **outcome: Any) -> dict[str, Any]:
    edit = {"old": old, "new": "x"}
    return {"id": name, "kind": "apply", "format": "str_replace", "original": original, "edit": edit, **outcome}


def test_its_own_cases_are_right() -> None:
    done = figures(SMOKE)
    assert done["formats"]["all"] == {"cases": len(SMOKE), "right": len(SMOKE)}


def test_each_verdict_is_counted_with_its_ids() -> None:
    cases = [
        case("silent", "a b", "a", expected="y b"),
        case("should-fail", "a b", "a", expected_error="no"),
        case("refused", "a a", "a", expected="x a"),
        case("policy", "a a", "a", expected="x a", policy="the first or none"),
        {**case("py", "", ""), "original_py": "'b' * 9 + 'a'", "edit": {"old_py": "chr(97)", "new": "x"},
         "expected": "bbbbbbbbbx"},
        {"id": "lazy", "kind": "apply", "format": "lazy_whole_file", "original": "a", "edit": "...", "expected": "a"},
    ]  # fmt: skip
    done = figures(cases)
    assert done["silently_wrong"] == ["silent", "should-fail"] and done["wrong"] == ["refused"]
    assert done["formats"]["old/new"] == {"cases": 5, "silent": 2, "refused": 1, "right by policy": 1, "right": 1}
    assert list(done["skipped"]) == ["lazy"]
