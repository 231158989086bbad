"""Why an image could not be made; each kind says whose turn it is to act."""

from typing import ClassVar

from flaskship.model import errors
from flaskship.model.errors import ConfigurationError, FlaskshipError, PreflightError
from flaskship.model.location import Location


class ImageBuildError(FlaskshipError):
    """No image was made and nothing was left behind; `output` is the installer's last words, masked."""

    code: ClassVar[str] = "ImageBuildFailed"

    def __init__(
        self,
        message: str,
        *,
        location: Location | None = None,
        hint: str | None = None,
        output: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, location=location, hint=hint)
        self.output = output


class DockerfileInvalidError(ImageBuildError, ConfigurationError):
    """The Dockerfile says something that Docker or this machine cannot do."""

    code = "DockerfileInvalid"


class ImageUnreadableError(ImageBuildError, ConfigurationError):
    """The build context, the Dockerfile or a file that it names is missing or unreadable."""

    code = "ImageUnreadable"


class DependencyFailedError(ImageBuildError, ConfigurationError):
    """A requirement does not exist, does not match its hash or does not build."""

    code = "DependencyFailed"


class NoSpaceError(ImageBuildError, errors.NoSpaceError):
    """The disk is full: no image was made."""

    code = "NoSpace"


class NoNetworkError(ImageBuildError, PreflightError):
    """The package index does not answer, or its certificate is not trusted."""

    code = "NoNetwork"


class ImageFolderUnwritableError(ImageBuildError, PreflightError):
    """The folder of images cannot be written."""

    code = "ImageFolderUnwritable"


class PreflightFailedError(ImageBuildError, PreflightError):
    """A program that makes images is missing or does not start."""

    code = "PreflightFailed"
