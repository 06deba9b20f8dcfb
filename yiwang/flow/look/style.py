"""The style sheet of drawings. A drawing that stands alone carries it; a page that embeds drawings serves it as a file.

Colours are variables, light ones and dark ones; every meaning of a colour has a second sign (a shape, a dash, a word).
"""

from __future__ import annotations

from hashlib import sha256

_FONTS = (
    '"Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif'
)

_LIGHT = """
  --fd-paper: #ffffff; --fd-ink: #14202e; --fd-line: #4a5868; --fd-soft: #52606d; --fd-fill: #ffffff; --fd-frame: #f6f8fa;
  --fd-way: #0f5fae; --fd-way-fill: #e8f1fb; --fd-done: #1a7f4b;
  --fd-green: #1a7f4b; --fd-yellow: #a86a00; --fd-red: #c0262d; --fd-blue: #1f6fd0; --fd-grey: #68737f; --fd-pill: #ffffff;
  --fd-heat-1: #fff7d6; --fd-heat-2: #fee39b; --fd-heat-3: #fdbf6b; --fd-heat-4: #f58a4b; --fd-heat-5: #c13a2c;
  --fd-heat-ink: #14202e; --fd-heat-ink-5: #ffffff;"""

_DARK = """
  --fd-paper: #12181f; --fd-ink: #e8edf2; --fd-line: #93a1b0; --fd-soft: #a7b3bf; --fd-fill: #1c242d; --fd-frame: #171e26;
  --fd-way: #6cb2f7; --fd-way-fill: #16304a; --fd-done: #58c98b;
  --fd-green: #58c98b; --fd-yellow: #e5b14a; --fd-red: #ff7b78; --fd-blue: #7fb4ff; --fd-grey: #a3aeb9; --fd-pill: #0d1319;
  --fd-heat-1: #3a3520; --fd-heat-2: #5a4717; --fd-heat-3: #7d4f13; --fd-heat-4: #a5471c; --fd-heat-5: #c93a35;
  --fd-heat-ink: #f4f1e8; --fd-heat-ink-5: #ffffff;"""

RULES = f"""
.flow-drawing {{{_LIGHT}
  font-family: {_FONTS}; font-size: 12px; background: var(--fd-paper); }}
.flow-drawing text {{ fill: var(--fd-ink); }}
.fd-paper {{ fill: var(--fd-paper); }}
.fd-label {{ font-size: 11px; paint-order: stroke; stroke: var(--fd-paper); stroke-width: 3px; stroke-linejoin: round; }}
.fd-shape {{ fill: var(--fd-fill); stroke: var(--fd-line); stroke-width: 1.5; }}
.fd-bold {{ stroke-width: 3.5; }}
.fd-frame {{ fill: var(--fd-frame); }}
.fd-pool {{ fill: var(--fd-paper); stroke: var(--fd-line); stroke-width: 1.2; }}
.fd-none {{ fill: none; }}
.fd-dashed {{ stroke-dasharray: 5 3; }}
.fd-dotted {{ stroke-dasharray: 1.5 3; stroke-linecap: round; }}
.fd-dashdot {{ stroke-dasharray: 8 4 2 4; }}
.fd-sign {{ fill: none; stroke: var(--fd-ink); stroke-width: 1.2; stroke-linejoin: round; stroke-linecap: round; }}
.fd-thick {{ stroke-width: 2.4; }}
.fd-filled {{ fill: var(--fd-ink); }}
.fd-inverse {{ stroke: var(--fd-fill); }}
.fd-line {{ fill: none; stroke: var(--fd-line); stroke-width: 1.4; stroke-linejoin: round; }}
.fd-head {{ fill: var(--fd-line); stroke: var(--fd-line); stroke-width: 1; stroke-linejoin: round; }}
.fd-open {{ fill: var(--fd-paper); }}
.fd-stroke {{ fill: none; }}
.fd-walked > .fd-line {{ stroke: var(--fd-way); stroke-width: 3; }}
.fd-walked .fd-head {{ fill: var(--fd-way); stroke: var(--fd-way); }}
.fd-probably > .fd-line {{ stroke-dasharray: 7 4; }}
.fd-been > .fd-shape {{ stroke: var(--fd-way); stroke-width: 2.2; fill: var(--fd-way-fill); }}
.fd-been > .fd-bold {{ stroke-width: 4; }}
.fd-left > .fd-shape {{ stroke-dasharray: 5 3; }}
.fd-waiting > .fd-shape {{ stroke-width: 4; stroke-dasharray: none; }}
.fd-leap {{ fill: none; stroke: var(--fd-red); stroke-width: 2; stroke-dasharray: 6 4; }}
.fd-leap-head {{ fill: var(--fd-red); }}
.flow-drawing .fd-leap-words {{ fill: var(--fd-red); }}
.fd-pill {{ fill: var(--fd-pill); stroke: currentColor; stroke-width: 1.5; }}
.fd-mark {{ fill: currentColor; stroke: currentColor; stroke-width: 1.4; stroke-linejoin: round; }}
.fd-grey .fd-mark {{ fill: none; }}
.fd-green {{ color: var(--fd-green); }} .fd-yellow {{ color: var(--fd-yellow); }} .fd-red {{ color: var(--fd-red); }}
.fd-blue {{ color: var(--fd-blue); }} .fd-grey {{ color: var(--fd-grey); }}
.fd-waiting > .fd-shape {{ stroke: currentColor; }}
.fd-tick {{ fill: var(--fd-done); stroke: var(--fd-paper); stroke-width: 1.5; }}
.fd-tick-sign {{ fill: none; stroke: var(--fd-paper); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }}
.fd-count {{ fill: var(--fd-way); stroke: var(--fd-paper); stroke-width: 1.5; }}
.flow-drawing .fd-count-words {{ fill: var(--fd-paper); font-size: 10px; font-weight: 600; }}
.fd-small {{ font-size: 11px; }}
.flow-drawing .fd-soft {{ fill: var(--fd-soft); }}
.fd-strong {{ font-weight: 600; }}
.fd-heat-1 {{ fill: var(--fd-heat-1); }} .fd-heat-2 {{ fill: var(--fd-heat-2); }} .fd-heat-3 {{ fill: var(--fd-heat-3); }}
.fd-heat-4 {{ fill: var(--fd-heat-4); }} .fd-heat-5 {{ fill: var(--fd-heat-5); }}
.flow-drawing .fd-on-heat text {{ fill: var(--fd-heat-ink); }} .flow-drawing .fd-on-heat-5 text {{ fill: var(--fd-heat-ink-5); }}
.fd-on-heat .fd-sign {{ stroke: var(--fd-heat-ink); }} .fd-on-heat-5 .fd-sign {{ stroke: var(--fd-heat-ink-5); }}
.flow-drawing a {{ cursor: pointer; text-decoration: none; }}
.flow-drawing a:hover > g > .fd-shape, .flow-drawing a:focus > g > .fd-shape {{ stroke: var(--fd-way); stroke-width: 3; }}
.flow-drawing a:focus {{ outline: none; }}
.flow-drawing :target > .fd-shape {{ stroke: var(--fd-way); stroke-width: 4; }}
"""

DARK = f"@media (prefers-color-scheme: dark) {{ .flow-drawing {{{_DARK} }} }}\n"

ALONE = RULES + DARK
"""For a drawing that stands alone: it follows the reader's preference. Pages are light and so are the drawings in them."""

digest = sha256(RULES.encode()).hexdigest()[:12]
"""Names the version of :data:`RULES`, for addresses that may be kept for ever."""
