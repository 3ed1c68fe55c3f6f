"""The main job with no account: sample project, real pipeline, and a stand-in that says it is not Claude."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from rich.console import Console

from assistants.round_table import Request
from haven import logs
from haven import settings as settings_
from haven.access import Principal
from haven.ai.money.ledger import Ledger
from haven.app import House, open_house
from haven.app import run as run_house
from haven.changes.review import Review
from haven.changes.review.text import render
from haven.changes.states import RESTING, State
from haven.demo import charts, sample
from haven.demo.stand_in import StandIn
from haven.errors import BadInput, HavenError, Unavailable
from haven.settings import ANTHROPIC_KEY, Settings, Web, cache_dir
from haven.store.changes import Change
from haven.store.database import opened
from haven.store.events import Event

REQUEST = "Add a button in the map viewer to export the current map as PNG"
PORT = 8484
"""Of the dashboard of `haven up --demo`, for this machine alone."""
KEPT = ("kiosk", "alerts", "world")
"""Sections that are set on the faces of `haven up --demo`, for its next start too."""
UNTESTED = 3
"""Exit status where no sandbox is there: the review is shown as untested and nothing is merged."""


@dataclass(frozen=True)
class Shown:
    """Who watches, and where the demo draws: `out` for the review or the JSON object, `err` for progress."""

    principal: Principal
    out: Console
    err: Console
    as_json: bool

    def line(self, text: str = "") -> None:
        if not self.as_json:
            self.err.print(text)


class DemoSettings(Settings):
    """Takes nothing from the environment: a HAVEN_ variable must not lead the demo to the owner's own project."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *more: PydanticBaseSettingsSource,
        **others: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def demo_settings(folder: Path, base_url: str = "", changes: dict[str, Any] | None = None, **cloud: Any) -> Settings:
    """Settings that look at nothing outside `folder`: no haven.toml, no key, no token."""
    tree: dict[str, Any] = {
        "paths": {"state_dir": folder, "config_dir": folder / "config", "runtime_dir": folder / "run"},
        "project": {"repository": folder / "atlas", "target_branch": sample.BRANCH, "name": "Voyagers' Atlas"},
        "changes": {"plan_first": "never", **(changes or {})},
        "cloud": {"stand_in": True, "base_url": base_url or "http://127.0.0.1:9", **cloud},
    }
    return DemoSettings(**tree)


def lasting_settings() -> Settings:
    """`haven up --demo`: a folder of its own that is kept from one start to the next, with what was set there.

    Raises SettingsError where somebody has written something wrong into its haven.toml.
    """
    file = settings_.demo_file()
    return _with_kept(demo_settings(file.parent), settings_.load(file))


def _with_kept(ready: Settings, before: Settings) -> Settings:
    return ready.model_copy(update={name: getattr(before, name) for name in KEPT if name in before.model_fields_set})


@asynccontextmanager
async def stand_in_running(given: Settings) -> AsyncIterator[Settings]:
    """The stand-in and the sample project for as long as the block lasts."""
    async with StandIn() as server:
        ready = _with_kept(demo_settings(given.paths.state_dir, server.base_url), given)
        await _furnish(ready)
        yield ready.model_copy(update={"web": Web(port=PORT)})


async def run(request: str, shown: Shown, *, approve: bool, live: bool, max_usd: float | None) -> int:
    """The whole journey; the exit status (0, or 3 where nothing could be tested)."""
    folder = settings_.default_state_dir() / ("demo-live" if live else "demo")
    async with AsyncExitStack() as stack:
        if live:  # kept from run to run: it holds the record of what was spent
            ready = await _live_settings(folder, max_usd)
            await _furnish(ready)
        else:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            server = await stack.enter_async_context(StandIn())
            ready = demo_settings(folder, server.base_url)
            shown.line(
                "The answers come from a stand-in, not Claude: nothing leaves this machine, nothing costs money."
            )
            await _furnish(ready)
        logs.start(ready)
        house = await stack.enter_async_context(open_house(ready, cache_dir()))
        await charts.bring_in(house)
        return await Journey(house, shown).run(request, approve=approve, live=live, max_usd=max_usd)


async def _furnish(ready: Settings) -> None:
    """The sample project's repository, and the small model's weights."""
    from haven.ai.models.registry import Registry

    assert ready.project.repository is not None
    await sample.create(ready.project.repository)
    await Registry(ready.paths.state_dir).install(ready.models.default)


async def _live_settings(folder: Path, max_usd: float | None) -> Settings:
    """The owner's own key and model, in the demo's folder; its caps are what the owner's own ledger has left."""
    own = settings_.load()
    if own.secret(ANTHROPIC_KEY) is None:
        raise Unavailable("No Claude key is set.", "Run: haven setup claude", retry=False)
    cloud = own.cloud.model_dump() | {"stand_in": False}
    async with opened(own.database) as database:
        book = Ledger(database, own.cloud, "")
        cloud["monthly_usd"] = max(0.0, own.cloud.monthly_usd - await book.spent_this_month())
        cloud["daily_usd"] = max(0.0, own.cloud.daily_usd - await book.spent_today())
    if max_usd is not None:
        cloud["per_change_usd"] = max_usd
    ready = demo_settings(folder, changes={"plan_first": "price"}, **cloud)
    paths = ready.paths.model_copy(update={"config_dir": own.paths.config_dir})  # the key stays where it lies
    return ready.model_copy(update={"paths": paths})


class Journey:
    """One run through the main job, told as it goes."""

    def __init__(self, house: House, shown: Shown) -> None:
        self._house = house
        self._shown = shown
        self._seconds: dict[str, float] = {}
        self._stage, self._since = "start", time.monotonic()

    async def run(self, request: str, *, approve: bool, live: bool, max_usd: float | None) -> int:
        self._running = running = asyncio.create_task(run_house(self._house, []))
        try:
            with self._house.bus.subscribe() as subscription:
                self._events = subscription.__aiter__()
                change = await self._request(request)
                if live:
                    await self._agree(max_usd)
                change = await self._until_rest(change.id)
                review = await self._house.changes.review(change.id)
                self._show(review)
                merged = await self._decide(change, review, approve)
            self._mark("done")
            return self._end(merged, await self._house.changes.review(change.id))
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _request(self, text: str) -> Change:
        self._shown.line(f'\nRequest: "{text}"')
        answer = await self._house.round_table.request(Request(text, self._shown.principal))
        if not isinstance(answer, Change):
            raise BadInput("That asks a question rather than for a change.", "Try: haven ask")
        self._shown.line(f"Round Table: {answer.assistant} takes it ({'; '.join(answer.reasons)})")
        self._shown.line(f"Change {answer.id}: {answer.title}")
        return answer

    async def _until_rest(self, id: str) -> Change:
        while True:
            change = await self._house.changes.get(id)
            if change.state in RESTING:
                return change
            if change.state == State.WAITING:
                raise Unavailable(change.reason)
            arrived = asyncio.ensure_future(anext(self._events))
            await asyncio.wait([arrived, self._running], return_when=asyncio.FIRST_COMPLETED)
            if self._running.done():
                arrived.cancel()
                self._running.result()
            event = await arrived
            if event.subject == id:
                await self._tell(event)

    async def _tell(self, event: Event) -> None:
        if event.kind != "change.state":
            return
        self._mark(event.data["state"])
        self._shown.line(f"  {event.data['state']}" + (f": {event.data['reason']}" if event.data.get("reason") else ""))
        if event.data["state"] == State.EDITING and event.data["round"] == 1:
            change = await self._house.changes.get(event.subject)
            self._shown.line(f"    context: {change.plan['tokens']:,} tokens of {change.plan['considered']} files")
            for file in change.plan["files"][:6]:
                self._shown.line(f"      {file['path']:<28} {', '.join(file['reasons'][:3])}")
            self._shown.line(
                f"    worst case: {change.plan['worst_usd']:.4f} USD at {self._house.settings.cloud.model}'s prices"
            )

    async def _agree(self, max_usd: float | None) -> None:
        """With --live nothing is sent before the price is known and agreed to."""
        change = await self._until_rest((await self._house.changes.list(limit=1))[0].id)
        worst = change.plan["worst_usd"] * change.plan["rounds"]
        sentence = f"{self._house.settings.cloud.model} may cost up to {worst:.4f} USD for this."
        if max_usd is None:
            typer.confirm(f"{sentence} Go on?", abort=True, err=True)
        elif worst > max_usd:
            raise Unavailable(f"{sentence} That is more than --max-usd {max_usd:.4f}.", retry=False)
        review = await self._house.changes.review(change.id)
        await self._house.changes.approve(
            change.id, self._shown.principal, round=review.round, commit=review.commit, plan=review.plan_id
        )

    def _show(self, review: Review) -> None:
        if not self._shown.as_json:
            self._shown.out.print(render(review, min(self._shown.out.width, 120)))

    async def _decide(self, change: Change, review: Review, approve: bool) -> Change:
        untested = review.tests.get("untested", False)
        if change.state != State.REVIEW or untested:
            return change
        if not approve:
            self._shown.line("\nNot merged: a person decides. Merge it with: make demo ARGS=--approve")
            return change
        typed = "two taps" if review.confirm == "two taps" else ""
        await self._house.changes.approve(
            change.id, self._shown.principal, round=review.round, commit=review.commit, confirm=typed
        )
        return await self._until_rest(change.id)

    def _end(self, change: Change, review: Review) -> int:
        problem = self._house.sandbox.problem()
        if self._shown.as_json:
            print(json.dumps(self._summary(change, review)))
        elif change.state == State.MERGED:
            self._shown.line(f"\nMerged as {change.merged[:12]} into {change.target}. {change.reason}".rstrip())
        if review.tests.get("untested"):
            self._shown.err.print(f"\nUntested, so nothing was merged. {problem}")
            return UNTESTED
        if change.state == State.FAILED:
            raise HavenError(change.reason)
        return 0

    def _summary(self, change: Change, review: Review) -> dict[str, Any]:
        return {
            "id": change.id,
            "branch": change.branch,
            "commit": review.commit,
            "merged": change.state == State.MERGED,
            "merge_commit": change.merged or None,
            "state": change.state,
            "assistant": change.assistant,
            "tests": review.tests.get("counts", {}),
            "tests_by_class": review.tests.get("classes", {}),
            "untested": bool(review.tests.get("untested")),
            "route": review.route,
            "cost": {"usd": review.cost_usd, "worst_case_usd": review.worst_usd},
            "stand_in": review.stand_in,
            "seconds": {name: round(value, 3) for name, value in self._seconds.items()},
        }

    def _mark(self, stage: str) -> None:
        now = time.monotonic()
        self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now
