"""`haven service ...`: the running Haven: how it is, which settings it has, and how it is started anew."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.table import Column, Table

from haven import settings
from haven.access import Act, check
from haven.commands import pulse
from haven.commands.session import Json, in_house, out, owner, print_json, print_table
from haven.errors import SettingsError, Unavailable
from haven.redact import redact
from haven.settings import ANTHROPIC_KEY, DISCORD_TOKEN, KIOSK_PIN, Settings

if TYPE_CHECKING:
    from haven.app import House

app = typer.Typer(no_args_is_help=True, help="The running Haven: how it is, its settings, a new start.")

UNIT = "haven.service"
NOT_RUNNING = 3
"""Exit status of `status` where Haven does not run, as systemctl has it."""
BY_HAND = "End it where it runs (Ctrl+C), then: haven up"
PASSWORD = re.compile(r"(?<=://)[^/?#\s]+(?=@)")
"""What stands before the host in an address."""
QUERY = re.compile(r"(://[^\s?#]*[?#])\S+")
"""What follows the path of an address: some put their key there."""


@app.command()
def status(as_json: Json = False) -> None:
    """Whether Haven runs, and how its models, circuits, queue and waiting requests are. Exit status 3: it doesn't."""
    loaded = settings.load()
    said = asyncio.run(pulse.healthy(loaded)) or in_house(_from_here, loaded)
    print_json(said) if as_json else _draw(said)
    if not said["up"]:
        raise typer.Exit(NOT_RUNNING)


async def _from_here(house: House) -> dict[str, Any]:
    """What this process can tell; one that runs and doesn't answer is up all the same."""
    from haven.lock import is_up

    return {"up": is_up(house.settings), "since": None, "pid": None, **await pulse.picture(house)}


def _draw(said: dict[str, Any]) -> None:
    if said["since"]:
        out.print(f"Haven is up since {datetime.fromtimestamp(said['since']):%Y-%m-%d %H:%M} (process {said['pid']}).")
    else:
        silent = "Haven runs, but does not say how it is; what follows is what the disk and the settings tell."
        out.print(silent if said["up"] else "Haven does not run. Start it with: haven up")
    table = Table("tier", "model", "state", "", box=None, pad_edge=False)
    for model in said["models"]:
        table.add_row(model["tier"], model["name"], _state(model, said["pid"] is not None), model["missing"])
    print_table(table)
    for host in said["hosts"]:
        out.print(f"Host {host['host']} ({host['engine']}): {', '.join(host['models'])}")
    for model in said["models"]:
        if model["lacking"]:
            where = ", ".join(model["lacking"])
            out.print(f"{where} lacks {model['name']}. Have it pulled: haven models pull {model['name']}")
    money, waiting = said["money"], said["waiting"]
    spent = f"{money['spent_today']:.2f} of {money['daily_usd']:.2f} USD today"
    month = f"{money['spent_this_month']:.2f} of {money['monthly_usd']:.2f} USD this month"
    out.print(f"Cloud: {'stand-in, not Claude' if money['stand_in'] else f'{spent}, {month}'}")
    out.print(f"Queue: {said['queue']} jobs. Waiting: {waiting['waiting']}; to be decided: {waiting['asked']}.")


def _state(model: dict[str, Any], running: bool) -> str:
    if model["circuit"] != "closed":
        return f"circuit {model['circuit']}"
    if model["missing"]:
        return "missing"
    if model["loaded"] is None or not running:
        return "ready"
    if not model["loaded"]:
        return "not loaded"
    return f"loaded, {model['memory_mb']:,} MB{', busy' if model['busy'] else ''}"


@dataclass(frozen=True)
class Setting:
    """One setting as it is in force; `source` is `default`, the file, or the variable that it comes from."""

    key: str
    value: Any
    source: str


@app.command()
def config(as_json: Json = False) -> None:
    """Every setting as it is in force, and where it comes from; of secrets only whether they are there."""
    loaded, file = settings.load(), settings.config_file()
    tree = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    found = [_setting(key, value, tree, file) for key, value in _leaves(loaded.model_dump(mode="json"))]
    secrets = {name: _secret(loaded, name) for name in _secret_names(loaded)}
    if as_json:
        print_json({"file": str(file), "settings": [asdict(one) for one in found], "secrets": secrets})
        return
    table = Table(Column("setting", no_wrap=True), "value", "from", box=None, pad_edge=False)
    for one in found:
        table.add_row(one.key, json.dumps(one.value, ensure_ascii=False), one.source)
    for name, state in secrets.items():
        table.add_row(f"secret {name}", state, "")
    print_table(table)


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _setting(key: str, value: Any, tree: dict[str, Any], file: Path) -> Setting:
    """The environment wins over the file; a variable may hold a whole section."""
    parts = key.split(".")
    there = {name.upper(): name for name in os.environ}
    for length in range(len(parts), 0, -1):
        variable = f"HAVEN_{'__'.join(parts[:length])}".upper()
        if variable in there:
            return Setting(key, _shown(value), there[variable])
    found: Any = tree
    for part in parts:
        if not isinstance(found, dict) or part not in found:
            return Setting(key, _shown(value), "default")
        found = found[part]
    return Setting(key, _shown(value), str(file))


def _shown(value: Any) -> Any:
    """Nothing that looks like a secret, wherever somebody put it."""
    if isinstance(value, str):
        return redact(QUERY.sub(r"\1***", PASSWORD.sub("***", value)))
    if isinstance(value, dict):
        return {key: _shown(one) for key, one in value.items()}
    return [_shown(one) for one in value] if isinstance(value, list) else value


def _secret_names(loaded: Settings) -> tuple[str, ...]:
    named = [*(one.secret for one in loaded.lan.hosts), *(one.secret for one in loaded.cloud.others)]
    return tuple(dict.fromkeys((ANTHROPIC_KEY, DISCORD_TOKEN, KIOSK_PIN, *filter(None, named))))


def _secret(loaded: Settings, name: str) -> str:
    try:
        return "set" if loaded.secret(name) else "not set"
    except SettingsError as error:
        return error.full


@app.command()
def restart(as_json: Json = False) -> None:
    """Start the service anew where systemd runs it; otherwise say how."""
    check(owner(), Act.SETTINGS)
    command = asyncio.run(_restart(settings.load()))
    print_json({"restarted": True, "by": command}) if as_json else out.print(f"Haven was started anew ({command}).")


async def _restart(loaded: Settings) -> str:
    """The command that did it; neither its database nor its event loop needs to be well for that.

    Raises Unavailable where systemd does not run this Haven, or refuses.
    """
    from haven.lock import is_up

    pid = _holder(loaded.paths.state_dir / "haven.lock")
    scope = _scope(pid) if pid else None
    if scope is None and (pid or is_up(loaded)):
        raise Unavailable("This Haven was started by hand, not by systemd.", BY_HAND, retry=False)
    if scope is None and (not shutil.which("systemctl") or (await _systemctl("cat", UNIT))[0] != 0):
        raise Unavailable("Haven does not run, and it is not installed as a service.", "Start it with: haven up")
    words = (*(scope or ()), "restart", UNIT)
    code, complaint = await _systemctl(*words)
    if code != 0:
        mend = f"Try: sudo systemctl {' '.join(words)}"
        raise Unavailable(f"systemd did not restart Haven: {complaint or f'exit status {code}'}", mend)
    return f"systemctl {' '.join(words)}"


def _holder(lock: Path) -> int | None:
    """The process that holds the house's lock, as the kernel tells (proc(5), /proc/locks)."""
    try:
        inode, locks = str(lock.stat().st_ino), Path("/proc/locks").read_text(encoding="ascii")
    except OSError:
        return None
    for line in locks.splitlines():
        match line.split():
            case [_, "FLOCK", _, "WRITE", pid, place, *_] if place.rpartition(":")[2] == inode and int(pid) > 0:
                return int(pid)
    return None


def _scope(pid: int) -> tuple[str, ...] | None:
    """How systemctl reaches the process's unit: () for the system, (`--user`,) for a person's own; None: no unit."""
    group = ""
    with suppress(OSError):
        group = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8", errors="replace")
    if f"/{UNIT}" not in group:
        return None
    return ("--user",) if "/user@" in group else ()


async def _systemctl(*words: str) -> tuple[int, str]:
    """Exit status and the first line of what it complained."""
    ran = await asyncio.create_subprocess_exec(
        *("systemctl", "--no-ask-password", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, complaint = await ran.communicate()
    finally:
        if ran.returncode is None:
            ran.kill()
            await ran.wait()
    return ran.returncode or 0, complaint.decode(errors="replace").strip().partition("\n")[0]
