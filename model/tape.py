"""The tape: sees, and may replace, each named tensor of one forward pass."""

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

from torch import Tensor

from model.errors import ModelError

Edit = Callable[[Tensor], Tensor]
Watch = Callable[[str, Tensor], None]


class Tape:
    """What one call keeps, shows and replaces. Made for one run, then read through the `Run`.

    Sites are dotted names such as `encoder.3.self_attention.scores`; patterns may use `*`.

    keep: patterns of the sites whose tensors stay in memory; by default all of them.
    edits: pattern → function that returns the tensor to go on with, a new one of the same shape:
        what it is given may be shared by several layers and must stay as it is. An edit
        that no site used raises ModelError at the end of the run: it would be a silent no-op.
    watch: pattern → function that is shown (site, tensor) on the way and keeps what it likes,
        so that a summary of every layer costs no more memory than the summary.
    """

    def __init__(
        self,
        keep: Iterable[str] = ("*",),
        edits: Mapping[str, Edit] | None = None,
        watch: Mapping[str, Watch] | None = None,
    ) -> None:
        self.kept: dict[str, Tensor] = {}
        self._keep = tuple(keep)
        self._edits = dict(edits or {})
        self._watch = dict(watch or {})
        self._unused = set(self._edits)
        self._started = False

    def start(self) -> None:
        """Begin the one run of this tape; a second one raises ModelError."""
        if self._started:
            raise ModelError("tape-used", "a tape serves one run: make a new one")
        self._started = True

    def __call__(self, site: str, tensor: Tensor) -> Tensor:
        """Show `tensor` under its name and return it, or what an edit makes of it."""
        for pattern, edit in self._edits.items():
            if fnmatchcase(site, pattern):
                self._unused.discard(pattern)
                edited = edit(tensor)
                if edited.shape != tensor.shape:
                    raise ModelError(
                        "edit-shape",
                        "the edit of {site} returned shape {got}, not {expected}",
                        site=site,
                        got=tuple(edited.shape),
                        expected=tuple(tensor.shape),
                    )
                tensor = edited
        for pattern, watch in self._watch.items():
            if fnmatchcase(site, pattern):
                watch(site, tensor)
        if any(pattern == "*" or fnmatchcase(site, pattern) for pattern in self._keep):
            self.kept[site] = tensor
        return tensor

    def finish(self) -> None:
        """End the run; raises ModelError for an edit that matched no site."""
        if self._unused:
            pattern = sorted(self._unused)[0]
            raise ModelError(
                "edit-unused", "the edit of {pattern} matched no site of this run", pattern=pattern
            )


def silent() -> Tape:
    """A tape that keeps nothing."""
    return Tape(keep=())
