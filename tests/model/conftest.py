"""Property tests take the time they need: the first example of a test pays for its set-up."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
