"""The attention viewer: matrices of any size on a canvas, fed bytes, giving back clicks.

Four views share one Streamlit component: ``focus`` shows one head (native, variant, difference;
as matrices or as lines), ``tiles`` one head of a long text, ``atlas`` all heads as thumbnails (made
by ``pool``), ``matrices`` a row of any matrices. They take arrays and translated words, and know
nothing of models. A page calls ``bring`` before the first of them.
"""

from charts.viewer.atlas import AtlasEvent, atlas
from charts.viewer.component import bring
from charts.viewer.focus import FocusEvent, focus
from charts.viewer.matrices import Axis, Kind, MatricesEvent, Panel, matrices
from charts.viewer.pooling import pool
from charts.viewer.tiles import TilesEvent, tiles
from charts.viewer.words import WORDS

__all__ = [
    "WORDS",
    "AtlasEvent",
    "Axis",
    "FocusEvent",
    "Kind",
    "MatricesEvent",
    "Panel",
    "TilesEvent",
    "atlas",
    "bring",
    "focus",
    "matrices",
    "pool",
    "tiles",
]
