"""The tables of geo."""

from yiwang.kernel.migrations.script import sql_file

revision = "0003"
down_revision = "0002"

upgrade = sql_file("0003_geo.up.sql")
downgrade = sql_file("0003_geo.down.sql")
