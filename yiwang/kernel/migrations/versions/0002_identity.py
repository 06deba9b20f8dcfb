"""The tables of identity."""

from yiwang.kernel.migrations.script import sql_file

revision = "0002"
down_revision = "0001"

upgrade = sql_file("0002_identity.up.sql")
downgrade = sql_file("0002_identity.down.sql")
