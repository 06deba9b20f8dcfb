"""Reports a day, and days out of the ordinary (trends)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0018"
down_revision = "0017"

upgrade = sql_file("0018_trends.up.sql")
downgrade = sql_file("0018_trends.down.sql")
