"""Identity resolution (registry)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0029"
down_revision = "0028"

upgrade = sql_file("0029_resolution.up.sql")
downgrade = sql_file("0029_resolution.down.sql")
