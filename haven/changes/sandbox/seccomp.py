"""A filter of system calls for the sandbox: without those that take memory which no limit counts, and without keyrings.

The pages of memfd_create and of System V's shared memory belong to no process and to no file system with a size, so
that neither RLIMIT_AS nor the watch over the processes sees them; a keyring may be shared with the host. Refused calls
fail with ENOSYS, as on a kernel without them: programs then take another way (POSIX shared memory is /dev/shm).

Numbers from the kernel's syscall tables; instructions from linux/filter.h and linux/seccomp.h.
"""

from __future__ import annotations

import errno
import platform
import struct

REFUSED = {
    "x86_64": {
        "memfd_create": 319, "memfd_secret": 447, "shmget": 29, "msgget": 68, "semget": 64,
        "io_uring_setup": 425, "add_key": 248, "request_key": 249, "keyctl": 250,
    },
    "aarch64": {
        "memfd_create": 279, "memfd_secret": 447, "shmget": 194, "msgget": 186, "semget": 190,
        "io_uring_setup": 425, "add_key": 217, "request_key": 218, "keyctl": 219,
    },
}  # fmt: skip
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
OTHER_ABI = 0x40000000
"""x32 calls, the same by other numbers, begin here; aarch64 has none so high."""
LOAD, IS, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER_AT, ARCH_AT = 0, 4
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.ENOSYS


def program() -> bytes:
    """The filter as bubblewrap takes it; b"" on a machine, or a 32-bit system, that the tables don't hold."""
    machine = platform.machine()
    if machine not in REFUSED or struct.calcsize("P") != 8:
        return b""
    steps = [(LOAD, 0, 0, ARCH_AT), (IS, 1, 0, AUDIT_ARCH[machine]), (RETURN, 0, 0, REFUSE), (LOAD, 0, 0, NUMBER_AT)]
    tests = [(AT_LEAST, OTHER_ABI), *((IS, number) for number in REFUSED[machine].values())]
    for test, number in tests:
        steps += [(test, 0, 1, number), (RETURN, 0, 0, REFUSE)]
    return b"".join(struct.pack("=HBBI", *step) for step in [*steps, (RETURN, 0, 0, ALLOW)])
