"""One file of a Git repository changed by one commit, and nothing else of anybody's work touched."""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flaskship.engines.local.images.masking import mask
from flaskship.model.errors import ConfigurationError, FlaskshipError, PreflightError

PATIENCE = 60.0
REGULAR = "100644"


class GitError(FlaskshipError):
    """Git refused; what it said is in the message."""

    code = "GitFailed"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit with its whole message."""

    sha: str
    message: str

    def trailer(self, key: str) -> str | None:
        """The value of a trailer, such as Flaskship-Promotion."""
        for line in reversed(self.message.splitlines()):
            name, colon, value = line.partition(": ")
            if colon and name == key:
                return value.strip()
        return None


@dataclass(frozen=True, slots=True)
class Repository:
    """A checkout, by its top folder."""

    top: Path

    def relative(self, file: Path) -> str:
        """The path of a file inside the repository."""
        return file.resolve().relative_to(self.top).as_posix()

    def head(self) -> str:
        """The commit that is checked out."""
        return self.git("rev-parse", "--verify", "HEAD^{commit}").strip()

    def branch(self) -> str | None:
        """The branch that is checked out; None where the checkout is of a commit."""
        said = self.try_git("symbolic-ref", "--quiet", "--short", "HEAD")
        return said.strip() or None if said is not None else None

    def changed(self, paths: tuple[Path, ...]) -> tuple[str, ...]:
        """What differs below these paths from the commit that is checked out, new files included."""
        inside = [self.relative(path) for path in paths]
        said = self.git("status", "--porcelain=v1", "-z", "--untracked-files=all", "--", *inside)
        return tuple(entry[3:] for entry in said.split("\0") if len(entry) > 3)

    def show(self, revision: str, path: str) -> str:
        """The text of a file as a commit has it."""
        return self.git("show", f"{revision}:{path}")

    def commits(self, path: str, limit: int = 500) -> tuple[Commit, ...]:
        """The commits that changed a file, newest first."""
        said = self.git("log", f"-{limit}", "--format=%H%n%B%x00", "--", path)
        entries = [entry.strip("\n") for entry in said.split("\0")]
        return tuple(Commit(*_parted(entry)) for entry in entries if entry)

    def commit(self, file: Path, text: str, message: str) -> str:
        """Commit a new content of one file and bring it into the checkout; return the commit.

        The index of other files stays as it is; a commit that somebody makes meanwhile is never overwritten.
        """
        head, path = self.head(), self.relative(file)
        blob = self.git("hash-object", "-w", "--stdin", f"--path={path}", given=text).strip()
        mode = self._mode(head, path)
        with tempfile.TemporaryDirectory(prefix="flaskship-git-") as folder:
            aside = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.git("read-tree", head, environment=aside)
            self.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}", environment=aside)
            tree = self.git("write-tree", environment=aside).strip()
        signed = ("-S",) if self._signs() else ()
        sha = self.git("commit-tree", *signed, tree, "-p", head, "-F", "-", given=message).strip()
        self.git("update-ref", "-m", f"commit: {message.splitlines()[0]}", "HEAD", sha, head)
        self.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}")
        return sha

    def remote_of(self, branch: str | None) -> tuple[str, str] | None:
        """The remote and its branch that a branch follows; the only remote there is where it follows none."""
        if branch is None:
            return None
        remote = (self.try_git("config", "--get", f"branch.{branch}.remote") or "").strip()
        merge = (self.try_git("config", "--get", f"branch.{branch}.merge") or "").strip()
        if remote and remote != "." and merge:
            return remote, merge.removeprefix("refs/heads/")
        remotes = self.git("remote").split()
        return (remotes[0], branch) if len(remotes) == 1 else None

    def push(self, remote: str, branch: str, sha: str) -> None:
        """Push one commit to a branch, never by force."""
        self.git("push", "--porcelain", remote, f"{sha}:refs/heads/{branch}")

    def merged(self, ours: str, base: str, theirs: str) -> str | None:
        """Merge three texts; None where they conflict."""
        with tempfile.TemporaryDirectory(prefix="flaskship-git-") as folder:
            files = []
            for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
                (Path(folder) / name).write_text(text, encoding="utf-8", newline="")
                files.append(str(Path(folder) / name))
            return self.try_git("merge-file", "--stdout", "--quiet", *files)

    def git(self, *words: str, given: str | None = None, environment: Mapping[str, str] | None = None) -> str:
        """Run git in the repository and return what it printed; GitError where it fails."""
        done = _run(self.top, words, given, environment or {})
        if done.returncode != 0:
            raise _refusal(words, done)
        return done.stdout

    def try_git(self, *words: str) -> str | None:
        """Run git and return what it printed, or None where it says no."""
        done = _run(self.top, words, None, {})
        return done.stdout if done.returncode == 0 else None

    def _mode(self, revision: str, path: str) -> str:
        said = self.git("ls-tree", revision, "--", path)
        return said.split()[0] if said.strip() else REGULAR

    def _signs(self) -> bool:
        return (self.try_git("config", "--type=bool", "--get", "commit.gpgsign") or "").strip() == "true"


def open_repository(folder: Path) -> Repository:
    """Return the repository around a folder; what is none is a ConfigurationError."""
    done = _run(folder, ("rev-parse", "--show-toplevel"), None, {})
    if done.returncode != 0:
        raise ConfigurationError(
            f"{folder} is not in a Git repository: {mask(done.stderr.strip().splitlines()[-1])}",
            hint="Argo CD writes from Git: run this in a checkout of the repository that it follows",
        )
    return Repository(Path(done.stdout.removesuffix("\n")).resolve())


def _run(
    folder: Path, words: tuple[str, ...], given: str | None, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    # A prompt would wait for somebody who does not see it; quoted paths would not be found again.
    settings = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **environment}
    try:
        return subprocess.run(
            ["git", "-C", str(folder), "-c", "core.quotePath=false", *words],
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env={**os.environ, **settings},
        )
    except FileNotFoundError:
        raise PreflightError("git is not installed", hint="install git") from None
    except subprocess.TimeoutExpired:
        raise GitError(f"git {words[0]} did not end within {PATIENCE:g} s") from None


def _refusal(words: tuple[str, ...], done: "subprocess.CompletedProcess[str]") -> GitError:
    said = [mask(line) for line in (done.stderr or done.stdout).strip().splitlines()]
    whole = " ".join(said)
    hint = None
    if "empty ident" in whole or "Please tell me who you are" in whole or "user.email" in whole:
        hint = "git config user.name and user.email say who commits"
    elif words[0] == "push":
        hint = (
            "bring the branch up to date (git pull --rebase) or see to its rights, and push again: git push"
        )
    elif words[0] == "update-ref":
        hint = "somebody committed meanwhile: run the command again"
    return GitError(f"git {words[0]}: {said[-1] if said else f'ended with {done.returncode}'}", hint=hint)


def _parted(entry: str) -> tuple[str, str]:
    sha, _, message = entry.partition("\n")
    return sha, message
