"""Rules, alarms and what they open (sensing)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0021"
down_revision = "0020"

upgrade = sql_file("0021_alarms.up.sql")
downgrade = sql_file("0021_alarms.down.sql")
