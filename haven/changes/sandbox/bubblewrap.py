"""The bubblewrap command: one recipe for everybody, and for root a first step that gives up root before it.

As root the needed folders, which may lie under a home of mode 700, are bound to a place that everybody can read, in a
mount namespace of their own; `setpriv` then becomes `SANDBOX_UID` with no way back, and the very same recipe follows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from haven.changes.sandbox import seccomp

SANDBOX_UID = 65534
INSTALL = "Install it with: sudo apt install bubblewrap"
# All of /etc that a process inside gets: enough for getpwuid() and for "localhost", and nothing of this machine.
ETC = {
    "passwd": f"tester:x:{SANDBOX_UID}:{SANDBOX_UID}::/tmp/home:/bin/sh\n",
    "group": f"tester:x:{SANDBOX_UID}:\n",
    "hosts": "127.0.0.1 localhost haven\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
FILTER = "system calls"
STAGES = ("/mnt", "/srv", "/media", "/opt", "/boot")
"""Where root may put the folders for the sandbox's user to see: the first that holds none of them itself."""
STAGE = """
set -e
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t tmpfs -o mode=0755,size=1M haven "$0"
number=$1
shift
while [ "$number" -gt 0 ]; do
    if [ -d "$1" ]; then mkdir "$2"; else : > "$2"; fi
    mount --bind "$1" "$2"
    shift 2
    number=$((number - 1))
done
exec "$@"
"""
VARIABLES = {
    "PATH": "/env/bin:/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp/home",
    "USER": "tester",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True)
class View:
    """What a process inside sees beside /usr: paths inside, each with the host's folder or a size in MB."""

    read: Mapping[str, Path] = field(default_factory=dict)
    write: Mapping[str, Path] = field(default_factory=dict)
    memory_mb: Mapping[str, int] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"
    network: bool = False
    """The host's own, for steps that fetch packages; never for code of a change."""


def problem() -> str:
    """Why no sandbox can be started here, with the line that mends it, or "". Starts one; blocks for some 50 ms."""
    if shutil.which("bwrap") is None:
        return f"The sandbox is missing: bubblewrap is not installed. {INSTALL}"
    missing = [tool for tool in ("unshare", "setpriv", "mount") if os.geteuid() == 0 and shutil.which(tool) is None]
    if missing:
        lost = " and ".join(missing)
        return f"The sandbox can't give up root: {lost} not found. Install with: sudo apt install util-linux mount"
    with etc_files() as etc:
        tried = subprocess.run(
            command(View(), ["/usr/bin/env", "true"], etc),
            env={}, stdin=subprocess.DEVNULL, capture_output=True, text=True, pass_fds=tuple(etc.values()), check=False,
        )  # fmt: skip
    if tried.returncode == 0:
        return ""
    reason = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
    return f"Bubblewrap is installed but can't start here ({reason}). {_mend()}"


@contextmanager
def etc_files(network: bool = False) -> Iterator[dict[str, int]]:
    """File descriptors of the files of `ETC` (with the network: how to find names) and of the filter of system calls,
    for one `command` and one start."""
    texts = {**ETC, **_names_of_the_network()} if network else ETC
    files = {name: text.encode() for name, text in texts.items()} | {FILTER: seccomp.program()}
    with ExitStack() as stack:
        descriptors = {}
        for name, data in files.items():
            if name == FILTER and not data:
                continue
            descriptors[name] = os.memfd_create(name)
            stack.callback(os.close, descriptors[name])
            os.write(descriptors[name], data)
            os.lseek(descriptors[name], 0, os.SEEK_SET)
        yield descriptors


def _names_of_the_network() -> dict[str, str]:
    found = {"nsswitch.conf": ETC["nsswitch.conf"].replace("hosts: files", "hosts: files dns")}
    for name in ("resolv.conf", "hosts"):
        with suppress(OSError):
            found[name] = Path("/etc", name).read_text(encoding="utf-8", errors="replace")
    return found


def command(view: View, argv: Sequence[str], etc: Mapping[str, int]) -> list[str]:
    """The whole command line; start it with the descriptors of `etc` passed on and an empty environment.

    Every step replaces the one before it, so that the process started is bubblewrap and dies with the one that waits.
    """
    if os.geteuid() != 0:
        return _recipe(view, argv, etc)
    hosts = [*view.read.values(), *view.write.values()]
    stage = next(place for place in STAGES if not any(host.is_relative_to(place) for host in hosts))
    staged = {host: Path(stage, str(number)) for number, host in enumerate(hosts)}
    inner = replace(
        view,
        read={inside: staged[host] for inside, host in view.read.items()},
        write={inside: staged[host] for inside, host in view.write.items()},
    )
    binds = [str(part) for pair in staged.items() for part in pair]
    return [
        _find("unshare"), "--mount", "--propagation", "private", "--", "/bin/sh", "-c", STAGE, stage, str(len(staged)),
        *binds, _find("setpriv"), f"--reuid={SANDBOX_UID}", f"--regid={SANDBOX_UID}", "--clear-groups",
        "--no-new-privs", "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--pdeathsig=KILL", "--",
        *_recipe(inner, argv, etc),
    ]  # fmt: skip


def give_away(folder: Path) -> None:
    """As root: give a private folder to the sandbox's user, whatever umask wrote it; no symlink is followed."""
    if os.geteuid() != 0:
        return
    for place, folders, files in os.walk(folder):
        for path in (place, *(os.path.join(place, name) for name in (*folders, *files))):
            os.chown(path, SANDBOX_UID, SANDBOX_UID, follow_symlinks=False)


def _recipe(view: View, argv: Sequence[str], etc: Mapping[str, int]) -> list[str]:
    parts = [
        _find("bwrap"), "--unshare-user", "--unshare-all", *(["--share-net"] if view.network else []),
        "--disable-userns", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL",
        "--uid", str(SANDBOX_UID), "--gid", str(SANDBOX_UID), "--hostname", "haven",
        *_system(), "--proc", "/proc", "--dev", "/dev", "--size", str(64 << 20), "--tmpfs", "/dev/shm",
        # bubblewrap's /dev is a memory file system without a limit: nothing may be written beside /dev/shm.
        "--remount-ro", "/dev",
    ]  # fmt: skip
    for name, descriptor in etc.items():
        bind = ["--perms", "0444", "--ro-bind-data", str(descriptor), f"/etc/{name}"]
        parts += ["--seccomp", str(descriptor)] if name == FILTER else bind
    for inside, megabytes in view.memory_mb.items():
        parts += ["--perms", "1777", "--size", str(megabytes << 20), "--tmpfs", inside]
    if view.network:
        parts += ["--ro-bind-try", "/etc/ssl/certs", "/etc/ssl/certs"]
    for inside, host in view.read.items():
        parts += ["--ro-bind", str(host), inside]
    for inside, host in view.write.items():
        parts += ["--bind", str(host), inside]
    for name, value in {**VARIABLES, **view.variables}.items():
        parts += ["--setenv", name, value]
    return [*parts, "--remount-ro", "/", "--chdir", view.workdir, "--", *argv]


def _system() -> list[str]:
    """/usr and what the dynamic loader needs, the same on merged and on older layouts."""
    parts = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        host = Path("/", name)
        if host.is_symlink():
            parts += ["--symlink", f"usr/{name}", str(host)]
        elif host.is_dir():
            parts += ["--ro-bind", str(host), str(host)]
    for path in ("/etc/ld.so.cache", "/etc/alternatives"):
        parts += ["--ro-bind-try", path, path]
    return parts


def _find(tool: str) -> str:
    return shutil.which(tool) or tool


def _mend() -> str:
    """What usually forbids it: Debian's and Ubuntu's switches for user namespaces."""
    switches = {"kernel.unprivileged_userns_clone": "1", "kernel.apparmor_restrict_unprivileged_userns": "0"}
    for switch, wanted in switches.items():
        file = Path("/proc/sys", switch.replace(".", "/"))
        if file.is_file() and file.read_text().strip() != wanted:
            return f"This system forbids user namespaces; allow them with: sudo sysctl -w {switch}={wanted}"
    return "It needs user namespaces; inside a container, start that container with them."
