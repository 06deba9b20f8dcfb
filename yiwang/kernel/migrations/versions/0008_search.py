"""The index of the words of cases merges what is new in smaller pieces (casework)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0008"
down_revision = "0007"

upgrade = sql_file("0008_search.up.sql")
downgrade = sql_file("0008_search.down.sql")
