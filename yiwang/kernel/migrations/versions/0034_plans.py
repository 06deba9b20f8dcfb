"""Periodic work, matters broken down into tasks of many offices, scoring sheets (plans)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0034"
down_revision = "0033"

upgrade = sql_file("0034_plans.up.sql")
downgrade = sql_file("0034_plans.down.sql")
