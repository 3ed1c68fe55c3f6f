"""What a long-lived Haven holds of memory that it has given back."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

START = """
import asyncio, os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from haven import heap

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE") // 2**20

heap.give_back()
"""
WORK = f"""{START}
def work(together):
    together.wait()
    for mb in (2, 6, 12, 24):
        bytes(bytearray(b"x") * (mb * 2**20))
    together.wait()

together = Barrier(4)
with ThreadPoolExecutor(4) as threads:
    before = resident()
    for _ in range(2):
        list(threads.map(work, [together] * 4))
    print(resident() - before)
"""
GAPS = f"""{START}
before = resident()
pieces = [bytes(4_000) for _ in range(50_000)]
kept = pieces[::50]
del pieces
asyncio.run(heap.trim())
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries give back by themselves")
@pytest.mark.parametrize(("work", "most_mb"), [(WORK, 16), (GAPS, 50)], ids=["threads", "gaps"])
def test_what_was_given_back_is_the_machines_again(work: str, most_mb: int) -> None:
    done = subprocess.run([sys.executable, "-c", work], capture_output=True, text=True, check=True)
    assert int(done.stdout) < most_mb, f"{done.stdout} MB are kept"
