"""A whole Haven whose model answers exactly what a test writes: llmock speaks Claude's protocol at the far end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from haven.app import open_house, run
from haven.demo.stand_in import StandIn
from haven.settings import Settings, cache_dir
from tests.e2e.baselines import known_baselines
from tests.e2e.copies import sample_project, small_project
from tests.e2e.house import Home, settings_in

if TYPE_CHECKING:
    from llmock.pytest_plugin import LLMock

PROJECT = {
    "pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["tests"]\npythonpath = ["."]\n',
    "tests/test_sky.py": "def test_it_is_above():\n    assert 'sky' > 'earth'\n",
}
"""What stands in a small project beside the files of a test: its tests take a moment, and all of them are green."""


def edit(path: str, new: str | None = None, old: str | None = None, kind: str = "") -> dict[str, Any]:
    """One edit as the tool takes it: a replacement where `old` is given, else a new file."""
    return {"path": path, "kind": kind or ("replace" if old else "create"), "old": old, "new": new, "to": None}


def will_propose(llmock: LLMock, *edits: Mapping[str, Any], summary: str = "As asked.") -> None:
    """The next answer."""
    llmock.call_tool("propose_edits", {"summary": summary, "edits": list(edits)})


@asynccontextmanager
async def scripted_home(
    folder: Path, llmock: LLMock, files: Mapping[str, str], *, sample: bool = False, counts: int = 1_000, **more: Any
) -> AsyncIterator[Home]:
    """The house at work on a small project, or on the `sample` project, with these files committed on top of it.

    `counts` is what the API says when it is asked how many tokens a prompt has.
    """

    async with _with_count(llmock.base_url("anthropic"), counts) as base_url:
        ready = settings_in(folder, base_url, **more)
        project = ready.project.repository
        assert project is not None
        if sample:
            await sample_project(project)
        else:
            small_project(project, PROJECT)
        _commit(project, files)
        async with _at_work(ready, project) as home:
            yield home


@asynccontextmanager
async def _with_count(base_url: str, counts: int) -> AsyncIterator[str]:
    """llmock behind a door that also counts tokens, which it can't."""

    async def forward(request: web.Request) -> web.Response:
        if request.path.endswith("count_tokens"):
            return web.json_response({"input_tokens": counts})
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with session.post(f"{base_url}{request.path_qs}", data=await request.read(), headers=headers) as far:
            kept = {"content-type": far.headers.get("content-type", ""), **_retry(far)}
            return web.Response(status=far.status, body=await far.read(), headers=kept)

    door = web.Application(client_max_size=2**26)
    door.router.add_post("/{path:.*}", forward)
    runner = web.AppRunner(door, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as session:
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


def _retry(far: aiohttp.ClientResponse) -> dict[str, str]:
    return {"retry-after": far.headers["retry-after"]} if "retry-after" in far.headers else {}


def _commit(project: Path, files: Mapping[str, str]) -> None:
    from tests.e2e.test_bad_input import git

    for name, text in files.items():
        (project / name).write_text(text, encoding="utf-8")
    git(project, "add", *files)
    git(project, "commit", "-qm", ", ".join(files))


@asynccontextmanager
async def _at_work(ready: Settings, project: Path) -> AsyncIterator[Home]:
    async with open_house(ready, cache_dir()) as house, known_baselines(house.database):
        running = asyncio.create_task(run(house, []))
        try:
            yield Home(house, StandIn(), project)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
