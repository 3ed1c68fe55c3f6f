"""What this machine and this process are doing: heat, throttling, load, memory, disk, time up, and the loop's lag."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

# Raspberry Pi documentation, "vcgencmd get_throttled": bits 0 to 3 hold now, 16 to 19 since the start.
_FLAGS = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")
_SYSFS_THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
_FIRMWARE_S = 30
"""Seconds for which the firmware's answer is kept."""


@dataclass(frozen=True)
class Health:
    """One look. None: this machine doesn't say. Sizes in MB (10^6 bytes), times in seconds, heat in degrees Celsius."""

    cpu_celsius: float | None
    throttled_now: tuple[str, ...]
    throttled_before: tuple[str, ...]
    """What was the matter since the machine started."""
    throttling_known: bool
    load: float | None
    """Average over one minute; compare with `cores`."""
    cores: int
    memory_total_mb: float | None
    memory_available_mb: float | None
    process_mb: float | None
    """Resident memory of this process."""
    disk_total_mb: float | None
    disk_free_mb: float | None
    uptime_s: float | None
    process_uptime_s: float | None


def snapshot(disk: Path, *, root: Path = Path("/"), vcgencmd: str = "vcgencmd") -> Health:
    """Look once; takes milliseconds, up to 2 s where the firmware must be asked: call it in a thread.

    `disk` is any path on the disk in question, existing or not yet; `root` holds `proc` and `sys`.
    """
    memory = _memory(root)
    disk_total, disk_free = _disk(disk)
    bits = _throttled(root, vcgencmd)
    uptime, process_uptime = _uptimes(root)
    return Health(
        cpu_celsius=_celsius(root),
        throttled_now=_named(bits or 0),
        throttled_before=_named((bits or 0) >> 16),
        throttling_known=bits is not None,
        load=_number(_read(root / "proc/loadavg")),
        cores=os.cpu_count() or 1,
        memory_total_mb=memory.get("MemTotal"),
        memory_available_mb=memory.get("MemAvailable"),
        process_mb=_process_mb(root),
        disk_total_mb=disk_total,
        disk_free_mb=disk_free,
        uptime_s=uptime,
        process_uptime_s=process_uptime,
    )


def memory_total_mb(*, root: Path = Path("/")) -> float | None:
    """All memory of this machine in MB; None where it can't be read."""
    return _memory(root).get("MemTotal")


class LoopLag:
    """How late the event loop wakes a sleeper, in milliseconds, over the last minute or so."""

    def __init__(self, every_s: float = 0.05, keep: int = 1200) -> None:
        self._every = every_s
        self._lags: deque[float] = deque(maxlen=keep)

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            before = time.perf_counter()
            await asyncio.sleep(self._every)
            self._lags.append(max(0.0, time.perf_counter() - before - self._every) * 1000)

    @property
    def p50(self) -> float:
        return self._share(0.50)

    @property
    def p99(self) -> float:
        return self._share(0.99)

    @property
    def max(self) -> float:
        return max(self._lags, default=0.0)

    @property
    def samples(self) -> int:
        return len(self._lags)

    def _share(self, share: float) -> float:
        ordered = sorted(self._lags)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _number(text: str) -> float | None:
    try:
        return float(text.split()[0])
    except (IndexError, ValueError):
        return None


def _celsius(root: Path) -> float | None:
    zones = sorted((root / "sys/class/thermal").glob("thermal_zone*"))
    zones.sort(key=lambda zone: "cpu" not in _read(zone / "type").lower())
    found = (_number(_read(zone / "temp")) for zone in zones)
    return next((round(value / 1000, 1) for value in found if value is not None), None)


def _throttled(root: Path, vcgencmd: str) -> int | None:
    text = _read(root / _SYSFS_THROTTLED) or _ask_firmware(vcgencmd, int(time.monotonic() // _FIRMWARE_S))
    try:
        return int(text.strip().rpartition("=")[2], 16)
    except ValueError:
        return None


@lru_cache(maxsize=1)
def _ask_firmware(vcgencmd: str, period: int) -> str:
    """The firmware's answer, once a `period`; empty on a machine that is no Raspberry Pi."""
    program = shutil.which(vcgencmd)
    if program is None:
        return ""
    try:
        done = subprocess.run([program, "get_throttled"], capture_output=True, text=True, timeout=2, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _named(bits: int) -> tuple[str, ...]:
    return tuple(name for place, name in enumerate(_FLAGS) if bits >> place & 1)


def _memory(root: Path) -> dict[str, float]:
    found = {}
    for line in _read(root / "proc/meminfo").splitlines():
        name, _, value = line.partition(":")
        if (kib := _number(value)) is not None:
            found[name] = round(kib * 1024 / 1e6, 1)
    return found


def _process_mb(root: Path) -> float | None:
    fields = _read(root / "proc/self/statm").split()
    return round(int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6, 1) if len(fields) > 1 else None


def _disk(path: Path) -> tuple[float | None, float | None]:
    existing = next((one for one in (path, *path.parents) if one.exists()), None)
    if existing is None:
        return None, None
    try:
        usage = shutil.disk_usage(existing)
    except OSError:
        return None, None
    return round(usage.total / 1e6, 1), round(usage.free / 1e6, 1)


def _uptimes(root: Path) -> tuple[float | None, float | None]:
    uptime = _number(_read(root / "proc/uptime"))
    # The name in brackets may hold blanks; field 22 (proc(5), starttime) is the 20th behind it, in clock ticks.
    fields = _read(root / "proc/self/stat").rpartition(")")[2].split()
    if uptime is None or len(fields) < 20:
        return uptime, None
    return uptime, round(uptime - int(fields[19]) / os.sysconf("SC_CLK_TCK"), 2)
