"""The absences of identity."""

from pathlib import Path

from yiwang.kernel.migrations.script import sql_file

revision = "0011"
# While colleagues add theirs; "0010" in the end.
down_revision = max(name for path in Path(__file__).parent.glob("0*.py") if (name := path.name[:4]) < revision)

upgrade = sql_file("0011_absence.up.sql")
downgrade = sql_file("0011_absence.down.sql")
