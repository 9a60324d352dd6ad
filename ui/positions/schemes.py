"""Question 10: the position schemes beside each other, one by one, and on a real model."""

from ui.i18n import _
from ui.positions import beyond, biases, compare, learned, moved, planes, reach, switch
from ui.positions.names import views
from ui.url import Parameter, one_of

SHOWS = {
    "compare": compare.show,
    "reach": reach.show,
    "rope": planes.show,
    "biases": biases.show,
    "learned": learned.show,
    "moved": moved.show,
    "beyond": beyond.show,
    "switch": switch.show,
}
VIEW = "scheme_view"
PARAMETERS = (
    Parameter(VIEW, "compare", one_of(*SHOWS)),
    *compare.PARAMETERS,
    *reach.PARAMETERS,
    *planes.PARAMETERS,
    *biases.PARAMETERS,
    *learned.PARAMETERS,
    *moved.PARAMETERS,
    *beyond.PARAMETERS,
    *switch.PARAMETERS,
)


def show() -> None:
    """Draw the view that is chosen."""
    titles = {
        "compare": _("Side by side"),
        "reach": _("How far it sees"),
        "rope": _("RoPE in the plane"),
        "biases": _("ALiBi and T5"),
        "learned": _("A learned table"),
        "moved": _("Shift all positions"),
        "beyond": _("Past the training length"),
        "switch": _("Switch a real model"),
    }
    views(VIEW, titles, SHOWS)
