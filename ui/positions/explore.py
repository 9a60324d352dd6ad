"""Question 9: the sinusoid table, what a shift does to it, and a model without positions."""

from ui.i18n import _
from ui.positions import rotation, shuffle, table
from ui.positions.names import views
from ui.url import Parameter, one_of

SHOWS = {"table": table.show, "shift": rotation.show, "shuffle": shuffle.show}
VIEW = "wave_view"
PARAMETERS = (
    Parameter(VIEW, "table", one_of(*SHOWS)),
    *table.PARAMETERS,
    *rotation.PARAMETERS,
    *shuffle.PARAMETERS,
)


def show() -> None:
    """Draw the view that is chosen."""
    titles = {
        "table": _("The sinusoid table"),
        "shift": _("A shift is a rotation"),
        "shuffle": _("Shuffle the tokens"),
    }
    views(VIEW, titles, SHOWS)
