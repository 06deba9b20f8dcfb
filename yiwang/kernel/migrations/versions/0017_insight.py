"""Indicators, counts of the day and appeals (insight)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0017"
down_revision = "0016"

upgrade = sql_file("0017_insight.up.sql")
downgrade = sql_file("0017_insight.down.sql")
