"""Question 1: what the heads of a layer do, how they differ, and what each is worth."""

from dataclasses import replace

import streamlit as st

from charts import heads as charts
from charts.viewer import Axis, MatricesEvent, Panel, matrices
from experiments.head_roles import LEAST_BREADTH, LEAST_LIFT, PATTERNS, Roles, roles
from experiments.head_roles import evidence as table_of
from model import Bench
from model.bench import Text
from ui.anatomy import evidence, figures
from ui.heads import ablation_map
from ui.i18n import _
from ui.indices import bring_back, left_out, pair
from ui.inert import model_name
from ui.lab import effect
from ui.models import layer_of
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import Scene, colours, words
from ui.single import single
from ui.spreadsheet import gaps
from ui.subject import subject, subject_parameters
from ui.url import Parameter, flag, number, one_of, several

DRAWN = 64  # tokens in the maps of two heads


PARAMETERS = (
    *subject_parameters(),
    Parameter("layer", 1, number(0, 10_000)),
    Parameter("rest", True, flag),
    Parameter("pair", "", pair),
    Parameter("picked", [2, 6, 9, 11], several(number(0, 10_000))),
    Parameter("picked_are", "off", one_of("off", "alone")),
)


def show() -> None:
    """Roles, distances, a set of heads switched off, and the map of all heads."""
    bench, text = subject()
    layer = _layer(bench)
    found = _roles(bench.name, text, layer, st.session_state["rest"], bench)
    scene = Scene(bench, text, bench.native, bench.native, layer, 0)
    _do(found, layer)
    _differ(scene, found)
    _without(scene, found)
    st.subheader(_("The ablation map: each head of the model switched off alone"), anchor=False)
    effects = ablation_map.show(bench, text)
    _evidence(scene, found, effects.get(layer))


def role_names() -> dict[str, str]:
    return {
        "previous": _("previous token"),
        "next": _("next token"),
        "itself": _("itself"),
        "first": _("first token"),
        "same": _("same token"),
        "separator": _("separators"),
        "broad": _("broad"),
        "other": _("something else"),
    }


def _layer(bench: Bench) -> int:
    """Draw the controls of this question; fit the state to the model."""
    state, shape = st.session_state, bench.shape
    bring_back("layer", shape.n_layers - 1)
    gone = [head for head in state["picked"] if head >= shape.n_heads]
    if gone and "picked" in st.query_params:
        left_out([f"picked={head}" for head in gone])
    state["picked"] = sorted(set(state["picked"]).difference(gone))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
        if not single(_("Layer"), range(shape.n_layers), "layer"):
            st.slider(
                _("Layer"), 0, shape.n_layers - 1, key="layer", persist_state="session", width=320
            )
        st.toggle(
            _("Leave the first token out"),
            key="rest",
            persist_state="session",
            help=_(
                "Heads that find nothing else often rest on the first token. Without it, the "
                "shares are of the remaining attention."
            ),
        )
    return int(state["layer"])


def _do(found: Roles, layer: int) -> None:
    st.subheader(_("What the heads of layer {layer} do").format(layer=layer), anchor=False)
    shown = [i for i, value in enumerate(found.baseline.tolist()) if value == value]
    if not shown:
        st.info(_("This text is too short to tell what heads do: type a few more words."))
        return
    names = [PATTERNS[i] for i in shown]
    marked = [names.index(role) if role in names else None for role in found.names]
    plot(
        charts.roles(
            found.share[:, shown],
            found.lift[:, shown],
            marked,
            [role_names()[name] for name in names],
            {
                "head": _("Head"),
                "pattern": _("Pattern"),
                "share": _("share"),
                "lift": _("lift"),
            },
            colours(),
        ),
        key="roles",
    )
    st.caption(
        _(
            "Colour: the share of a query's attention that goes there. Number: the lift, that "
            "share over the one of a head that spreads its attention evenly. A head's role is its "
            "largest lift (framed), if that is at least {lift:g}; a head without one is broad if "
            "its entropy reaches {breadth:.0%} of the highest possible."
        ).format(lift=LEAST_LIFT, breadth=LEAST_BREADTH)
    )


def _differ(scene: Scene, found: Roles) -> None:
    heads = len(found.breadth)
    if heads < 2 or bool(found.distance.isnan().any()):  # one head, or one token
        return
    st.subheader(_("How far apart the heads are"), anchor=False)
    one, other = _chosen_pair(found)
    names = [str(head) for head in range(heads)]
    mean = float(found.distance.sum()) / (heads * (heads - 1))
    far = divmod(int(found.distance.argmax()), heads)
    different = len(set(found.names))
    drawing, saying = st.columns(2)
    with drawing:
        matrices(
            "distances",
            panels=[
                Panel(
                    _("Jensen–Shannon distance"),
                    found.distance,
                    "amounts",
                    high=1.0,
                    rows=Axis(_("Head"), names),
                    columns=Axis(_("Head"), names),
                )
            ],
            selected=(0, one, other),
            words=words() | {"weight": _("Jensen–Shannon distance")},
            on_event=_pick_pair,
        )
    with saying:
        figures(
            (
                _("Mean distance of two heads"),
                numeral(mean, ".2f"),
                _("0 = equal, 1 = no key in common"),
            ),
            (
                _("Largest distance"),
                numeral(float(found.distance.max()), ".2f"),
                _("heads {one} and {other}").format(one=min(far), other=max(far)),
            ),
            (_("Different roles"), str(different), _("among {n} heads").format(n=heads)),
        )
        st.caption(
            _(
                "Between two heads' rows for the same query: the root of the Jensen–Shannon "
                "divergence in base 2, mean over queries. Click a cell to see its two heads. The "
                "maps below keep the first token."
            )
        )
    _maps(scene, found, (one, other))


def _maps(scene: Scene, found: Roles, pair: tuple[int, int]) -> None:
    """The attention of two heads side by side, on one scale."""
    shown = min(DRAWN, len(scene.tokens))
    view, tokens = scene.attention("native"), scene.tokens[:shown]
    maps = [view.weights[0, head, :shown, :shown] for head in pair]
    rows, columns = Axis(_("Queries"), tokens, "queries"), Axis(_("Keys"), tokens, "keys")
    title = _("Head {head} · {role}")
    matrices(
        "pair_maps",
        panels=[
            Panel(
                title.format(head=head, role=role_names()[found.names[head]]),
                cells,
                "weights",
                high=max(float(cells.max()) for cells in maps),
                rows=rows,
                columns=columns,
                masked=~view.mask[0, 0, :shown, :shown],
            )
            for head, cells in zip(pair, maps, strict=True)
        ],
        words=words(),
    )


def _chosen_pair(found: Roles) -> tuple[int, int]:
    """The pair that the reader opened, or the one that lies farthest apart."""
    heads = len(found.breadth)
    if st.session_state["pair"]:
        one, other = map(int, st.session_state["pair"].split("."))
        if max(one, other) < heads:
            return one, other
        left_out([f"pair={st.session_state['pair']}"])
        st.session_state["pair"] = ""
    one, other = divmod(int(found.distance.argmax()), heads)
    return one, other


def _pick_pair(event: MatricesEvent) -> None:
    if event.cell is not None:
        st.session_state["pair"] = f"{event.cell[0]}.{event.cell[1]}"


def _without(scene: Scene, found: Roles) -> None:
    st.subheader(
        _("Switch heads of layer {layer} off, or keep a few").format(layer=scene.layer),
        anchor=False,
    )
    names = role_names()
    st.pills(
        _("Heads of the layer"),
        range(len(found.names)),
        selection_mode="multi",
        format_func=lambda head: f"{head} · {names[found.names[head]]}",
        key="picked",
        persist_state="session",
    )
    modes = {"off": _("The picked heads are off"), "alone": _("Only the picked heads stay on")}
    st.segmented_control(
        _("Picked heads"),
        list(modes),
        format_func=modes.__getitem__,
        key="picked_are",
        required=True,
        persist_state="session",
        label_visibility="collapsed",
    )
    picked = set(st.session_state["picked"])
    every = set(range(len(found.names)))
    off = picked if st.session_state["picked_are"] == "off" else every - picked
    ablated = tuple((scene.layer, head) for head in off)
    without = replace(scene, variant=replace(scene.native, ablated=ablated))
    if off == every:
        st.warning(_("All heads of this layer are off: its attention writes nothing."))
    effect.headline(without)
    if without.changed:
        with st.expander(_("Token by token"), icon=":material/bar_chart:"):
            effect.show(without)


def _evidence(scene: Scene, found: Roles, effects: list[float] | None) -> None:
    frame = table_of(found)
    frame["role"] = [role_names()[role] for role in frame["role"]]
    if effects is not None:
        frame["effect"] = effects
    frame = frame.round(4)
    # a head without a pattern has no share of one; with one token, or one head, nothing is apart
    none = ["share", "baseline", "lift"]
    if len(scene.tokens) < 2 or len(frame) < 2:
        none += ["breadth", "distance"]
    frame[none] = frame[none].apply(gaps)
    evidence(
        frame,
        _(
            "{model}, layer {layer}, this text of {tokens} tokens, one pass; per head. Shares are "
            "means over the queries that have such a key and another beside it; the baseline is "
            "what even attention would give the same queries."
        ).format(model=model_name(scene.bench), layer=scene.layer, tokens=len(scene.tokens))
        + " "
        + (_("First token left out.") if st.session_state["rest"] else ""),
        {
            "head": _("head"),
            "role": _("role"),
            "share": _("share"),
            "baseline": _("even share"),
            "lift": _("lift"),
            "breadth": _("entropy, of the highest"),
            "distance": _("mean distance to the others"),
            "effect": _("effect when switched off"),
        },
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _roles(name: str, text: Text, layer: int, rest: bool, _bench: Bench) -> Roles:
    run = layer_of(_bench, text, _bench.native, layer)
    return roles(_bench, run.source, run.attention(layer), rest=rest)
