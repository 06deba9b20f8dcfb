"""Official documents: what packs declare, numbers, keys of signatures, what was issued."""

from yiwang.kernel.migrations.script import sql_file

revision = "0033"
down_revision = "0032"

upgrade = sql_file("0033_documents.up.sql")
downgrade = sql_file("0033_documents.down.sql")
