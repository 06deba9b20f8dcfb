"""How rare the words of reports are (likeness)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0015"
down_revision = "0014"

upgrade = sql_file("0015_likeness.up.sql")
downgrade = sql_file("0015_likeness.down.sql")
