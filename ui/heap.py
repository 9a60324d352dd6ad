"""Keep what was imported and loaded out of the garbage collector's way."""

import gc


def freeze() -> None:
    """Take every object alive now out of later collections.

    Importing torch and loading a model create hundreds of thousands of objects that live as long as
    the process. Each full collection would walk them all again, in the middle of somebody's rerun.
    Call it after the imports and after a model was loaded; the objects are still freed when their
    last reference goes.
    """
    gc.collect()
    gc.freeze()
