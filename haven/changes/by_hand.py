"""Without a key: the prompt goes out by hand, to any chat, and the answer comes back the same way."""

from __future__ import annotations

from pathlib import Path

from haven.access import Act, Principal, check
from haven.ai.ledger import Ledger
from haven.changes import edits, prompt
from haven.changes.rounds import Rounds, parse
from haven.changes.states import State
from haven.errors import BadInput, Conflict
from haven.redact import Redaction
from haven.store import changes as table
from haven.store import events, jobs
from haven.store.changes import Change
from haven.store.database import Database, Transaction

MAX_REPLY = 2_000_000
"""Characters of an answer that is taken."""


class ByHand:
    """Writes the redacted, recorded prompt; takes the answer through the same edits, sandbox and review."""

    def __init__(self, database: Database, rounds: Rounds, ledger: Ledger, folder: Path) -> None:
        self._database = database
        self._rounds = rounds
        self._ledger = ledger
        self._folder = folder

    async def prompt(self, id: str, principal: Principal) -> Path:
        """A file to paste into a chat. What is in it is recorded before it is written."""
        change = await table.get(self._database, id)
        check(principal, Act.REQUEST)
        _expects_edits(change)
        task, _, _ = await self._rounds.prompt_task(change, principal)
        redaction = Redaction()
        text = redaction.apply(prompt.by_hand(task.system, task.turns, edits.TEXT_FORMAT))
        await self._ledger.by_hand(task, text, redaction.counts)
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / f"prompt-{change.id}-{change.round}.txt"
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
        return file

    async def reply(self, id: str, text: str, principal: Principal) -> Change:
        """Take the answer as this round's reply and let the change go on. Raises EditError where it can't be read."""
        change = await table.get(self._database, id)
        check(principal, Act.REQUEST)
        _expects_edits(change)
        if not text.strip() or len(text) > MAX_REPLY:
            raise BadInput("The answer is empty or too long.", f"Save all of it, up to {MAX_REPLY:,} characters.")
        task, parent, context = await self._rounds.prompt_task(change, principal)
        redaction = Redaction()  # the prompt's own values, to be put back where the answer repeats their placeholders
        redaction.apply(prompt.by_hand(task.system, task.turns, edits.TEXT_FORMAT))
        proposal = {"text": redaction.restore(text)}
        parse(proposal)
        route = {
            "tier": "cloud",
            "model": "a chat, carried by hand",
            "reasons": [f"{principal.name} carried the prompt and the answer by hand"],
            "usd": 0.0,
            "stand_in": False,
            "by_hand": True,
            "usage": {},
            "redacted": redaction.counts,
        }
        current = await table.round_of(self._database, change)
        await self._rounds.keep_reply(change, current, proposal, route, context, parent, current.seconds)

        async def work(tx: Transaction) -> None:
            fields = {"reason": "", "retry_at": None, "attempts": 0}
            await table.move(tx, change.id, [change.state], State.EDITING, at_round=change.round, **fields)
            await events.record(tx, "change.state", change.id, principal.id, state="editing", title=change.title)
            await jobs.add(tx, "change", change.id, f"change:{change.id}")
            await jobs.hurry(tx, change.id)

        await self._database.write(work)
        return await table.get(self._database, change.id)


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
