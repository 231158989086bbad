"""A folder of the rehearsal's own: copies of the stacks, overrides for the API server, and an environment."""

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from flaskship.aws.rehearsal.stacks import REGION
from flaskship.aws.terraform import Terraform, cli_configuration
from flaskship.model.errors import NoSpaceError

# Beside the provider's own block, which stays: paths instead of host names for buckets, and few retries of
# calls that nobody answers.
PROVIDER = """provider "aws" {
  s3_use_path_style = true
  max_retries       = 3
}
"""
ALIASED = """
provider "aws" {
  alias       = "values"
  max_retries = 3
}
"""
BACKEND = """terraform {
  backend "s3" {
    use_path_style              = true
    use_lockfile                = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
  }
}
"""
OVERRIDE = "rehearsal_override.tf"


PREFIX = "flaskship-rehearsal-"
OWNER = "owner.lock"
FULL = (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """Make a folder that is gone after the block; what earlier rehearsals had to leave is removed first."""
    remove_orphans(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        folder = Path(name)
        with (folder / OWNER).open("w") as lock:
            # Held by nobody once this process is gone, whatever ended it.
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder


@contextlib.contextmanager
def room_needed() -> Iterator[None]:
    """Tell a disk that gets full inside as that; a copy of many files has no number for it, only words."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL or any(os.strerror(number) in str(error) for number in FULL):
            raise NoSpaceError(
                f"the disk of {tempfile.gettempdir()} is full",
                hint="free some space there, or name another folder with TMPDIR; nothing is left behind",
            ) from error
        raise


def remove_orphans(parent: Path) -> None:
    """Remove the folders whose owner does not live any more; those of others are left alone."""
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (folder / OWNER).open("r+") as lock:
            if os.fstat(lock.fileno()).st_uid == os.getuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)


def copy_code(infra: Path, folder: Path) -> Path:
    """Copy the code below a folder, with what it reads beside it; return where the stacks are."""
    there = folder / "infra"
    code = Path("terraform") / "aws"
    shutil.copytree(
        infra / code, there / code, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "tests")
    )
    shutil.copy(infra / "secrets.yaml", there)
    for stack in (there / code / "stacks").iterdir():
        text = PROVIDER
        if (stack / "backend.tf").exists():
            text += BACKEND
        if 'alias  = "values"' in (stack / "provider.tf").read_text():
            text += ALIASED
        (stack / OVERRIDE).write_text(text)
    return there / code / "stacks"


def environment_for(
    terraform: Terraform, folder: Path, port: int, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of every child: home and plug-ins in the folder, AWS at the port."""
    (folder / "plugins").mkdir(exist_ok=True)
    configuration = folder / "terraform.rc"
    configuration.write_text(cli_configuration(terraform.mirror, folder / "plugins"))
    server = f"http://127.0.0.1:{port}"
    return {
        "PATH": inherited.get("PATH", ""),
        "HOME": str(folder),
        # The stack's own folder: plug-ins listen on a socket there, whose path may have 107 bytes.
        "TMPDIR": ".",
        "TF_CLI_CONFIG_FILE": str(configuration),
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "rehearsal",
        "AWS_SECRET_ACCESS_KEY": "rehearsal",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": server,
        # Calls whose host name begins with the account's number, and any that would leave this machine.
        "HTTP_PROXY": server,
        "HTTPS_PROXY": server,
    }
