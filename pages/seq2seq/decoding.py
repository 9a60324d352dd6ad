"""Question 17: what runs in parallel, and what cannot."""

from ui.anatomy import Question, page
from ui.decoding import question
from ui.i18n import _

page(
    __file__,
    _("Decoding"),
    {17: Question(question.show, question.PARAMETERS)},
)
