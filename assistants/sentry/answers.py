"""Questions about this house that its own figures answer: the machine, the disk, backups, alerts, the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from assistants.findings import Findings, Source
from assistants.sentry.alerts import Alerts
from assistants.sentry.backups import Backups
from assistants.sentry.lines import StatusLine, ago
from assistants.sentry.logins import DETAILS
from assistants.sentry.logs import MOST_LINES, Kind
from assistants.sentry.patrol import Patrol
from assistants.sentry.subjects import subject_of
from haven.health import Health, snapshot
from haven.health_card import Wear, wear
from haven.quoting import ended
from haven.settings import Settings
from haven.store.database import now

MACHINE = ("Temperature", "Memory", "Disk", "Card", "Event loop")
"""The status lines that are about the machine itself."""
MOST_GROUPS = 5
HERE = Source("", "this machine", "its own sensors, now")
LOGINS = Source("", "the log of logins", "auth.log, or the journal")
LOGS = Source("", "the logs", f"the journal and Haven's own, of each up to {MOST_LINES:,} lines of the last day")
SUBMISSIONS = Source("", "drafts and history of the world", "the last week was read")


class House(Protocol):
    """What is asked: Sentinel itself."""

    settings: Settings
    alerts: Alerts
    backups: Backups
    patrol: Patrol

    async def status(self) -> list[StatusLine]: ...


@dataclass(frozen=True)
class Machine:
    """How the machine is: the status lines about it and what does not stand in them."""

    lines: tuple[StatusLine, ...]
    unreadable: tuple[str, ...]
    """What this machine does not tell."""
    health: Health
    cards: tuple[Wear, ...]


async def machine(house: House) -> Machine:
    """Look once; what can't be read is named."""
    health, cards, lines = await asyncio.gather(
        asyncio.to_thread(snapshot, house.settings.paths.state_dir), asyncio.to_thread(wear), house.status()
    )
    shown = [line for line in lines if line.label in (*MACHINE, "Queue", "Backup", "Alerts")]
    shown += [StatusLine(*_power(health))] if health.throttling_known else []
    shown += [StatusLine("Load", f"{health.load:.2f} on {health.cores} cores")] if health.load is not None else []
    shown += [StatusLine("Up", f"for {ago(health.uptime_s)}")] if health.uptime_s is not None else []
    missing = {
        "temperature": health.cpu_celsius is None,
        "throttling and under-voltage": not health.throttling_known,
        "memory": health.memory_total_mb is None,
        "wear of the card": not any(card.used_percent is not None for card in cards),
    }
    return Machine(tuple(shown), tuple(what for what, lacks in missing.items() if lacks), health, tuple(cards))


async def answer(question: str, house: House) -> Findings | None:
    """The figures that a question asks for, as sentences; None where it asks for something else."""
    match subject_of(question):
        case "":
            return None
        case "backup":
            return await _backup(house)
        case "alerts":
            return await _alerts(house)
        case "logins":
            return await _logins(house)
        case "logs":
            return await _logs(house)
        case "submissions":
            return _told([sign.text for sign in await house.patrol.submissions()], SUBMISSIONS, "submissions")
        case subject:
            return _of_machine(subject, await machine(house))


async def _backup(house: House) -> Findings:
    state = await house.backups.state()
    if state.newest is None:
        return Findings(ended(f"There is no backup yet. {state.failure or 'Make one: haven backup make'}"), (HERE,))
    made = f"{datetime.fromtimestamp(state.newest.made_at):%d %B %Y at %H:%M}"
    said = [f"The last backup was made on {made}, {ago(now() - state.newest.made_at)} ago."]
    if state.newest.problem:
        said.append(f"It does not pass its check: {ended(state.newest.problem)}")
    if state.verified is None:
        said.append("None was restored yet to check it.")
    else:
        checked = f"{datetime.fromtimestamp(state.verified.checked_at or 0):%d %B at %H:%M}"
        said.append(f"{state.verified.file.name} was restored to check it on {checked}, and is whole.")
    if state.failure:
        said.append(f"The last attempt failed: {ended(state.failure)}")
    return Findings(" ".join(said), (Source("", state.newest.file.name, "the folder of backups"),), query="backups")


async def _alerts(house: House) -> Findings:
    there = await house.alerts.open()
    if not there:
        return Findings("Nothing is wrong that Sentinel knows of.", (HERE,), query="alerts")
    said = [f"{one.text.rstrip('.')}, since {ago(now() - one.raised_at)} ({one.id})." for one in there]
    return Findings("\n".join(said), tuple(Source(one.id, "alert", one.cause) for one in there), query="alerts, open")


async def _logins(house: House) -> Findings:
    """In counts alone: who reads the answer need not be who may know names and addresses."""
    found = await house.patrol.logins()
    if found is None:
        said = "No log of logins can be read here: neither auth.log nor the journal."
        return Findings(said, (LOGINS,), query="logins, suspicious")
    answer = _told([one.said for one in found.found], replace(LOGINS, where=found.read), "logins, suspicious")
    return replace(answer, text=f"{answer.text}\n{DETAILS}") if found.found else answer


async def _logs(house: House) -> Findings:
    """The gravest groups of the last day, in words that anybody may see."""
    said, silent = [], []
    for source in (Kind.JOURNAL, Kind.OWN):
        found = await house.patrol.problems(source)
        if found is None:
            silent.append(f"The {source} log can't be read here.")
        for one in (found or [])[:MOST_GROUPS]:
            means = f"{one.known.means} " if one.known else ""
            said.append(f"{means}{source}: {one.count} x {one.public}{' (new)' if one.is_new else ''}")
    answer = _told(said, LOGS, "logs, the last day")
    return replace(answer, text="\n".join([answer.text, *silent]))


def _told(said: Sequence[str], source: Source, query: str) -> Findings:
    return Findings("\n".join(said) or f"Nothing is suspicious: {source.where}.", (source,), query=query)


def _of_machine(subject: str, found: Machine) -> Findings:
    wanted = {"disk": ("Disk", "Card"), "card": ("Card",), "heat": ("Temperature",), "memory": ("Memory",)}
    wanted |= {"queue": ("Queue",), "power": ("Power",), "uptime": ("Up",)}
    labels = wanted.get(subject)
    lines = [line for line in found.lines if labels is None or line.label in labels]
    if not lines:
        nothing = {"queue": "Nothing waits in the queue."}
        text = nothing.get(
            subject, f"This machine does not tell that: {', '.join(found.unreadable)} can't be read here."
        )
        return Findings(text, (HERE,), query=f"health: {subject}")
    return Findings(_said(lines, found if labels is None else None), (HERE,), query=f"health: {subject}")


def _said(lines: Sequence[StatusLine], all_of_it: Machine | None) -> str:
    """What is in trouble comes first; a verdict only where everything was asked for."""
    lines = sorted(lines, key=lambda line: ("alert", "note", "ok").index(line.level))
    text = " ".join(f"{line.label}: {ended(line.text)}" for line in lines)
    if all_of_it is None:
        enough = {"alert": "That is not enough.", "note": "Keep an eye on it."}
        return " ".join(part for part in (text, enough.get(lines[0].level, "")) if part)
    wrong = [line.label for line in lines if line.level == "alert"]
    verdict = f"Not all is well: {', '.join(wrong)}." if wrong else "All is well."
    silent = f" Not readable here: {', '.join(all_of_it.unreadable)}." if all_of_it.unreadable else ""
    return f"{verdict} {text}{silent}"


def _power(health: Health) -> tuple[str, str, str]:
    """Label, text and level of what the firmware says of the power."""
    if health.throttled_now:
        return "Power", f"{', '.join(health.throttled_now)} now", "alert"
    if health.throttled_before:
        return "Power", f"fine now; since the start: {', '.join(health.throttled_before)}", "note"
    return "Power", "no throttling and no under-voltage since the start", "ok"
