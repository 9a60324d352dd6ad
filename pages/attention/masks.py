"""Masks: padding (Q5), the future (Q16), and BERT's masking beside attention masking (Q20)."""

from ui.anatomy import Question, page
from ui.i18n import _
from ui.masks import future, padding, three_ways
from ui.trained.panel import panel

page(
    __file__,
    _("Masks"),
    {
        5: Question(padding.show, padding.PARAMETERS, "switched"),
        16: Question(future.show, future.PARAMETERS, "switched", panel("mask")),
        20: Question(three_ways.show, three_ways.PARAMETERS, "switched"),
    },
)
