"""Questions 12 and 13: LayerNorm or BatchNorm, and what BatchNorm does."""

from ui.anatomy import Question, page
from ui.i18n import _
from ui.normalization import batch_norm, layer_or_batch
from ui.trained.panel import panel

page(
    __file__,
    _("Normalization"),
    {
        12: Question(layer_or_batch.show, layer_or_batch.PARAMETERS, None, panel("norms")),
        13: Question(batch_norm.show, batch_norm.PARAMETERS, "computed", panel("batch")),
    },
)
