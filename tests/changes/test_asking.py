"""Asking for edits: looking around first, the far end's own count, a small model at home that may try it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from haven.ai.task import Complexity
from haven.app import open_house, run
from haven.changes.rounds.asking import is_small
from haven.changes.states import State
from haven.demo.stand_in import StandIn
from haven.settings import Lan, LanHost, cache_dir
from haven.store import changes as table
from tests.changes import sources
from tests.e2e.branching import FILES, GREEN, LIGHT, ONE_RED, Script, asked, becomes
from tests.e2e.house import Home, settings_in
from tests.e2e.scripted import edit, scripted_home, will_propose

if TYPE_CHECKING:
    from llmock.pytest_plugin import LLMock

MANY = {f"part{n}.py": f"def piece_{n}(star):\n    return star * {n}\n" + "# filler\n" * 60 for n in range(30)}
TINY = "Fix the wording of the docstring in light.py"


@pytest.mark.parametrize(
    "request_", ["Add a docstring to light.py", "Fix the typo in README.md", "Rename the label of the zoom button"]
)
def test_what_a_small_model_may_try(request_: str) -> None:
    assert is_small(request_, Complexity.MEDIUM)


@pytest.mark.parametrize(
    "request_",
    [
        "Add a button that exports the map",
        "Rename the class in light.py, in map.py and in zoom.py",
        "Add a docstring to everything " + "and say more " * 20,
    ],
)
def test_what_it_may_not(request_: str) -> None:
    assert not is_small(request_, Complexity.MEDIUM)
    assert not is_small("Fix the typo", Complexity.COMPLEX)


@pytest.mark.sandbox
async def test_a_model_looks_around_before_it_proposes(tmp_path: Path, llmock: LLMock) -> None:
    llmock.call_tool("search", {"text": "piece_7("})
    llmock.call_tool("read", {"path": "../../etc/passwd"})
    will_propose(llmock, edit("light.py", GREEN, old=LIGHT))
    files = {**MANY, "light.py": LIGHT}
    async with scripted_home(tmp_path, llmock, files, sample=True, changes={"context_tokens": 1_000}) as home:
        change = await home.rest(await home.ask_for("Simplify light.py"))
        review = await home.house.changes.review(change.id)
        assert change.state == State.REVIEW, change.reason
        first, second, third = (record.body for record in llmock.requests)
        assert first is not None and second is not None and third is not None
        assert "part7.py:1: def piece_7(star):" in json.dumps(second["messages"])
        assert "There is no file" in json.dumps(third["messages"])
        assert first["tools"] == third["tools"] and first["system"] == third["system"], "one prefix for the cache"
        edits = [one for one in await home.house.changes.spent(change.id) if one.kind == "edits" and one.output_tokens]
        assert len(edits) == 3 == len({one.id for one in edits}), "every turn is recorded"
        assert review.route["usage"]["output"] == sum(one.output_tokens for one in edits)


@pytest.mark.sandbox
async def test_the_far_ends_own_count_makes_the_context_smaller(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, edit("light.py", GREEN, old=LIGHT))
    files = {**MANY, "light.py": LIGHT}
    async with scripted_home(
        tmp_path, llmock, files, sample=True, counts=50_000, changes={"context_tokens": 4_000}
    ) as home:
        change = await home.rest(await home.ask_for("Simplify light.py"))
        assert change.state == State.REVIEW, change.reason
        review = await home.house.changes.review(change.id)
        assert change.plan["budget"] < 4_000 and change.plan["counted"] > 0
        assert [one.what for one in review.sent if one.what.startswith("count the tokens")], "it is recorded"
        (record,) = llmock.requests
        assert len(json.dumps(record.body["system"])) < 16_000


@dataclass
class AtHome:
    """An Ollama in this house that gives its replies in order; the last one stays."""

    replies: list[str]
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def tags(self, request: web.Request) -> web.Response:
        return web.json_response({"models": [{"name": "a-model:latest", "model": "a-model:latest"}]})

    async def chat(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        text = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        said = {"model": "a-model", "message": {"role": "assistant", "content": text}, "done": True}
        counted = {"done_reason": "stop", "prompt_eval_count": 10, "eval_count": 5}
        return web.Response(body=json.dumps(said | counted).encode() + b"\n", content_type="application/x-ndjson")


def proposed(new: str, old: str = LIGHT) -> str:
    """As a model at home answers: JSON by the tool's schema."""
    return json.dumps({"summary": "As asked.", "edits": [edit("light.py", new, old=old)]})


@asynccontextmanager
async def with_a_model_at_home(
    folder: Path, reply: str, *cloud: str, who: str = "lan"
) -> AsyncIterator[tuple[Home, AtHome]]:
    """The small house with an Ollama that says `reply`; the cloud says the others."""
    async with ollama(reply) as model, StandIn(says=Script(cloud or ["Nobody asked the cloud."])) as stand_in:
        ready = settings_in(folder / "house", stand_in.base_url, changes={"small_edits": who})
        lan = Lan(hosts=(LanHost(url=model.url, models=("a-model",)),))
        ready = ready.model_copy(update={"lan": lan})
        assert ready.project.repository is not None
        await asyncio.to_thread(sources.make, ready.project.repository, FILES)
        async with open_house(ready, cache_dir()) as house:
            running = asyncio.create_task(run(house, []))
            try:
                yield Home(house, stand_in, ready.project.repository), model
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def ollama(*replies: str) -> AsyncIterator[AtHome]:
    model = AtHome(list(replies))
    app = web.Application(client_max_size=2**24)
    app.add_routes([web.get("/api/tags", model.tags), web.post("/api/chat", model.chat)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        model.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield model
    finally:
        await runner.cleanup()


@pytest.mark.sandbox
async def test_a_model_at_home_tries_a_small_edit_first_where_the_owner_allows_it(tmp_path: Path) -> None:
    async with with_a_model_at_home(tmp_path, proposed(GREEN)) as (home, model):
        change = await home.rest(await home.ask_for(TINY))
        review = await home.house.changes.review(change.id)
        assert change.state == State.REVIEW and review.mergeable, change.reason
        assert review.route["tier"] == "lan" and review.cost_usd == 0 and asked(home) == [] and len(model.asked) == 1


@pytest.mark.sandbox
async def test_what_a_model_at_home_broke_the_cloud_repairs(tmp_path: Path) -> None:
    mended = becomes(GREEN, ONE_RED)
    async with with_a_model_at_home(tmp_path, proposed(ONE_RED), mended) as (home, model):
        change = await home.rest(await home.ask_for(TINY))
        review = await home.house.changes.review(change.id)
        assert (change.state, change.round, review.mergeable) == (State.REVIEW, 2, True), change.reason
        assert len(model.asked) == 1 == len(asked(home)) and "This went wrong with the last edits" in asked(home)[0]


@pytest.mark.sandbox
async def test_a_model_at_home_that_makes_no_edits_leaves_the_round_to_the_cloud(tmp_path: Path) -> None:
    idle = json.dumps({"summary": "I would rather not.", "edits": []})
    async with with_a_model_at_home(tmp_path, idle, becomes(GREEN)) as (home, _):
        change = await home.rest(await home.ask_for(TINY))
        review = await home.house.changes.review(change.id)
        assert (change.state, change.round) == (State.REVIEW, 1) and review.route["tier"] == "cloud"
        assert any(reason.startswith("lan was tried first") for reason in review.route["reasons"])


@pytest.mark.sandbox
@pytest.mark.model
async def test_whatever_the_real_small_model_makes_of_a_typo_only_what_is_right_is_shown(tmp_path: Path) -> None:
    wrong, right = 'GREETING = "Welcom to the map."\n', 'GREETING = "Welcome to the map."\n'
    files = {**FILES, "words.py": wrong, "test_light.py": "from words import GREETING\n\n\ndef test_it():\n    "}
    files["test_light.py"] += "assert GREETING.startswith('Wel') and GREETING.endswith('the map.')\n"
    cloud = Script([becomes(right, wrong, "words.py")])
    async with StandIn(says=cloud) as stand_in:
        ready = settings_in(tmp_path / "house", stand_in.base_url, model=True, changes={"small_edits": "local"})
        assert ready.project.repository is not None
        await asyncio.to_thread(sources.make, ready.project.repository, files)
        async with open_house(ready, cache_dir()) as house:
            await house.registry.install("smollm2-135m")
            running = asyncio.create_task(run(house, []))
            home = Home(house, stand_in, ready.project.repository)
            try:
                change = await home.rest(await home.ask_for('Fix the typo in words.py: "Welcom" should be "Welcome"'))
                review = await house.changes.review(change.id)
                first, *_ = await table.rounds(house.database, change.id)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
    assert change.state == State.REVIEW and review.mergeable, change.reason
    tried = first.route["small"] or any(one.startswith("local was tried first") for one in first.route["reasons"])
    assert tried and {file.path for file in review.files} == {"words.py"}, first.route
    assert "\n+" + right in review.diff or first.route["small"], (
        "what it made by itself is judged by tests and a person"
    )


@pytest.mark.sandbox
async def test_without_leave_no_model_at_home_is_tried(tmp_path: Path) -> None:
    async with with_a_model_at_home(tmp_path, proposed(GREEN), becomes(GREEN), who="cloud") as (home, model):
        change = await home.rest(await home.ask_for(TINY))
        assert change.state == State.REVIEW and len(asked(home)) == 1, change.reason
        assert model.asked == []
