"""Imports of the registry: runs, remembered mappings, pulls (registry)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0026"
down_revision = "0025"

upgrade = sql_file("0026_registry_importing.up.sql")
downgrade = sql_file("0026_registry_importing.down.sql")
