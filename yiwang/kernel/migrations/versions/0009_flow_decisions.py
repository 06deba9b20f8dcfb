"""The decision tables of flow."""

from yiwang.kernel.migrations.script import sql_file

revision = "0009"
down_revision = "0008"

upgrade = sql_file("0009_flow_decisions.up.sql")
downgrade = sql_file("0009_flow_decisions.down.sql")
