"""What every suite stands on, whoever started it."""

import os
import signal

import hypothesis
import pytest

LEFT_OUT = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT_OUT] = 0
    # A shell without job control has its background ignore SIGINT, nohup SIGHUP: every child inherits that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # A busy machine makes any example slow, and a time is no verdict.
    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A cluster is written to only where somebody asks for it: a KUBECONFIG may be there for other work."""
    if "cluster" in (config.getoption("-m") or ""):
        return
    meant = [item for item in items if item.get_closest_marker("cluster") is None]
    left_out = [item for item in items if item.get_closest_marker("cluster") is not None]
    if left_out:
        config.stash[LEFT_OUT] = len(left_out)
        config.hook.pytest_deselected(items=left_out)
        items[:] = meant


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if left_out := config.stash[LEFT_OUT]:
        terminalreporter.write_line(
            f"{left_out} tests need a cluster and were left out: KUBECONFIG=FILE make test-cluster"
        )


@pytest.fixture(autouse=True)
def _no_cluster_by_chance(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine's KUBECONFIG names, only the tests that say so may see it."""
    if request.node.get_closest_marker("cluster") is None and "KUBECONFIG" in os.environ:
        monkeypatch.delenv("KUBECONFIG")
