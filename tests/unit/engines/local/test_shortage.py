import errno

import pytest

from flaskship.engines.local import daemon
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.shortage import shortage_of
from flaskship.model.errors import PreflightError


@pytest.mark.parametrize(
    "error",
    [
        BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
        RuntimeError("can't start new thread"),
    ],
)
def test_a_fork_or_thread_that_is_not_granted_is_told_with_what_to_raise(error):
    found = shortage_of(error, "x could not be started")
    assert found.message.startswith("x could not be started: no further process or thread is granted")
    assert "ulimit -u" in found.hint
    assert "pids.max" in found.hint


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), RuntimeError("other"), ValueError()])
def test_any_other_error_is_none(error):
    assert shortage_of(error, "x") is None


def test_a_supervisor_that_could_not_be_forked_is_refused_in_words(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(daemon.subprocess, "Popen", refuse)
    with pytest.raises(PreflightError, match="the supervisor could not be started: no further process"):
        daemon.start_supervisor(LocalPaths(tmp_path))
