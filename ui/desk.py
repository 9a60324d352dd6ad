"""A few seats for work that takes long, and the queue in front of them."""

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Place(Generic[Result]):
    """A piece of work and its place in the queue. Whoever stands there may leave at any time."""

    def __init__(
        self,
        desk: "Desk",
        who: Hashable,
        work: Callable[[], Result],
        due: float,
        there: Callable[[], bool],
    ) -> None:
        self.who, self.due = who, due
        self.there = there
        self._work: Callable[[], Result] | None = work
        self._desk = desk
        self._ended = Event()
        self._result: Future[Result] = Future()

    @property
    def ahead(self) -> int | None:
        """How many are called before this one; None once it was called or has left."""
        return self._desk.ahead(self)

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it ends within so many seconds: is done, has failed, or has left."""
        return self._ended.wait(seconds)

    def leave(self) -> bool:
        """Leave the queue; False where the work has begun, which then goes on to its end."""
        return self._desk.leave(self)

    @property
    def left(self) -> bool:
        """Whether it left the queue, or its session did, before it was called."""
        return self._result.cancelled()

    def result(self) -> Result:
        """What came of the work, waited for; raises what it raised, or CancelledError where it has
        left."""
        self._ended.wait()
        return self._result.result()

    @property
    def error(self) -> BaseException | None:
        """What the work raised, once it has ended."""
        return self._result.exception() if self._ended.is_set() and not self.left else None

    def serve(self) -> None:
        """Do the work (the desk's own thread)."""
        work, self._work = self._work, None  # what it holds may hold this place
        assert work is not None
        try:
            self._result.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed on to whoever waits
            self._result.set_exception(error)  # raised where the result is asked for

    def end(self) -> None:
        """Nothing more will come (the desk alone says so)."""
        self._work = None
        self._result.cancel()
        self._ended.set()


class Desk:
    """So many seats, each with a thread that stays. Work waits for a seat and is called in the
    order of when it is *due*: the time at which it came, or at which the work that its owner asked
    for before was due if that is later, and as many seconds more as it is expected to take.

    So what is short comes first; nobody waits for ever, since whatever comes much later is due
    later too; and who asks for much at once is served no sooner than who asks for little.
    """

    def __init__(self, seats: int, name: str, begin: Callable[[], None] = lambda: None) -> None:
        """begin: what each seat's thread does first."""
        self.seats = seats
        self._pool = ThreadPoolExecutor(seats, thread_name_prefix=name, initializer=begin)
        self._lock = Lock()
        self._waiting: list[Place] = []  # in the order in which they are called
        self._served: list[Place] = []
        self._here = threading.local()  # .seated: this thread is one of the desk's, at work

    def ask(
        self,
        who: Hashable,
        work: Callable[[], Result],
        seconds: float,
        since: float | None = None,
        there: Callable[[], bool] = lambda: True,
    ) -> Place[Result]:
        """Have `work`, which takes about so many seconds, done for `who`.

        since: when it was due at an earlier try, to keep the place. there: whether anybody still
        wants it while it waits; asked from any thread, and quick.
        """
        with self._lock:
            others = (p.due for p in (*self._waiting, *self._served) if p.who == who)
            due = max(time.monotonic(), *others, 0.0) + seconds if since is None else since
            place = Place(self, who, work, due, there)
            self._waiting.append(place)
            self._waiting.sort(key=lambda place: place.due)
            self._call()
        return place

    @property
    def seated(self) -> bool:
        """Whether this thread has a seat: what it does needs no other."""
        return getattr(self._here, "seated", False)

    def ahead(self, place: Place) -> int | None:
        """See `Place.ahead`."""
        with self._lock:
            self._let_go()
            return self._waiting.index(place) if place in self._waiting else None

    def leave(self, place: Place) -> bool:
        """See `Place.leave`."""
        with self._lock:
            if place not in self._waiting:
                return place.left
            self._waiting.remove(place)
        place.end()
        return True

    def _let_go(self) -> None:
        """Strike out those whose sessions have gone."""
        gone = [place for place in self._waiting if not place.there()]
        for place in gone:
            self._waiting.remove(place)
            place.end()

    def _call(self) -> None:
        """Give free seats to those whose turn it is."""
        self._let_go()
        while self._waiting and len(self._served) < self.seats:
            place = self._waiting.pop(0)
            self._served.append(place)
            self._pool.submit(self._serve, place)

    def _serve(self, place: Place) -> None:
        self._here.seated = True
        place.serve()
        self._here.seated = False
        with self._lock:
            self._served.remove(place)
            self._call()
        place.end()
