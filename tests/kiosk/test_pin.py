"""The panel's PIN: stored as a hash, right or wrong, slowed down after wrong ones."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from haven.errors import AccessDenied, BadInput, SettingsError, Unavailable
from haven.settings import KIOSK_PIN, Paths, Settings
from kiosk.pin import Pin


class Clock:
    """Seconds that pass when told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(paths=Paths(state_dir=tmp_path, config_dir=tmp_path, runtime_dir=tmp_path))


async def test_right_and_wrong(settings: Settings) -> None:
    pin = Pin(settings)
    pin.set("2468")
    assert await pin.check("2468")
    assert not await pin.check("2469")
    assert not await pin.check("")


async def test_only_a_hash_is_stored_and_nobody_else_reads_it(settings: Settings) -> None:
    Pin(settings).set("97531864")
    file = settings.paths.config_dir / "secrets" / KIOSK_PIN
    assert "97531864" not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("pin", ["", "123", "1" * 13, "12a4", "١٢٣٤"])
def test_what_is_no_pin(settings: Settings, pin: str) -> None:
    with pytest.raises(BadInput, match="4 to 12 digits"):
        Pin(settings).set(pin)


async def test_five_wrong_ones_cost_time_and_more_each_time(settings: Settings) -> None:
    clock = Clock()
    pin = Pin(settings, clock)
    pin.set("2468")
    assert [await pin.check("0000") for _ in range(5)] == [False] * 5
    with pytest.raises(AccessDenied, match="Too many wrong PINs"):
        await pin.check("2468")
    clock.now += 31
    assert not await pin.check("0000")
    clock.now += 31
    with pytest.raises(AccessDenied):
        await pin.check("2468")
    clock.now += 30
    assert await pin.check("2468")
    assert not await pin.check("0000")


async def test_guessing_from_many_displays_at_once_counts_each(settings: Settings) -> None:
    pin = Pin(settings, Clock())
    pin.set("2468")
    results = await asyncio.gather(*(pin.check("0000") for _ in range(8)), return_exceptions=True)
    assert results[:5] == [False] * 5
    assert all(isinstance(result, AccessDenied) for result in results[5:])


async def test_none_set_or_damaged(settings: Settings) -> None:
    pin = Pin(settings)
    with pytest.raises(Unavailable, match="No PIN is set") as caught:
        await pin.check("2468")
    assert caught.value.mend == "Run `haven setup pin`."
    settings.write_secret(KIOSK_PIN, "nonsense")
    with pytest.raises(SettingsError, match="damaged"):
        await pin.check("2468")
