"""The absences of identity."""

from yiwang.kernel.migrations.script import sql_file

revision = "0011"
down_revision = "0010"

upgrade = sql_file("0011_absence.up.sql")
downgrade = sql_file("0011_absence.down.sql")
