"""The decision tables of flow."""

from pathlib import Path

from yiwang.kernel.migrations.script import sql_file

revision = "0009"
# While colleagues add theirs; "0008" in the end.
down_revision = max(name for path in Path(__file__).parent.glob("0*.py") if (name := path.name[:4]) < revision)

upgrade = sql_file("0009_flow_decisions.up.sql")
downgrade = sql_file("0009_flow_decisions.down.sql")
