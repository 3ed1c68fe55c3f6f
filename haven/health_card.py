"""How worn the card is that this machine runs from, where the card says so."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_STEP = 10
"""JEDEC eMMC 5.1, EXT_CSD 268 and 269: 1 means 0 to 10 % of the device's life is used, 11 means more than all."""
_SPARE = {1: "", 2: "80 % of its spare blocks are used", 3: "nearly all of its spare blocks are used"}
"""JEDEC eMMC 5.1, EXT_CSD 267 (pre_eol_info)."""


@dataclass(frozen=True)
class Wear:
    """One card. `used_percent`: the upper end of its own estimate, None where it makes none, as most SD cards."""

    device: str
    used_percent: int | None
    spare: str = ""
    """What it says of its spare blocks, where that is bad."""


def wear(*, root: Path = Path("/")) -> list[Wear]:
    """Every card of this machine; `root` holds `sys`. Reads a few small files."""
    cards = sorted((root / "sys/block").glob("mmcblk?"))
    return [_wear(card.name, card / "device") for card in cards]


def _wear(name: str, device: Path) -> Wear:
    steps = [step for step in _numbers(device / "life_time") if 0 < step <= 11]
    spare = next(iter(_numbers(device / "pre_eol_info")), 0)
    return Wear(name, max(steps) * _STEP if steps else None, _SPARE.get(spare, ""))


def _numbers(file: Path) -> list[int]:
    """As the kernel writes them: `0x01 0x02`."""
    with suppress(OSError, ValueError):
        return [int(word, 16) for word in file.read_text(encoding="ascii").split()]
    return []
