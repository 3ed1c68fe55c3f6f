"""What the one step with a network gets of this machine: the owner's package index, and nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from haven.changes.sandbox import bubblewrap
from haven.changes.sandbox.wheels import fetching, owners_index
from tests.changes.sandboxing import WHO, project

PREFIX = Path(sys.base_prefix)


def test_the_owners_index_certificates_and_proxy_are_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    project(tmp_path, {"mirror/simple/x": "", "mirror/files/x": "", "wheels/x": "", "ca.pem": "", "my.conf": ""})
    mirror = f"file://{tmp_path}/mirror/simple"
    config = f"[global]\nindex_url = {mirror}\npassword = no\n[download]\nfind-links =\n  {tmp_path}/wheels\n  https://e.x/\n"
    (tmp_path / "my.conf").write_text(config)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "my.conf"))
    monkeypatch.setenv("PIP_CERT", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("https_proxy", "http://proxy:8080")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-probe")
    variables, places = owners_index(PREFIX)
    assert variables["PIP_INDEX_URL"] == mirror and variables["https_proxy"] == "http://proxy:8080"
    assert variables["PIP_FIND_LINKS"] == f"{tmp_path}/wheels https://e.x/"
    assert not {"PIP_USER", "PIP_PASSWORD", "ANTHROPIC_API_KEY", "HOME", "PATH"} & variables.keys()
    mine = {path for path in places if path.startswith(str(tmp_path))}
    assert mine == {str(tmp_path / name) for name in ("mirror/simple", "mirror/files", "wheels", "ca.pem")}


@pytest.mark.parametrize("place", ["/", "~", "~/.."])
def test_an_index_that_holds_the_home_is_not_shown(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(Path(place).expanduser()))
    shown = owners_index(PREFIX)[1].values()
    assert not [host for host in shown if Path.home().resolve().is_relative_to(host)]


def test_only_wheels_are_fetched_unless_the_owner_allows_more() -> None:
    assert fetching("python", False)[4:8] == ["download", "--only-binary", ":all:", "--dest"]
    assert "--only-binary" not in fetching("python", True)


@pytest.mark.skipif("root" not in WHO, reason="only root has rights to give up")
@pytest.mark.parametrize("missing", ["setpriv", "unshare"])
def test_root_runs_nothing_where_it_cannot_give_up_its_rights(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tool in {"bwrap", "unshare", "setpriv", "mount"} - {missing}:
        (tmp_path / tool).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path))
    problem = bubblewrap.problem()
    assert f"can't give up root: {missing} not found" in problem and "apt install" in problem
