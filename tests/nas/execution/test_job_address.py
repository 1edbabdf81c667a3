"""Addresses and tokens are what users have, or one line says which are wanted."""

import os

import pytest

from nas.errors import SpecError
from nas.execution.job_address import job_address, pass_token_on


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in (
        *("RAY_API_SERVER_ADDRESS", "RAY_DASHBOARD_ADDRESS"),
        *("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"),
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://head:8265", "http://head:8265"),
        ("head", "http://head:8265"),
        ("head:80", "http://head:80"),
        ("https://host/ray/", "https://host:443/ray"),
        ("http://[::1]:8265", "http://[::1]:8265"),
    ],
)
def test_an_address_is_the_dashboards(given, meant):
    assert job_address(given) == meant


@pytest.mark.parametrize("given", ["ray://head:10001", "http://", "http://h:port", "http://h/?a=b"])
def test_what_is_none_is_refused(given):
    with pytest.raises(SpecError, match="--address"):
        job_address(given)


def test_an_address_comes_from_the_environment_and_is_overruled(monkeypatch):
    with pytest.raises(SpecError, match="is needed"):
        job_address(None)
    monkeypatch.setenv("RAY_DASHBOARD_ADDRESS", "http://second:1")
    assert job_address(None) == "http://second:1"
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "http://first:1")
    assert job_address(None) == "http://first:1"
    assert job_address("given:1") == "http://given:1"


def test_the_token_of_this_machine_goes_to_this_machine_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    pass_token_on("http://127.0.0.1:8265")
    assert "RAY_AUTH_MODE" not in os.environ
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("0" * 64)
    pass_token_on("http://head:8265")
    assert "RAY_AUTH_MODE" not in os.environ
    pass_token_on("http://127.0.0.1:8265")
    assert os.environ["RAY_AUTH_MODE"] == "token"


def test_a_token_that_is_named_is_sent(monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", "0" * 64)
    pass_token_on("http://head:8265")
    assert os.environ["RAY_AUTH_MODE"] == "token"
