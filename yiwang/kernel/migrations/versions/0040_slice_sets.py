"""Any number of scopes of indicators: a case names the set of slices in which it lies."""

from yiwang.kernel.migrations.script import sql_file

revision = "0040"
down_revision = "0039"

upgrade = sql_file("0040_slice_sets.up.sql")
downgrade = sql_file("0040_slice_sets.down.sql")
