"""How the two lists look beyond what Streamlit draws: the one place for it."""

from __future__ import annotations

STYLE = """
<style>
/* The bar stays in view: its wrapper sticks, and is as wide as the list. */
.stLayoutWrapper:has(> [class*="st-key-selection-bar-"]) { position: sticky; bottom: 0; z-index: 90; }
[class*="st-key-selection-bar-"] {
  background: var(--firstkey-ground, #fff); padding: .6rem 0 .75rem;
  border-top: 1px solid color-mix(in srgb, currentColor 18%, transparent);
}
</style>
"""
