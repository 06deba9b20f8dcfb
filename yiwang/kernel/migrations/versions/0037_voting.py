"""Votes of owners and others: the roll, the box, ballots on paper, results (voting)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0037"
down_revision = "0036"

upgrade = sql_file("0037_voting.up.sql")
downgrade = sql_file("0037_voting.down.sql")
