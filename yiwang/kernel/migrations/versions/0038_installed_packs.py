"""Packs as the city has them: version, digest, standing."""

from yiwang.kernel.migrations.script import sql_file

revision = "0038"
down_revision = "0037"

upgrade = sql_file("0038_installed_packs.up.sql")
downgrade = sql_file("0038_installed_packs.down.sql")
