"""What .streamlit/config.toml says to a server that strangers may reach."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit import config

from ui.navigation import ROOT

SETTINGS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("section", "option", "value"),
    [
        ("server", "address", "127.0.0.1"),  # a proxy stands between it and everybody else
        ("server", "enableCORS", True),  # no other site opens a session
        ("server", "enableXsrfProtection", True),
        ("server", "xsrfCookieSameSite", "strict"),
        ("server", "enableStaticServing", False),  # no file of this machine has an address
        ("server", "enableAgentApi", False),  # no session without a browser
        ("server", "disconnectedSessionTTL", 60),  # what a reader leaves behind is forgotten
        ("client", "showErrorDetails", "none"),  # no path, no line of code, no value
        ("client", "showErrorLinks", False),
        ("logger", "enableRich", False),  # an error is three lines of the log
        ("client", "toolbarMode", "minimal"),
        ("browser", "gatherUsageStats", False),
    ],
)
def test_what_strangers_can_do_is_set_and_not_left_to_a_default(
    section: str, option: str, value: Any
) -> None:
    assert SETTINGS[section][option] == value


def test_limits_are_tight() -> None:
    server = SETTINGS["server"]
    assert server["maxUploadSize"] <= 1  # MB: no page takes a file
    assert server["maxMessageSize"] <= 16
    assert server["maxCacheDataSize"] == "128mb"


def test_every_setting_is_one_that_streamlit_knows() -> None:
    known = config.get_config_options()
    assert [name for name in _flat(SETTINGS) if name not in known] == []


def _flat(settings: dict[str, Any], at: str = "") -> Iterator[str]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{at}{name}.")
        else:
            yield f"{at}{name}"
