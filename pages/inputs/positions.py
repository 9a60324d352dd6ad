"""Positions: why and how (Q9), the other schemes (Q10), and the embeddings' scale (Q8)."""

from ui.anatomy import Question, page
from ui.i18n import _
from ui.positions import explore, scale, schemes
from ui.trained.panel import panel

page(
    __file__,
    _("Positions"),
    {
        9: Question(explore.show, explore.PARAMETERS, trained=panel("positions")),
        10: Question(schemes.show, schemes.PARAMETERS, trained=panel("schemes")),
        8: Question(scale.show, scale.PARAMETERS, trained=panel("multiplier")),
    },
)
