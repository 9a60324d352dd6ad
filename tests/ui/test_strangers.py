"""What strangers may ask of a server, and what they are refused."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest, BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.web.server.starlette.starlette_app import App

from tests.server import ROOT, Server, apart, server
from tests.strangers import answered, ask, forge, knock, opening, tab
from ui import door, messages, policy
from ui.navigation import PAGES

HOST, ORIGIN = "lab.example.org", "https://school.example.org"


@pytest.fixture(scope="module")
def alone() -> Iterator[Server]:
    """The app as `make app` starts it."""
    with server("ui.serve") as running:
        yield running


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    """The app as readers from outside reach it, and a site shows it in its pages."""
    with server("ui.serve", "--allowed-host", HOST, "--allow-embed", ORIGIN) as running:
        yield running.url


def port(url: str) -> int | None:
    return urlsplit(url).port


FOREIGN = [
    "evil.test",
    "evil.test:8501",
    "localhost.evil.test",
    "127.0.0.1.evil.test",
    "evil.test#localhost",
    "localhost@evil.test",
    "evil.test@localhost",
    "localhost/",
    "localhost:x",
    "localhost:80:80",
    "localhost:99999",
    "local host",
    "0.0.0.0",
    "[::2]",
    "[::1",
    "192.168.1.5",
    HOST,
    "",
]


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/", "/lab?text=a", "/_stcore/health", "/static/x.js"])
def test_a_foreign_host_reads_which_option_lets_it_in(alone: Server, host: str, path: str) -> None:
    status, headers, said = ask(alone.url, path, host=host)
    assert status == 400
    assert headers["content-type"] == "text/plain; charset=utf-8"
    english, chinese = said.split("\n")
    assert "--allowed-host" in english and "--allowed-host" in chinese
    assert re.search("[一-鿿]", chinese)


@pytest.mark.parametrize("host", ["localhost", "LocalHost:1", "127.0.0.1", "[::1]", "[::1]:8501"])
def test_the_names_of_this_machine_are_answered(alone: Server, host: str) -> None:
    assert ask(alone.url, host=host)[0] == 200
    assert ask(alone.url, headers={"Origin": f"http://{host}"}, host=host)[0] == 200


def test_two_hosts_in_one_request_are_none(alone: Server) -> None:
    assert ask(alone.url, headers={"Host": "evil.test"})[0] == 400


def test_a_web_socket_opens_only_for_this_servers_own_pages(alone: Server) -> None:
    at = port(alone.url)
    assert knock(alone.url) == 101
    assert knock(alone.url, origin=alone.url) == 101
    assert knock(alone.url, host=f"localhost:{at}", origin=f"http://localhost:{at}") == 101
    # TLS ends before the app
    assert knock(alone.url, host="localhost", origin="https://localhost") == 101
    for origin in (
        "http://evil.test",
        "https://evil.test",
        f"http://evil.test:{at}",
        "null",
        "file://",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        f"http://localhost:{at}",  # another name of this machine may be another's page
        f"http://127.0.0.1:{at}@evil.test",
        f"http://127.0.0.1:{at}.evil.test",
        f"chrome-extension://127.0.0.1:{at}",
        ORIGIN,
    ):
        assert knock(alone.url, origin=origin) == 403, origin
    for host in ("evil.test", f"evil.test:{at}", HOST):
        assert knock(alone.url, host=host) == 403, host
        assert knock(alone.url, host=host, origin=f"http://{host}") == 403, host


def test_further_names_and_embedding_sites_are_let_in_by_options(shared: str) -> None:
    status, headers, _said = ask(shared, host=HOST)
    assert status == 200
    assert headers["content-security-policy"].endswith(f"frame-ancestors 'self' {ORIGIN}")
    assert ask(shared, host=f"{HOST.upper()}:8080")[0] == 200
    assert ask(shared, host=f"x{HOST}")[0] == 400
    assert ask(shared, host=f"x.{HOST}")[0] == 400
    assert ask(shared, host="localhost")[0] == 200
    assert knock(shared, host=HOST, origin=f"https://{HOST}") == 101
    # who shows the app in a frame does not speak for it: inside the frame is the app's own origin
    assert knock(shared, host=HOST, origin=ORIGIN) == 403


def test_every_answer_says_what_a_browser_may_do_with_it(alone: Server) -> None:
    script = re.search(r'src="\./(static/js/index\.[^"]+)"', policy.INDEX.read_text("utf-8"))
    assert script is not None
    for path in ("/", "/lab", "/nothing", f"/{script[1]}", "/_stcore/health", "/_stcore/metrics"):
        for host in (None, "evil.test"):
            _status, headers, _said = ask(alone.url, path, host=host)
            rules = dict(
                rule.split(" ", 1) for rule in headers["content-security-policy"].split("; ")
            )
            assert rules["default-src"] == "'self'"
            assert "'unsafe-inline'" not in rules["script-src"]
            assert "'unsafe-eval'" not in rules["script-src"]
            assert not re.search(r"\*|https?:", headers["content-security-policy"])
            assert rules["frame-ancestors"] == "'self'"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"


CLOSED = [
    "/_stcore/metrics",
    "/_stcore/upload_file/a/b",
    "/_stcore/script-health-check",
    "/_stcore/agent/interact",
    "/_stcore/agent/openapi.json",
    "/_stcore/agent/mcp",
    "/_stcore/bidi-components/a/b.js",
    "/_stcore",
    "/_stcore/",
    "/_stcore/stream",
    "/component/a/b.js",
    "/component",
    "/auth/login",
    "/auth/logout",
    "/oauth2callback",
    "/app/static/x",
    "/lab/_stcore/metrics",
    "/lab/_stcore/health",
    "//_stcore/metrics",
    "/_stcore//metrics",
    "/%5fstcore/metrics",
    "/static/../_stcore/metrics",
    "/static/%2e%2e/_stcore/metrics",
    "/media/..%2f_stcore/metrics",
]


@pytest.mark.parametrize("path", CLOSED)
def test_what_no_page_uses_is_closed(alone: Server, path: str) -> None:
    for method in ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"):
        status, _headers, said = ask(alone.url, path, method=method)
        assert status in ((400, 404) if method == "GET" else (400, 404, 405)), method
        assert "active_sessions" not in said


@pytest.mark.parametrize("path", ["/", "/lab", "/_stcore/health", "/media/x", "/static/x"])
def test_addresses_are_only_read(alone: Server, path: str) -> None:
    for method in ("PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "X"):
        assert ask(alone.url, path, method=method)[0] in (400, 405), method
    for headers, body in (
        ({"Content-Length": "5"}, b"hello"),
        ({"Transfer-Encoding": "chunked"}, b"5\r\nhello\r\n0\r\n\r\n"),
        ({"Content-Length": "100000000"}, b""),
    ):
        assert ask(alone.url, path, headers=headers, body=body)[0] == 413


def test_a_file_that_a_stranger_sends_is_not_kept(alone: Server) -> None:
    file = b"x" * 990_000
    for number in range(3):
        status, _headers, said = ask(
            alone.url,
            f"/_stcore/upload_file/a/{number}",
            method="PUT",
            headers={"Content-Length": str(len(file))},
            body=file,
        )
        assert status == 404, said


def test_every_address_of_streamlits_is_known_and_open_only_where_a_page_needs_it() -> None:
    """Fails when Streamlit gets another one, or ours no longer fits."""
    config.get_config_options()
    routes = App(ROOT / "app.py")._build_starlette_app().routes
    served = {getattr(route, "path", None) for route in routes}
    assert served == {
        "/_stcore/health",
        "/_stcore/metrics",
        "/_stcore/host-config",
        "/media/{file_id:path}",
        "/_stcore/upload_file/{session_id}/{file_id}",
        "/component/{path:path}",
        "/_stcore/bidi-components/{path:path}",
        "/_stcore/stream",
        "/auth/login",
        "/auth/logout",
        "/oauth2callback",
        "/_stcore/agent/interact",
        "/_stcore/agent/openapi.json",
        "/_stcore/agent/mcp",
        "",
    }


@pytest.mark.parametrize("key", PAGES)
def test_the_address_of_every_page_is_open(key: str) -> None:
    assert door.PAGE.fullmatch(key)


# What a web socket brings


def forged() -> dict[str, bytes | str]:
    """Messages that no browser sends."""
    good = opening("lab").SerializeToString()
    wrong = opening("lab")
    state = wrong.rerun_script.widget_states.widgets.add(id="text")
    state.file_uploader_state_value.SetInParent()
    broken = opening("lab")
    broken.rerun_script.widget_states.widgets.add(id="$$ID-0-None", json_value="{")
    return {
        "a text": "hello",
        "nothing": b"",
        "garbage": b"\xff\xfe\x00garbage" * 10,
        "zeros": b"\0" * 1000,
        "cut short": good[:-1],
        "unknown field": b"\xf8\x3f\x01",
        "nested": b"\x12\x7f" * 3000,
        "15 MB": b"\0" * 15_000_000,
        "17 MB": b"\0" * 17_000_000,
        "unknown widget": broken.SerializeToString(),
        "wrong type": wrong.SerializeToString(),
        "unknown page": opening("../../etc/passwd").SerializeToString(),
    }


@pytest.mark.parametrize("name", forged())
def test_a_forged_message_costs_the_log_three_lines_at_most(alone: Server, name: str) -> None:
    before = len(alone.said())
    code = forge(alone.url, forged()[name])
    assert len(alone.said()) - before <= 3, alone.said()[before:]
    heard = name in ("unknown widget", "wrong type", "unknown page")
    assert code in ((None,) if heard else (1002, 1003, 1009))
    assert ask(alone.url)[0] == 200


def test_wrong_values_of_every_widget_cost_three_lines_at_most(alone: Server) -> None:
    """Each widget of the lab is told a value of each other kind."""

    async def attack() -> None:
        async with await tab(alone.url) as socket:
            await socket.send(opening("lab").SerializeToString())
            elements = [
                message.delta.new_element
                for message in await answered(socket)
                if message.WhichOneof("type") == "delta"
            ]
        widgets: dict[str, str] = {}  # kind → the id of one
        for element in elements:
            kind = element.WhichOneof("type")
            identity = getattr(getattr(element, kind), "id", "") if kind else ""
            if kind is not None and identity:
                widgets[kind] = identity
        assert {"checkbox", "selectbox", "slider", "text_area", "button_group"} <= set(widgets)
        for identity in widgets.values():
            async with await tab(alone.url) as socket:
                await socket.send(opening("lab").SerializeToString())
                await answered(socket)
                for kind in ("json_value", "string_array_value", "bool_value", "arrow_value"):
                    message = opening("lab")
                    value = WidgetState(id=identity)
                    if kind == "json_value":
                        value.json_value = "{\n\n"
                    elif kind == "bool_value":
                        value.bool_value = True
                    else:
                        getattr(value, kind).SetInParent()
                    message.rerun_script.widget_states.widgets.append(value)
                    before = len(alone.said())
                    await socket.send(message.SerializeToString())
                    await answered(socket)
                    assert len(alone.said()) - before <= 3, (identity, kind)

    apart(attack())


def test_what_a_browser_may_say_is_all_that_is_heard() -> None:
    """Fails when Streamlit gets another kind of message."""
    assert {field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields} == {
        *messages.HEARD,
        "backend_operation_request",
        "clear_cache",
        "set_run_on_save",
        "load_git_info",
        "debug_disconnect_websocket",
        "debug_shutdown_runtime",
        "file_urls_request",
    }
    operations = BackendOperationRequest.DESCRIPTOR.oneofs_by_name["payload"].fields
    assert {field.name for field in operations} == {
        *messages.OPERATIONS,
        "install_skills",
        "dismiss_skills_nudge",
    }


def test_nobody_empties_everybodys_caches_or_asks_for_a_place_for_files() -> None:
    heard: list[BackMsg] = []
    clear, files, skills = BackMsg(clear_cache=True), BackMsg(), BackMsg()
    files.file_urls_request.file_names.append("a")
    skills.backend_operation_request.install_skills.SetInParent()
    said = [clear, files, skills, opening("lab"), BackMsg(app_heartbeat=True)]
    events = [{"type": "websocket.receive", "bytes": one.SerializeToString()} for one in said]
    events.append({"type": "websocket.disconnect", "code": 1000})

    async def listen() -> None:
        async def receive() -> dict[str, object]:
            return events.pop(0)

        async def send(_message: object) -> None:
            raise AssertionError

        one = messages.Messages(receive, send)
        while (event := await one.receive())["type"] == "websocket.receive":
            heard.append(BackMsg.FromString(event["bytes"]))

    apart(listen())
    assert [message.WhichOneof("type") for message in heard] == ["rerun_script", "app_heartbeat"]


# The first visitor


def test_the_first_visitor_of_a_server_may_come_by_a_deep_link() -> None:
    async def visit(url: str) -> list[str | None]:
        async with await tab(url) as socket:
            await socket.send(opening("lab").SerializeToString())
            return [message.WhichOneof("type") for message in await answered(socket)]

    with server("ui.serve") as fresh:
        came = apart(visit(fresh.url))
    assert "page_not_found" not in came
    assert came.count("delta") > 20
