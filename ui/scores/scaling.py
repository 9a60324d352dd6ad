"""Question 4: softmax on random scores against d_k, and a real model without the scaling."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from charts import scores as charts
from charts.viewer import focus
from experiments.scaling import (
    SATURATED,
    Damage,
    Draw,
    damage,
    divisors,
    expected_entropy,
    limits,
    saturation,
)
from ui.anatomy import badge, evidence, figures
from ui.gradual import gradually
from ui.i18n import _
from ui.inert import model_name
from ui.lab.effect import headline
from ui.models import reading_of
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import Scene, colours, words
from ui.subject import subject, subject_parameters
from ui.url import Parameter, among, number, one_of

WIDTHS = tuple(2**power for power in range(11))
LENGTHS = (8, 16, 32, 64, 128)
TEMPERATURES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
CELLS = 2**14  # scores drawn for each width

PARAMETERS = (
    Parameter("instead", "unscaled", one_of("unscaled", "custom")),
    Parameter("width", 256, among(*WIDTHS)),
    Parameter("divisor", 8.0, among(*TEMPERATURES)),
    Parameter("keys", 32, among(*LENGTHS)),
    Parameter("seed", 0, number(0, 9999)),
    *subject_parameters(),
)


def show() -> None:
    """Random scores first, where closed forms exist; then a real model."""
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            _("Instead of √dₖ, divide q·k by"),
            ["unscaled", "custom"],
            format_func=lambda name: _("nothing") if name == "unscaled" else _("a number"),
            key="instead",
            required=True,
            persist_state="session",
        )
        st.select_slider(
            _("The number"),
            TEMPERATURES,
            key="divisor",
            persist_state="session",
            width=150,
            disabled=state["instead"] == "unscaled",
        )
        st.select_slider("dₖ", WIDTHS, key="width", persist_state="session", width=190)
        st.select_slider(_("Keys n"), LENGTHS, key="keys", persist_state="session", width=120)
        st.number_input(_("Seed"), 0, 9999, key="seed", persist_state="session", width=100)
    width, divisor, n = int(state["width"]), float(state["divisor"]), int(state["keys"])
    draw = Draw(n, max(1, CELLS // n**2), int(state["seed"]))
    frame = _saturation(draw, divisor)
    here = frame[frame["d_k"] == width].set_index("setting")
    names = setting_names(divisor)
    _in_short(here, names, state["instead"])
    _weights(draw, width, divisor, state["instead"])
    _curves(frame, divisor, n, width)
    _evidence(here, draw, names)
    st.subheader(_("A real model without it"), anchor=False)
    badge("switched")
    _real_model(divisor)


def setting_names(divisor: float) -> dict[str, str]:
    return {
        "scaled": _("q·k / √dₖ"),
        "unscaled": _("q·k, unscaled"),
        "custom": _("q·k / {divisor}").format(divisor=numeral(divisor, "g")),
    }


def quantity_names() -> dict[str, str]:
    return {
        "variance": _("variance of the scores"),
        "entropy": _("mean entropy of a row, nats"),
        "largest": _("mean largest weight"),
        "jacobian": _("mean norm of the softmax Jacobian"),
    }


def _in_short(here: pd.DataFrame, names: dict[str, str], instead: str) -> None:
    """The reader's setting in large type, √dₖ beside it."""
    facts = {
        "variance": _("Variance of the scores"),
        "entropy": _("Mean entropy of a row"),
        "largest": _("Mean largest weight"),
        "saturated": _("Rows with almost no gradient"),
    }
    st.markdown(f"**{names[instead]}**")
    figures(
        *(
            (
                name,
                numeral(here.loc[instead, quantity], ".3g"),
                f"{names['scaled']}: {numeral(here.loc['scaled', quantity], '.3g')}",
            )
            for quantity, name in facts.items()
        )
    )


def _weights(draw: Draw, width: int, divisor: float, instead: str) -> None:
    """The first drawn matrix at this width: scaled, under the other setting, and the difference."""
    scores = draw.scores(width)[0]  # (n, n)
    by, names = divisors(width, divisor), setting_names(divisor)
    st.markdown(_("**Weights of the same random q and k at dₖ = {width}**").format(width=width))
    focus(
        "random_weights",
        native=(scores / by["scaled"]).softmax(-1)[None],
        variant=(scores / by[instead]).softmax(-1)[None],
        heads=[0],
        head=0,
        query_labels=[f"q{i}" for i in range(draw.n)],
        key_labels=[f"k{i}" for i in range(draw.n)],
        high=1.0,
        words=words()
        | {
            "native": names["scaled"],
            "variant": names[instead],
            "difference": _("Difference"),
        },
    )


def _curves(frame: pd.DataFrame, divisor: float, n: int, width: int) -> None:
    """Four quantities against the width, measured, with closed forms and limits."""
    quantities = quantity_names()
    named = setting_names(divisor) | quantities
    named |= {"d_k": "dₖ", "even": _("even weights"), "one_hot": _("one key takes all")}
    closed: dict[str, dict[str, list[float | None]]] = {"variance": {}, "entropy": {}}
    for d in WIDTHS:
        for setting, by in divisors(d, divisor).items():
            variance = d / by**2
            closed["variance"].setdefault(setting, []).append(variance)
            closed["entropy"].setdefault(setting, []).append(expected_entropy(variance, n))
    columns = [*st.columns(2), *st.columns(2)]
    for column, quantity in zip(columns, quantities, strict=True):
        figure = charts.saturation(
            frame,
            quantity,
            closed.get(quantity, {}),
            limits(n).get(quantity),
            width,
            named,
            colours(),
        )
        plot(figure, key=f"saturation_{quantity}", within=column)


def _evidence(here: pd.DataFrame, draw: Draw, names: dict[str, str]) -> None:
    table = here.reset_index()
    table.insert(4, "closed", table["d_k"] / table["divisor"] ** 2)
    expected = [expected_entropy(variance, draw.n) for variance in table["closed"]]
    table.insert(6, "expected", [numeral(x, ".4f") for x in expected])
    table["setting"] = [names[setting] for setting in table["setting"]]
    evidence(
        table,
        _(
            "{matrices} random matrices of {n} queries and {n} keys, independent standard normal "
            "features, seed {seed}, float32. Closed forms: variance v = dₖ / divisor²; entropy "
            "ln n − (1 − 1/n) · v/2 up to v = 1, and ψ(1) − ψ(1 − m) with m = b/√v ≤ ½, where b "
            "is the size of the largest of n normal numbers; none between. A row has "
            "almost no gradient where the Frobenius norm of its Jacobian is below {limit}."
        ).format(matrices=draw.matrices, n=draw.n, seed=draw.seed, limit=SATURATED),
        {
            "setting": _("setting"),
            "d_k": "dₖ",
            "divisor": _("divisor"),
            "closed": _("variance, closed form"),
            "expected": _("entropy, closed form"),
            "saturated": _("rows with almost no gradient"),
            **quantity_names(),
        },
    )


def _real_model(divisor: float) -> None:
    bench, text = subject()
    temperature = divisor if st.session_state["instead"] == "custom" else 1.0
    variant = replace(bench.native, scaled=False, temperature=temperature)
    scene = Scene(bench, text, bench.native, variant, 0, 0)
    st.caption(
        _("It natively divides by √dₖ = √{width} = {root}; here by {divisor} instead.").format(
            width=bench.shape.d_head,
            root=numeral(bench.shape.d_head**0.5, ".4g"),
            divisor=numeral(temperature, "g"),
        )
    )
    native = reading_of(bench, text, bench.native)
    results = gradually(
        "damage",
        (bench.name, text, variant),
        lambda: damage(bench, native, variant),
        bench.shape.n_layers + 1,
        _("Changing one layer after the other …"),
    )
    st.markdown(_("**In all layers at once**"))
    headline(scene)
    if results:
        _damage_by_layer(results, scene)


def _damage_by_layer(results: list[Damage], scene: Scene) -> None:
    st.markdown(_("**In one layer at a time**"))
    divergent = [result.divergence for result in results if result.divergence is not None]
    effects = divergent or [1 - result.cosine for result in results]
    labels = [_("all") if result.layers is None else str(result.layers[0]) for result in results]
    effect = (
        _("KL(native ‖ variant), nats")
        if divergent
        else _("1 − cosine of last hidden states, mean")
    )
    if not divergent:
        st.caption(
            _(
                "This model predicts no next word, so the damage is an angle. A language model, "
                "such as SmolLM2, has it in nats of its predictions."
            )
        )
    plot(
        charts.damage(effects, labels, {"layer": _("Layer"), "effect": effect}, colours()),
        key="damage_bars",
    )
    table = pd.DataFrame(
        {
            _("layer"): labels,
            _("1 − cosine of last hidden states, mean"): [1 - one.cosine for one in results],
        }
    )
    if divergent:
        table[_("KL(native ‖ variant), nats")] = divergent
    evidence(
        table,
        _("{model}, this text of {tokens} tokens, one pass per layer, float32.").format(
            model=model_name(scene.bench), tokens=len(scene.tokens)
        ),
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _saturation(draw: Draw, divisor: float) -> pd.DataFrame:
    return saturation(draw, WIDTHS, divisor)
