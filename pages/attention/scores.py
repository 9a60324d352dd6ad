"""Questions 2, 3 and 4: what scores are made of, and what they are divided by."""

from ui.anatomy import Question, page
from ui.i18n import _
from ui.scores import functions, scaling, symmetry
from ui.trained.panel import panel

page(
    __file__,
    _("Scores"),
    {
        2: Question(symmetry.show, symmetry.PARAMETERS, "switched", panel("tied")),
        3: Question(functions.show, functions.PARAMETERS, "switched", panel("score")),
        4: Question(scaling.show, scaling.PARAMETERS, "computed", panel("scaling")),
    },
)
