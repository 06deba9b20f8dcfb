"""Who read a person's record, when and for what (casework)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0024"
down_revision = "0023"

upgrade = sql_file("0024_records_read.up.sql")
downgrade = sql_file("0024_records_read.down.sql")
