"""The machine's health, read from real files in a made-up root, and the loop's lag on a real loop."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from haven.health import LoopLag, snapshot
from haven.health_card import Wear, wear


def pi(root: Path, throttled: str = "0\n") -> Path:
    """The files of a Raspberry Pi that matter here."""
    files = {
        "sys/class/thermal/thermal_zone0/type": "gpu-thermal\n",
        "sys/class/thermal/thermal_zone0/temp": "41000\n",
        "sys/class/thermal/thermal_zone1/type": "cpu-thermal\n",
        "sys/class/thermal/thermal_zone1/temp": "61900\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": throttled,
        "proc/loadavg": "1.52 0.80 0.40 2/300 4242\n",
        "proc/meminfo": "MemTotal:        8000000 kB\nMemFree:  10 kB\nMemAvailable:    4000000 kB\n",
        "proc/self/statm": "50000 20000 5000 1 0 30000 0\n",
        "proc/self/stat": "4242 (a name) of (haven)) S " + " ".join(["0"] * 18) + " 5000 0 0\n",
        "proc/uptime": "150.00 500.00\n",
    }
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def test_a_pi_tells_all(tmp_path: Path) -> None:
    health = snapshot(tmp_path, root=pi(tmp_path))
    assert health.cpu_celsius == 61.9
    assert health.load == 1.52
    assert (health.memory_total_mb, health.memory_available_mb) == (8192.0, 4096.0)
    assert health.process_mb is not None and health.process_mb > 0
    assert (health.uptime_s, health.process_uptime_s) == (150.0, 100.0)
    assert health.throttling_known and not health.throttled_now and not health.throttled_before


def test_throttling_now_and_before_are_told_apart(tmp_path: Path) -> None:
    health = snapshot(tmp_path, root=pi(tmp_path, "50001\n"))
    assert health.throttled_now == ("under-voltage",)
    assert health.throttled_before == ("under-voltage", "throttled")


def test_the_firmware_is_asked_where_sysfs_is_silent(tmp_path: Path) -> None:
    program = tmp_path / "vcgencmd"
    program.write_text("#!/bin/sh\necho throttled=0x80008\n")
    program.chmod(0o755)
    health = snapshot(tmp_path, root=tmp_path / "nothing", vcgencmd=str(program))
    assert health.throttled_now == health.throttled_before == ("soft temperature limit",)


def test_a_machine_that_says_nothing_is_no_error(tmp_path: Path) -> None:
    health = snapshot(tmp_path / "not" / "there yet", root=tmp_path / "nothing", vcgencmd="no-such-program")
    assert health.cpu_celsius is health.load is health.memory_total_mb is health.process_mb is health.uptime_s is None
    assert not health.throttling_known
    assert health.disk_free_mb is not None and health.disk_free_mb > 0


def test_this_machine_is_read_without_trouble(tmp_path: Path) -> None:
    health = snapshot(tmp_path)
    assert health.disk_total_mb is not None and health.cores >= 1
    assert health.process_mb is None or health.process_mb > 5


async def until(true: Callable[[], bool]) -> None:
    """Give the loop to the others until it is so."""
    while not true():  # noqa: ASYNC110
        await asyncio.sleep(0)


async def test_a_blocked_loop_is_seen_and_memory_is_bounded() -> None:
    lag = LoopLag(every_s=0.001, keep=8)
    measuring = asyncio.create_task(lag.run())
    assert (lag.p50, lag.p99, lag.max) == (0.0, 0.0, 0.0)
    await until(lambda: lag.samples >= 7)
    time.sleep(0.05)  # what nobody should do on the loop
    await until(lambda: lag.max >= 40)
    assert lag.samples <= 8
    assert lag.p50 <= lag.p99 <= lag.max
    measuring.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await measuring


def test_a_card_tells_its_wear_where_it_can(tmp_path: Path) -> None:
    for name, life, spare in (("mmcblk0", "0x03 0x0a\n", "0x02\n"), ("mmcblk1", "0x00 0x00\n", "0x01\n")):
        device = tmp_path / "sys/block" / name / "device"
        device.mkdir(parents=True)
        (device / "life_time").write_text(life)
        (device / "pre_eol_info").write_text(spare)
    (tmp_path / "sys/block/mmcblk2/device").mkdir(parents=True)  # an SD card: it tells nothing
    (tmp_path / "sys/block/mmcblk3/device").mkdir(parents=True)
    (tmp_path / "sys/block/mmcblk3/device/life_time").write_bytes(b"\xff rubbish")
    worn, silent, card, broken = wear(root=tmp_path)
    assert worn == Wear("mmcblk0", 100, "80 % of its spare blocks are used")
    assert silent == Wear("mmcblk1", None) and card.used_percent is broken.used_percent is None
    assert wear(root=tmp_path / "no-machine") == []
