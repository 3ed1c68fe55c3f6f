"""Without a key: the prompt goes out by hand, to any chat, and the answer comes back the same way.

To carry is work, no decision: whoever may ask for changes may do it, the one who asked for this one too. Only where a
plan waits is the answer also a word about it, for repairs that cost may follow: that takes the right to approve it.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from haven.access import Act, Principal, check
from haven.ai.money.ledger import Ledger
from haven.ai.task import Task
from haven.changes import edits
from haven.changes.decisions import check_decides, queue_step
from haven.changes.rounds import Rounds, parse, prompt
from haven.changes.states import State
from haven.errors import BadInput, Conflict
from haven.redact import Redaction
from haven.settings import Settings
from haven.store import changes as table
from haven.store import events
from haven.store.changes import Change
from haven.store.database import Database, Transaction

MAX_REPLY = 2_000_000
"""Characters of an answer that is taken."""


class ByHand:
    """Writes the redacted, recorded prompt; takes the answer through the same edits, sandbox and review."""

    def __init__(self, database: Database, rounds: Rounds, ledger: Ledger, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._rounds = rounds
        self._ledger = ledger
        self._folder = settings.paths.state_dir / "prompts"

    async def prompt(self, id: str, principal: Principal) -> Path:
        """A file to paste into a chat. What is in it is recorded before it is written."""
        check(principal, Act.REQUEST)
        change = await table.get(self._database, id)
        _expects_edits(change)
        task, _, _ = await self._rounds.prompt_task(change, principal)
        redaction, text = await asyncio.to_thread(_redacted, task)
        await self._ledger.by_hand(task, text, redaction.counts)
        return await asyncio.to_thread(self._write, f"prompt-{change.id}-{change.round}.txt", text)

    async def reply(self, id: str, text: str, principal: Principal) -> Change:
        """Take the answer as this round's reply and let the change go on.

        Raises AccessDenied, Conflict (no answer is waited for, or the plan is another one by now), BadInput, and
        EditError where it can't be read.
        """
        check(principal, Act.REQUEST)
        change = await table.get(self._database, id)
        if change.state == State.AWAITING_PLAN:
            check_decides(principal, change, self._settings)
        _expects_edits(change)
        if not text.strip() or len(text) > MAX_REPLY:
            raise BadInput("The answer is empty or too long.", f"Save all of it, up to {MAX_REPLY:,} characters.")
        task, parent, context = await self._rounds.prompt_task(change, principal)
        redaction, _ = await asyncio.to_thread(
            _redacted, task
        )  # the prompt's own values, to go where the answer repeats their placeholders
        proposal = {"text": await asyncio.to_thread(redaction.restore, text)}
        await asyncio.to_thread(parse, proposal)
        fields = {
            "proposal": proposal,
            "route": _route(redaction),
            "context": context,
            "parent": parent,
            # and nothing of an earlier try:
            "commit_id": "",
            "notes": [],
            "tests": {},
            "summary": {},
            "ended": "",
            "bad_replies": 0,
        }

        async def work(tx: Transaction) -> None:
            here: dict[str, Any] = {"at_round": change.round, "at_plan": change.plan}
            again: dict[str, Any] = {"reason": "", "retry_at": None, "attempts": 0}
            await table.move(tx, change.id, [change.state], State.EDITING, **here, **again)
            await table.update_round(tx, change.id, change.round, **fields)
            said = {"state": State.EDITING.value, "title": change.title, "round": change.round, "by": principal.name}
            await events.record(tx, "change.state", change.id, principal.id, **said)
            await queue_step(tx, change.id)

        await self._database.write(work)
        return await table.get(self._database, change.id)

    def _write(self, name: str, text: str) -> Path:
        """For the owner's eyes only."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self._folder / name
        file.unlink(missing_ok=True)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
        return file


def _redacted(task: Task) -> tuple[Redaction, str]:
    redaction = Redaction()
    return redaction, redaction.apply(prompt.by_hand(task.system, task.turns, edits.TEXT_FORMAT))


def _route(redaction: Redaction) -> dict[str, Any]:
    return {
        "tier": "cloud",
        "model": "a chat, carried by hand",
        "reasons": ["a person carried the prompt and the answer"],
        "usd": 0.0,
        "stand_in": False,
        "by_hand": True,
        "usage": {},
        "redacted": redaction.counts,
    }


def _expects_edits(change: Change) -> None:
    """Only a change that waits for edits has a prompt to carry."""
    waits = change.state == State.WAITING and change.resume == State.EDITING
    if not waits and change.state not in {State.AWAITING_PLAN, State.FAILED}:
        raise Conflict(
            f"Change {change.id} is {change.state}, so there is no prompt to carry.",
            "A prompt is there while a change waits for the cloud.",
        )
    if not change.base:
        raise Conflict(f"Change {change.id} has no plan yet.", "Wait until its state is `waiting`.")
