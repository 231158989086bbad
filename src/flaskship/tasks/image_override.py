"""--image APP=REF as the values that it stands for."""

from flaskship.model.errors import ConfigurationError
from flaskship.tasks.prepare import repository_of


def image_sets(given: str) -> tuple[str, ...]:
    """Return the --set lines that give one application another image."""
    application, equals, reference = given.partition("=")
    if not (application and equals and reference):
        raise ConfigurationError(
            f"--image {given!r} is not APP=REF",
            hint="for instance --image my-tomorrows-api=cloudandparth/my-demo-app:1.1",
        )
    name, _, digest = reference.partition("@")
    repository = repository_of(name)
    tag = name[len(repository) :].removeprefix(":")
    prefix = f"applications.{application.replace('.', chr(92) + '.')}.image"
    sets = [f"{prefix}.repository={repository}"]
    if tag:
        sets.append(f"{prefix}.tag={tag}")
    if digest:
        sets.append(f"{prefix}.digest={digest}")
    if not (tag or digest):
        raise ConfigurationError(
            f"--image {given!r} names neither a tag nor a digest", hint=f"for instance {given}:1.0"
        )
    return tuple(sets)
