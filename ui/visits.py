"""One entry in the browser's history for each visit of a page.

Streamlit makes an entry when it opens a page, and another one when the page, now that it runs,
writes its own values behind its name: who then pressed Back came to the same page without them.
Its server cannot say which of its addresses replace the one before, so the browser is taught to
tell: until the run that opens a page has ended, whatever it says about the address belongs to the
entry that the page already has. What the reader changes later gets entries of its own.
"""

import streamlit as st
import streamlit.components.v2 as components

NAME = "visits"
JS = """
export default function () {
  if (history.attentionLabVisits) return;
  history.attentionLabVisits = true;
  const app = document.querySelector("[data-testid=stApp]");
  const running = () => app.dataset.testScriptState !== "notRunning";
  const push = history.pushState.bind(history);
  let opening = running();
  history.pushState = (state, title, address) => {
    const turned = new URL(address, location.href).pathname !== location.pathname;
    if (turned) opening = true;
    if (turned || !opening) push(state, title, address);
    else history.replaceState(state, title, address);
  };
  new MutationObserver(() => (opening &&= running()))
    .observe(app, { attributeFilter: ["data-test-script-state"] });
}
"""

_mount = components.component(
    NAME, js=JS, css=f".st-key-{NAME} {{ display: none; }}", isolate_styles=False
)


def keep() -> None:
    """Bring this to the browser, with every page and before it opens."""
    with st.container(key=NAME):
        _mount()
