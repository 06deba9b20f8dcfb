"""Needs and offers brought together by declared rules (matching)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0035"
down_revision = "0034"

upgrade = sql_file("0035_matching.up.sql")
downgrade = sql_file("0035_matching.down.sql")
