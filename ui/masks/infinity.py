"""Q5: which number stands for −∞ in a mask, in three number formats."""

import pandas as pd
import streamlit as st
import torch
from torch import Tensor

from experiments.padding import DTYPES, arithmetic
from ui.i18n import _
from ui.numbers import numeral


def show(scores: Tensor, padding: Tensor) -> None:
    """The table for one head's scores (queries, keys), over keys of which some are padding
    (keys,), as PyTorch computes it now."""
    query = int((~padding).nonzero()[0])
    table = arithmetic(scores[query], padding)
    own = _("{dtype} · here").format(dtype=table["dtype"].iloc[-1])
    st.subheader(_("−10⁴, −10⁹ or −∞?"), anchor=False)
    shown = pd.DataFrame(
        {
            _("number format"): [*table["dtype"][:-1], own],
            _("mask"): [
                _mask(mask, fill, dtype)
                for mask, fill, dtype in zip(
                    table["mask"], table["fill"], table["dtype"], strict=True
                )
            ],
            _("in this format"): [_number(value) for value in table["becomes"]],
            "masked_fill": [
                "–" if fill != fill else _("takes it") if taken else _("refuses it")
                for fill, taken in zip(table["fill"], table["accepted"], strict=True)
            ],
            _("padding gets"): [numeral(value, "g") for value in table["padding"]],
            _("all masked: the row"): [
                _dead(low, high)
                for low, high in zip(table["lowest"], table["highest"], strict=True)
            ],
        }
    )
    st.dataframe(shown, hide_index=True, width="stretch")
    st.caption(
        _(
            "Computed now by PyTorch on the scores of this head's first real query ({keys} keys): "
            "the weight that its padding keeps, and the weights when every key is masked. "
            "masked_fill: whether PyTorch writes the number into such a tensor. finfo.min is the "
            "least number of a format; added twice, by a padding and a causal mask, it is −∞. "
            "Boolean: given to torch.nn.functional.scaled_dot_product_attention of PyTorch "
            "{version}, where True means “may attend” (as a key_padding_mask of "
            "torch.nn.MultiheadAttention it means the opposite). The last line is this project's "
            "softmax: the mask is a rule, not a number, and a row with nothing to attend to gives "
            "zeros."
        ).format(keys=len(padding), version=torch.__version__.split("+")[0])
    )


def _mask(mask: str, fill: float, dtype: str) -> str:
    if mask == "boolean":
        return _("boolean")
    if mask == "rule":
        return _("a rule")
    name = "finfo.min" if fill == torch.finfo(DTYPES[dtype]).min else _number(fill)
    return _("{number}, twice").format(number=name) if mask == "twice" else name


def _number(value: float) -> str:
    """A fill as people write it; a missing one is no number at all."""
    if value != value:
        return "–"
    if value == float("-inf"):
        return "−∞"
    return numeral(value, ".4g").replace("-", "−").replace("e+0", "e")


def _dead(low: float, high: float) -> str:
    """What softmax made of a row whose keys are all masked."""
    if low != low:
        return "NaN"
    if high == 0:
        return _("zeros")
    if low == high:
        return _("uniform: {weight}").format(weight=numeral(low, ".4f"))
    return _("scores again: {low} to {high}").format(
        low=numeral(low, ".2g"), high=numeral(high, ".2g")
    )
