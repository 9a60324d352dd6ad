"""Mean and standard deviation of every token through depth, around each norm."""

import pandas as pd

from experiments.reading import Reading

MOMENTS = ("mean_before", "std_before", "mean_after", "std_after")


def norm_statistics(reading: Reading) -> pd.DataFrame:
    """One row per norm and token: norm (its place in the pass, from 0), site, position, and the
    four moments over the token's features."""
    frames = []
    for number, (site, moments) in enumerate(reading.norms.items()):
        frame = pd.DataFrame(moments.numpy(), columns=list(MOMENTS))
        frame.insert(0, "norm", number)
        frame.insert(1, "site", site)
        frame.insert(2, "position", range(len(frame)))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
