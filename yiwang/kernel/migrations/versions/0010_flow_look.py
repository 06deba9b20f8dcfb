"""The indexes by which flow's figures and event logs are found."""

from yiwang.kernel.migrations.script import sql_file

revision = "0010"
down_revision = "0009"

upgrade = sql_file("0010_flow_look.up.sql")
downgrade = sql_file("0010_flow_look.down.sql")
