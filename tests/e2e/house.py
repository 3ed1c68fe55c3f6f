"""A whole Haven in a folder: sample project, stand-in over real HTTP, real sandbox; for the journeys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistants.round_table import Request
from haven.access import Principal, Role
from haven.app import House, open_house, run
from haven.changes.states import RESTING, State
from haven.demo.journey import demo_settings
from haven.demo.stand_in import Fault, StandIn
from haven.settings import Deploy, Discord, Settings, cache_dir
from haven.store.changes import Change
from tests.e2e.baselines import known_baselines
from tests.e2e.copies import sample_project

PNG = "Add a button in the map viewer to export the current map as PNG"
DARK = "Add dark mode to the map viewer"
OWNER = Principal("unix:0", "Olga", Role.OWNER, "cli")
MEMBER = Principal("discord:7", "Mika", Role.MEMBER, "bot")
REVIEWER = Principal("discord:8", "Rena", Role.REVIEWER, "bot")


@dataclass
class Home:
    """A running house and its stand-in."""

    house: House
    stand_in: StandIn
    project: Path
    states: list[str] = field(default_factory=list)

    @property
    def asked(self) -> list[dict[str, Any]]:
        """What the stand-in was asked, without the prompts that it only counted."""
        return [body for body in self.stand_in.requests if "max_tokens" in body]

    async def ask_for(self, text: str, principal: Principal = MEMBER, **more: Any) -> Change:
        answer = await self.house.round_table.request(Request(text, principal, **more))
        assert isinstance(answer, Change)
        return answer

    async def rest(self, change: Change, *more: State) -> Change:
        """Wait until nothing moves any more (or one of `more` is reached)."""
        with self.house.bus.subscribe() as subscription:
            events = subscription.__aiter__()
            async with asyncio.timeout(90):
                while (now := await self.house.changes.get(change.id)).state not in RESTING | set(more):
                    await anext(events)
        return now

    async def approve(self, change: Change, principal: Principal = OWNER, confirm: str = "") -> Change:
        review = await self.house.changes.review(change.id)
        return await self.house.changes.approve(
            change.id, principal, round=review.round, commit=review.commit, plan=review.plan_id, confirm=confirm
        )


def settings_in(
    folder: Path,
    base_url: str = "",
    *,
    model: bool = False,
    deploy: Mapping[str, Any] | None = None,
    discord: Mapping[str, Any] | None = None,
    **more: Any,
) -> Settings:
    """Demo settings without the local model (rules answer), unless it is wanted; `more` is about the cloud."""
    ready = demo_settings(folder, base_url, more.pop("changes", None), **more)
    models = ready.models.model_copy(update={"local": model})
    tree = {"models": models, "deploy": Deploy(**(deploy or {})), "discord": Discord(**(discord or {}))}
    return ready.model_copy(update=tree)


@asynccontextmanager
async def at_home(
    folder: Path, faults: Sequence[Fault | None] = (), *, model: bool = False, working: bool = True, **more: Any
) -> AsyncIterator[Home]:
    """The house, with its bus and worker running."""
    async with StandIn(faults) as stand_in:
        ready = settings_in(folder, stand_in.base_url, model=model, **more)
        assert ready.project.repository is not None
        await sample_project(ready.project.repository)
        async with open_house(ready, cache_dir()) as house, known_baselines(house.database):
            running = asyncio.create_task(run(house, [])) if working else None
            try:
                yield Home(house, stand_in, ready.project.repository)
            finally:
                if running is not None:
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)
