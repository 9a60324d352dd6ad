"""A class in front of one server: everybody opens the page at the same moment."""

import asyncio

from benchmarks.load.reader import Answer, Reader
from tests.server import apart

CLASS = 8


async def opened(url: str, page: str) -> list[Answer]:
    """What each of the readers gets, who all stay until the last has it."""

    async def open_page(reader: Reader) -> Answer:
        async with reader:
            answer = await reader.throw()
            await everybody.wait()
            return answer

    everybody = asyncio.Barrier(CLASS)
    return await asyncio.gather(*(open_page(Reader(url, page, {})) for _ in range(CLASS)))


def test_all_of_a_class_see_pictures_of_trainings(app_url: str) -> None:
    for answer in apart(opened(app_url, "schedules")):
        assert not answer.complaints
        assert answer.pictures["live_attention"]
        assert answer.charts >= 4
        assert not any("queue" in said for said in answer.said)
