"""What a project says of itself as a Python package: name, what it needs, where its code lies, its entry points.

Read from pyproject.toml, else setup.cfg, else the plain values in setup.py; nothing of it is run.
"""

from __future__ import annotations

import ast
import configparser
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

PACKAGE_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
MOST_BYTES = 500_000
TEST_EXTRAS = (("test", "tests", "testing"), ("dev", "develop", "development"))
"""Extras and dependency groups that tests usually need: the first kind that there is."""
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
TARGET = re.compile(r"[A-Za-z_][\w.]*(:[A-Za-z_][\w.]*)?")
ROOT = re.compile(r"[\w-]+(/[\w-]+)*")


@dataclass(frozen=True)
class Package:
    """`version` is "" where it is worked out by a build; `roots` are folders below the project's own."""

    name: str = ""
    version: str = ""
    dependencies: tuple[str, ...] = ()
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    entry_points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By group: name -> "module:object", or a module alone."""
    roots: tuple[str, ...] = ()

    @property
    def for_tests(self) -> tuple[str, ...]:
        """Requirement lines: what the project needs, and what its tests do."""
        chosen = next((names for kind in TEST_EXTRAS if (names := [one for one in kind if one in self.extras])), [])
        wanted: dict[str, None] = dict.fromkeys(self.dependencies)
        seen: set[str] = set()
        while chosen:
            extra = chosen.pop(0)
            if extra in seen:
                continue
            seen.add(extra)
            for line in self.extras.get(extra, ()):
                if inner := self._own_extras(line):
                    chosen += inner
                else:
                    wanted[line] = None
        return tuple(wanted)

    def _own_extras(self, line: str) -> list[str]:
        """Of "this-project[a,b]": a and b."""
        found = re.fullmatch(r"\s*([\w.-]+)\s*\[([^\]]*)\]\s*", line)
        same = found and self.name and _plain(found[1]) == _plain(self.name)
        return [_plain(word.strip()) for word in found[2].split(",")] if found and same else []


def read_package(files: Mapping[str, bytes]) -> Package:
    """From the bytes of `PACKAGE_FILES`, as far as they can be understood; an empty Package where they can't."""
    readers = {"pyproject.toml": _pyproject, "setup.cfg": _setup_cfg, "setup.py": _setup_py}
    for file, reader in readers.items():
        data = files.get(file, b"")
        if not data or len(data) > MOST_BYTES:
            continue
        try:
            package = reader(data.decode("utf-8"))
        except (ValueError, TypeError, AttributeError, KeyError, SyntaxError, RecursionError, configparser.Error):
            continue
        if package.name:
            return package
    return Package()


def _pyproject(text: str) -> Package:
    data = tomllib.loads(text)
    project = data.get("project", {})
    extras = {name: [one for one in lines if isinstance(one, str)] for name, lines in _table(data, "dependency-groups")}
    for name, lines in _table(project, "optional-dependencies"):
        extras[name] = [*extras.get(name, []), *lines]
    points = dict(_table(project, "entry-points")) | {"console_scripts": dict(_table(project, "scripts"))}
    setuptools = data.get("tool", {}).get("setuptools", {})
    where = setuptools.get("packages", {})
    roots = [*(where.get("find", {}).get("where", []) if isinstance(where, dict) else [])]
    roots += [value for _, value in _table(setuptools, "package-dir")]
    return _package(project.get("name"), project.get("version"), project.get("dependencies"), extras, points, roots)


def _setup_cfg(text: str) -> Package:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)

    def get(section: str, key: str) -> str:
        return parser.get(section, key, fallback="").strip()

    def table(section: str) -> dict[str, list[str]]:
        found = dict(parser.items(section)) if parser.has_section(section) else {}
        return {name: value.strip().splitlines() for name, value in found.items()}

    points = {group: dict(_pairs(lines)) for group, lines in table("options.entry_points").items()}
    roots = [*_pairs(get("options", "package_dir").splitlines()).values(), get("options.packages.find", "where")]
    needs = get("options", "install_requires").splitlines()
    return _package(
        get("metadata", "name"), get("metadata", "version"), needs, table("options.extras_require"), points, roots
    )


def _setup_py(text: str) -> Package:
    """The literal keywords of its call of setup(); a name stands for what the file assigned to it."""
    tree = ast.parse(text)
    assigned = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("setup")]
    said: dict[str, Any] = {}
    for word in calls[0].keywords if calls else []:
        value = assigned.get(word.value.id, word.value) if isinstance(word.value, ast.Name) else word.value
        try:
            said[word.arg or ""] = ast.literal_eval(value)
        except ValueError:
            continue
    points = {group: dict(_pairs(lines)) for group, lines in _table(said, "entry_points")}
    roots = [value for _, value in _table(said, "package_dir")]
    extras = dict(_table(said, "extras_require")) | {"tests": said.get("tests_require") or []}
    extras = {name: lines for name, lines in extras.items() if lines}
    return _package(said.get("name"), said.get("version"), said.get("install_requires"), extras, points, roots)


def _package(
    name: object, version: object, needs: object, extras: Any, points: Any, roots: Iterable[object]
) -> Package:
    """Everything in its own shape; what has another one is left out, for it is text of the project's."""
    said = name if isinstance(name, str) and NAME.fullmatch(name) else ""
    number = version if isinstance(version, str) and re.fullmatch(r"[\w.+!-]{1,100}", version) else ""
    groups = {
        str(group): {str(key): value for key, value in dict(found).items() if TARGET.fullmatch(str(value))}
        for group, found in dict(points).items()
        if re.fullmatch(r"[\w.-]+", str(group))
    }
    return Package(
        said,
        number,
        _lines(needs),
        {_plain(str(extra)): _lines(lines) for extra, lines in dict(extras).items()},
        {group: found for group, found in groups.items() if found},
        tuple(root for root in roots if isinstance(root, str) and ROOT.fullmatch(root)),
    )


def _lines(found: object) -> tuple[str, ...]:
    lines = found.splitlines() if isinstance(found, str) else found if isinstance(found, list | tuple) else ()
    return tuple(" ".join(line.split()) for line in lines if isinstance(line, str) and line.strip())


def _table(data: Mapping[str, Any], key: str) -> Iterable[tuple[str, Any]]:
    found = data.get(key)
    return found.items() if isinstance(found, dict) else ()


def _pairs(lines: Iterable[str]) -> dict[str, str]:
    """ "a = b" lines as a table."""
    split = (line.partition("=") for line in lines if "=" in line)
    return {key.strip(): value.strip() for key, _, value in split}


def _plain(name: str) -> str:
    """PEP 503's normal form of a name."""
    return re.sub(r"[-_.]+", "-", name).lower()
