"""Names of template databases that tests copy."""

from __future__ import annotations

MIGRATED = "yiwang_template"
"""All migrations and nothing else; the fixture ``server`` has made it."""
