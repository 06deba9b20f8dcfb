"""Devices, readings, roll-ups (sensing)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0020"
down_revision = "0019"

upgrade = sql_file("0020_sensing.up.sql")
downgrade = sql_file("0020_sensing.down.sql")
