"""Question 18: how WordPiece and BPE differ."""

from ui.anatomy import Question, page
from ui.i18n import _
from ui.tokenizers import views

page(
    __file__,
    _("Tokenizers"),
    {18: Question(views.show, views.PARAMETERS, "computed")},
)
