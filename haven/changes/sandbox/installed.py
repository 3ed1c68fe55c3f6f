"""Makes a project look installed while its tests run, as `pip install -e` would: source roots, metadata, scripts.

Nothing of the project is run or built for that, and the tests' environment stays as it is.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from haven.changes.sandbox.bubblewrap import VARIABLES, give_away
from haven.changes.sandbox.package import MOST_BYTES, PACKAGE_FILES, Package, read_package

PLACE = "/installed"
"""Where metadata and scripts lie inside the sandbox."""
VERSION_FILES = ("__init__.py", "_version.py", "version.py", "__about__.py", "__version__.py")
VERSION = re.compile(r"""(?m)^__version__\s*(?::\s*\w+\s*)?=\s*["']([\w.+!-]{1,100})["']""")
UNKNOWN = "0.0.0"
SCRIPT = re.compile(r"\w[\w.-]{0,99}", re.ASCII)


@dataclass(frozen=True)
class Installed:
    """`folder` is to be seen at `PLACE`; `path` are the entries for Python's search path, inside."""

    folder: Path
    path: tuple[str, ...]

    @property
    def variables(self) -> dict[str, str]:
        """For programs that the tests start."""
        return {"PYTHONPATH": ":".join(self.path), "PATH": f"{PLACE}/bin:{VARIABLES['PATH']}"}


@asynccontextmanager
async def installed(tree: Path) -> AsyncIterator[Installed]:
    """The tree's own package, described in a folder beside the tree that is gone afterwards."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="installed-", dir=tree.parent))
    try:
        yield await asyncio.to_thread(_install, tree, folder)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _install(tree: Path, folder: Path) -> Installed:
    package = read_package({name: data for name in PACKAGE_FILES if (data := _read(tree, name))})
    roots = [root for root in dict.fromkeys(("src", *package.roots)) if _is_root(tree / root)]
    if package.name:
        _describe(package, package.version or _version(tree, package.name, roots), folder)
    folder.chmod(0o755)
    give_away(folder)
    return Installed(folder, ("/project", *(f"/project/{root}" for root in roots), PLACE))


def _describe(package: Package, version: str, folder: Path) -> None:
    """A .dist-info folder as the packaging specifications have it, and a script for every console entry point."""
    info = f"{re.sub(r'[-_.]+', '_', package.name)}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {line}\n" for line in package.dependencies)
    groups = [
        "".join([f"[{group}]\n", *(f"{name} = {target}\n" for name, target in points.items())])
        for group, points in package.entry_points.items()
    ]
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package.name}\nVersion: {version}\n{needs}",
        f"{info}/entry_points.txt": "\n".join(groups),
    }
    for name, target in package.entry_points.get("console_scripts", {}).items():
        module, _, call = target.partition(":")
        if call and SCRIPT.fullmatch(name):
            start = f"from {module} import {call.partition('.')[0]}\nsys.exit({call}())\n"
            files[f"bin/{name}"] = f"#!/env/bin/python\nimport sys\n{start}"
    for name, text in files.items():
        (folder / name).parent.mkdir(mode=0o755, exist_ok=True)
        (folder / name).write_bytes(text.encode("utf-8", "replace"))
        (folder / name).chmod(0o755)


def _version(tree: Path, name: str, roots: list[str]) -> str:
    """The `__version__` that the package's own files state; "0.0.0" where a build would have to work it out."""
    module = re.sub(r"[-.]+", "_", name)
    for root in (*roots, ""):
        for folder in dict.fromkeys((module, module.lower())):
            for file in VERSION_FILES:
                text = _read(tree, f"{root}/{folder}/{file}".lstrip("/")).decode("utf-8", "replace")
                if found := VERSION.search(text):
                    return found[1]
    return UNKNOWN


def _is_root(folder: Path) -> bool:
    """A folder of packages; one that is a package itself is imported by its own name."""
    return folder.is_dir() and not folder.is_symlink() and not (folder / "__init__.py").exists()


def _read(tree: Path, name: str) -> bytes:
    """A plain file of the tree, b"" for anything else; no link on the way is followed out of it."""
    if not (tree / name).parent.resolve().is_relative_to(tree.resolve()):
        return b""
    try:
        descriptor = os.open(tree / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MOST_BYTES + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
