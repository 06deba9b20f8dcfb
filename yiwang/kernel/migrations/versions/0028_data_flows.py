"""Pulls, subscriptions and quality (exchange)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0028"
down_revision = "0027"

upgrade = sql_file("0028_data_flows.up.sql")
downgrade = sql_file("0028_data_flows.down.sql")
