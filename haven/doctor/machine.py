"""This machine and the folders on it: Python, settings, secrets, state, database, clock, memory, heat."""

from __future__ import annotations

import shutil
import socket
import stat
import sys
import tempfile
import time
from pathlib import Path

from haven import health
from haven.ai.models.hub import TOKEN_SECRET
from haven.doctor.check import Finding
from haven.settings import ANTHROPIC_KEY, DISCORD_TOKEN, KIOSK_PIN, Settings, config_file
from haven.store.check import quick_check

ROOM_MB = 500
"""A test environment, a backup and some clones."""
LITTLE_MEMORY_MB = 1_800
HOT_CELSIUS = 80.0
"""A Raspberry Pi 5 slows down from 80 degrees on (Raspberry Pi documentation, frequency management)."""
RELEASED = 1_790_000_000
"""September 2026: a clock that shows less is wrong."""
PYTHONS = ((3, 11), (3, 13))


def python(settings: Settings) -> Finding:
    here, name = sys.version_info[:2], sys.version.split()[0]
    if here < PYTHONS[0]:
        return False, f"Python {name} is too old.", "Install Python 3.11 or newer and set Haven up again."
    return (True, f"Python {name}.") if here <= PYTHONS[1] else (None, f"Python {name} is newer than what was tested.")


def settings_file(settings: Settings) -> Finding:
    file = config_file()
    if not file.is_file():
        return None, f"There is no {file}: the defaults hold.", "haven setup"
    if file.stat().st_mode & 0o022:
        return False, f"{file} can be changed by others ({_mode(file)}).", f"chmod 600 {file}"
    return True, f"{file} is in order."


def secrets(settings: Settings) -> Finding:
    folder = settings.paths.config_dir / "secrets"
    if folder.is_dir() and folder.stat().st_mode & 0o077:
        return False, f"The folder {folder} can be read by others ({_mode(folder)}).", f"chmod 700 {folder}"
    hosts, clouds = settings.lan.hosts, settings.cloud.others
    others = (*(host.secret for host in hosts if host.secret), *(cloud.secret for cloud in clouds))
    others += (settings.webhooks.secret, *(one.secret for one in settings.webhooks.senders))
    known = dict.fromkeys((ANTHROPIC_KEY, DISCORD_TOKEN, KIOSK_PIN, TOKEN_SECRET, *others))
    names = [name for name in known if settings.secret(name)]
    return (True, f"Only you can read: {', '.join(names)}.") if names else (None, "There are none yet.", "haven setup")


def state(settings: Settings) -> Finding:
    folder = settings.paths.state_dir
    try:
        if not folder.exists():
            above = next(one for one in folder.absolute().parents if one.exists())
            with tempfile.TemporaryDirectory(dir=above):
                return None, f"There is no {folder} yet: the first start makes it."
    except OSError as error:
        mend = f"sudo install -d -o $(id -un) {folder}, or name another in paths.state_dir"
        return False, f"There is no {folder}, and it can't be made: {error.strerror}.", mend
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"haven")
    except OSError as error:
        return False, f"{folder} can't be written: {error.strerror}.", f"sudo chown -R $(id -un) {folder}"
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < ROOM_MB:
        return False, f"Only {free} MB are free below {folder}; Haven wants {ROOM_MB}.", "Make room on that disk."
    return True, f"{folder} can be written, {free:,} MB are free."


async def database(settings: Settings) -> Finding:
    if not settings.database.exists():
        return None, "There is none yet: the first start makes it."
    return True, await quick_check(settings.database)


def clock(settings: Settings) -> Finding:
    today = time.strftime("%Y-%m-%d %H:%M %Z")
    if time.time() < RELEASED:
        return False, f"The clock says {today}, which is over.", "sudo timedatectl set-ntp true"
    return True, f"The clock says {today}."


def memory(settings: Settings) -> Finding:
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


def heat(settings: Settings) -> Finding:
    now = health.snapshot(settings.paths.state_dir)
    if "under-voltage" in now.throttled_now + now.throttled_before:
        return False, "The power supply is too weak: the voltage dropped.", "Use the official power supply."
    if now.throttled_now or (now.cpu_celsius or 0) >= HOT_CELSIUS:
        shown = f"{now.cpu_celsius:.0f} °C" if now.cpu_celsius is not None else "too hot"
        return False, f"The machine is {shown} and slows down.", "Give it a fan or a cooler place."
    if now.cpu_celsius is None and not now.throttling_known:
        return None, "This machine doesn't say how hot it is."
    shown = f"{now.cpu_celsius:.0f} °C" if now.cpu_celsius is not None else "Not too hot"
    return True, f"{shown}, not slowed down."


def is_running(settings: Settings) -> bool:
    """Whether somebody takes displays where Haven does."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.settimeout(2)
            door.connect(str(settings.socket))
    except OSError:
        return False
    return True


def running(settings: Settings) -> Finding:
    if not is_running(settings):
        return None, "Haven is not running now.", "haven up"
    return True, f"Haven is running; its displays attach at {settings.socket}."


def _mode(path: Path) -> str:
    return stat.filemode(path.stat().st_mode)
