"""Yiwang 一网: a city's plan is a folder of declarations; Yiwang runs it.

Floors, top to bottom (a module imports only from floors below its own):
6 cli, http · 5 packs · 3 casework · 2 flow · 1 identity, geo · 0 kernel. See docs/architecture.md.
"""

__version__ = "0.1.0"
