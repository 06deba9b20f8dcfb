"""The tables of the whole of BPMN: scopes, waits, thrown events; tasks that are added to others (flow)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0007"
down_revision = "0006"

upgrade = sql_file("0007_flow_full.up.sql")
downgrade = sql_file("0007_flow_full.down.sql")
