"""The tables of the job queue (kernel)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0006"
down_revision = "0005"

upgrade = sql_file("0006_jobs.up.sql")
downgrade = sql_file("0006_jobs.down.sql")
