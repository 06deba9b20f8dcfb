"""A process that has settled keeps no large block that it has done with."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_PROGRAM = """
from concurrent.futures import ThreadPoolExecutor
from argon2 import PasswordHasher
from yiwang.kernel import memory

def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) / 1024

hasher = PasswordHasher(time_cost=1, memory_cost=19 * 1024, parallelism=1)
memory.settle()
with ThreadPoolExecutor(2) as threads:
    before = resident()
    for _ in range(3):
        list(threads.map(hasher.hash, ["a password"] * 2))
    print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library does as it likes")
def test_密码校验所占的内存_用完即还() -> None:
    told = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    assert float(told.stdout) < 8, "megabytes: each password takes 19"
