"""Replies of every kind, good ones and the same with one thing broken: what the tests of the validators share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from haven.ai.task import Task
from haven.ai.validate import PASS_MARK, score
from tests.ai.desk import task

FINE = 85
"""What a good reply reaches at the least."""


@dataclass(frozen=True)
class Sample:
    """A reply to a question; with a schema, its text is the JSON of a structured reply."""

    kind: str
    question: str
    text: str
    material: str = ""
    schema: Mapping[str, Any] | None = None
    stop: str = "end"

    @property
    def task(self) -> Task:
        given = (self.material,) if self.material else ()
        return task(self.question, self.kind, material=given, schema=self.schema)

    @property
    def structured(self) -> bool:
        return self.schema is not None and self.text.startswith("{")

    @property
    def scored(self) -> tuple[int, tuple[str, ...]]:
        data = json.loads(self.text) if self.structured and self.text.endswith("}") else None
        return score(self.task, self.text, data, self.stop)

    def broken(self, old: str, new: str) -> Sample:
        """The same with one piece exchanged; all of it where `old` is empty. JSON without its end was cut off."""
        assert old in self.text, f"{old!r} is not in the sample"
        made = replace(self, text=self.text.replace(old, new, 1) if old else new)
        return replace(made, stop="length") if made.structured and not made.text.endswith("}") else made


Good = Mapping[str, Sample]
Break = tuple[str, str, str, str]
"""Name of a good sample, the piece, what it becomes, and a part of the reason."""


def judging(good: Good, broken: Sequence[Break]) -> tuple[Callable[[str], None], Callable[[str, str, str, str], None]]:
    """For a module's `test_what_is_good_passes` and `test_one_thing_broken_is_named`."""

    @pytest.mark.parametrize("name", good)
    def passes(name: str) -> None:
        points, reasons = good[name].scored
        assert points >= FINE, reasons

    @pytest.mark.parametrize(("name", "old", "new", "reason"), broken)
    def is_named(name: str, old: str, new: str, reason: str) -> None:
        points, reasons = good[name].broken(old, new).scored
        assert points < PASS_MARK, reasons
        assert any(reason in one for one in reasons), reasons

    return passes, is_named
