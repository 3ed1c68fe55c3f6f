"""The README's pictures, made from the running program: `make pictures`. Needs Chromium and `simcord[screenshot]`."""

from __future__ import annotations

import subprocess
import sys


def main() -> int:
    """The exit status: 1 where a picture could not be taken."""
    codes = [subprocess.call([sys.executable, "-m", f"benchmarks.pictures_{face}"]) for face in ("kiosk", "discord")]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
