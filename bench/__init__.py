"""Measurements of a whole installation: its own private database, its own web workers, load over real sockets.

Every figure stands beside the raw limit of the same machine in the same run (plain inserts of the same rows, a bare
reply of the same server …), taken in turns with it, so that noise hits both. Targets are shown, never enforced.

``python -m bench`` measures, ``python -m bench.crash`` kills processes and looks for losses; see
docs/reference/benchmarks.md. Needs the development environment; nothing of the product imports this package.
"""
