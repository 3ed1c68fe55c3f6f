"""The first process inside the sandbox: proves where it runs, copies the tree, sets limits, runs one command.

It is handed to the sandbox as text (`python -I -c`), so it stands alone on the standard library. Its words to Haven go
through one pipe: a line of facts, a line on the copy, a line of results, then the bytes of the files asked for. All
after the second line may be forged by the code under test, exactly as that code may forge its own test results.
"""

from __future__ import annotations

import contextlib
import encodings
import filecmp
import json
import os
import resource
import signal
import stat
import subprocess
import sys
from typing import Any

SECONDS_TO_FINISH = 4
"""A command that runs out of time is interrupted first, so that pytest can still write what it knows."""
MOST_ALTERED = 20


def facts() -> dict[str, Any]:
    """Which interpreter this is and what it may do, as the kernel and Python say."""
    key = ""
    with open("/proc/self/status", encoding="ascii") as file:
        status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
    with open("/proc/net/dev", encoding="ascii") as file:
        devices = [line.split(":")[0].strip() for line in file.readlines()[2:]]
    with contextlib.suppress(OSError), open("/env/haven-key", encoding="utf-8") as file:
        key = file.read(100)
    return {
        "environment": key,
        "executable": sys.executable,
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "own_library": str(encodings.__file__).startswith(os.path.join(sys.base_prefix, "")),
        "uid": os.getuid(),
        "no_new_privs": status["NoNewPrivs"].strip(),
        "capabilities": sorted({int(status[name], 16) for name in status if name.startswith("Cap")}),
        "network": devices,
    }


def copy_tree(results: list[str]) -> str:
    """Copy /source, but no results of another run, into the size-limited /project; returns why that failed, or ""."""
    done = subprocess.run(["cp", "-a", "/source/.", "/project/"], stderr=subprocess.PIPE, text=True, check=False)
    for name in results:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join("/project", name))
    return (done.stderr.strip().splitlines() or ["cp failed"])[-1] if done.returncode else ""


def limit(limits: dict[str, int]) -> None:
    """Set the limits for good, stand back for the rest of the machine, and be the first to go if memory runs out."""
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    os.nice(10)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


def run(argv: list[str], timeout_s: float) -> tuple[int, str]:
    """Exit code (negative: the signal that ended it) and "time" if it had to be stopped."""
    try:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, cwd="/project")
    except OSError as error:
        print(f"{argv[0]}: {error.strerror}", flush=True)
        return 127, ""
    try:
        return process.wait(timeout_s), ""
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    try:
        return process.wait(SECONDS_TO_FINISH), "time"
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(), "time"


def collect(names: list[str], most_bytes: int) -> tuple[dict[str, bytes], list[str]]:
    """Plain files below /project, no symlinks or pipes, and the names of those that are too big."""
    found, too_big = {}, []
    for name in names:
        with contextlib.suppress(OSError):
            descriptor = os.open(os.path.join("/project", name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                if stat.S_ISREG(os.fstat(descriptor).st_mode):
                    data = file.read(most_bytes + 1)
                    if len(data) <= most_bytes:
                        found[name] = data
                    else:
                        too_big.append(name)
    return found, too_big


def altered() -> list[str]:
    """The first of the project's test files that are no longer what they were before the command ran."""
    found = []
    for place, folders, names in os.walk("/source"):
        folders.sort()
        for path in (os.path.relpath(os.path.join(place, name), "/source") for name in sorted(names)):
            if is_of_tests(path) and not os.path.islink(os.path.join("/source", path)):
                same = False
                with contextlib.suppress(OSError):
                    same = filecmp.cmp(os.path.join("/source", path), os.path.join("/project", path), shallow=False)
                found += [] if same else [path]
        if len(found) >= MOST_ALTERED:
            break
    return found[:MOST_ALTERED]


def is_of_tests(path: str) -> bool:
    *folders, name = path.split("/")
    named = name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
    return name.endswith(".py") and (named or not {"test", "tests"}.isdisjoint(folders))


def main(plan: dict[str, Any]) -> None:
    with os.fdopen(plan["pipe"], "wb") as pipe:
        os.set_inheritable(plan["pipe"], False)
        here = facts()
        pipe.write(json.dumps(here).encode() + b"\n")
        pipe.flush()
        if here != plan["expected"]:
            return
        os.makedirs(os.environ["HOME"], exist_ok=True)
        refused = copy_tree(plan["files"])
        pipe.write(json.dumps({"refused": refused}).encode() + b"\n")
        pipe.flush()
        if refused:
            return
        limit(plan["limits"])
        exit_code, stopped = run(plan["argv"], plan["timeout_s"])
        files, too_big = collect(plan["files"], plan["file_bytes"])
        sizes = {name: len(data) for name, data in files.items()}
        told = {"exit_code": exit_code, "stopped": stopped, "sizes": sizes, "too_big": too_big, "altered": altered()}
        pipe.write(json.dumps(told).encode() + b"\n")
        for data in files.values():
            pipe.write(data)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
