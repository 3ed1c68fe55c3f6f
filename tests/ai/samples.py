"""Replies of every kind, good ones and the same with one thing broken: what the tests of the validators share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from haven.ai.task import Task
from haven.ai.validate import score
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
    def scored(self) -> tuple[int, tuple[str, ...]]:
        data = json.loads(self.text) if self.schema is not None and self.text.startswith("{") else None
        return score(self.task, self.text, data, self.stop)

    def broken(self, old: str, new: str) -> Sample:
        """The same with one piece exchanged; all of it where `old` is empty."""
        assert old in self.text, f"{old!r} is not in the sample"
        return replace(self, text=self.text.replace(old, new, 1) if old else new)


Good = Mapping[str, Sample]
Break = tuple[str, str, str, str]
"""Name of a good sample, the piece, what it becomes, and a part of the reason."""
