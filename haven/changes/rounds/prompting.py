"""What a round is shown and asked: the context of the change's base, the same for all its rounds, and what is new."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from haven.access import Principal, Role
from haven.ai.converse import Handler
from haven.ai.money import tokens
from haven.ai.task import Task, Tool
from haven.changes import edits, looked_at
from haven.changes.context import Context, choose
from haven.changes.context.history import past_commits
from haven.changes.context.tools import tools_for
from haven.changes.git.repository import Repository
from haven.changes.project_file import PROJECT_FILE, ProjectFile, read_project_file
from haven.changes.rounds import evidence, plan, prompt
from haven.settings import Settings
from haven.store.changes import Change, Round
from haven.store.code_index import CodeIndex

PRESENT_SHARE = 0.5
"""Of the context's budget: the present text of files that earlier rounds have changed."""
LOCAL_CONTEXT_TOKENS, LOCAL_REPLY_TOKENS = 1_500, 800
"""What a small local model is shown and may answer: both have to fit its window of 4,096 beside the rules."""


class Prompts:
    """Builds the tasks of a change's rounds. The system parts of all rounds are the same bytes, for the cache."""

    def __init__(self, repository: Repository, settings: Settings) -> None:
        self.repository = repository
        self._settings = settings
        self._index = CodeIndex(settings.paths.state_dir / "cache" / "code_index.db")
        self._chosen: tuple[tuple[str, str, int], Context] = ("", "", 0), Context((), "", "", 0)

    async def context(self, change: Change, budget: int = 0) -> Context:
        """What is shown of the change's base, within `budget` tokens (0: as planned, else as the settings say)."""
        budget = budget or int(change.plan.get("budget") or self._settings.changes.context_tokens)
        key = change.id, change.base, budget
        if self._chosen[0] != key:
            self._chosen = key, await self._choose(change, budget)
        return self._chosen[1]

    async def task(self, change: Change, current: Round, parent: str, principal: Principal) -> Task:
        """The task of one round, whose edits are made on `parent`."""
        news = await self._news(change, current, parent)
        return self._task(change, current, principal, await self.context(change), news)

    async def small_task(self, change: Change, current: Round, principal: Principal) -> Task:
        """The first round for a small model: the best of the context in a few hundred words."""
        context = await self._choose(change, LOCAL_CONTEXT_TOKENS)
        news = prompt.RoundInput(number=current.number, log=change.evidence)
        task = self._task(change, current, principal, context, news)
        return replace(task, kind="small_edits", max_tokens=LOCAL_REPLY_TOKENS)

    async def tools(self, change: Change, parent: str) -> dict[Tool, Handler]:
        """What the model may look around with on `parent`: nothing where all of the project is shown anyway.

        The same tools for all rounds of a change, as they stand before the system parts in the cache.
        """
        shown = await self.context(change)
        if not shown.left_out.get("less relevant") and all(one.whole for one in shown.files):
            return {}

        async def read(paths: list[str]) -> Mapping[str, bytes]:
            return await self.repository.read_many(parent, paths)

        return tools_for(await self.repository.list_files(parent), read)

    async def project(self, base: str) -> ProjectFile:
        """The project's own wishes, from the base commit only. Raises BadInput."""
        return read_project_file(await self.repository.read(base, PROJECT_FILE))

    def _task(
        self, change: Change, current: Round, principal: Principal, context: Context, news: prompt.RoundInput
    ) -> Task:
        name = self._settings.project.name or "the project"
        system, turns = prompt.build(change.request, change.kind, context, context.instructions, name, news)
        return Task(
            kind="edits",
            turns=turns,
            principal=principal,
            purpose=f"edits for change {change.id}, round {current.number}",
            system=system,
            words=change.request,
            tool=edits.EDIT_TOOL,
            max_tokens=self._settings.cloud.max_output_tokens,
            change=change.id,
            round=current.number,
        )

    async def _news(self, change: Change, current: Round, parent: str) -> prompt.RoundInput:
        said = current.instruction or None
        moved = parent != change.base
        return prompt.RoundInput(
            number=current.number,
            instruction=said if current.cause == "tweak" else None,
            failures=said if current.cause == "repair" else None,
            conflict=said if current.cause == "conflict" else None,
            previous_diff=await self.repository.diff(change.base, parent) if moved else None,
            present=await self._present(change, parent) if moved else (),
            plan=plan.for_the_model(change.plan),
            log=change.evidence,
        )

    async def _present(self, change: Change, parent: str) -> tuple[str, ...]:
        """The files that earlier rounds have changed, as they are now: whole, or their best parts."""
        changed = {file.path for file in await self.repository.diff_stat(change.base, parent)}
        files = [file for file in await self.repository.list_files(parent) if file.path in changed]

        async def read(paths: list[str]) -> Mapping[str, bytes]:
            return await self.repository.read_many(parent, paths)

        budget = int(self._settings.changes.context_tokens * PRESENT_SHARE)
        first = dict.fromkeys(sorted(changed), "changed in an earlier round")
        asked = (change.request, files, read, budget, tokens.count, self._index)
        shown = await choose(*asked, kind=change.kind, must_see=first, instructions="")
        return tuple(one.block for one in shown.files)

    async def _choose(self, change: Change, budget: int) -> Context:
        async def read(paths: list[str]) -> Mapping[str, bytes]:
            return await self.repository.read_many(change.base, paths)

        files = await self.repository.list_files(change.base)
        log, paths = change.evidence, [file.path for file in files]
        places = await asyncio.to_thread(evidence.places, log, paths) if log else ()
        return await choose(
            f"{change.request}\n{evidence.words(log)}" if log else change.request,
            files,
            read,
            budget,
            tokens.count,
            self._index,
            kind=change.kind,
            history=await past_commits(self.repository.bare, change.base, self._index),
            hints=(await self.project(change.base)).context_hints,
            must_see=dict.fromkeys(looked_at.found(change.request, paths), "asked for by name")
            | {place.path: "named in the log" for place in places},
        )


def described(context: Context) -> dict[str, Any]:
    """What was shown, for the round's row and the plan."""
    files = [{"path": one.path, "score": round(one.score, 3), "reasons": list(one.reasons)} for one in context.files]
    return {"files": files, "tokens": context.tokens, "considered": context.considered}


def requester(change: Change) -> Principal:
    """The one who asked, for the ledger's caps; the right to ask was checked when the change was handed in."""
    return Principal(change.requester, change.requester_name, Role.MEMBER, change.face)
