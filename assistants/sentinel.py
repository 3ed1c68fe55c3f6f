"""Sentinel watches: the machine, the process, the people who may enter, and what it all costs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from assistants.base import Assistant
from assistants.findings import Findings
from assistants.sentry.alerts import Alerts
from assistants.sentry.answers import answer
from assistants.sentry.backups import Backups
from assistants.sentry.checks import ALIKE, STATUS, cause_of, signs_of
from assistants.sentry.lines import StatusLine as StatusLine
from assistants.sentry.lines import alert_lines, backup_lines, machine_lines, queue_lines
from assistants.sentry.logs import Logs
from assistants.sentry.patrol import Patrol
from assistants.sentry.subjects import subject_of
from assistants.waiting import WaitingRoom
from haven.access import Act, Principal, Role, check
from haven.ai.breaker import Circuit
from haven.ai.memory.outcomes import Outcomes
from haven.ai.money.ledger import Ledger
from haven.ai.providers.base import Provider
from haven.ai.providers.lan import LanModel
from haven.ai.providers.llama import LlamaProvider
from haven.ai.roster import Roster
from haven.ai.switch import CloudSwitch
from haven.ai.task import Tier
from haven.changes.decisions import Changes
from haven.changes.sandbox import Sandbox
from haven.changes.states import OPEN, State
from haven.health import LoopLag, snapshot
from haven.health_card import wear
from haven.past import Past
from haven.settings import Settings
from haven.store import jobs
from haven.store.database import Database, now
from haven.store.outcomes import seen

SENTINEL = Assistant(
    name="sentinel",
    title="Sentinel",
    job="health of the machine, security, logs, alerts, backups",
    colour="#e06c75",
    words=(
        *("secur", "login", "log in", "password", "token", "permission", "access", "alert", "backup", "spam", "attack"),
        *(
            "temperature",
            "throttl",
            "memory leak",
            "disk",
            "crash",
            "health",
            "uptime",
            "monitor",
            "rate limit",
            "audit",
        ),
    ),
)

HAVEN = Principal("haven", "Haven", Role.OWNER, "cli")
HELD = {"waiting": "for the cloud", "asked": "for the word of who asked"}
"""States of requests in the waiting room, and what they wait for."""
SHOWN = 3
LOOK_S = 60.0
"""Seconds between two looks of the one process that runs."""


class Sentinel:
    """Looks at the house and says how it is, by rules: it works with no model at all."""

    def __init__(
        self,
        settings: Settings,
        changes: Changes,
        ledger: Ledger,
        roster: Roster,
        sandbox: Sandbox,
        lag: LoopLag,
        waiting: WaitingRoom,
        outcomes: Outcomes,
        repository_problem: str,
        repository_notes: Sequence[str],
        switch: CloudSwitch,
        database: Database,
    ) -> None:
        self.settings = settings
        self._changes = changes
        self._ledger = ledger
        self._roster = roster
        self._sandbox = sandbox
        self._lag = lag
        self._repository_problem = repository_problem
        self._repository_notes = tuple(repository_notes)
        self._waiting, self._outcomes, self._switch = waiting, outcomes, switch
        self._database = database
        self._noted: dict[str, StatusLine] = {}
        self._due: dict[int, float] = {}
        self.backups = Backups(settings.database, settings.backups)
        self.alerts = Alerts(database, settings.alerts)
        self.patrol = Patrol(database, Logs(settings.log_file))
        self.past = Past()

    def note(self, label: str, text: str, level: str) -> None:
        """A face tells how it is; the newest word counts."""
        self._noted[label] = StatusLine(label, text, level)

    async def status(self) -> list[StatusLine]:
        """One line a subject, the troubles marked; every face shows the same."""
        machine = await asyncio.to_thread(snapshot, self.settings.paths.state_dir)
        cards = await asyncio.to_thread(wear)
        sandbox = await asyncio.to_thread(self._sandbox.problem)
        return [
            *self._model_lines(),
            *map(self._lan_line, self._roster.on(Tier.LAN)),
            await self._cloud_line(),
            *self._left_alone(),
            *await self._waiting_lines(),
            *await self._learned_lines(),
            self._project_line(),
            self._line("Sandbox", sandbox, "bubblewrap is ready"),
            await self._changes_line(),
            *self._noted.values(),
            *machine_lines(machine, cards, self.alerts.settings),
            *backup_lines(await self.backups.state(), self.alerts.settings, now()),
            *await self._queue_lines(),
            *self._lag_lines(),
            *alert_lines(await self.alerts.open()),
        ]

    async def look(self) -> None:
        """Look once a minute, and tell of what is wrong."""
        await self.alerts.look([STATUS], signs_of(await self.status()), now())
        await self._remember()

    async def _remember(self) -> None:
        """One figure each of the last minute, for the lines that the faces draw."""
        machine = await asyncio.to_thread(snapshot, self.settings.paths.state_dir)
        at = now()
        answers = [one for one in await seen(self._database, at - LOOK_S, at + 1) if one.tier == Tier.LOCAL]
        own = [(one.reply_tokens, one.seconds) for one in answers if not one.cached]
        seconds = sum(spent for _, spent in own)
        speed = sum(tokens for tokens, _ in own) / seconds if seconds else None
        self.past.add(machine, self._lag.p99 if self._lag.samples else None, speed)

    async def look_beside(self) -> None:
        """Look from another process than the one that runs: at what each of them sees alike, and nothing else is over.

        Faces, loaded models, pauses, the age of the queue and why no backup was made are the running one's to know.
        """
        lines = [line for line in await self.status() if line.label in (*ALIKE, "Backup")]
        await self.alerts.look([cause_of(label) for label in ALIKE], signs_of(lines), now())

    def _project_line(self) -> StatusLine:
        project = self.settings.project
        name = project.name or (project.repository.name if project.repository else "")
        if self._repository_problem or not self._repository_notes:
            return self._line("Project", self._repository_problem, f"{name}, merged into {project.target_branch}")
        return StatusLine("Project", f"{name}: {' '.join(self._repository_notes)}", "note")

    def _lag_lines(self) -> list[StatusLine]:
        if not self._lag.samples:
            return []
        return [StatusLine("Event loop", f"lag p99 {self._lag.p99:.0f} ms", "note" if self._lag.p99 > 100 else "ok")]

    def _line(self, label: str, problem: str, fine: str) -> StatusLine:
        return StatusLine(label, problem, "alert") if problem else StatusLine(label, fine)

    def _model_lines(self) -> Iterator[StatusLine]:
        local = self._roster.on(Tier.LOCAL)
        if not local:
            yield StatusLine("Local model", "switched off: rules answer alone", "note")
        for one in local:
            if problem := one.missing():
                yield StatusLine("Local model", problem, "alert" if one is local[0] else "note")
            else:
                taken = one.memory_mb if isinstance(one, LlamaProvider) and one.loaded else 0
                yield StatusLine("Local model", f"{one.name}, {f'loaded, {taken:,} MB' if taken else 'not loaded'}")

    def _lan_line(self, model: Provider) -> StatusLine:
        """A machine at home may be switched off: that matters only where all inference was moved there."""
        level = "alert" if self.settings.lan.only else "note"
        if not model.missing():
            return StatusLine("At home", f"{model.name} at {model.recipient}")
        if isinstance(model, LanModel) and (hosts := model.lacking()):
            said = f"not on {', '.join(hosts)}. Run: haven models pull {model.name}"
        else:
            said = f"no answer from {model.recipient}"
        return StatusLine("At home", f"{model.name}: {said}", level)

    async def _cloud_line(self) -> StatusLine:
        cloud = self.settings.cloud
        if off := await self._switch.refusal():
            return StatusLine("Cloud", off, "note")
        if cloud.stand_in:
            return StatusLine("Cloud", "stand-in, not Claude", "note")
        if all(one.missing() for one in self._roster.on(Tier.CLOUD)):
            return StatusLine("Cloud", "no key, so it is not used. Run: haven setup claude", "note")
        spent = await self._ledger.spent_this_month()
        level = "note" if spent >= 0.8 * cloud.monthly_usd else "ok"
        return StatusLine("Cloud", f"{cloud.model}: {spent:.2f} of {cloud.monthly_usd:.2f} USD this month", level)

    def _left_alone(self) -> Iterator[StatusLine]:
        """Services that failed too often or were asked too often, and for how long they are not asked."""
        for breaker in dict.fromkeys(map(self._roster.breaker, self._roster.providers)):
            refusal = breaker.refusal()
            if refusal is not None and breaker.circuit is not Circuit.TRYING:
                why = "is at its limit" if breaker.circuit is Circuit.CLOSED else "is left alone"
                yield StatusLine("Pause", f"{breaker.name} {why} for another {refusal[1]:.0f} s", "note")
            elif breaker.circuit is not Circuit.CLOSED:
                yield StatusLine("Pause", f"{breaker.name} failed; one call tries it again", "note")

    async def walk(self) -> None:
        """The longer round, each ten minutes: logs and logins."""
        await self.patrol.look(self.alerts)

    async def answer(self, question: str, principal: Principal) -> Findings | None:
        """What the house's own figures say; None where they don't. Raises AccessDenied."""
        if not subject_of(question):
            return None
        check(principal, Act.READ)
        return await answer(question, self)

    async def _queue_lines(self) -> list[StatusLine]:
        """A job does not say since when it is due: that is kept from look to look."""
        at = now()
        self._due = {id: self._due.get(id, at) for id in await jobs.due(self._database, at)}
        return list(queue_lines(len(self._due), at - min(self._due.values(), default=at), self.alerts.settings))

    async def _waiting_lines(self) -> list[StatusLine]:
        held = await self._waiting.list(HAVEN)
        counts = [(sum(one.state == state for one in held), what) for state, what in HELD.items()]
        text = ", ".join(f"{count} {what}" for count, what in counts if count)
        return [StatusLine("Waiting", text, "note")] if text else []

    async def _learned_lines(self) -> list[StatusLine]:
        """Pass marks that experience has moved away from the settings."""
        marks = await self._outcomes.marks() if self.settings.routing.learn else {}
        moved = [f"{kind} {shift:+d}" for kind, shift in sorted(marks.items()) if shift]
        more = f" and {len(moved) - SHOWN} more" if len(moved) > SHOWN else ""
        return [StatusLine("Pass marks", f"learned: {', '.join(moved[:SHOWN])}{more}", "note")] if moved else []

    async def _changes_line(self) -> StatusLine:
        open_changes = await self._changes.list([state.value for state in OPEN], limit=500)
        review = sum(change.state == State.REVIEW for change in open_changes)
        text = f"{len(open_changes)} open, {review} waiting for a decision"
        return StatusLine("Changes", text, "note" if review else "ok")
