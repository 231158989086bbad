from pathlib import Path

import pytest

from flaskship.model.errors import ConfigurationError
from flaskship.model.project import Environment, Project


def project(*names: str) -> Project:
    environments = tuple(Environment(name, name, name, "local", None, None, "cli") for name in names)
    return Project(Path("/p"), "p", Path("/p/chart"), (), environments)


def test_an_environment_is_found_by_its_name() -> None:
    assert project("dev", "prod").environment("prod").release == "prod"


def test_a_misspelt_environment_names_the_nearest_and_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="no environment 'stagin'; did you mean staging") as caught:
        project("dev", "staging").environment("stagin")
    assert caught.value.hint == "flaskship.yaml has: dev, staging"
    assert str(caught.value.location) == "/p/flaskship.yaml"


def test_a_name_that_resembles_nothing_gets_no_guess() -> None:
    with pytest.raises(ConfigurationError) as caught:
        project("dev").environment("xyz")
    assert caught.value.message == "there is no environment 'xyz'"
