"""Images of one machine: a build context becomes a folder that replicas run from."""

from flaskship.engines.local.images.build import BuildProgress, build_image
from flaskship.engines.local.images.context import source_digest
from flaskship.engines.local.images.dockerfile import Dockerfile
from flaskship.engines.local.images.errors import ImageBuildError
from flaskship.engines.local.images.ignore import parse_dockerignore
from flaskship.engines.local.images.image import ImageCommand, LocalImage, UsedInterpreter
from flaskship.engines.local.images.launch import image_environment, map_argv, map_path, resolve_command
from flaskship.engines.local.images.parse import parse_dockerfile
from flaskship.engines.local.images.plan import ImagePlan, Note, plan_image
from flaskship.engines.local.images.store import collect_garbage, find_image, list_images

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
