"""The filter of system calls, run as the kernel runs it, for each machine that Haven knows."""

from __future__ import annotations

import platform
import struct

import pytest

from haven.changes.sandbox.seccomp import ALLOW, AUDIT_ARCH, OTHER_ABI, REFUSE, REFUSED, program

READ = {"x86_64": 0, "aarch64": 63}


def judged(code: bytes, arch: int, number: int) -> int:
    """What the program returns for one call; instructions after linux/bpf_common.h."""
    steps = list(struct.iter_unpack("=HBBI", code))
    held, at = 0, 0
    while True:
        operation, yes, no, value = steps[at]
        at += 1
        if operation == 0x20:
            held = {0: number, 4: arch}[value]
        elif operation == 0x06:
            return int(value)
        else:
            at += yes if (held == value if operation == 0x15 else held >= value) else no


@pytest.mark.parametrize("machine", sorted(REFUSED))
def test_only_the_named_calls_and_other_systems_calls_are_refused(
    machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    code, arch = program(), AUDIT_ARCH[machine]
    refused = {number for number in range(600) if judged(code, arch, number) == REFUSE}
    assert refused == set(REFUSED[machine].values())
    assert judged(code, arch, READ[machine]) == ALLOW
    assert judged(code, arch, OTHER_ABI + READ[machine]) == REFUSE
    assert judged(code, 0x40000003, READ[machine]) == REFUSE


def test_an_unknown_machine_has_no_filter_rather_than_a_wrong_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert program() == b""
