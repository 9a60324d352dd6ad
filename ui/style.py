"""What Streamlit's own style leaves out, for every page and in one place."""

import streamlit as st

from charts import viewer

# Where the keyboard is, has to be seen: a line of the text's own colour, which no theme makes
# faint. Inside the control, since many are cut off at their edge. The box of a slider or a toggle
# is not what has the focus but what is drawn for it.
_FOCUS = """
:is(a, button, input, textarea, summary, canvas, [tabindex]):focus-visible,
[data-testid=stCheckbox] label:has(input:focus-visible),
[data-testid=stSlider] div:has(> div > input:focus-visible) {
  outline: 2px solid currentColor !important;
  outline-offset: -2px !important;
}
[data-testid=stSlider] div:has(> div > input:focus-visible) {
  border-radius: 50%;
  outline-offset: 3px !important;
}
[data-testid=stElementToolbar]:focus-within {
  opacity: 1 !important;
}
"""
# What Streamlit makes fainter than 4.5 : 1: captions, and white on the dark theme's own colour.
_FAINT = """
[data-testid=stCaptionContainer] {
  opacity: 0.8 !important;
}
[data-testid=stCaptionContainer] code {
  color: inherit;
}
[data-testid=stBaseButton-primary],
[data-testid=stBaseButton-primary] *,
[data-testid=stMultiSelectTagsContainer] span span {
  color: light-dark(#ffffff, #0e1117) !important;
}
"""
# A heading of the outline that readers of the screen do not need.
_UNSEEN = """
.unseen {
  clip-path: inset(50%);
  height: 1px;
  overflow: hidden;
  position: absolute;
  white-space: nowrap;
  width: 1px;
}
[data-testid=stElementContainer]:has(.unseen) {
  position: absolute;
}
"""
# In running text a heading is hardly larger than the text, whatever its place in the outline.
_PROSE = """
[data-testid=stMarkdown] h2 {
  font-size: 1.1rem;
  font-weight: 600;
  padding: 0.25rem 0 0.5rem;
}
[data-testid=stMarkdown] h3 {
  font-size: 1rem;
  font-weight: 600;
  padding: 0.25rem 0;
}
"""


def bring() -> None:
    """Send what is the same on every page, once: this style, and the viewer's script."""
    viewer.bring()
    st.html(f"<style>{_FOCUS}{_FAINT}{_UNSEEN}{_PROSE}</style>")
