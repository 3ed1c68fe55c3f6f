"""The Round Table on the command line, with the real command: transcript, own assistants, and the kill switch."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.command import configured, haven

BARD = """
name = "bard"
title = "Bard"
job = "songs"
words = ["serenade"]
tools = ["lore"]
"""


async def test_who_sits_there_what_was_said_and_the_cloud_off_and_on(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    place = home / "config" / "assistants"
    place.mkdir(parents=True, mode=0o700)
    for name, text in (("bard.toml", BARD), ("bad.toml", "name = 7")):
        (place / name).write_text(text)
        (place / name).chmod(0o600)
    seats = (await haven(home, "assistants", "list", "--json")).data
    assert [one["name"] for one in seats["assistants"]][-1] == "bard" and "bad.toml" in seats["problems"][0]["file"]
    checked = await haven(home, "assistants", "check", str(place / "bad.toml"), "--json")
    assert checked.status == 1 and not checked.data["fine"] and "name" in checked.data["why"]

    assert (await haven(home, "cloud", "off", "--why", "a test", "--json")).data["on"] is False
    asked = await haven(home, "ask", "Sing a serenade \x1b[31m to Oculi")
    assert asked.status == 1 and "switched the cloud off" in asked.err
    assert "switched the cloud off" in (await haven(home, "status")).out
    assert "switched on by" in (await haven(home, "cloud", "on")).out

    [talk] = (await haven(home, "roundtable", "list", "--json")).data
    assert talk["assistant"] == "bard" and talk["words"].startswith("Sing a serenade")
    shown = await haven(home, "roundtable", "show", talk["request"][:5])
    assert "gives the seat to bard" in shown.out and "has no answer for" in shown.out and "\x1b" not in shown.out
    replayed = await haven(home, "roundtable", "replay", talk["request"], "--speed", "16", "--json")
    assert replayed.out.count('"move"') == len(replayed.out.splitlines()) >= 3
    assert (await haven(home, "roundtable", "replay", talk["request"], "--speed", "40")).status == 2
    assert "There is no request" in (await haven(home, "roundtable", "show", "zzz")).err
