"""Positions: why and how (Q9), the other schemes (Q10), and the embeddings' scale (Q8)."""

from ui.anatomy import Question, page
from ui.i18n import _
from ui.positions import explore, scale, schemes

page(
    __file__,
    _("Positions"),
    {
        9: Question(explore.show, explore.PARAMETERS),
        10: Question(schemes.show, schemes.PARAMETERS),
        8: Question(scale.show, scale.PARAMETERS),
    },
)
