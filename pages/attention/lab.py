"""The attention lab: any model, any text, any switch; native, variant, difference."""

from contextlib import nullcontext, suppress
from typing import NoReturn

import streamlit as st

from model import Bench, Choices, ModelError
from model.choices import check
from ui import texts
from ui.anatomy import outline, say_what_no_link_says
from ui.errors import explain
from ui.fragment import fragment
from ui.i18n import N_, _, prose
from ui.indices import bring_back, left_out
from ui.lab import cell, effect, evidence, long, norms, picture, pipeline, takeaway
from ui.lab.selection import fit_cell
from ui.models import bench_of
from ui.notices import tell
from ui.offers import model_parameter, pick_model
from ui.scene import Scene
from ui.switches import EXPERIMENT, PANEL, SWITCHES, chosen, fit, panel, summary
from ui.texts import BOX
from ui.unknown import tell_unknown
from ui.url import Parameter, keep, one_of, publish, restore

SECTIONS = {
    "cell": (N_("One cell"), cell),
    "pipeline": (N_("Step by step"), pipeline),
    "effect": (N_("Effect on the model"), effect),
    "evidence": (N_("All heads in numbers"), evidence),
    "norms": (N_("Norms"), norms),
    "takeaway": (N_("Take it away"), takeaway),
}
PARAMETERS = (
    Parameter("text", texts.DEFAULT),
    model_parameter(),
    *picture.PICTURE,
    Parameter("section", "cell", one_of(*SECTIONS)),
    *SWITCHES,
)


def take_example() -> None:
    """Put the picked example into the text box, with its model."""
    example = st.session_state["example"]
    if example is not None:
        # told so, the browser picks nothing: else it would say it again with every other change
        st.session_state["example"] = None
        st.session_state["text"] = texts.EXAMPLES[example].text
        st.session_state["model"] = texts.EXAMPLES[example].model
        st.session_state["cell"] = ""


def complain(error: ModelError) -> NoReturn:
    """Say what is wrong and stop here: the reader's text and settings stay."""
    publish(PARAMETERS)
    st.error(explain(error), icon=":material/error:")
    st.stop()


def experiment(bench: Bench, typed: str, alone: bool) -> None:
    """What the switches do to the text. `alone`: as a fragment, which is drawn without the rest of
    the page when a switch is thrown; but only a run of the page can be stopped while it reads."""
    keep(PARAMETERS)
    variant = chosen(bench)
    summary(variant, bench)
    try:
        scene = scene_of(bench, typed, variant)
        if scene.slow:
            if alone:
                st.rerun()
            if not long.read(scene):
                publish(PARAMETERS)
                st.stop()
        with st.spinner(_("Running the model …"), show_time=True) if scene.heavy else nullcontext():
            scene.one_head("variant")
        fit_cell(scene)
        outline(_("One head"))
        effect.headline(scene)
        picture.focused_head(scene)
    except ModelError as error:
        complain(error)
    outline(_("All heads"))
    picture.all_heads(scene)

    st.segmented_control(
        _("Look closer"),
        list(SECTIONS),
        format_func=lambda name: _(SECTIONS[name][0]),
        key="section",
        required=True,
        persist_state="session",
    )
    title, part = SECTIONS[state["section"]]
    outline(_(title))
    part.show(scene)
    publish(PARAMETERS)


def scene_of(bench: Bench, typed: str, variant: Choices) -> Scene:
    """What the reader looks at; ModelError where it cannot be."""
    text = texts.as_text(typed, bench, texts.LONGEST)
    check(variant, bench.shape)
    return Scene(bench, text, bench.native, variant, state["layer"], state["head"])


def slow(bench: Bench, typed: str) -> bool:
    """Whether what the reader asks for is read step by step."""
    try:
        return scene_of(bench, typed, chosen(bench)).slow
    except ModelError:
        return False


ignored = restore(PARAMETERS)
state = st.session_state
st.title(_("Attention lab"), anchor=False)
st.markdown(prose(__file__))

typing, choosing = st.columns([2, 1])
with typing:
    st.text_area(_("Text"), key="text", height=80, persist_state="session", max_chars=BOX)
with choosing:
    picked = pick_model()
st.pills(
    _("Examples"),
    range(len(texts.EXAMPLES)),
    format_func=lambda i: _(texts.EXAMPLES[i].title),
    key="example",
    on_change=take_example,
    label_visibility="collapsed",
)

# In one place, whatever is said here: the fragments below go by theirs. Moved by a progress bar,
# one would be known under two, and a switch would draw it twice.
with st.container():
    try:
        bench = bench_of(picked)
        tell(bench)
    except ModelError as error:
        complain(error)
    with suppress(ModelError):  # a text that cannot be read is complained of below
        tell_unknown(bench, [texts.as_text(state["text"], bench, texts.LONGEST)])
    ignored += fit(bench)
    if ignored:
        left_out(ignored)
    say_what_no_link_says(PARAMETERS)
shape = bench.shape
bring_back("layer", shape.n_layers - 1)
bring_back("head", shape.n_heads - 1)

if slow(bench, state["text"]):
    panel(bench)
    experiment(bench, state["text"], alone=False)
else:
    fragment(panel, key=PANEL)(bench)
    fragment(experiment, key=EXPERIMENT)(bench, state["text"], alone=True)
