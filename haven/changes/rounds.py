"""One round's work: choose the context, ask for edits, apply them on the branch, put the result into words."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from haven.access import Principal, Role
from haven.ai import tokens
from haven.ai.engine import Engine
from haven.ai.task import Delta, Privacy, Reply, Task, Turn, Where
from haven.changes import edits, prompt
from haven.changes.context import Context, choose
from haven.changes.project_file import PROJECT_FILE, read_project_file
from haven.changes.repository import Repository, slug
from haven.changes.review import summary_fallback
from haven.errors import EditError, HavenError, ModelError
from haven.quoting import data_block
from haven.settings import Settings
from haven.store import changes as table
from haven.store import events
from haven.store.changes import Change, Round
from haven.store.database import Database, Transaction

INSTRUCTION_FILES = ("HAVEN.md", "CLAUDE.md", "AGENTS.md")
SUMMARY_SCHEMA = {
    "type": "object",
    "properties": {"summary": {"type": "string", "minLength": 20, "maxLength": 240}},
    "required": ["summary"],
}
Progress = Callable[[Change, str], None]


class Rounds:
    """What the pipeline's steps plan, edit and summary do."""

    def __init__(self, database: Database, repository: Repository, engine: Engine, settings: Settings) -> None:
        self.repository = repository
        self._database = database
        self._engine = engine
        self._settings = settings
        self._chosen: tuple[tuple[str, str], Context] = ("", ""), Context((), "", "", 0)

    async def plan(self, change: Change) -> tuple[dict[str, Any], str, str]:
        """The plan (files, tokens, worst-case price), the base commit and the branch's name."""
        await self.repository.fetch(change.target)
        base = await self.repository.tip(change.target)
        context = await self._context(change, base)
        first = Round(change.id, 1, "request")
        task = await self._task(change, first, context, base, requester(change))
        worst = await asyncio.to_thread(self._engine.worst_case, task)
        plan = {**_described(context), "worst_usd": worst, "rounds": self._settings.changes.rounds}
        return plan, base, f"haven/change-{change.id}-{slug(change.title)}"

    async def ask(self, change: Change, current: Round, principal: Principal, progress: Progress) -> Round:
        """Ask for edits and keep the reply before anything is done with it."""
        parent = await self._parent(change, current)
        context = await self._context(change, parent)
        task = await self._task(change, current, context, parent, principal)
        started = time.monotonic()
        reply = await self._reply(change, task, progress)
        proposal = {"tool": reply.data} if isinstance(reply.data, dict) else {"text": reply.text}
        route = {
            "tier": reply.tier.value,
            "model": reply.model,
            "reasons": list(reply.route.reasons),
            "usd": 0.0 if reply.stand_in else reply.usd,
            "stand_in": reply.stand_in,
            "usage": asdict(reply.usage),
            "redacted": dict(reply.redacted),
        }
        seconds = {**current.seconds, "cloud": round(time.monotonic() - started, 3)}
        await self.keep_reply(change, current, proposal, route, _described(context), parent, seconds)
        return await table.round_of(self._database, change)

    async def keep_reply(
        self,
        change: Change,
        current: Round,
        proposal: dict[str, Any],
        route: dict[str, Any],
        context: dict[str, Any],
        parent: str,
        seconds: dict[str, float],
    ) -> None:
        """Store a reply, from the cloud or carried by hand."""

        async def work(tx: Transaction) -> None:
            await table.update_round(
                tx,
                change.id,
                current.number,
                proposal=proposal,
                route=route,
                context=context,
                parent=parent,
                seconds=seconds,
            )
            await events.record(tx, "change.reply", change.id, round=current.number, model=route["model"])

        await self._database.write(work)

    async def apply(self, change: Change, current: Round) -> tuple[str, tuple[str, ...]]:
        """Apply the kept reply in a fresh worktree; the commit and notes on forgiving matches.

        Raises EditError in words for the model, HavenError where the reply holds no edits at all.
        """
        proposed = parse(current.proposal or {})
        worktree = await self.repository.worktree(change.id, change.branch, current.parent)
        try:
            applied = await asyncio.to_thread(edits.apply, worktree, proposed.edits)
            message = f"{change.title}\n\n{proposed.summary}\n\nHaven change {change.id}, round {current.number}"
            commit = await self.repository.commit(worktree, message, applied.paths)
        finally:
            await self.repository.remove_worktree(change.id)
        return commit, applied.notes

    async def point_branch(self, change: Change, commit: str) -> None:
        """Let the change's branch stand where the review does."""
        await self.repository.worktree(change.id, change.branch, commit)
        await self.repository.remove_worktree(change.id)

    async def summarise(self, change: Change, current: Round, principal: Principal) -> dict[str, str]:
        """A paragraph for people who don't program: by the local model, else by rules."""
        files = await self.repository.diff_stat(change.base, current.commit_id)
        said = await self._said(change, current)
        by_rule = {"text": summary_fallback(files, current.tests.get("one_line", "")), "by": "rules"}
        task = Task(
            kind="summary",
            turns=(
                Turn(
                    "user",
                    data_block("request", change.request[:600])
                    + data_block("changes", f"{said[:600]}\nFiles: {', '.join(f.path for f in files[:8])}"),
                ),
            ),
            principal=principal,
            purpose="a summary for the review",
            system=("Say in one or two plain sentences what this code change does for its users. Answer as JSON.",),
            privacy=Privacy.PRIVATE,
            where=Where.LOCAL,
            background=True,
            schema=SUMMARY_SCHEMA,
            max_tokens=90,
            change=change.id,
            round=current.number,
        )
        try:
            reply = await self._engine.complete(task)
        except HavenError:
            return by_rule
        text = sensible(str(reply.data["summary"]))
        return {"text": text, "by": reply.model, "facts": by_rule["text"]} if text else by_rule

    async def _said(self, change: Change, current: Round) -> str:
        """What the model said of its edits, over all rounds up to this one that made a commit."""
        rounds = await table.rounds(self._database, change.id)
        made = [one for one in rounds if one.commit_id and one.number <= current.number]
        return " ".join(parse(one.proposal or {}).summary for one in made)

    async def prompt_task(self, change: Change, principal: Principal) -> tuple[Task, str, dict[str, Any]]:
        """The task of the round at hand, its parent commit and its context: for a prompt carried by hand."""
        current = await table.round_of(self._database, change)
        parent = await self._parent(change, current)
        context = await self._context(change, parent)
        return await self._task(change, current, context, parent, principal), parent, _described(context)

    async def _reply(self, change: Change, task: Task, progress: Progress) -> Reply:
        received = 0
        async with aclosing(self._engine.stream(task)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Reply):
                    return piece
                received = received + len(piece.text) if isinstance(piece, Delta) else 0
                progress(change, f"round {task.round}: receiving edits, {received:,} characters")
        raise ModelError("The model ended without a reply.")

    async def _parent(self, change: Change, current: Round) -> str:
        """What this round's edits are made on: after a tweak what the person saw, else where the last round stood."""
        if current.parent:
            return current.parent
        earlier = [one for one in await table.rounds(self._database, change.id) if one.number < current.number]
        if current.cause == "tweak":
            shown = best_round(earlier)
            return shown.commit_id if shown else change.base
        return (earlier[-1].commit_id or earlier[-1].parent if earlier else "") or change.base

    async def _context(self, change: Change, commit: str) -> Context:
        """What is shown of `commit`, chosen once; the project's own words always come from the base."""
        if self._chosen[0] != (change.id, commit):
            self._chosen = (change.id, commit), await self._choose(change, commit)
        return self._chosen[1]

    async def _choose(self, change: Change, commit: str) -> Context:
        base = change.base or commit

        async def read(paths: list[str]) -> Mapping[str, bytes]:
            return await self.repository.read_many(commit, paths)

        edited = [] if commit == base else [file.path for file in await self.repository.diff_stat(base, commit)]
        return await choose(
            change.request,
            await self.repository.list_files(commit),
            read,
            self._settings.changes.context_tokens,
            tokens.count,
            kind=change.kind,
            hints=read_project_file(await self.repository.read(base, PROJECT_FILE)).context_hints,
            must_see=edited,
            instructions=await self._instructions(base),
        )

    async def _task(self, change: Change, current: Round, context: Context, parent: str, principal: Principal) -> Task:
        base = change.base or parent
        said = current.instruction or None
        inputs = prompt.RoundInput(
            number=current.number,
            instruction=said if current.cause == "tweak" else None,
            failures=said if current.cause in {"repair", "conflict"} else None,
            previous_diff=None if parent == base else await self.repository.diff(base, parent),
        )
        name = self._settings.project.name or "the project"
        system, turns = prompt.build(change.request, change.kind, context, context.instructions, name, inputs)
        return Task(
            kind="edits",
            turns=turns,
            principal=principal,
            purpose=f"edits for change {change.id}, round {current.number}",
            system=system,
            tool=edits.EDIT_TOOL,
            max_tokens=self._settings.cloud.max_output_tokens,
            change=change.id,
            round=current.number,
        )

    async def _instructions(self, base: str) -> str:
        """The project's own words for its helpers, from the base commit only."""
        for name in INSTRUCTION_FILES:
            content = await self.repository.read(base, name)
            if content is not None:
                return content.decode("utf-8", "replace")
        return ""


def parse(proposal: dict[str, Any]) -> edits.Proposal:
    """Edits from a kept reply. Raises EditError, or HavenError where a model answered in words alone."""
    if "tool" in proposal:
        return edits.from_tool(proposal["tool"])
    text = str(proposal.get("text", ""))
    try:
        return edits.from_text(text)
    except EditError:
        if "SEARCH" in text or "REPLACE" in text:
            raise
        said = " ".join(text.split())[:300] or "nothing"
        raise HavenError(f"The model made no edits. It said: {said}", "Ask for it in other words.") from None


def sensible(text: str) -> str:
    """The whole sentences of a small model's text that read like sentences; "" where there are none."""
    kept: list[str] = []
    for sentence in re.findall(r"[A-Z][^.!?]*(?:\.\w[^.!?]*)*[.!?](?=\s|$)", text):
        words = re.findall(r"\w+", sentence.lower())
        plain = sum(word.isalpha() for word in words) >= 0.8 * len(words)
        repeated = max(words.count(word) for word in words) if words else 0
        if len(words) < 4 or not plain or repeated > 4 or sentence in kept:
            break
        kept.append(sentence.strip())
    return " ".join(kept[:3])


def best_round(rounds: list[Round]) -> Round | None:
    """Green before untested before red; among equals the fewest regressions, then the newest."""

    def rank(one: Round) -> tuple[int, int, int]:
        counts = one.tests.get("counts", {})
        green = 2 if one.tests.get("green") else 1 if one.tests.get("untested") else 0
        return green, -(counts.get("regressed", 0) + counts.get("new_failing", 0)), one.number

    # What was made for an older base, and no longer fits, is compared with nothing that there is now.
    return max((one for one in rounds if one.commit_id and not one.base), key=rank, default=None)


def _described(context: Context) -> dict[str, Any]:
    files = [{"path": one.path, "score": round(one.score, 3), "reasons": list(one.reasons)} for one in context.files]
    return {"files": files, "tokens": context.tokens, "considered": context.considered}


def requester(change: Change) -> Principal:
    """The one who asked, for the ledger's caps; the right to ask was checked when the change was handed in."""
    return Principal(change.requester, change.requester_name, Role.MEMBER, change.face)
