"""The tables of flow."""

from yiwang.kernel.migrations.script import sql_file

revision = "0004"
down_revision = "0003"

upgrade = sql_file("0004_flow.up.sql")
downgrade = sql_file("0004_flow.down.sql")
