"""The private server's settings: fitted to the machine, and never at the cost of durability.

``fsync``, ``full_page_writes`` and ``synchronous_commit`` stay on: an acknowledged case is on disk.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from yiwang.kernel.cluster.system import Account, account_of, memory_bytes

settings_file = "yiwang.conf"
role = "yiwang"
"""Name of the database superuser; only operating-system accounts named in pg_ident.conf may be it."""

_MB = 2**20


def server_settings(
    *, socket_folder: Path, log_folder: Path, free_disk: int, lz4: bool, overrides: Mapping[str, str]
) -> dict[str, str]:
    """Name → value for the server; ``free_disk`` in bytes; ``overrides`` win."""
    memory = memory_bytes() // _MB
    roomy = free_disk > 30 * 2**30
    values = {
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": str(socket_folder),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "cluster_name": "yiwang",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "shared_buffers": f"{_between(128, memory // 4, 8192)}MB",
        "effective_cache_size": f"{max(256, memory // 2)}MB",
        "work_mem": f"{_between(4, memory // 512, 32)}MB",
        "maintenance_work_mem": f"{_between(64, memory // 32, 512)}MB",
        "jit": "off",
        "random_page_cost": "1.1",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "max_wal_size": "4GB" if roomy else "1GB",
        "min_wal_size": "512MB" if roomy else "80MB",
        "wal_compression": "lz4" if lz4 else "on",
        # Samples a third as large: taking those of wide tables, every few thousand reports, would hold a processor for seconds.
        "default_statistics_target": "30",
        "autovacuum_naptime": "20s",
        "autovacuum_vacuum_scale_factor": "0.05",
        "autovacuum_analyze_scale_factor": "0.02",
        "autovacuum_vacuum_insert_scale_factor": "0.1",
        "autovacuum_vacuum_cost_limit": "1000",
        "logging_collector": "on",
        "log_directory": str(log_folder),
        "log_filename": "postgresql-%a.log",
        "log_rotation_age": "1d",
        "log_truncate_on_rotation": "on",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_min_duration_statement": "2s",
        "log_lock_waits": "on",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "lc_messages": "C",
    }
    if (os.cpu_count() or 1) <= 2:
        # Three vacuums at once would take both processors, and reports would wait for half a second.
        values |= {"autovacuum_max_workers": "1", "autovacuum_vacuum_cost_limit": "400"}
    if lz4:
        values["default_toast_compression"] = "lz4"
    if sys.platform == "linux":
        values["effective_io_concurrency"] = "200"
        if _shared_memory_free() < 256 * _MB:  # containers often give /dev/shm 64 MB: parallel queries would fail
            values["dynamic_shared_memory_type"] = "mmap"
    return {**values, **overrides}


def settings_text(values: Mapping[str, str]) -> str:
    lines = [f"{name} = '{_quoted(value)}'" for name, value in values.items()]
    header = "# Written at every start. To change a setting for good use ALTER SYSTEM SET, which wins over this file.\n"
    return header + "\n".join(lines) + "\n"


def access_rules() -> str:
    """pg_hba.conf: only over the socket, only operating-system accounts that the map names."""
    return f"local all all peer map={role}\nlocal replication all peer map={role}\n"


def account_map(server: Account | None) -> str:
    """pg_ident.conf: root, the account of the server and the account that made the cluster are the superuser."""
    accounts = {"root"}
    if server is not None:
        accounts.add(server.name)
    if (own := account_of(os.geteuid())) is not None:
        accounts.add(own.name)
    return "".join(f'{role} "{name}" {role}\n' for name in sorted(accounts))


def _between(least: int, value: int, most: int) -> int:
    return max(least, min(value, most))


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")


def _shared_memory_free() -> int:
    try:
        found = os.statvfs("/dev/shm")  # noqa: S108 - asks for its size; writes nothing
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize
