"""Administration in the browser (identity, casework)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0030"
down_revision = "0029"

upgrade = sql_file("0030_administration.up.sql")
downgrade = sql_file("0030_administration.down.sql")
