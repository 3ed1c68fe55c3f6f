"""Sentinel on the command line, with the real command: backups, health, alerts, logs."""

from __future__ import annotations

from pathlib import Path

from haven.lock import only_one
from haven.settings import load
from tests.e2e.command import configured, haven


async def test_backups_are_made_checked_and_put_back(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    assert (await haven(home, "backup", "list", "--json")).data == []
    await haven(home, "cloud", "off", "--why", "before the backup")
    made = (await haven(home, "backup", "make", "--json")).data
    assert made["problem"] == "" and made["checked_at"] and made["rows"]["switch"] == 1
    await haven(home, "cloud", "on")
    assert (await haven(home, "backup", "restore")).status == 1, "nobody says yes"
    with only_one(load(home / "haven.toml")):
        running = await haven(home, "backup", "restore", "--yes")
        assert running.status == 1 and "Haven is running here" in running.err
    put_back = (await haven(home, "backup", "restore", made["name"], "--yes", "--json")).data
    assert Path(put_back["kept"]).exists()
    assert (await haven(home, "cloud", "status", "--json")).data["why"] == "before the backup"
    Path(made["file"]).write_bytes(b"torn")
    torn = await haven(home, "backup", "verify")
    assert torn.status == 1 and "does not pass its check" in torn.out
    assert "There is no backup '19990101'" in (await haven(home, "backup", "restore", "19990101")).err


async def test_what_is_wrong_is_shown_and_somebody_takes_charge(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    assert "Nothing is wrong" in (await haven(home, "alerts")).out
    (home / "state/backups").mkdir()
    (home / "state/backups/haven-20260101.db").write_bytes(b"torn")
    await haven(home, "backup", "verify")
    found = (await haven(home, "alerts", "look", "--json")).data
    [alert] = [one for one in found if one["cause"] == "status:backup"]
    shown = await haven(home, "alerts", "ack", alert["id"])
    assert "looks after it" in shown.out and "haven-20260101.db" in shown.out
    again = await haven(home, "alerts", "ack", alert["id"])
    assert again.status == 1 and "looks after" in again.err
    assert alert["id"] in (await haven(home, "alerts", "--all")).out
    told = (await haven(home, "health", "--json")).data
    assert {"Disk", "Backup"} <= {line["label"] for line in told["lines"]}
    assert "Disk" in (await haven(home, "health")).out


async def test_the_logs_are_shown_in_groups_with_nothing_private(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    (home / "state").mkdir(exist_ok=True)
    line = "2099-01-01 00:00:00,000 ERROR haven.jobs the job 7 of user mika at 10.0.0.7 failed\x1b[2J\n"
    (home / "state/haven.log").write_text(line * 3)
    shown = await haven(home, "logs", "check", "--source", "own")
    assert "3 x" in shown.out and "<address>" in shown.out and "mika" not in shown.out and "\x1b" not in shown.out
    told = (await haven(home, "logs", "check", "--json")).data
    assert told["own"][0]["count"] == 3 and "journal" in told
    explained = await haven(home, "logs", "explain", told["own"][0]["id"])
    assert "3 x error" in explained.out and "No model could be asked" in explained.out
    assert "haven logs check" in (await haven(home, "logs", "explain", "ffffff")).err
    assert (await haven(home, "logs", "logins")).status == 0
    assert "Nothing is suspicious" in (await haven(home, "alerts", "submissions")).out
