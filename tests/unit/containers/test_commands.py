"""What each builder and each target is told."""

from pathlib import Path

import pytest

from flaskship.containers.commands import (
    PROBES,
    archive_step,
    build_steps,
    confirm_step,
    digest_name_step,
    load_steps,
    needs_archive,
    push_step,
    pushed_digest,
    tag_steps,
    unpacked_digest,
)
from flaskship.containers.shipment import BUILDERS, TARGETS, Builder, Target

NAME = "docker.io/team/app:1.0"
ARCHIVE = Path("/tmp/x/image.tar")
DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_build_carries_the_source_as_a_label_and_its_options_before_the_context(builder: Builder) -> None:
    (step,) = build_steps(builder, NAME, Path("app"), Path("app/Dockerfile"), "f00d", ("--pull=never",))
    assert step.argv[:2] == (builder, "build")
    label = step.argv.index("--label")
    assert step.argv[label + 1] == "dev.flaskship.source=f00d"
    assert step.argv.index("--pull=never") < len(step.argv) - 1
    assert step.argv[-1] == "app"
    assert ("--format=docker" in step.argv) == (builder != "docker")


def test_builders_are_asked_in_this_order_and_by_what_fails_without_a_daemon() -> None:
    assert BUILDERS == ("docker", "podman", "buildah") == tuple(PROBES)
    assert PROBES["docker"][1] == "info"


# As the tools have it: kind v0.33.0 (load docker-image NAME, load image-archive FILE, --name), minikube (its
# image load; what begins with a slash is an archive; --profile is every command's), k3s' and containerd's ctr
# (images import FILE, where - is stdin). None of them but containerd's has run here.
LOADS: dict[tuple[Target, Builder], tuple[str, ...] | None] = {
    ("docker-desktop", "docker"): None,
    ("docker-desktop", "buildah"): ("docker", "load", "--input", str(ARCHIVE)),
    ("kind", "docker"): ("kind", "load", "docker-image", NAME, "--name", "dev"),
    ("kind", "podman"): ("kind", "load", "image-archive", str(ARCHIVE), "--name", "dev"),
    ("minikube", "docker"): ("minikube", "image", "load", str(ARCHIVE), "--profile", "kind-dev"),
    ("minikube", "buildah"): ("minikube", "image", "load", str(ARCHIVE), "--profile", "kind-dev"),
    ("k3s", "docker"): ("k3s", "ctr", "--namespace", "k8s.io", "images", "import", "-"),
    ("containerd", "buildah"): ("ctr", "--namespace", "k8s.io", "images", "import", "-"),
}


@pytest.mark.parametrize(("target", "builder"), LOADS)
def test_what_loads_an_image(target: Target, builder: Builder) -> None:
    steps = load_steps(target, builder, NAME, ARCHIVE, "kind-dev", ())
    expected = LOADS[target, builder]
    assert tuple(step.argv for step in steps) == (() if expected is None else (expected,))
    reads_archive = any(step.stdin == ARCHIVE or str(ARCHIVE) in step.argv for step in steps)
    assert reads_archive == needs_archive(target, builder)


def test_minikube_knows_an_archive_by_its_slash() -> None:
    """A relative path that is not there yet would be taken for the name of an image."""
    (step,) = load_steps("minikube", "docker", NAME, ARCHIVE, "", ())
    assert step.argv[3].startswith("/")
    assert step.argv[-1] == "minikube", "the profile that minikube has where nobody names one"


def test_every_target_is_covered() -> None:
    assert {target for target, _ in LOADS} == set(TARGETS)


def test_a_node_elsewhere_is_reached_by_the_ctr_that_is_given() -> None:
    (step,) = load_steps("containerd", "buildah", NAME, ARCHIVE, "", ("ssh", "node1", "sudo", "ctr"))
    assert step.argv == ("ssh", "node1", "sudo", "ctr", "--namespace", "k8s.io", "images", "import", "-")
    assert step.stdin == ARCHIVE


def test_a_loaded_image_is_named_by_its_digest_too() -> None:
    step = digest_name_step("containerd", NAME, DIGEST, ())
    assert step.argv[-2:] == (NAME, f"docker.io/team/app@{DIGEST}")


def test_an_archive_names_the_image_as_kubelet_will() -> None:
    assert archive_step("buildah", NAME, NAME, ARCHIVE).argv[-1] == f"docker-archive:{ARCHIVE}:{NAME}"
    assert archive_step("docker", NAME, NAME, ARCHIVE).argv == (
        "docker",
        "save",
        "--output",
        str(ARCHIVE),
        NAME,
    )


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize(
    ("repository", "plain"),
    [("127.0.0.1:5000/app", True), ("localhost/app", True), ("registry.example.com/app", False)],
)
def test_plain_http_is_for_this_machine_alone(builder: Builder, repository: str, plain: bool) -> None:
    push = push_step(builder, NAME, f"{repository}:1.0", Path("digest")).argv
    confirm = confirm_step(builder, repository, DIGEST).argv
    insecure = {"--tls-verify=false", "--insecure"}
    assert bool(insecure & set(confirm)) == plain
    # Docker's daemon takes loopback for insecure by itself.
    assert bool(insecure & set(push)) == (plain and builder != "docker")
    assert any(word.endswith(f"{repository}@{DIGEST}") for word in confirm)


def test_only_docker_needs_another_name_before_a_push() -> None:
    assert [step.argv for step in tag_steps("docker", NAME, "r/x:1")] == [("docker", "tag", NAME, "r/x:1")]
    assert tag_steps("docker", NAME, NAME) == ()
    assert tag_steps("buildah", NAME, "r/x:1") == ()


def test_the_digest_is_what_the_push_reported() -> None:
    lines = ["5f70bf18a086: Pushed", f"1.0: digest: {DIGEST} size: 1234"]
    assert pushed_digest(lines, "") == DIGEST
    assert pushed_digest(lines[:1], f"{DIGEST}\n") == DIGEST
    assert pushed_digest(["latest: digest: sha256:short size: 1"], "sha256:short") is None
    assert pushed_digest([], "") is None


def test_the_digest_of_a_load_is_what_the_node_reported() -> None:
    assert unpacked_digest([f"unpacking {NAME} ({DIGEST})...done"]) == DIGEST
    assert unpacked_digest(["done", "unpacking without a digest"]) is None
