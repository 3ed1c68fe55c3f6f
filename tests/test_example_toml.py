"""haven.example.toml is what a person reads instead of the source: it must name every key and lie about none."""

from __future__ import annotations

import os
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import BaseModel

from haven.settings import KindSettings, LanHost, OtherCloud, Paths, Rule, Settings, parse

EXAMPLE = Path(__file__).parent.parent / "haven.example.toml"
UNSET = re.compile(r"^# (?=[a-z_]+ = |\[+[a-z_.]+\]+$)", re.M)
"""A setting that is empty by default stands behind a `#`, and so does a block that may be there several times."""


def keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            found |= keys(section, f"{prefix}{name}.")
        else:
            found.add(prefix + name)
    return found


def flat(tree: dict[str, object], prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in tree.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def test_it_names_every_setting_and_no_other() -> None:
    everything = tomllib.loads(UNSET.sub("", EXAMPLE.read_text(encoding="utf-8")))
    kinds, hosts, others, rules = (
        everything.pop("kinds"),
        everything["lan"]["hosts"],
        everything["cloud"]["others"],
        everything["routing"]["rules"],
    )
    assert set(flat(everything)) == keys(Settings) - {"kinds"}
    for block, section in [
        (kinds["code"], KindSettings),
        (hosts[0], LanHost),
        (others[0], OtherCloud),
        (rules[0], Rule),
    ]:
        assert set(block) == set(section.model_fields)
    parse(everything | {"kinds": kinds}, EXAMPLE.name)


def test_what_it_shows_as_default_is_the_default() -> None:
    shown = parse(tomllib.loads(EXAMPLE.read_text(encoding="utf-8")), EXAMPLE.name)
    assert shown.model_dump() == Settings(paths=Paths()).model_dump()


def test_every_setting_has_a_sentence_above_it() -> None:
    blocks = re.compile(
        r"^# \[.*?(?=^\[|^#? ?\n|\Z)", re.M | re.S
    )  # a block that is shown has one sentence above it all
    lines = blocks.sub("", EXAMPLE.read_text(encoding="utf-8")).splitlines()
    for above, line in pairwise(lines):
        if re.match(r"(# )?[a-z_]+ = ", line):
            assert re.match(r"# [A-Za-z0-9`].* .*[.]", above), f"no sentence above: {line}"


@pytest.fixture(autouse=True)
def no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("HAVEN_"):
            monkeypatch.delenv(name)
