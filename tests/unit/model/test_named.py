"""Commands that are told can be run where the one that tells them was."""

import pytest

from flaskship.cli.options import choose
from flaskship.model.named import Named
from flaskship.model.project import Environment, Project


@pytest.mark.parametrize(
    ("named", "words"),
    [
        (Named(), "flaskship rollback dev 32"),
        (Named(context="one node"), "flaskship rollback dev 32 --context 'one node'"),
        (Named("kubernetes", "kind"), "flaskship rollback dev 32 --engine kubernetes --context kind"),
    ],
)
def test_what_was_named_is_said_again(named: Named, words: str) -> None:
    assert named.command("rollback", "dev", 32) == words


def test_the_chosen_environment_knows_what_was_named_for_it(tmp_path) -> None:
    dev = Environment("dev", "dev-apps", "shop", "kubernetes", "kind", None, "cli")
    project = Project(tmp_path, "p", tmp_path, (), (dev,))
    assert choose(project, "dev").named == Named()
    chosen = choose(project, "dev", "kubernetes", "other")
    assert (chosen.context, chosen.named) == ("other", Named("kubernetes", "other"))
    assert choose(project, "dev", "local").named == Named("local")
