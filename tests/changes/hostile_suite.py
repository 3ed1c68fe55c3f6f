"""The attacks: copied into a project as one test file and run in the sandbox, where every one of them must fail.

`targets.json` beside it names things of the host that exist for the length of the run.
"""

import ctypes
import errno
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

TARGETS = json.loads(Path("targets.json").read_text()) if Path("targets.json").exists() else {}
MB = 1 << 20


def status(name: str) -> str:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line for line in lines if line.startswith(name + ":")).split(":")[1].strip()


def must_not_write(path: str) -> None:
    with pytest.raises(OSError):
        Path(path).write_text("x")


def test_runs_what_was_prepared():
    assert sys.executable == "/env/bin/python"
    assert sys.prefix == "/env"
    assert os.getuid() != 0
    for module in ("haven", "pydantic", "discord"):
        with pytest.raises(ImportError):
            __import__(module)


def test_environment_secrets():
    seen = [Path(f"/proc/{pid}/environ") for pid in ("self", *filter(str.isdigit, os.listdir("/proc")))]
    for file in seen:
        try:
            assert TARGETS["secret"].encode() not in file.read_bytes()
        except OSError:
            continue
    assert TARGETS["secret"] not in str(dict(os.environ))


def test_home():
    homes = [Path("/root", name) for name in (".bashrc", ".ssh", ".cache")]
    for path in (TARGETS["home_secret"], TARGETS["other_tree"], *homes):
        with pytest.raises(OSError):
            os.listdir(path) if os.path.isdir(path) else open(path).close()
    assert os.listdir("/home") == [] if os.path.exists("/home") else True


def test_shadow():
    for path in ("/etc/shadow", "/etc/ssh", "/etc/machine-id"):
        with pytest.raises(OSError):
            open(path).close()


def test_tcp():
    with pytest.raises(OSError):
        socket.create_connection(("1.1.1.1", 443), 2)


def test_udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, pytest.raises(OSError):
        sender.sendto(b"secret", ("1.1.1.1", 53))


def test_dns():
    with pytest.raises(OSError):
        socket.getaddrinfo("example.com", 80)


def test_host_loopback():
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", TARGETS["port"]), 2)
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(OSError):
        client.connect("\0" + TARGETS["abstract_socket"])


def test_own_loopback_works():
    with socket.create_server(("localhost", 0)) as server:
        socket.create_connection(server.getsockname(), 2).close()


def test_writes_outside():
    for path in ("/usr/x", "/etc/x", "/x", "/env/x", "/env/lib/x.pth", "/source/x", "/dev/x", "../x", "/view/x"):
        must_not_write(path)
    must_not_write(TARGETS["marker"])


def test_git():
    assert not Path(".git").exists()
    Path(".git/hooks").mkdir(parents=True)
    Path(".git/hooks/post-checkout").write_text("#!/bin/sh\ntouch /tmp/owned\n")
    must_not_write("/source/.git")


def test_host_tmp():
    assert not Path(TARGETS["marker"]).exists()
    assert {path.name for path in Path("/tmp").iterdir()} <= {"home", "pytest-of-tester"}


def test_host_processes():
    assert len(list(filter(str.isdigit, os.listdir("/proc")))) < 10
    with pytest.raises(ProcessLookupError):
        os.kill(TARGETS["pid"], 0)


def test_memory():
    with pytest.raises(MemoryError):
        bytearray(TARGETS["memory_mb"] * 2 * MB)


def test_memory_that_belongs_to_no_process():
    with pytest.raises(OSError) as caught:
        os.memfd_create("hidden")
    assert caught.value.errno == errno.ENOSYS
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.shmget(0, 64 * MB, 0o1600) == -1 and ctypes.get_errno() == errno.ENOSYS
    assert libc.msgget(0, 0o1600) == -1 and libc.semget(0, 9, 0o1600) == -1


def test_keyring():
    session, read = -3, 11
    libc = ctypes.CDLL(None, use_errno=True)
    number = {"x86_64": 250, "aarch64": 219}[os.uname().machine]
    assert libc.syscall(number, read, session, None, 0) == -1 and ctypes.get_errno() == errno.ENOSYS


def test_file_size():
    with open("big", "wb") as file, pytest.raises(OSError) as caught:
        for _ in range(TARGETS["file_mb"] + 1):
            file.write(bytes(MB))
            file.flush()
    assert caught.value.errno == errno.EFBIG
    os.unlink("big")


@pytest.mark.parametrize("folder", ["/project", "/tmp", "/dev/shm"])
def test_disk(folder):
    made = []
    with pytest.raises(OSError) as caught:
        for number in range(2000):
            made.append(Path(folder, f"fill{number}"))
            made[-1].write_bytes(bytes(8 * MB))
    assert caught.value.errno == errno.ENOSPC
    for file in made:
        file.unlink(missing_ok=True)


def test_fork_bomb():
    children = []
    with pytest.raises(BlockingIOError):
        for _ in range(TARGETS["processes"] + 1):
            child = os.fork()
            if child == 0:
                signal.pause()
            children.append(child)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_limits_cannot_be_raised():
    for name in ("AS", "NPROC", "FSIZE", "NOFILE", "CPU", "CORE"):
        with pytest.raises((ValueError, OSError)):
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def test_setuid():
    with pytest.raises(OSError):
        os.setuid(0)
    Path("id").write_bytes(Path("/usr/bin/id").read_bytes())
    os.chmod("id", 0o4755)
    told = subprocess.run(["./id", "-u"], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(os.getuid())


def test_capabilities():
    assert {int(status(name), 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}


def test_no_new_privs():
    assert status("NoNewPrivs") == "1"


def test_mount():
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == -1
    assert libc.mount(b"none", b"/usr", None, 32 | 4096, None) == -1  # a read-write remount of the bind
    assert libc.umount2(b"/etc/passwd", 2) == -1


def test_nested_user_namespace():
    clone_newuser = 0x10000000
    assert ctypes.CDLL(None, use_errno=True).unshare(clone_newuser) == -1


def test_symlink_out():
    os.symlink(TARGETS["marker"], "link")
    with pytest.raises(OSError):
        open("link").close()
    os.symlink("/", "root")
    must_not_write("root/usr/x")


def test_process_left_behind():
    subprocess.Popen(["sleep", TARGETS["sleep"]], start_new_session=True)


def test_signalling_the_parents():
    with pytest.raises(ProcessLookupError):
        os.kill(TARGETS["pid"], signal.SIGKILL)
    os.kill(1, signal.SIGKILL)  # the first process of a namespace ignores it
    assert Path("/proc/1").exists()


def test_kernel_settings():
    for path in ("core_pattern", "hostname", "modprobe"):
        must_not_write(f"/proc/sys/kernel/{path}")
    must_not_write("/proc/sysrq-trigger")


def test_terminal():
    with pytest.raises(OSError):
        open("/dev/tty").close()
