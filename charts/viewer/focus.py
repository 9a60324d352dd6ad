"""One head, closely: native, variant and their difference, as matrices or as lines."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from charts.colours import both_themes
from charts.viewer.component import complete, labels, mount
from charts.viewer.payload import (
    BYTES,
    Code,
    Encoded,
    code_for,
    encode_bits,
    encode_cells,
    pack,
    to_numpy,
)

View = Literal["matrix", "lines"]

# Bytes of cells up to which the other heads come along, so that switching needs no server.
ALL_HEADS_UP_TO = 600_000


@dataclass(frozen=True)
class FocusEvent:
    """What the viewer shows, and what the reader just did (None: nothing since the last run)."""

    did: Literal["head", "cell", "view", "threshold"] | None
    head: int
    cell: tuple[int, int] | None  # (query, key)
    view: View
    threshold: float


def focus(
    key: str,
    *,
    native: Any,
    variant: Any | None = None,
    heads: Sequence[int],
    head: int,
    query_labels: Sequence[str],
    key_labels: Sequence[str],
    masked_native: Any | None = None,
    masked_variant: Any | None = None,
    view: View = "matrix",
    selected: tuple[int, int] | None = None,
    threshold: float = 0.7,
    high: float | None = None,
    words: Mapping[str, str] | None = None,
    on_event: Callable[[FocusEvent], None] | None = None,
) -> FocusEvent:
    """Show one head of one layer, with a strip to switch to the others.

    Args:
        key: the component's fixed key; its state in ``st.session_state``.
        native, variant: attention weights (heads, queries, keys), arrays or tensors. Without
            a variant only native is shown.
        heads: the number of each head in those arrays.
        head: the number of the head to show.
        query_labels, key_labels: the tokens, as the reader is to see them.
        masked_native, masked_variant: (queries, keys) or (heads, queries, keys), True where
            attention was not allowed.
        selected: the marked cell (query, key); one outside the matrix marks nothing.
        threshold: in the lines view, the share of each query's weight that the lines carry.
        high: the weight at the top of the colour scale. Left out, it is the largest of the
            shown head, native and variant together, rounded up.
        words: translations of ``WORDS``; what is missing is English.
        on_event: called before the run with what the reader did, as a widget's callback is.

    All heads are sent while that stays under ``ALL_HEADS_UP_TO`` bytes, and switching is then
    immediate; else only the focused one. The server's values win only when they change: a page
    need not follow the events.

    Raises:
        ValueError: when shapes, labels and heads do not agree, or for a negative weight.
    """
    payload = focus_payload(
        native=native,
        variant=variant,
        heads=heads,
        head=head,
        query_labels=query_labels,
        key_labels=key_labels,
        masked_native=masked_native,
        masked_variant=masked_variant,
        view=view,
        selected=selected,
        threshold=threshold,
        high=high,
        words=words,
    )
    tell = None if on_event is None else (lambda event: on_event(_event(event)))
    event = mount(key, payload, tell)
    return FocusEvent(None, head, selected, view, threshold) if event is None else _event(event)


def _event(event: Mapping[str, Any]) -> FocusEvent:
    cell = event["cell"]
    return FocusEvent(
        did=event["did"],
        head=int(event["head"]),
        cell=None if cell is None else (int(cell[0]), int(cell[1])),
        view=event["view"],
        threshold=float(event["threshold"]),
    )


def focus_payload(
    *,
    native: Any,
    variant: Any | None,
    heads: Sequence[int],
    head: int,
    query_labels: Sequence[str],
    key_labels: Sequence[str],
    masked_native: Any | None,
    masked_variant: Any | None,
    view: View,
    selected: tuple[int, int] | None,
    threshold: float,
    high: float | None,
    words: Mapping[str, str] | None,
) -> bytes:
    """The bytes that ``focus`` sends; its arguments are explained there."""
    sides = {"native": to_numpy(native)}
    if variant is not None:
        sides["variant"] = to_numpy(variant)
    shape = (len(heads), len(query_labels), len(key_labels))
    for name, cells in sides.items():
        if cells.shape != shape:
            raise ValueError(f"{name} has shape {cells.shape}; heads and labels say {shape}")
    if head not in heads:
        raise ValueError(f"head {head} is not among {list(heads)}")

    codes = _codes(heads, head, shape[1] * shape[2] * len(sides))
    arrays: list[Encoded] = []

    def add(array: Encoded) -> int:
        arrays.append(array)
        return len(arrays) - 1

    places = {
        name: {
            str(number): add(encode_cells(cells[n], codes[number], weights=True))
            for n, number in enumerate(heads)
            if number in codes
        }
        for name, cells in sides.items()
    }
    masked = {"native": masked_native, "variant": masked_variant}
    masks = {name: _mask(masked[name], shape, heads, codes, add) for name in sides}
    header = {
        "kind": "focus",
        "colours": both_themes(),
        "words": complete(words),
        "heads": list(heads),
        "head": head,
        "cell": list(selected) if selected and _inside(selected, shape[1:]) else None,
        "view": view,
        "threshold": threshold,
        "high": high,
        "queries": labels(query_labels),
        "keys": labels(key_labels),
        "native": places["native"],
        "variant": places.get("variant"),
        "masks": masks,
    }
    return pack(header, arrays)


def _inside(cell: tuple[int, int], shape: tuple[int, int]) -> bool:
    return all(0 <= place < length for place, length in zip(cell, shape, strict=True))


def _codes(heads: Sequence[int], head: int, cells: int) -> dict[int, Code]:
    """In which code each head travels: the focused one finely, the others if there is room."""
    sizes = {code: cells * size for code, size in BYTES.items()}
    own = code_for(cells)
    candidates: tuple[Code, ...] = (own, "u16", "u8")
    for code in candidates:
        if sizes[own] + (len(heads) - 1) * sizes[code] <= ALL_HEADS_UP_TO:
            return {**dict.fromkeys(heads, code), head: own}
    return {head: own}


def _mask(
    masked: Any | None,
    shape: tuple[int, int, int],
    heads: Sequence[int],
    codes: Mapping[int, Code],
    add: Callable[[Encoded], int],
) -> str | int | dict[str, int] | None:
    """None, "causal", the one array of all heads, or one array per head."""
    if masked is None:
        return None
    flags = np.asarray(to_numpy(masked), dtype=bool)
    if flags.shape not in (shape, shape[1:]):
        raise ValueError(f"mask has shape {flags.shape}; weights have {shape}")
    if not flags.any():
        return None
    if flags.ndim == 3 and (flags == flags[:1]).all():
        flags = flags[0]
    if flags.ndim == 3:
        return {
            str(number): add(encode_bits(flags[n]))
            for n, number in enumerate(heads)
            if number in codes
        }
    causal = np.triu(np.ones(shape[1:], dtype=bool), k=1)
    if shape[1] == shape[2] and np.array_equal(flags, causal):
        return "causal"
    return add(encode_bits(flags))
