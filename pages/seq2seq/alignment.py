"""Question 15: how encoder and decoder interact."""

from ui.alignment import question
from ui.anatomy import Question, page
from ui.i18n import _

page(__file__, _("Cross-attention"), {15: Question(question.show, question.PARAMETERS)})
