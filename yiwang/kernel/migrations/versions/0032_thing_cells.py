"""Places of types with many things, counted by cells of the map (thing_cell)."""

from yiwang.kernel.migrations.script import sql_file

revision = "0032"
down_revision = "0031"

upgrade = sql_file("0032_thing_cells.up.sql")
downgrade = sql_file("0032_thing_cells.down.sql")
