"""A whole Haven whose model answers exactly what a test writes: llmock speaks Claude's protocol at the far end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haven.app import open_house, run
from haven.demo import sample
from haven.demo.stand_in import StandIn
from haven.settings import cache_dir
from tests.e2e.house import Home, settings_in

if TYPE_CHECKING:
    from llmock.pytest_plugin import LLMock


def edit(path: str, new: str | None = None, old: str | None = None, kind: str = "") -> dict[str, Any]:
    """One edit as the tool takes it: a replacement where `old` is given, else a new file."""
    return {"path": path, "kind": kind or ("replace" if old else "create"), "old": old, "new": new, "to": None}


def will_propose(llmock: LLMock, *edits: Mapping[str, Any], summary: str = "As asked.") -> None:
    """The next answer."""
    llmock.call_tool("propose_edits", {"summary": summary, "edits": list(edits)})


@asynccontextmanager
async def scripted_home(
    folder: Path, llmock: LLMock, files: Mapping[str, str] | None = None, **more: Any
) -> AsyncIterator[Home]:
    """The house at work on the sample project, with these files committed on top of it."""
    from tests.e2e.test_bad_input import git

    ready = settings_in(folder, llmock.base_url("anthropic"), **more)
    project = ready.project.repository
    assert project is not None
    await sample.create(project)
    for name, text in (files or {}).items():
        (project / name).write_text(text, encoding="utf-8")
        git(project, "add", name)
        git(project, "commit", "-qm", name)
    async with open_house(ready, cache_dir()) as house:
        running = asyncio.create_task(run(house, []))
        try:
            yield Home(house, StandIn(), project)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
