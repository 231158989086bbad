"""What parses as a template of Go's and what does not."""

import pytest

from flaskship.policy.gotemplate import problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain } } text",
        '{{ index . "database-host" }}',
        'postgresql://{{ index . "a-b" | urlquery }}:{{ .port }}/{{ .name }}?x=1',
        "{{- .a -}} {{ .a.b.c }} {{ $.a }}",
        "{{ if eq .a `x}}` }}yes{{ else }}no{{ end }}",
        "{{ range $k, $v := . }}{{ $k }}={{ $v }}{{ end }}",
        "{{/* nope {{ */}}{{ .a }}",
        '{{ printf "%d \\"}}\\"" 1 }}',
        "{{ (index . `x`).y }}{{ -1 }}{{ $x := 1.5 }}{{ $x = 2 }}",
        "{{ .a |\n upper }}",
    ],
)
def test_a_template_parses(text: str) -> None:
    assert problem(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ nope", "is not closed"),
        ("{{ .a }} {{ nope }", "cannot"),
        ("{{ .database-host }}", 'index . "the-key"'),
        ('{{ index . "a }}', "closing quote"),
        ("{{ }}", "is empty"),
        ("{{ if .a }}x", "{{ end }} is missing"),
        ("x{{ end }}", "closes nothing"),
        ("{{ (index . `a` }}", "bracket is not closed"),
        ("{{ .a) }}", "bracket closes nothing"),
        ("{{ .a & .b }}", "'&' cannot stand"),
        ("{{ {{ .a }} }}", "'{' cannot stand"),
    ],
)
def test_what_is_no_template_is_told_why(text: str, words: str) -> None:
    assert words in (problem(text) or "")
