"""Question 14: what the feed-forward network does."""

from ui.anatomy import Question, page
from ui.feed_forward import question
from ui.i18n import _
from ui.trained.panel import panel

page(
    __file__,
    _("Feed-forward network"),
    {14: Question(question.show, question.PARAMETERS, None, panel("activations"))},
)
