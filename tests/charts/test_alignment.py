"""The charts of the page on cross-attention: what a bar stands for, and no token is markup."""

from typing import Any

import pandas as pd

from charts import alignment
from charts.colours import palette

COLOURS = palette("light")
END = "</s>"


def plain(figure: Any) -> dict[str, Any]:
    return figure.to_plotly_json()


def test_what_was_written_stands_out_among_the_expected() -> None:
    figure = plain(
        alignment.expected(
            ["T", END], ["/t/", ""], [0.75, 0.25], END, {"probability": "p", "token": "t"}, COLOURS
        )
    )
    (bars,) = figure["data"]
    assert list(bars["x"]) == [0.75, 0.25]
    assert list(bars["marker"]["color"]) == [COLOURS.weights_ramp[3], COLOURS.weights_ramp[5]]
    assert list(figure["layout"]["yaxis"]["ticktext"]) == ["T /t/", "&lt;/s&gt;"]


def test_letters_that_repeat_keep_their_bars() -> None:
    figure = plain(
        alignment.looked_at(
            ["e", "e", END], [0.5, 0.3, 0.2], {"weight": "w", "letter": "l"}, COLOURS
        )
    )
    assert list(figure["data"][0]["x"]) == [0, 1, 2]
    assert list(figure["layout"]["xaxis"]["ticktext"]) == ["e", "e", "&lt;/s&gt;"]


def test_an_unsure_step_says_between_what() -> None:
    figure = plain(
        alignment.unsure(
            ["T", END],
            [1.0, 2.5],
            [[("T", 0.5), ("D", 0.5)], [(END, 0.3)]],
            {"entropy": "bits", "step": "step"},
            COLOURS,
        )
    )
    (bars,) = figure["data"]
    assert list(bars["customdata"]) == ["T · 50.0%<br>D · 50.0%", "&lt;/s&gt; · 30.0%"]
    assert figure["layout"]["yaxis"]["range"][1] > 2.5


def test_every_setting_has_both_rates() -> None:
    frame = pd.DataFrame({"setting": ["on", "off"], "phonemes": [0.1, 1.2], "words": [0.4, 1.0]})
    words = {"phonemes": "PER", "words": "WER", "rate": "rate", "setting": "s"}
    figure = plain(alignment.error_rates(frame, words, COLOURS))
    rates = {bars["name"]: list(bars["x"]) for bars in figure["data"]}
    assert rates == {"PER": [0.1, 1.2], "WER": [0.4, 1.0]}
    assert figure["layout"]["xaxis"]["range"][1] > 1.2
