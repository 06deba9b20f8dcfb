"""Publication of records with masking, and anomaly rules over them (publicity)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0036"
down_revision = "0035"

upgrade = sql_file("0036_publicity.up.sql")
downgrade = sql_file("0036_publicity.down.sql")
