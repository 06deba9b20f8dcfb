"""The tables of casework."""

from yiwang.kernel.migrations.script import sql_file

revision = "0005"
down_revision = "0004"

upgrade = sql_file("0005_casework.up.sql")
downgrade = sql_file("0005_casework.down.sql")
