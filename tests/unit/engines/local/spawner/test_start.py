import errno

import pytest

from flaskship.engines.local.spawner.request import parse_spawn
from flaskship.engines.local.spawner.start import Report, explain

REQUEST = parse_spawn({"uid": "u1", "argv": ["/bin/true"], "cwd": "/work", "log": "/logs/a.log"})


@pytest.mark.parametrize(
    ("report", "code", "named"),
    [
        (Report("cwd", errno.ENOENT, ""), "CwdMissing", "/work"),
        (Report("cwd", errno.ENOTDIR, ""), "CwdMissing", "/work"),
        (Report("cwd", errno.EACCES, ""), "PermissionDenied", "/work"),
        (Report("log", errno.EACCES, ""), "LogUnwritable", "/logs/a.log"),
        (Report("cgroup", errno.ENOENT, "/sys/x/cgroup.procs"), "CgroupUnwritable", "/sys/x/cgroup.procs"),
        (Report("limit", errno.EPERM, "6 = 7"), "LimitRefused", "6 = 7"),
        (Report("time", errno.ETIMEDOUT, ""), "StartTimedOut", "/bin/true"),
        (Report("nice", errno.EPERM, ""), "StartFailed", "nice"),
        (Report("exec", errno.E2BIG, "/bin/true"), "ArgumentsTooLong", "/bin/true"),
    ],
)
def test_each_step_that_fails_is_named_with_what_it_was_about(report, code, named):
    refused = explain(report, REQUEST)
    assert refused.code == code
    assert named in refused.message
