"""`haven doctor`: a check says yes, no or "not checked", and a no comes with the one line that mends it."""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import socket
import stat
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from haven import health
from haven.ai import prices
from haven.ai.registry import Registry
from haven.ai.weights import sha256_of
from haven.changes.git_command import git
from haven.changes.sandbox import Sandbox
from haven.changes.testenv import TestEnvironments
from haven.errors import HavenError, RepositoryError, error_id
from haven.live import Answer, ask_claude, ask_discord
from haven.settings import ANTHROPIC_KEY, DISCORD_TOKEN, KIOSK_PIN, Settings, config_file
from haven.store.check import quick_check

log = logging.getLogger("haven.doctor")

ROOM_MB = 500
"""A test environment, a backup and some clones."""
LITTLE_MEMORY_MB = 1_800
HOT_CELSIUS = 80.0
"""A Raspberry Pi 5 slows down from 80 degrees on (Raspberry Pi documentation, frequency management)."""
RELEASED = 1_790_000_000
"""September 2026: a clock that shows less is wrong."""
GIT = (2, 38)
"""The first git with `merge-tree --write-tree`."""
PYTHONS = ((3, 11), (3, 13))


@dataclass(frozen=True)
class Check:
    """`ok`: True, False, or None for what is not set up or was not checked; `mend` is one line, "" where nothing is."""

    name: str
    ok: bool | None
    sentence: str
    mend: str = ""


Finding = tuple[bool | None, str] | tuple[bool | None, str, str]
Look = Callable[[Settings], Finding | Awaitable[Finding]]


async def checks(settings: Settings, *, live: bool = False) -> list[Check]:
    """All checks, in the order in which a person would mend things. Only `live` sends anything: two free requests."""
    asking: dict[str, Look] = {"Claude": partial(_claude, live=True), "Discord": partial(_discord, live=True)}
    looks = CHECKS | asking if live else CHECKS
    return [await _one(name, look, settings) for name, look in looks.items()]


async def _one(name: str, look: Look, settings: Settings) -> Check:
    """Files are read in a thread; no failure of one check keeps the others from being made."""
    try:
        found = await asyncio.to_thread(look, settings)
        return Check(name, *(found if isinstance(found, tuple) else await found))
    except HavenError as error:
        return Check(name, False, str(error), error.mend)
    except Exception as error:
        id = error_id()
        log.exception("[%s] the check %s failed", id, name)
        return Check(name, None, f"Not checked: the check itself failed ({type(error).__name__}, [{id}] in the log).")


def render(found: Sequence[Check]) -> str:
    """A line a check, and below a failed one the line that mends it."""
    marks = {True: "ok  ", False: "BAD ", None: "-   "}
    width = max((len(check.name) for check in found), default=0)
    lines: list[str] = []
    for check in found:
        lines.append(f"{marks[check.ok]}{check.name:<{width}}  {check.sentence}")
        if check.mend and check.ok is not True:
            lines.append(f"    {'':<{width}}  -> {check.mend}")
    bad = sum(check.ok is False for check in found)
    lines.append("All is well." if not bad else f"{bad} of {len(found)} checks failed.")
    return "\n".join(lines)


def to_json(found: Sequence[Check]) -> dict[str, Any]:
    """`ok` is false where any check failed."""
    return {"ok": all(check.ok is not False for check in found), "checks": [asdict(check) for check in found]}


def _python(settings: Settings) -> Finding:
    here, name = sys.version_info[:2], sys.version.split()[0]
    if here < PYTHONS[0]:
        return False, f"Python {name} is too old.", "Install Python 3.11 or newer and set Haven up again."
    return (True, f"Python {name}.") if here <= PYTHONS[1] else (None, f"Python {name} is newer than what was tested.")


def _settings_file(settings: Settings) -> Finding:
    file = config_file()
    if not file.is_file():
        return None, f"There is no {file}: the defaults hold.", "haven setup"
    if file.stat().st_mode & 0o022:
        return False, f"{file} can be changed by others ({_mode(file)}).", f"chmod 600 {file}"
    return True, f"{file} is in order."


def _secrets(settings: Settings) -> Finding:
    folder = settings.paths.config_dir / "secrets"
    if folder.is_dir() and folder.stat().st_mode & 0o077:
        return False, f"The folder {folder} can be read by others ({_mode(folder)}).", f"chmod 700 {folder}"
    names = [name for name in (ANTHROPIC_KEY, DISCORD_TOKEN, KIOSK_PIN) if settings.secret(name)]
    return (True, f"Only you can read: {', '.join(names)}.") if names else (None, "There are none yet.", "haven setup")


def _state(settings: Settings) -> Finding:
    folder = settings.paths.state_dir
    if not folder.exists():
        return None, f"There is no {folder} yet: the first start makes it."
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"haven")
    except OSError as error:
        return False, f"{folder} can't be written: {error.strerror}.", f"sudo chown -R $(id -un) {folder}"
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < ROOM_MB:
        return False, f"Only {free} MB are free below {folder}; Haven wants {ROOM_MB}.", "Make room on that disk."
    return True, f"{folder} can be written, {free:,} MB are free."


async def _database(settings: Settings) -> Finding:
    if not settings.database.exists():
        return None, "There is none yet: the first start makes it."
    return True, await quick_check(settings.database)


async def _git(settings: Settings) -> Finding:
    version = (await git("--version", at=Path("/"))).text
    found = re.search(r"(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) < GIT:
        return False, f"{version or 'This git'} is too old; Haven needs 2.38.", "sudo apt install git"
    return True, f"{version}."


async def _repository(settings: Settings) -> Finding:
    source, branch = settings.project.repository, settings.project.target_branch
    if source is None:
        return None, "None is named, so Haven changes no code.", "haven setup repository"
    if not source.is_dir():
        return False, f"{source} is not there, or Haven may not read it.", "haven setup repository"
    try:
        answer = await git("for-each-ref", "--format=%(refname:short)", "refs/heads/", at=source)
    except RepositoryError:
        return False, f"{source} is not a git repository that can be read.", "haven setup repository"
    branches = answer.text.splitlines()
    if branch not in branches:
        there = f"; it has {', '.join(branches[:5])}" if branches else ": it has no commits"
        return False, f"{source} has no branch {branch}{there}.", "haven setup repository"
    return True, f"{source} has the branch {branch}."


def _sandbox(settings: Settings) -> Finding:
    problem = Sandbox(settings.sandbox).problem()
    return (False, problem) if problem else (True, "bubblewrap works: tests of changes run shut in.")


def _test_environment(settings: Settings) -> Finding:
    state = settings.paths.state_dir
    if (state / "testenvs" / TestEnvironments(state).key() / "bin" / "python").is_symlink():
        return True, "It is prepared."
    return None, "It is not prepared yet: the first test run does it, and needs the network.", "haven setup repository"


def _model(settings: Settings) -> Finding:
    if not settings.models.local:
        return None, "Turned off in the settings (models.local)."
    registry, name = Registry(settings.paths.state_dir), settings.models.default
    problem, _, mend = registry.provider(name).missing().partition(" Run: ")
    if problem:
        return False, problem, mend
    wanted = registry.get(name).sha256
    if not wanted:
        return None, f"{name} is there; its sha256 is not in the catalogue, so the file is unverified."
    if sha256_of(registry.path(name)) != wanted:
        return False, f"The file of {name} is damaged: its sha256 is another one.", f"haven models install {name}"
    return True, f"{name} is there and its sha256 is right."


async def _claude(settings: Settings, live: bool = False) -> Finding:
    cloud = settings.cloud
    prices.of(cloud.model).worst_case(1, 1)  # SettingsError for a model without a price
    if cloud.stand_in:
        return None, "A stand-in, not Claude, is set in the settings (cloud.stand_in)."
    key = settings.secret(ANTHROPIC_KEY)
    if key is None:
        return None, "There is no key, so nothing goes to Claude.", "haven setup claude"
    if cloud.monthly_usd == 0:
        return None, "There is a key, but the monthly cap is 0: nothing is spent.", "haven setup claude"
    cap = f"At most {cloud.monthly_usd:.2f} USD a month."
    if not live:
        return True, f"A key is set. {cap} Not asked: add --live."
    return _told(await ask_claude(key, cloud.model, cloud.base_url), cap, "haven setup claude")


async def _discord(settings: Settings, live: bool = False) -> Finding:
    discord, token = settings.discord, settings.secret(DISCORD_TOKEN)
    if token is None:
        return None, "There is no token, so the bot stays off.", "haven setup discord"
    missing = [name for name, value in (("guild_id", discord.guild_id), ("owner_ids", discord.owner_ids)) if not value]
    if missing:
        return False, f"A token is set, but not discord.{' and discord.'.join(missing)}.", "haven setup discord"
    ids = f"Server {discord.guild_id}, {len(discord.owner_ids)} owner(s)."
    if not live:
        return True, f"A token is set. {ids} Not asked: add --live."
    answer = await ask_discord(token, discord.guild_id)
    if answer.in_server is False:
        return False, "Discord accepts the token, but the bot is not on the server.", "haven setup discord"
    return _told(answer, ids, "haven setup discord")


def _told(answer: Answer, more: str, mend: str) -> Finding:
    return answer.ok, f"{answer.sentence} {more}", "" if answer.ok else mend


def _clock(settings: Settings) -> Finding:
    today = time.strftime("%Y-%m-%d %H:%M %Z")
    if time.time() < RELEASED:
        return False, f"The clock says {today}, which is over.", "sudo timedatectl set-ntp true"
    return True, f"The clock says {today}."


def _memory(settings: Settings) -> Finding:
    total = health.snapshot(settings.paths.state_dir).memory_total_mb
    if total is None:
        return None, "This machine doesn't say how much it has."
    if total < LITTLE_MEMORY_MB:
        return False, f"{total:,.0f} MB are too little for a model and a test run.", "Use a machine with 2 GB or more."
    controllers = Path("/sys/fs/cgroup/cgroup.controllers")
    if controllers.is_file() and "memory" not in controllers.read_text(encoding="ascii").split():
        mend = "Add cgroup_enable=memory to the one line of /boot/firmware/cmdline.txt, then restart."
        return None, f"{total:,.0f} MB; systemd's limits on it don't hold here, only the sandbox's own do.", mend
    return True, f"{total:,.0f} MB."


def _heat(settings: Settings) -> Finding:
    now = health.snapshot(settings.paths.state_dir)
    if "under-voltage" in now.throttled_now + now.throttled_before:
        return False, "The power supply is too weak: the voltage dropped.", "Use the official power supply."
    if now.throttled_now or (now.cpu_celsius or 0) >= HOT_CELSIUS:
        heat = f"{now.cpu_celsius:.0f} °C" if now.cpu_celsius is not None else "too hot"
        return False, f"The machine is {heat} and slows down.", "Give it a fan or a cooler place."
    if now.cpu_celsius is None and not now.throttling_known:
        return None, "This machine doesn't say how hot it is."
    heat = f"{now.cpu_celsius:.0f} °C" if now.cpu_celsius is not None else "Not too hot"
    return True, f"{heat}, not slowed down."


def _running(settings: Settings) -> Finding:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.settimeout(2)
            door.connect(str(settings.socket))
    except OSError:
        return None, "Haven is not running now.", "haven up"
    return True, f"Haven is running; its displays attach at {settings.socket}."


def _mode(path: Path) -> str:
    return stat.filemode(path.stat().st_mode)


CHECKS: dict[str, Look] = {
    "Python": _python,
    "settings": _settings_file,
    "secrets": _secrets,
    "state folder": _state,
    "database": _database,
    "git": _git,
    "repository": _repository,
    "sandbox": _sandbox,
    "test environment": _test_environment,
    "local model": _model,
    "Claude": _claude,
    "Discord": _discord,
    "clock": _clock,
    "memory": _memory,
    "heat and power": _heat,
    "running": _running,
}
