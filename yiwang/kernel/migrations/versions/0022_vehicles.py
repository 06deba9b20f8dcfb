"""Positions, tracks, fences and trips of vehicles (sensing)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0022"
down_revision = "0021"

upgrade = sql_file("0022_vehicles.up.sql")
downgrade = sql_file("0022_vehicles.down.sql")
