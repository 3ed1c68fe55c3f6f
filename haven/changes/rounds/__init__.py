"""One round's work: ask for edits, keep the reply, apply it on the branch, put the result into words."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from haven.access import Principal
from haven.ai.engine import Engine
from haven.ai.task import Reply, Task, Where
from haven.changes import edits
from haven.changes.rounds import stopping
from haven.changes.rounds.asking import Asking
from haven.changes.rounds.prompting import Prompts, described
from haven.changes.rounds.summarising import summarise
from haven.errors import EditError, HavenError, NoChange
from haven.settings import Settings
from haven.store import changes as table
from haven.store import events, ledger
from haven.store.changes import Change, Round
from haven.store.database import Database, Transaction

CUTS = 2
"""How often the context is cut because the API counts more than the local counter."""
Progress = Callable[[Change, str], None]


class Rounds:
    """What the pipeline's steps edit and summary do."""

    def __init__(self, database: Database, prompts: Prompts, engine: Engine, settings: Settings) -> None:
        self.repository = prompts.repository
        self._prompts = prompts
        self._database = database
        self._engine = engine
        self._asking = Asking(engine)
        self._settings = settings

    async def ask(self, change: Change, current: Round, principal: Principal, progress: Progress) -> Round:
        """Ask for edits and keep the reply before anything is done with it."""
        started = time.monotonic()

        def say(text: str) -> None:
            progress(change, f"round {current.number}: {text}")

        parent = await self._parent(change, current)
        small = await self._small(change, current, principal, say)
        if isinstance(small, Reply):
            reply, shown = small, {"tried": f"{small.tier.value} first, as the settings allow"}
        else:
            change = await self._confirmed(change, current, parent, principal, say)
            task = await self._prompts.task(change, current, parent, principal)
            shown = await self._priced(change, current, task, say)
            tools = await self._prompts.tools(change, parent)
            reply = await self._asking.edits(task, tools, await self._minutes_left(change), say)
        proposal = {"tool": reply.data} if isinstance(reply.data, dict) else {"text": reply.text}
        seconds = {**current.seconds, "cloud": round(time.monotonic() - started, 3)}
        route = _route(reply, small)
        await self.keep_reply(change, current, proposal, route, shown, parent, seconds)
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
        """Store a reply, from a model or carried by hand."""
        fields = {"proposal": proposal, "route": route, "context": context, "parent": parent, "seconds": seconds}

        async def work(tx: Transaction) -> None:
            await table.update_round(tx, change.id, current.number, **fields)
            await events.record(tx, "change.reply", change.id, round=current.number, model=route["model"])

        await self._database.write(work)

    async def apply(self, change: Change, current: Round) -> tuple[str, tuple[str, ...]]:
        """Apply the kept reply in a fresh worktree; the commit and notes on forgiving matches.

        Raises EditError in words for the model; NoChange where nothing is different or the reply holds no edits.
        """
        proposed = await asyncio.to_thread(parse, current.proposal or {})
        worktree = await self.repository.worktree(change.id, change.branch, current.parent)
        try:
            applied = await asyncio.to_thread(edits.apply, worktree, proposed.edits)
            message = f"{change.title}\n\n{proposed.summary}\n\nHaven change {change.id}, round {current.number}"
            commit = await self.repository.commit(worktree, message, applied.paths)
        finally:
            await self.repository.remove_worktree(change.id)
        return commit, applied.notes

    async def summarise(self, change: Change, current: Round, principal: Principal) -> dict[str, str]:
        """A paragraph for people who don't program: by the local model, else by rules."""
        rounds = await table.rounds(self._database, change.id)
        made = [one for one in rounds if one.commit_id and one.proposal and one.number <= current.number]
        said = await asyncio.to_thread(lambda: " ".join(parse(one.proposal or {}).summary for one in made))
        files = await self.repository.diff_stat(change.base, current.commit_id)
        return await summarise(self._engine, change, current, files, said, principal)

    async def prompt_task(self, change: Change, principal: Principal) -> tuple[Task, str, dict[str, Any]]:
        """The task of the round at hand, its parent commit and its context: for a prompt carried by hand."""
        current = await table.round_of(self._database, change)
        parent = await self._parent(change, current)
        task = await self._prompts.task(change, current, parent, principal)
        return task, parent, described(await self._prompts.context(change))

    async def why_stop(self, change: Change, current: Round, failures: str) -> str:
        """Why no repair round follows on `failures`, in a sentence; "" where one does."""
        rounds = [one for one in await table.rounds(self._database, change.id) if one.number < current.number]
        allowed = self._settings.changes
        limits = stopping.Limits(allowed.rounds, allowed.most_tokens, allowed.most_minutes)
        entries = await ledger.of_change(self._database, change.id)
        return stopping.why_stop([*rounds, current], failures, limits, entries)

    async def _small(
        self, change: Change, current: Round, principal: Principal, say: Callable[[str], None]
    ) -> Reply | str:
        """A simple request tried on a model at home, where the owner allows it; else why not, "" where nobody asked.

        Only its first round: what goes wrong goes to the cloud as a repair. A reply without edits is none.
        """
        where = self._settings.changes.small_edits
        if where == "cloud" or current.number != 1 or current.bad_replies:
            return ""
        task = await self._prompts.small_task(change, current, principal)
        if not await self._asking.small(task):
            return ""
        if where == "lan":
            task = await self._prompts.task(change, current, change.base, principal)
        say(f"trying it on the {where} model first")
        reply = await self._asking.first_at(task, Where(where), say)
        if isinstance(reply, str):
            return f"{where} was tried first: {reply}"
        try:
            await asyncio.to_thread(
                parse, {"tool": reply.data} if isinstance(reply.data, dict) else {"text": reply.text}
            )
        except HavenError as error:
            return f"{where} was tried first: {error}"
        return reply

    async def _confirmed(
        self, change: Change, current: Round, parent: str, principal: Principal, say: Callable[[str], None]
    ) -> Change:
        """Before the first paid call: the API's own count, and a smaller context where it says that it is too much."""
        if change.plan.get("counted_for") == change.base:
            return change
        budget = limit = self._settings.changes.context_tokens
        plan = {name: value for name, value in change.plan.items() if name != "budget"}  # it was another base's
        change = replace(change, plan=plan)
        for _ in range(CUTS):
            task = await self._prompts.task(change, current, parent, principal)
            share = await self._asking.share(task)
            if share is None:
                return change
            shown = (await self._prompts.context(change)).tokens
            plan = {**plan, "counted": round(shown * share), "counted_for": change.base, "budget": budget}
            if shown * share <= limit:
                break
            say("the API counts more tokens than Haven: showing less")
            budget = int(budget * limit / (shown * share) * 0.98)
            plan["budget"] = budget
            change = replace(change, plan=plan)
        await self._database.write(lambda tx: table.update(tx, change.id, plan=plan))
        return replace(change, plan=plan)

    async def _priced(self, change: Change, current: Round, task: Task, say: Callable[[str], None]) -> dict[str, Any]:
        """What is shown and what the call may cost, written down and said before it is asked."""
        worst = await self._asking.worst_case(task)
        shown = {**described(await self._prompts.context(change)), "worst_usd": worst}
        await self._database.write(lambda tx: table.update_round(tx, change.id, current.number, context=shown))
        say(f"asking for edits, at most {worst:.2f} USD a call")
        return shown

    async def _minutes_left(self, change: Change) -> float:
        used = stopping.minutes_of(stopping.since_word(await table.rounds(self._database, change.id)))
        return self._settings.changes.most_minutes - used

    async def _parent(self, change: Change, current: Round) -> str:
        """What this round's edits are made on: after a tweak what the person saw, else where the last round stood."""
        if current.parent:
            return current.parent
        earlier = [one for one in await table.rounds(self._database, change.id) if one.number < current.number]
        if current.cause == "tweak":
            shown = best_round(earlier)
            return shown.commit_id if shown else change.base
        return (earlier[-1].commit_id or earlier[-1].parent if earlier else "") or change.base


def parse(proposal: dict[str, Any]) -> edits.Proposal:
    """Edits from a kept reply. Takes CPU: a second or two for the longest.

    Raises EditError; NoChange where they are none, or leave every text as it was.
    """
    tool, text = proposal.get("tool"), str(proposal.get("text", ""))
    if isinstance(tool, dict) and tool.get("edits") == []:
        raise _declined(str(tool.get("summary", "")))
    try:
        proposed = edits.from_tool(tool) if "tool" in proposal else edits.from_text(text)
    except EditError:
        if "tool" in proposal or any(mark in text for mark in ("SEARCH", "REPLACE", "*** Begin Patch", "\n@@ ")):
            raise
        raise _declined(text) from None
    if all(one.old is not None and one.old == one.new for one in proposed.edits):
        raise NoChange("Its edits leave every text as it was.")
    return proposed


def _declined(said: str) -> NoChange:
    words = " ".join(said.split())[:300] or "nothing"
    return NoChange(f"The model made no edits. It said: {words}", "Ask for it in other words.")


def best_round(rounds: list[Round]) -> Round | None:
    """Green before untested before red; among equals the fewest regressions, then the newest."""

    def rank(one: Round) -> tuple[int, int, int]:
        counts = one.tests.get("counts", {})
        green = 2 if one.tests.get("green") else 1 if one.tests.get("untested", not one.tests) else 0
        return green, -(counts.get("regressed", 0) + counts.get("new_failing", 0)), one.number

    # What was made for an older base, and no longer fits, is compared with nothing that there is now.
    return max((one for one in rounds if one.commit_id and not one.base), key=rank, default=None)


def _route(reply: Reply, small: Reply | str) -> dict[str, Any]:
    tried = [small] if isinstance(small, str) and small else []
    return {
        "tier": reply.tier.value,
        "model": reply.model,
        "reasons": [*tried, *reply.route.reasons],
        "usd": 0.0 if reply.stand_in else reply.usd,
        "stand_in": reply.stand_in,
        "small": isinstance(small, Reply),
        "usage": asdict(reply.usage),
        "redacted": dict(reply.redacted),
    }
