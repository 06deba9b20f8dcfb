"""Migrations: ordered pairs of plain SQL files, run by Alembic.

``sql/NNNN_name.up.sql`` and ``.down.sql`` belong to one revision ``NNNN``; ``versions/`` holds only its Alembic header.
"""

from yiwang.kernel.migrations.runner import DatabaseNewer, downgrade, head, pending, upgrade

__all__ = ["DatabaseNewer", "downgrade", "head", "pending", "upgrade"]
