"""`haven privacy`: the owner's way to what is kept of a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from haven.commands.privacy import app

ANN = "discord:123456789012345678"


def test_the_owner_shows_exports_and_deletes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_DIR", "CONFIG_DIR", "RUNTIME_DIR"):
        monkeypatch.setenv(f"HAVEN_PATHS__{name}", str(tmp_path / name.lower()))
    monkeypatch.setenv("HAVEN_MODELS__LOCAL", "false")
    run = CliRunner()
    shown = run.invoke(app, ["show", ANN, "--json"])
    assert json.loads(shown.stdout)["kept"]["changes"] == 0
    file = tmp_path / "ann.json"
    assert run.invoke(app, ["export", ANN, "--to", str(file)]).exit_code == 0
    assert json.loads(file.read_text())["person"] == ANN and file.stat().st_mode & 0o077 == 0
    wrong = run.invoke(app, ["delete", ANN], input="yes\n")
    assert "nothing was deleted" in str(wrong.exception)
    done = run.invoke(app, ["delete", ANN, "--yes", ANN])
    assert done.exit_code == 0 and "seven newer ones" in done.stdout
