"""The tape: sees, and may replace, each named tensor of one forward pass."""

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import translate
from functools import lru_cache

from torch import Tensor

from model.errors import ModelError, wrong_argument

Edit = Callable[[Tensor], Tensor]
Watch = Callable[[str, Tensor], None]


class Tape:
    """What one call keeps, shows and replaces. Made for one run, then read through the `Run`.

    Sites are dotted names such as `encoder.3.self_attention.scores`; patterns may use `*`.

    keep: patterns of the sites whose tensors stay in memory; by default all of them.
    edits: pattern → function that returns the tensor to go on with, a new one of the same shape:
        what it is given may be shared by several layers and must stay as it is. Of a batch of one
        it may make a batch of many, whose rows go on from there side by side: many changes of
        one text in one pass, what comes before them computed once (not within a cache). An edit
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
        if isinstance(keep, str):  # would be taken for a pattern a letter
            raise wrong_argument("keep", "a list of patterns", keep)
        for name, given in (("edits", edits), ("watch", watch)):
            known = given is None or isinstance(given, Mapping)
            if not known or not all(map(callable, (given or {}).values())):
                raise wrong_argument(name, "a dictionary from patterns to functions", given)
        kept = tuple(keep)
        self._keep = _any_of(kept)
        self._edits = {
            pattern: (_any_of((pattern,)), edit) for pattern, edit in (edits or {}).items()
        }
        self._watch = [(_any_of((pattern,)), look) for pattern, look in (watch or {}).items()]
        self._unused = set(self._edits)
        self._started = False
        self._silent = not (kept or self._edits or self._watch)

    def start(self) -> None:
        """Begin the one run of this tape; a second one raises ModelError."""
        if self._started:
            raise ModelError("tape-used", "a tape serves one run: make a new one")
        self._started = True

    def __call__(self, site: str, tensor: Tensor) -> Tensor:
        """Show `tensor` under its name and return it, or what an edit makes of it."""
        if self._silent:
            return tensor
        for pattern, (matches, edit) in self._edits.items():
            if matches(site):
                self._unused.discard(pattern)
                edited = edit(tensor)
                if not isinstance(edited, Tensor) or edited.dtype != tensor.dtype:
                    raise ModelError(
                        "edit-result",
                        "the edit of {site} returned {got}, not a tensor of {expected}",
                        site=site,
                        got=edited.dtype if isinstance(edited, Tensor) else type(edited).__name__,
                        expected=tensor.dtype,
                    )
                if edited.shape != tensor.shape and not _widened(tensor, edited):
                    raise ModelError(
                        "edit-shape",
                        "the edit of {site} returned shape {got}, not {expected}",
                        site=site,
                        got=tuple(edited.shape),
                        expected=tuple(tensor.shape),
                    )
                tensor = edited
        for matches, watch in self._watch:
            if matches(site):
                watch(site, tensor)
        if self._keep(site):
            self.kept[site] = tensor
        return tensor

    def changes(self, site: str) -> bool:
        """Whether an edit replaces the tensor of this site."""
        return any(matches(site) for matches, _ in self._edits.values())

    def wants(self, site: str) -> bool:
        """Whether anybody keeps, watches or replaces the tensor of this site."""
        if self._silent:
            return False
        seen = self._keep(site) or any(matches(site) for matches, _ in self._watch)
        return bool(seen) or self.changes(site)

    def spare(self, site: str, tensor: Tensor) -> Tensor | None:
        """The memory of a `tensor` that was just shown at `site`, for the next step to write its
        result into; None where somebody else still reads it, or a gradient needs it. At 512
        tokens, fresh memory for each step would take longer than the step."""
        return None if tensor.requires_grad or self.wants(site) else tensor

    def finish(self) -> None:
        """End the run; raises ModelError for an edit that matched no site."""
        if self._unused:
            pattern = sorted(self._unused)[0]
            raise ModelError(
                "edit-unused", "the edit of {pattern} matched no site of this run", pattern=pattern
            )


def _widened(tensor: Tensor, edited: Tensor) -> bool:
    """Whether one row (1, …) became many. Of two axes, as those of absolute positions (positions,
    d_model), the first is none of a batch."""
    one, many = tensor.shape, edited.shape
    return len(one) > 2 and one[0] == 1 <= many[0] and one[1:] == many[1:]


def silent() -> Tape:
    """A tape that keeps nothing."""
    return Tape(keep=())


@lru_cache(maxsize=1024)  # a pass on one layer takes less time than to compile its patterns
def _any_of(patterns: tuple[str, ...]) -> Callable[[str], object]:
    """Says of a site whether one of these patterns matches it."""
    matches = re.compile("|".join(map(translate, patterns)) or r"(?!)").match
    # of one pass after the other the sites are the same, and a pass asks some twice
    return lru_cache(maxsize=2048)(lambda site: matches(site) is not None)
