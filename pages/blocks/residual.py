"""Question 11: what residual connections keep alive."""

from ui.anatomy import Question, page
from ui.i18n import _
from ui.residual import random_stack
from ui.trained.panel import panel

page(
    __file__,
    _("Residual connections"),
    {11: Question(random_stack.show, random_stack.PARAMETERS, "computed", panel("residual"))},
)
