"""Question 19: how the learning rate and dropout are set."""

from ui.anatomy import Question, page
from ui.i18n import _
from ui.training import question

page(
    __file__,
    _("Schedules and dropout"),
    {19: Question(question.show, question.PARAMETERS, None, question.trained)},
)
