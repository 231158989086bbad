"""The folder of a rehearsal on a disk that gets full."""

import errno
import os
import shutil

import pytest

from flaskship.aws.rehearsal.workspace import room_needed
from flaskship.model.errors import NoSpaceError

COPIED = shutil.Error([("a", "b", str(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "b")))])


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), OSError(errno.EDQUOT, "full"), COPIED])
def test_a_full_disk_is_told_as_that_whoever_noticed(error: OSError) -> None:
    with pytest.raises(NoSpaceError) as told, room_needed():
        raise error
    assert "TMPDIR" in str(told.value.hint)


def test_any_other_error_is_what_it_is() -> None:
    with pytest.raises(PermissionError), room_needed():
        raise PermissionError(errno.EACCES, "no")
