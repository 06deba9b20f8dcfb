"""Lists with a legal basis, an end date and a second approver."""

from yiwang.kernel.migrations.script import sql_file

revision = "0039"
down_revision = "0038"

upgrade = sql_file("0039_authority.up.sql")
downgrade = sql_file("0039_authority.down.sql")
