"""Instances that go over to another version of their definition (flow)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0012"
down_revision = "0011"

upgrade = sql_file("0012_flow_versions.up.sql")
downgrade = sql_file("0012_flow_versions.down.sql")
