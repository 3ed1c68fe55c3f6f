"""What the status says of the machine, and what of it is told of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistants.sentry.alerts import Sign
from assistants.sentry.backups import BackupState
from assistants.sentry.checks import signs_of
from assistants.sentry.lines import StatusLine, ago, backup_lines, machine_lines, queue_lines
from haven.health import Health, snapshot
from haven.health_card import Wear
from haven.settings import AlertSettings
from haven.store.backup import Backup
from tests.test_health import pi

SETTINGS = AlertSettings()
FINE = Health(50.0, (), (), True, 0.5, 4, 8000.0, 4000.0, 100.0, 64000.0, 30000.0, 9e5, 8e4)
DAY = 86_400.0
MADE = Backup(Path("haven-20261121.db"), made_at=0.0, size=1)


@pytest.mark.parametrize(
    ("machine", "cards", "label", "level", "said"),
    [
        (FINE, [], "Temperature", "ok", "50 °C"),
        (replace(FINE, cpu_celsius=81.0), [], "Temperature", "alert", "81 °C"),
        (replace(FINE, throttled_now=("under-voltage",)), [], "Temperature", "alert", "under-voltage"),
        (replace(FINE, cpu_celsius=None, throttled_now=("throttled",)), [], "Temperature", "alert", "throttled"),
        (replace(FINE, memory_available_mb=700.0), [], "Memory", "alert", "700 of 8,000 MB"),
        (replace(FINE, disk_free_mb=1900.0), [], "Disk", "note", "1.9 GB"),
        (replace(FINE, disk_free_mb=400.0), [], "Disk", "alert", "0.4 GB"),
        (FINE, [Wear("mmcblk0", 30)], "Card", "ok", "up to 30 %"),
        (FINE, [Wear("mmcblk0", 90)], "Card", "alert", "up to 90 %"),
        (FINE, [Wear("mmcblk0", 50, "nearly all")], "Card", "alert", "nearly all"),
    ],
)
def test_the_machine(machine: Health, cards: list[Wear], label: str, level: str, said: str) -> None:
    found = {line.label: line for line in machine_lines(machine, cards, SETTINGS)}
    assert found[label].level == level and said in found[label].text and len(found[label].text) <= 60


def test_what_can_not_be_read_is_left_out() -> None:
    nothing = Health(None, (), (), False, None, 1, None, None, None, None, None, None, None)
    assert machine_lines(nothing, [Wear("mmcblk0", None)], SETTINGS) == []


@pytest.mark.parametrize(
    ("state", "level", "said"),
    [
        (BackupState(None, None), "note", "none yet"),
        (BackupState(MADE, None), "note", "not restored yet"),
        (BackupState(MADE, replace(MADE, checked_at=1.0)), "ok", "2 days old, restored"),
        (BackupState(replace(MADE, problem="It is damaged."), None), "alert", "It is damaged."),
        (BackupState(MADE, replace(MADE, made_at=-2 * DAY)), "alert", "4 days old"),
        (BackupState(MADE, MADE, "The disk is full."), "alert", "The disk is full."),
    ],
)
def test_the_backup(state: BackupState, level: str, said: str) -> None:
    [line] = backup_lines(state, SETTINGS, 2 * DAY)
    assert line.level == level and said in line.text


def test_the_queue_counts_from_when_it_was_due() -> None:
    assert list(queue_lines(0, 0.0, SETTINGS)) == []
    [fine], [late] = queue_lines(2, 300.0, SETTINGS), queue_lines(2, 4000.0, SETTINGS)
    assert fine == StatusLine("Queue", "2 due, the oldest for 5 min") and late.level == "alert"


def test_each_label_in_trouble_is_one_cause() -> None:
    lines = [
        StatusLine("Cloud", "fine"),
        StatusLine("At home", "one: no answer", "alert"),
        StatusLine("At home", "two: no answer", "alert"),
        StatusLine("Disk", "0.1 GB free", "alert"),
        StatusLine("Alerts", "1 open", "alert"),
        StatusLine("Web", "open", "note"),
    ]
    home, disk = signs_of(lines)
    assert home == Sign("status:at home", "At home: one: no answer; two: no answer")
    assert (disk.level, disk.subject) == ("urgent", "status") and "Free" in disk.mend.title()


@pytest.mark.parametrize(
    ("seconds", "said"), [(-3, "0 s"), (59, "59 s"), (120, "2 min"), (3600, "60 min"), (7200, "2 h"), (3e5, "3 days")]
)
def test_spans_of_time(seconds: float, said: str) -> None:
    assert ago(seconds) == said


def test_a_pi_in_trouble_from_its_files(tmp_path: Path) -> None:
    found = machine_lines(snapshot(tmp_path, root=pi(tmp_path, "50005\n")), [], SETTINGS)
    [sign] = [one for one in signs_of(found) if one.cause == "status:temperature"]
    assert "under-voltage, throttled" in sign.text and "power supply" in sign.mend
