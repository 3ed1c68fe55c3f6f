"""What a long-lived Haven holds of memory that it has given back."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

WORK = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from haven import heap

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE") // 2**20

def work(together):
    together.wait()
    for mb in (2, 6, 12, 24):
        bytes(bytearray(b"x") * (mb * 2**20))
    together.wait()

heap.give_back()
together = Barrier(4)
with ThreadPoolExecutor(4) as threads:
    before = resident()
    for _ in range(2):
        list(threads.map(work, [together] * 4))
    print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries give back by themselves")
def test_what_threads_have_given_back_is_the_machines_again() -> None:
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 16, f"{done.stdout} MB are kept"
