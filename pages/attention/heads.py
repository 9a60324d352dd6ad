"""Questions 1 and 6: why there are several heads, and why each is narrow."""

from ui.anatomy import Question, page
from ui.heads import several, width
from ui.i18n import _
from ui.trained.panel import panel

page(
    __file__,
    _("Heads"),
    {
        1: Question(several.show, several.PARAMETERS, "switched", panel("heads")),
        6: Question(width.show, width.PARAMETERS, "computed", panel("width")),
    },
)
