"""`haven models ...` as a person types it, against a hub by hand."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from haven.ai.task import Tier
from haven.app import open_house
from tests.ai.hub_by_hand import FILE, REPO, hub_by_hand, write_catalogue
from tests.e2e import command
from tests.e2e.house import settings_in

WEIGHTS = b"GGUF" + bytes(range(256)) * 4000


async def haven(folder: Path, *words: str) -> tuple[int, str, str]:
    """Status, stdout and stderr of one command in a house of its own."""
    ran = await command.haven(folder, "models", *words, COLUMNS="100")
    return ran.status, ran.out, ran.err


async def test_a_closed_model_is_installed_with_the_owners_token_planned_and_removed(
    tmp_path: Path, monkeypatch: Any
) -> None:
    source = f'{{ kind = "hub", repo = "{REPO}", file = "{FILE}" }}'
    write_catalogue(tmp_path / "state/models/catalogue.toml", source)
    (tmp_path / "haven.toml").write_text(
        f'[paths]\nstate_dir = "{tmp_path}/state"\nconfig_dir = "{tmp_path}/config"\n[models]\nlocal = false\n'
    )
    async with hub_by_hand(WEIGHTS) as far:
        monkeypatch.setenv("HF_ENDPOINT", far.hub)
        far.key = "hf_of_the_owner"
        status, _, err = await haven(tmp_path, "install", "tiny")
        assert status == 1 and "secrets/huggingface_token" in err
        secret = tmp_path / "config/secrets/huggingface_token"
        secret.parent.mkdir(parents=True)
        secret.write_text(far.key)
        secret.chmod(0o600)
        status, out, err = await haven(tmp_path, "install", "tiny")
        assert status == 0, err
        assert hashlib.sha256(WEIGHTS).hexdigest() in out and "as the hub publishes it; now pinned" in out
        status, out, _ = await haven(tmp_path, "update", "tiny", "--json")
        assert status == 0 and not json.loads(out)["changed"]
    [told] = [one for one in json.loads((await haven(tmp_path, "list", "--json"))[1]) if one["name"] == "tiny"]
    assert (told["trust"], told["verified"], told["pin"]["published"]) == ("pinned", False, True)
    by_name = {line.split()[0]: line.split()[1:3] for line in (await haven(tmp_path, "list"))[1].splitlines()}
    assert (by_name["tiny"], by_name["phi3-mini"]) == (["yes", "pinned"], ["-", "unverified"])
    assert by_name["smollm2-135m"] == ["-", "-"], "its hash stands in the catalogue"
    planned = json.loads((await haven(tmp_path, "plan", "--json"))[1])
    assert [(place["name"], place["kept"]) for place in planned["places"]] == [("tiny", True)]
    assert "qwen2_5-coder-1_5b" in (await haven(tmp_path, "list"))[1]
    assert (await haven(tmp_path, "remove", "tiny"))[0] == 0
    assert (await haven(tmp_path, "update", "tiny"))[0] == 1


async def test_a_spoilt_pin_stops_only_its_model_and_is_mended_as_it_says(tmp_path: Path) -> None:
    """A file that nobody hashed: its pin is all that was known of it."""
    (tmp_path / "source.gguf").write_bytes(WEIGHTS)
    source = f'{{ kind = "file", path = "{tmp_path}/source.gguf" }}'
    write_catalogue(tmp_path / "state/models/catalogue.toml", source)
    (tmp_path / "haven.toml").write_text(
        f'[paths]\nstate_dir = "{tmp_path}/state"\nconfig_dir = "{tmp_path}/config"\n[models]\ndefault = "tiny"\n'
    )
    assert (await haven(tmp_path, "install", "tiny"))[0] == 0
    note = tmp_path / "state/models/tiny.json"
    for weights_too in (False, True):
        note.write_text(note.read_text()[:20])
        if weights_too:
            note.with_suffix(".gguf").unlink()
        assert (await haven(tmp_path, "list"))[0] == 0
        status, _, err = await haven(tmp_path, "install", "tiny")
        assert status == 1 and "haven models remove tiny && haven models install tiny" in " ".join(err.split())
        assert (await haven(tmp_path, "remove", "tiny"))[0] == 0
        assert (await haven(tmp_path, "install", "tiny"))[0] == 0
    assert json.loads(note.read_text())["sha256"] == hashlib.sha256(WEIGHTS).hexdigest()


async def test_a_house_with_a_spoilt_pin_opens_and_its_model_says_why_it_is_not_used(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, model=True)
    note = settings.paths.state_dir / "models/smollm2-135m.json"
    note.parent.mkdir(parents=True)
    note.write_text('{"sha256": "12')
    async with open_house(settings) as house:
        [model] = house.engine.roster.on(Tier.LOCAL)
        assert "smollm2-135m.json can't be read" in model.missing()
        assert model.missing().endswith("Run: haven models remove smollm2-135m && haven models install smollm2-135m")
        await house.registry.remove("smollm2-135m")
    async with open_house(settings) as house:
        [model] = house.engine.roster.on(Tier.LOCAL)
        assert "is not installed" in model.missing()
