"""``python -m yiwang.cli``: the same as ``yiwang``."""

from yiwang.cli.main import app

app()
