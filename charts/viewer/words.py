"""Every text that the viewer shows, in English: the keys that a page translates.

Names in braces are gaps that the viewer fills; a translation keeps them.
"""

from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[str, str] = MappingProxyType(
    {
        # What is compared
        "native": "Native",
        "variant": "Variant",
        "difference": "Variant − native",
        "gained": "gained",
        "lost": "lost",
        # Axes
        "queries": "Queries",
        "keys": "Keys",
        "rows_queries": "Queries (rows)",
        "columns_keys": "Keys (columns)",
        "query": "Query",
        "strongest": "strongest key",
        "thinned": "1 label in {step}",
        # Scales
        "weight": "Attention weight",
        "weight_difference": "Difference of weights",
        "masked": "masked",
        "overflowed": "overflowed",
        # Controls of one head
        "view": "View",
        "matrix": "Matrix",
        "lines": "Lines",
        "head": "Head",
        "head_number": "Head {head}",
        "picture": "Picture",
        "threshold": "Weight shown per query",
        "save": "PNG",
        "save_title": "Save this picture as PNG",
        "table": "As a table: the strongest key of each query",
        # Hints and summaries
        "hint": "Point or use the arrow keys to read values, click to select. Drag to zoom, "
        "double-click to see all. [ and ] change the head.",
        "hint_narrow": "Tap a cell to read and select it, pinch to zoom.",
        "hint_lines": "Point at a token to see only its lines, click to pin it. With a query "
        "pinned, a click on a key selects the pair.",
        "hint_tiles": "Point or use the arrow keys to read values. Drag, + or − zooms, 0 "
        "shows all. A click zooms in until the cells are exact, then it selects one.",
        "largest_of": "each the largest of {rows} × {columns} cells",
        "hint_matrices": "Point or use the arrow keys to read values, click to select.",
        "summary": "Attention weights of head {head}: {queries} queries by {keys} keys. Arrow "
        "keys read the values; the table below gives the strongest keys.",
        "atlas_hint": "Point at a head to read it. Arrow keys move, Enter acts.",
        "atlas_name": "{layers} layers with {heads} heads each",
        "atlas_summary": "Attention of {layers} layers with {heads} heads each. Arrow keys move "
        "from head to head, Enter acts on one.",
        # The atlas
        "layers": "Layer",
        "heads": "Head",
        "layer_head": "Layer {layer}, head {head}",
        "value": "Value",
        "largest_weight": "largest weight",
        "largest_difference": "largest difference",
        "ablated": "switched off",
        "mode": "A click",
        "select": "Select",
        "select_title": "A click selects a head",
        "ablate": "Ablate",
        "ablate_title": "A click switches a head off or on",
        "isolate": "Isolate",
        "isolate_title": "A click keeps one head alone in its layer",
    }
)
