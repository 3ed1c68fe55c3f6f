"""The units, the panel's session and the installer: what they say must fit together and please systemd itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from pathlib import Path
from xml.etree import ElementTree

import pytest

from haven.commands.run import AGAIN

ROOT = Path(__file__).parent.parent
SYSTEMD = ROOT / "systemd"
BREAKS_THE_SANDBOX = {
    "ProtectKernelTunables",
    "ProtectKernelLogs",
    "ProtectHostname",
    "ProtectProc",
    "ProcSubset",
    "RestrictNamespaces",
    "PrivateUsers",
    "MemoryDenyWriteExecute",
}


def directives(unit: str) -> dict[str, str]:
    lines = (SYSTEMD / unit).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]\w+=", line))


@pytest.mark.parametrize("unit", ["haven.service", "haven-kiosk.service"])
def test_systemd_accepts_the_unit(unit: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here: the unit is checked by its words alone")
    for file in SYSTEMD.glob("*.service"):
        shutil.copy(file, tmp_path)
    done = subprocess.run(["systemd-analyze", "verify", tmp_path / unit], capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if "is not executable" not in line]
    assert complaints == [], "only the programs that are not installed here may be missing"


def test_an_ordered_restart_is_no_failure_and_starts_it_again() -> None:
    service = directives("haven.service")
    assert service["RestartForceExitStatus"] == service["SuccessExitStatus"] == str(AGAIN)


def test_nothing_in_the_service_takes_the_sandbox_away() -> None:
    service = directives("haven.service")
    assert not BREAKS_THE_SANDBOX & set(service)
    assert {"@system-service", "@mount"} == set(service["SystemCallFilter"].split())
    assert service["NoNewPrivileges"] == "yes" and service["ProtectSystem"] == "strict"


def test_the_service_claims_readiness_only_if_the_program_reports_it() -> None:
    reports = any("NOTIFY_SOCKET" in file.read_text(encoding="utf-8") for file in (ROOT / "haven").rglob("*.py"))
    assert directives("haven.service")["Type"] == "exec" or reports


def test_users_and_folders_agree_in_every_file() -> None:
    users = (SYSTEMD / "haven.sysusers").read_text(encoding="utf-8")
    folders = (SYSTEMD / "haven.tmpfiles").read_text(encoding="utf-8")
    for unit in ("haven.service", "haven-kiosk.service"):
        assert re.search(rf"^u\s+{directives(unit)['User']}\s", users, re.M)
    assert re.search(r"^d\s+/etc/haven/secrets\s+0700\s+haven\s", folders, re.M)
    assert re.search(r"^d\s+/var/lib/haven\s+0700\s+haven\s", folders, re.M)
    command = (SYSTEMD / "haven-command").read_text(encoding="utf-8")
    for variable, folder in (("STATE_DIRECTORY", "/var/lib"), ("CONFIGURATION_DIRECTORY", "/etc")):
        assert f"{variable}={folder}/haven" in command
    assert "RUNTIME_DIRECTORY=/run/haven" in command
    assert "RUNTIME_DIRECTORY=/run/haven" in directives("haven-kiosk.service")["Environment"]


def test_systemd_accepts_the_users(tmp_path: Path) -> None:
    if shutil.which("systemd-sysusers") is None:
        pytest.skip("systemd-sysusers is not installed here")
    (tmp_path / "etc").mkdir()
    command = ["systemd-sysusers", f"--root={tmp_path}", str(SYSTEMD / "haven.sysusers")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search("^haven-panel:.*haven$", (tmp_path / "etc/group").read_text(encoding="utf-8"), re.M)


def test_the_panel_knows_touch_and_no_way_out() -> None:
    tree = ElementTree.parse(SYSTEMD / "kiosk/labwc/rc.xml")
    touch = tree.find("touch")
    assert touch is not None and touch.get("mouseEmulation") == "yes"
    assert tree.findall(".//keybind") == []


def test_the_panel_comes_back_whatever_dies() -> None:
    unit = directives("haven-kiosk.service")
    assert (unit["Restart"], unit["StartLimitIntervalSec"]) == ("always", "0")
    session = (SYSTEMD / "kiosk/session").read_text(encoding="utf-8")
    assert "while kill -0" in session and "while :; do" in session, "one for the terminal, one for the client in it"
    assert "haven attach --wait" in session


def test_the_panels_session_ends_with_its_compositor_and_brings_a_dead_terminal_back(tmp_path: Path) -> None:
    said = tmp_path / "foot.log"
    foot = tmp_path / "foot"
    foot.write_text(f'#!/bin/sh\necho once >> {said}\n[ $(wc -l < {said}) -lt 2 ] || kill "$LABWC_PID"\n')
    foot.chmod(0o755)
    (tmp_path / "sleep").symlink_to("/bin/true")
    compositor = subprocess.Popen(["sleep", "600"])  # whoever started the session is gone when it is reaped
    reaper = threading.Thread(target=compositor.wait)
    reaper.start()
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "LABWC_PID": str(compositor.pid)}
    done = subprocess.run(["sh", str(SYSTEMD / "kiosk/session")], env=environment, check=False, timeout=60)
    reaper.join()
    assert done.returncode == 0 and said.read_text().count("once") >= 2, "the first foot died, and another one came"


def test_the_panels_light_may_be_turned_by_its_user() -> None:
    rules = (SYSTEMD / "90-haven-backlight.rules").read_text(encoding="utf-8")
    users = (SYSTEMD / "haven.sysusers").read_text(encoding="utf-8")
    assert "video" in rules and re.search(r"^m\s+haven-panel\s+video$", users, re.M)


@pytest.mark.parametrize("script", ["install.sh", "haven-command", "kiosk/session"])
def test_scripts_are_executable_and_well_formed(script: str) -> None:
    assert os.access(SYSTEMD / script, os.X_OK)
    subprocess.run(["sh", "-n", SYSTEMD / script], check=True)


def test_the_installer_shows_what_it_would_do_and_leaves_no_file_out() -> None:
    command = ["sh", str(SYSTEMD / "install.sh"), "--dry-run", "--kiosk"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for file in SYSTEMD.rglob("*"):
        if file.is_file() and file.name != "install.sh":
            assert f"systemd/{file.relative_to(SYSTEMD)} " in shown
    assert "bubblewrap" in shown and "haven setup" in shown


def test_the_installer_refuses_an_option_that_it_does_not_know() -> None:
    done = subprocess.run(["sh", SYSTEMD / "install.sh", "--kisok"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--kisok" in done.stderr
