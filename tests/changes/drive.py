"""Runs a tree's tests in the sandbox, prints the report as JSON: `python -m tests.changes.drive TREE STATE LIMITS`."""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from pathlib import Path

from haven import settings
from haven.changes.checking.testrun import TestRunner
from haven.changes.project_file import ProjectFile
from haven.changes.sandbox import Sandbox
from haven.changes.sandbox.testenv import TestEnvironments


async def main(tree: str, state: str, limits: str) -> None:
    runner = TestRunner(Sandbox(settings.Sandbox(**json.loads(limits))), TestEnvironments(Path(state)))
    report = await runner.run(Path(tree), ProjectFile(), on_progress=partial(print, file=sys.stderr, flush=True))
    print(json.dumps(report.to_json()))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
