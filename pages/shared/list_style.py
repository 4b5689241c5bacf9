"""How the two lists look beyond what Streamlit draws: the one place for it."""

from __future__ import annotations

STYLE = """
<style>
.stMainBlockContainer { padding: 2.5rem 2rem 0; }
@media (max-width: 800px) { .stMainBlockContainer { padding-top: 4.25rem; } }
/* The bar stays in view: what sticks is its wrapper, which stands in the same column as the table. */
div:has(> [class*="st-key-selection-bar-"]) { position: sticky; bottom: 0; z-index: 90; }
[class*="st-key-selection-bar-"] {
  padding: .5rem 0 .6rem; border-top: 1px solid color-mix(in srgb, currentColor 18%, transparent);
  background: Canvas; background: light-dark(#ffffff, #14191b);
}
/* Chips are small, so that ten of them are no wall. */
[class*="st-key-chips-"] button { min-height: 1.9rem; padding: .1rem .6rem; border-radius: 1rem; }
[class*="st-key-chips-"] button p { font-size: .875rem; }
/* The search field takes what the others leave, and not less than its own words need. */
[class*="st-key-filter-line-"] > div:has(.stTextInput) { flex: 1 1 15rem; min-width: 15rem; }
/* One answer is to be read whole: the room of the cross for all answers goes to it; Clear and the chips do the same. */
[class*="st-key-filter-line-"] .stMultiSelect button[aria-label="Clear all"] { display: none; }
</style>
"""
