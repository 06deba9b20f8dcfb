"""What axe-core finds on a page against WCAG 2.2, levels A and AA."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from support.small_city import ROOT

_AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"


async def faults(page: Page) -> list[str]:
    """Each rule that the page breaks, with the elements that break it."""
    if not _AXE.exists():
        pytest.skip("axe-core is not installed: scripts/build_web.py --packages dev")
    await page.evaluate(_AXE.read_text("utf-8"))
    found = await page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations']})"
        ".then((answer) =>"
        " answer.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`))"
    )
    return list(found)
