"""The cases of an organisation, newest first (casework)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0019"
down_revision = "0018"

upgrade = sql_file("0019_search_of_organisations.up.sql")
downgrade = sql_file("0019_search_of_organisations.down.sql")
