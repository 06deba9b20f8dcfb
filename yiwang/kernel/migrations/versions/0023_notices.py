"""Public notices (casework)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0023"
down_revision = "0022"

upgrade = sql_file("0023_notices.up.sql")
downgrade = sql_file("0023_notices.down.sql")
