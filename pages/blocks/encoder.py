"""Question 7: what is in an encoder layer, and in a stack of them."""

from ui.anatomy import Question, page
from ui.encoder import journey
from ui.i18n import _
from ui.trained.panel import panel

page(
    __file__,
    _("The encoder layer"),
    {7: Question(journey.show, journey.PARAMETERS, "observed", panel("parts"))},
)
