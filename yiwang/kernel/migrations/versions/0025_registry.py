"""Things of the city with two-time history, keys, relations, sources (registry)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0025"
down_revision = "0024"

upgrade = sql_file("0025_registry.up.sql")
downgrade = sql_file("0025_registry.down.sql")
