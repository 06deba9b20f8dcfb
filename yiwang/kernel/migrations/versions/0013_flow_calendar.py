"""By which working calendar the running deadlines were reckoned (flow)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0013"
down_revision = "0012"

upgrade = sql_file("0013_flow_calendar.up.sql")
downgrade = sql_file("0013_flow_calendar.down.sql")
