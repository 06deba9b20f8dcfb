"""Learned models, advice given, turns at departments (judgement)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0014"
down_revision = "0013"

upgrade = sql_file("0014_judgement.up.sql")
downgrade = sql_file("0014_judgement.down.sql")
