"""All heads of all layers as thumbnails; ablating and isolating heads."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from charts.colours import both_themes
from charts.viewer.component import complete, mount
from charts.viewer.payload import Floats, encode_cells, pack, to_numpy

Show = Literal["native", "variant", "difference"]
LayerHead = tuple[int, int]


@dataclass(frozen=True)
class AtlasEvent:
    """What is selected and switched off, and what the reader just did (None: nothing)."""

    did: Literal["select", "ablate", "isolate"] | None
    selected: LayerHead | None
    ablated: frozenset[LayerHead]


def atlas(
    key: str,
    *,
    native: Any,
    variant: Any | None = None,
    show: Show = "native",
    selected: LayerHead | None = None,
    ablated: Collection[LayerHead] = (),
    values: Any | None = None,
    words: Mapping[str, str] | None = None,
    on_event: Callable[[AtlasEvent], None] | None = None,
) -> AtlasEvent:
    """Show a grid of layers × heads.

    Args:
        key: the component's fixed key.
        native, variant: thumbnails (layers, heads, rows, columns) from ``pool``.
        show: which to draw; the difference is that of the thumbnails.
        selected, ablated: heads as (layer, head).
        values: (layers, heads) numbers to read beside each head, called ``words["value"]``, NaN
            for none; left out, the largest cell of each thumbnail.
        words: translations of ``WORDS``.
        on_event: called before the run with what the reader did.

    All thumbnails share one scale: weights from 0 to 1, differences symmetric to the largest.

    Raises:
        ValueError: when shapes do not agree, or a variant is to be shown and none is given.
    """
    payload = atlas_payload(
        native=native,
        variant=variant,
        show=show,
        selected=selected,
        ablated=ablated,
        values=values,
        words=words,
    )
    tell = None if on_event is None else (lambda event: on_event(_event(event)))
    event = mount(key, payload, tell)
    if event is None:
        return AtlasEvent(None, selected, frozenset(ablated))
    return _event(event)


def _event(event: Mapping[str, Any]) -> AtlasEvent:
    selected = event["selected"]
    return AtlasEvent(
        did=event["did"],
        selected=None if selected is None else (int(selected[0]), int(selected[1])),
        ablated=frozenset((int(layer), int(head)) for layer, head in event["ablated"]),
    )


def atlas_payload(
    *,
    native: Any,
    variant: Any | None,
    show: Show,
    selected: LayerHead | None,
    ablated: Collection[LayerHead],
    values: Any | None,
    words: Mapping[str, str] | None,
) -> bytes:
    """The bytes that ``atlas`` sends; its arguments are explained there."""
    thumbnails: Floats = to_numpy(native)
    if thumbnails.ndim != 4:
        raise ValueError(f"thumbnails must be (layers, heads, rows, columns): {thumbnails.shape}")
    arrays = [encode_cells(thumbnails, "u8", weights=True)]
    if variant is not None:
        others = to_numpy(variant)
        if others.shape != thumbnails.shape:
            raise ValueError(f"native is {thumbnails.shape}, variant {others.shape}")
        arrays.append(encode_cells(others, "u8", weights=True))
    elif show != "native":
        raise ValueError(f"no variant to show as {show}")
    numbers = None if values is None else to_numpy(values)
    if numbers is not None and numbers.shape != thumbnails.shape[:2]:
        raise ValueError(f"values are {numbers.shape}, heads {thumbnails.shape[:2]}")
    header = {
        "kind": "atlas",
        "colours": both_themes(),
        "words": complete(words),
        "show": show,
        "selected": None if selected is None else list(selected),
        "ablated": sorted([layer, head] for layer, head in ablated),
        "values": None
        if numbers is None
        else [float(n) if np.isfinite(n) else None for n in numbers.ravel()],
        "native": 0,
        "variant": None if variant is None else 1,
    }
    return pack(header, arrays)
