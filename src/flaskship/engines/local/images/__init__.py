"""Images of one machine: a build context becomes a folder that replicas run from.

What builds is imported when it is asked for: a supervisor only starts what was built.
"""

from typing import TYPE_CHECKING

from flaskship.engines.local.images.image import ImageCommand, LocalImage, Note, UsedInterpreter
from flaskship.engines.local.images.launch import image_environment, map_argv, map_path, resolve_command
from flaskship.engines.local.images.store import collect_garbage, find_image, list_images

if TYPE_CHECKING:
    from flaskship.engines.local.images.build import BuildProgress, build_image
    from flaskship.engines.local.images.context import source_digest
    from flaskship.engines.local.images.dockerfile import Dockerfile
    from flaskship.engines.local.images.errors import ImageBuildError
    from flaskship.engines.local.images.ignore import parse_dockerignore
    from flaskship.engines.local.images.parse import parse_dockerfile
    from flaskship.engines.local.images.plan import ImagePlan, plan_image

_WHERE = {
    "BuildProgress": "build",
    "Dockerfile": "dockerfile",
    "ImageBuildError": "errors",
    "ImagePlan": "plan",
    "build_image": "build",
    "parse_dockerfile": "parse",
    "parse_dockerignore": "ignore",
    "plan_image": "plan",
    "source_digest": "context",
}

__all__ = [
    "BuildProgress",
    "Dockerfile",
    "ImageBuildError",
    "ImageCommand",
    "ImagePlan",
    "LocalImage",
    "Note",
    "UsedInterpreter",
    "build_image",
    "collect_garbage",
    "find_image",
    "image_environment",
    "list_images",
    "map_argv",
    "map_path",
    "parse_dockerfile",
    "parse_dockerignore",
    "plan_image",
    "resolve_command",
    "source_digest",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
