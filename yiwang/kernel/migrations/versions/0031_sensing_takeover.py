"""Gateways that take over from each other, positions on the stream (sensing)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0031"
down_revision = "0030"

upgrade = sql_file("0031_sensing_takeover.up.sql")
downgrade = sql_file("0031_sensing_takeover.down.sql")
