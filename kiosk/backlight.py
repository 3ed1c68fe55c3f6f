"""The light of the wall panel: by sysfs where it may be written, else by wlopm, else not at all.

It runs beside the attach client, in the session of the panel's user; standard library alone, as that. The rule in
`systemd/` gives the group `video` the right to write.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

SYSFS = Path("/sys/class/backlight")
PATIENCE_S = 5.0
"""Seconds that wlopm may take."""


def set_light(percent: int, sysfs: Path = SYSFS) -> bool:
    """Make the panel so bright, 0 for dark. Whether anything could be done. Blocks; never raises.

    wlopm knows only on and off: anything above 0 is on.
    """
    percent = max(0, min(percent, 100))
    found = [_write(panel, percent) for panel in _panels(sysfs)]
    return any(found) or _by_compositor(on=percent > 0)


def _panels(sysfs: Path) -> Iterator[Path]:
    try:
        yield from sorted(sysfs.iterdir())
    except OSError:
        return


def _write(panel: Path, percent: int) -> bool:
    try:
        most = int((panel / "max_brightness").read_text())
        # The lowest that is still seen, where it shall not be dark: of few steps, a quarter may round to none.
        level = max(1, round(most * percent / 100)) if percent else 0
        (panel / "brightness").write_text(str(level))
    except (OSError, ValueError):
        return False
    return True


def _by_compositor(*, on: bool) -> bool:
    wlopm = shutil.which("wlopm")
    if wlopm is None or not os.environ.get("WAYLAND_DISPLAY"):
        return False
    try:
        done = subprocess.run(
            [wlopm, "--on" if on else "--off", "*"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
