"""Hot issues, and names looked up as they stand."""

from yiwang.kernel.migrations.script import sql_file

revision = "0016"
down_revision = "0015"

upgrade = sql_file("0016_hot_issues.up.sql")
downgrade = sql_file("0016_hot_issues.down.sql")
