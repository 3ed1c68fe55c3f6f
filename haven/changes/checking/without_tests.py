"""What stands in for tests where a project has none: every Python file compiles, the changed ones can be imported."""

from __future__ import annotations

import json
from collections.abc import Sequence

from haven.quoting import clean
from haven.redact import redact

RESULTS = ".haven-import-check.json"
MOST_SAID = 20
SCRIPTS = frozenset({"setup.py", "conftest.py", "__main__.py", "noxfile.py", "conf.py", "fabfile.py", "tasks.py"})
"""Files that do something when they are imported, or can't be."""
PROGRAM = """
import importlib, json, os, sys
path, changed, results = json.loads(sys.argv[1])
sys.path[:0] = path
broken, imported = {}, 0

def say(error):
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    return f"{type(error).__name__}: {error.msg}, line {line}" if line else f"{type(error).__name__}: {error}"[:500]

def keep():
    with open(results, "w", encoding="utf-8", errors="replace") as file:
        json.dump([broken, imported], file)

for place, folders, names in os.walk("."):
    folders[:] = sorted(name for name in folders if name[0] != "." and name != "node_modules")
    for name in sorted(names):
        file = os.path.relpath(os.path.join(place, name))
        if name.endswith(".py") and os.path.isfile(file):
            try:
                with open(file, "rb") as source:
                    compile(source.read(), file, "exec", dont_inherit=True)
            except Exception as error:
                broken[file] = say(error)
keep()
for file, module in changed:
    if file in broken or not os.path.isfile(file):
        continue
    parents = module.split(".")[:-1]
    root = file[: -len(module.replace(".", "/") + ".py")] if not file.endswith("/__init__.py") else None
    packages = root is None or all(
        os.path.isfile(os.path.join(root, *parents[: n + 1], "__init__.py")) for n in range(len(parents))
    )
    if not packages:
        continue
    try:
        importlib.import_module(module)
        imported += 1
    except SystemExit:
        pass
    except BaseException as error:
        broken[file] = say(error)
    keep()
keep()
"""


def command(path: Sequence[str], changed: Sequence[str]) -> list[str]:
    """The check as a command for the sandbox; `path` is Python's search path there, `changed` names files."""
    modules = [(file, module) for file in changed if (module := _module(file, path))]
    return ["python", "-c", PROGRAM, json.dumps([list(path), modules, f"/project/{RESULTS}"])]


def _module(file: str, path: Sequence[str]) -> str:
    """The name that a file is imported by, "" for a script; the longest root of the search path counts."""
    if not file.endswith(".py") or file.rpartition("/")[2] in SCRIPTS:
        return ""
    roots = [root.removeprefix("/project").strip("/") for root in path if root.startswith("/project")]
    root = max((root for root in roots if not root or file.startswith(f"{root}/")), key=len, default="")
    bare = file.removeprefix(f"{root}/" if root else "").removesuffix(".py").removesuffix("/__init__")
    words = bare.split("/")
    return ".".join(words) if all(word.isidentifier() for word in words) else ""


def read(data: bytes | None) -> tuple[dict[str, str], str]:
    """Broken files with the reason, and the verdict in words. What the checked code wrote there is text, no more."""
    try:
        broken, imported = json.loads(data or b"")
        first = list(broken.items())[:MOST_SAID]
        # Redacted before the cut, which could leave half of a secret.
        found = {redact(clean(str(file)))[:400]: redact(clean(str(reason)))[:500] for file, reason in first}
    except (ValueError, TypeError, AttributeError):
        return {}, "the check of its Python files did not finish."
    if not found:
        more = "; those that changed can be imported" if imported else ""
        return {}, f"its Python files compile{more}."
    if any(reason.startswith(("SyntaxError", "IndentationError", "TabError")) for reason in found.values()):
        return found, f"some of its Python files don't compile ({_first(found)})."
    return found, f"some that changed can't be imported ({_first(found)})."


def _first(found: dict[str, str]) -> str:
    file, reason = next(iter(found.items()))
    return f"{file}: {reason}"
