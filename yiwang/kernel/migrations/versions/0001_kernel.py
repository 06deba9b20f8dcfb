"""The tables of kernel."""

from yiwang.kernel.migrations.script import sql_file

revision = "0001"
down_revision = None

upgrade = sql_file("0001_kernel.up.sql")
downgrade = sql_file("0001_kernel.down.sql")
