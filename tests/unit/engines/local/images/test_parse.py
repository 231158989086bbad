from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskship.engines.local.images.dockerfile import Command, Copy, Dockerfile, Run, Stage, absolute
from flaskship.engines.local.images.errors import DockerfileInvalidError
from flaskship.engines.local.images.parse import parse_dockerfile
from flaskship.model.errors import ConfigurationError

FILE = Path("app/Dockerfile")


def parse(text: str, **arguments: str) -> Dockerfile:
    return parse_dockerfile(text, FILE, arguments)


def final(text: str, **arguments: str) -> Stage:
    return parse(text, **arguments).final


def refused(text: str) -> DockerfileInvalidError:
    with pytest.raises(DockerfileInvalidError) as caught:
        parse(text)
    assert isinstance(caught.value, ConfigurationError)
    assert caught.value.exit_code == 2
    return caught.value


def test_the_two_forms_of_a_command() -> None:
    stage = final('FROM x\nENTRYPOINT ["/go", "now"]\nCMD run --port $PORT\n')
    assert stage.entrypoint == Command(("/go", "now"))
    assert stage.cmd == Command(text="run --port $PORT")
    assert stage.cmd.argv == ("/bin/sh", "-c", "run --port $PORT")


def test_shell_changes_the_shell_form_from_there_on() -> None:
    stage = final('FROM x\nSHELL ["/bin/bash", "-eo", "pipefail", "-c"]\nCMD a | b\n')
    assert stage.cmd is not None
    assert stage.cmd.argv == ("/bin/bash", "-eo", "pipefail", "-c", "a | b")


def test_only_the_last_cmd_counts() -> None:
    assert final('FROM x\nCMD ["a"]\nCMD ["b"]\n').cmd == Command(("b",))


def test_the_base_of_python_brings_its_command_and_an_entrypoint_takes_it_away() -> None:
    assert final("FROM python:3.12-slim\n").cmd == Command(("python3",))
    assert final('FROM python:3.12-slim\nENTRYPOINT ["x"]\n').cmd is None
    assert final('FROM python:3.12-slim\nCMD ["own"]\nENTRYPOINT ["x"]\n').cmd == Command(("own",))
    assert final("FROM debian:12\n").cmd is None


def test_a_stage_from_a_stage_inherits_its_state() -> None:
    text = 'FROM x AS Base\nENV A=1\nWORKDIR /w\nUSER u\nCMD ["c"]\nFROM base\nENV B=${A}2\nWORKDIR v\n'
    parsed = parse(text)
    assert parsed.final.env["B"] == "12"
    assert parsed.final.workdir == "/w/v"
    assert parsed.final.user == "u"
    assert parsed.final.cmd == Command(("c",))
    assert parsed.root_base(parsed.final) == "x"


def test_a_stage_from_an_image_inherits_nothing() -> None:
    stage = final("FROM x AS a\nENV A=1\nWORKDIR /w\nFROM y\nENV B=[$A]\n")
    assert (stage.env["B"], stage.workdir) == ("[]", "/")


def test_an_argument_before_from_reaches_from_and_only_those_stages_that_name_it() -> None:
    text = "ARG V=3.12\nFROM python:${V}-slim\nENV SEEN=${V:-no}\nARG V\nENV NOW=$V\n"
    stage = final(text)
    assert (stage.base, stage.env["SEEN"], stage.env["NOW"]) == ("python:3.12-slim", "no", "3.12")
    assert final(text, V="3.11").base == "python:3.11-slim"


def test_env_beats_arg() -> None:
    assert final("FROM x\nENV A=env\nARG A=arg\nWORKDIR /$A\n").workdir == "/env"


def test_the_pairs_of_one_env_see_what_was_before_it() -> None:
    stage = final('FROM x\nENV A=1\nENV A=2 B=$A C="c d" D=e\\ f\n')
    assert [stage.env[name] for name in "ABCD"] == ["2", "1", "c d", "e f"]


def test_the_old_form_of_env_takes_the_rest_of_the_line() -> None:
    assert final("FROM x\nENV GREETING hello = world\n").env["GREETING"] == "hello = world"


def test_copy_with_its_flags() -> None:
    stage = final(
        "FROM b AS a\nFROM x\nWORKDIR /w\nCOPY --from=a --chown=1:2 --chmod=0755 --link one two d/\n"
    )
    copy = stage.steps[-1]
    assert copy == Copy(4, ("one", "two"), "d/", "/w", "a", "1:2", 0o755)


def test_copy_in_json_for_names_with_blanks() -> None:
    copy = final('FROM x\nCOPY ["a b", "c d/"]\n').steps[-1]
    assert isinstance(copy, Copy)
    assert (copy.sources, copy.target) == (("a b",), "c d/")


def test_a_run_keeps_its_folder_its_mounts_and_its_variables() -> None:
    text = "FROM x\nARG V=1\nWORKDIR /w\nRUN --mount=type=bind,source=a,target=b --network=none make $V\n"
    run = final(text).steps[-1]
    assert isinstance(run, Run)
    assert (run.workdir, run.variables["V"], run.command.text) == ("/w", "1", "make $V")
    assert run.mounts == ({"type": "bind", "source": "a", "target": "b"},)


def test_what_is_read_without_effect_is_listed_with_its_line() -> None:
    stage = final("FROM x\nMAINTAINER me\nHEALTHCHECK --interval=5s CMD curl localhost\nONBUILD RUN x\n")
    assert [aside.line for aside in stage.asides] == [2, 3, 4]
    assert stage.healthcheck == Command(text="curl localhost")
    assert final("FROM x\nHEALTHCHECK CMD a\nHEALTHCHECK NONE\n").healthcheck is None


def test_ports_volumes_labels_and_the_stop_signal() -> None:
    text = 'FROM x\nARG P=8080\nEXPOSE 5000 $P/udp 5000\nVOLUME ["/data"]\nVOLUME /a b\nLABEL k="v w"\n'
    stage = final(f"{text}STOPSIGNAL SIGINT\n")
    assert stage.exposed == ("5000", "8080/udp")
    assert stage.volumes == ("/data", "/a", "/b")
    assert stage.labels == {"k": "v w"}
    assert stage.stop_signal == "SIGINT"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, "no FROM"),
        ("# only a comment\n", 0, "no FROM"),
        ("RUN x\n", 1, "before the first FROM"),
        ("FROM x\n\nCOPPY a b\n", 3, "COPPY"),
        ("FROM\n", 1, "says nothing"),
        ("FROM a b\n", 1, "FROM wants"),
        ("FROM ${NOTHING}\n", 1, "FROM wants"),
        ("FROM x\nCOPY a\n", 2, "at least one source"),
        ("FROM x\nENV A\n", 2, "no value"),
        ("FROM x\nENV A=1 B\n", 2, "name=value"),
        ("FROM x\nENV A='open\n", 2, "not closed"),
        ("FROM x\nEXPOSE http\n", 2, "http"),
        ("FROM x\nCMD ['flask', 'run']\n", 2, "not JSON"),
        ("FROM x\nSHELL bash\n", 2, "exec form"),
        ("FROM x\nHEALTHCHECK curl\n", 2, "HEALTHCHECK wants"),
        ("FROM x\nRUN []\n", 2, "empty"),
    ],
)
def test_a_complaint_names_its_line(text: str, line: int, words: str) -> None:
    error = refused(text)
    assert error.location is not None
    assert error.location.line == line
    assert words in error.message


def test_a_misspelt_instruction_is_told_the_nearest_one() -> None:
    assert refused("FROM x\nENTRYPONT a\n").hint == "did you mean ENTRYPOINT?"


def test_a_shell_condition_is_not_a_broken_list() -> None:
    stage = final("FROM x\nRUN [ -f a ] || echo none\n")
    assert isinstance(stage.steps[-1], Run)


@pytest.mark.parametrize(
    ("path", "workdir", "clean"),
    [
        ("a", "/w", "/w/a"),
        ("/a/./b/", "/w", "/a/b"),
        ("../x", "/w/v", "/w/x"),
        (".", "/", "/"),
        ("../..", "/", "/"),
    ],
)
def test_paths_of_an_image_are_made_absolute(path: str, workdir: str, clean: str) -> None:
    assert absolute(path, workdir) == clean


@given(
    st.lists(
        st.sampled_from(["RUN", "COPY", "ENV", "ARG", "EXPOSE", "CMD", "LABEL", "VOLUME", "USER"]), max_size=4
    ),
    st.text(max_size=40),
)
def test_any_text_is_a_dockerfile_or_a_dockerfile_error(keywords: list[str], rest: str) -> None:
    text = "\n".join(["FROM python:3.12", *(f"{keyword} {rest}" for keyword in keywords)])
    try:
        where = str(parse(text).path)
    except DockerfileInvalidError as error:
        where = error.location.file if error.location else ""
    assert where == str(FILE)
