"""What a campaign must survive: work that ends its process, and work that does not come back."""

import os
import signal
import time
from multiprocessing.connection import Connection

from tests.fuzz.outcome import Outcome

FINE = Outcome("value", "", 0.0, 0.0)


def dying(link: Connection, _name: str, first: int, _cases: int) -> None:
    """Does one case and dies at the next."""
    link.send((first, FINE))
    link.close()
    os.kill(os.getpid(), signal.SIGKILL)


def hanging(link: Connection, _name: str, first: int, _cases: int) -> None:
    """Does one case and never comes back from the next."""
    link.send((first, FINE))
    time.sleep(600)
