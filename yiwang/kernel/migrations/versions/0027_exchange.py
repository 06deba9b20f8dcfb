"""Catalogue of resources, sharing, delivery (exchange)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0027"
down_revision = "0026"

upgrade = sql_file("0027_exchange.up.sql")
downgrade = sql_file("0027_exchange.down.sql")
