"""One commit of one file, in real repositories."""

import subprocess
from pathlib import Path

import pytest

from flaskship.gitops.repository import Commit, GitError, Repository, open_repository
from flaskship.model.errors import ConfigurationError


def git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *words], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Ada")
    git(folder, "config", "user.email", "ada@example.com")
    (folder / "chart").mkdir()
    (folder / "chart/values.yaml").write_text("a: 1\n")
    (folder / "other.txt").write_text("one\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "Begin")
    return open_repository(folder / "chart")


def test_a_commit_changes_its_file_and_nothing_of_anybodys_work(repository: Repository) -> None:
    top, file = repository.top, repository.top / "chart/values.yaml"
    (top / "other.txt").write_text("staged\n")
    git(top, "add", "other.txt")
    (top / "other.txt").write_text("and edited\n")
    (top / "new.txt").write_text("untracked\n")
    sha = repository.commit(file, "a: 2\n", "Change a\n\nKey: value\n")
    file.write_text("a: 2\n")
    assert repository.head() == sha
    assert git(top, "show", "--name-only", "--format=%s", sha).split() == ["Change", "a", "chart/values.yaml"]
    assert git(top, "status", "--porcelain").splitlines() == ["MM other.txt", "?? new.txt"]
    assert git(top, "show", ":other.txt") == "staged"
    assert git(top, "fsck", "--strict") == ""


def test_a_detached_checkout_is_committed_to_as_well(repository: Repository) -> None:
    git(repository.top, "checkout", "-q", "--detach")
    sha = repository.commit(repository.top / "chart/values.yaml", "a: 3\n", "Change")
    assert (repository.branch(), repository.head()) == (None, sha)


def test_a_commit_made_meanwhile_is_never_lost(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs: list[str] = []
    plain = Repository.git

    def interrupted(self: Repository, *words: str, **rest: object) -> str:
        if words[0] == "update-ref" and not theirs:
            git(self.top, "commit", "-q", "--allow-empty", "-m", "Theirs")
            theirs.append(git(self.top, "rev-parse", "HEAD"))
        return plain(self, *words, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Repository, "git", interrupted)
    with pytest.raises(GitError) as refused:
        repository.commit(repository.top / "chart/values.yaml", "a: 4\n", "Ours")
    assert "somebody committed meanwhile" in str(refused.value.hint)
    assert repository.head() == theirs[0]


def test_who_commits_must_be_known(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    git(repository.top, "config", "user.useConfigOnly", "true")
    git(repository.top, "config", "--unset", "user.email")
    for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(GitError) as refused:
        repository.commit(repository.top / "chart/values.yaml", "a: 4\n", "Ours")
    assert "user.email" in str(refused.value.hint)


def test_what_is_not_committed_is_listed_with_odd_names_too(repository: Repository) -> None:
    assert repository.changed((repository.top / "chart",)) == ()
    (repository.top / "chart/values.yaml").write_text("a: 9\n")
    (repository.top / "chart/ü b.yaml").write_text("x")
    (repository.top / "elsewhere").write_text("x")
    assert set(repository.changed((repository.top / "chart",))) == {"chart/values.yaml", "chart/ü b.yaml"}


def test_a_push_goes_where_the_branch_follows_and_never_by_force(
    repository: Repository, tmp_path: Path
) -> None:
    assert repository.remote_of("main") is None
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    git(repository.top, "remote", "add", "origin", str(tmp_path / "remote.git"))
    assert repository.remote_of("main") == ("origin", "main")
    git(repository.top, "push", "-q", "-u", "origin", "main:deploy")
    assert repository.remote_of("main") == ("origin", "deploy")
    assert repository.remote_of(None) is None
    sha = repository.commit(repository.top / "chart/values.yaml", "a: 5\n", "Five")
    repository.push("origin", "deploy", sha)
    assert git(tmp_path / "remote.git", "rev-parse", "deploy") == sha
    git(repository.top, "reset", "-q", "--hard", "HEAD^")
    other = repository.commit(repository.top / "chart/values.yaml", "a: 6\n", "Six")
    with pytest.raises(GitError) as refused:
        repository.push("origin", "deploy", other)
    assert "git pull --rebase" in str(refused.value.hint)
    assert git(tmp_path / "remote.git", "rev-parse", "deploy") == sha


def test_three_texts_are_merged_or_conflict(repository: Repository) -> None:
    base = "a: 1\nb: 1\nc: 1\nd: 1\ne: 1\n"
    assert repository.merged(base.replace("a: 1", "a: 2"), base, base.replace("e: 1", "e: 2")) == (
        "a: 2\nb: 1\nc: 1\nd: 1\ne: 2\n"
    )
    assert repository.merged("a: 2\n", "a: 1\n", "a: 3\n") is None


def test_commits_of_a_file_are_told_newest_first_with_their_trailers(repository: Repository) -> None:
    file = repository.top / "chart/values.yaml"
    repository.commit(file, "a: 2\n", "Two\n\nbody: no trailer here\n\nFlaskship-Promotion: dev -> prod\n")
    two, begin = repository.commits("chart/values.yaml")
    assert two.trailer("Flaskship-Promotion") == "dev -> prod"
    assert (two.message.splitlines()[0], begin.message.strip()) == ("Two", "Begin")
    assert begin.trailer("Flaskship-Promotion") is None
    assert repository.show(f"{two.sha}^", "chart/values.yaml") == "a: 1\n"


def test_a_folder_outside_any_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not in a Git repository"):
        open_repository(tmp_path)


def test_a_trailer_is_the_last_of_its_key() -> None:
    assert Commit("x", "Subject\n\nK: 1\nK: 2\n").trailer("K") == "2"
    assert Commit("x", "Subject\n\nKK: 1\n").trailer("K") is None
