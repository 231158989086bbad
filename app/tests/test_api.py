"""The API over both databases, and every way in which a request can be wrong."""

import json
import threading
from datetime import timedelta

import pytest
from app_support import START
from jsonschema import Draft202012Validator

from tomorrows.domain import MAX_MESSAGE, instant
from tomorrows.factory import create_app

TOMORROW = instant(START + timedelta(days=1))
GOOD = {"message": "milk", "due_at": TOMORROW}


@pytest.fixture
def api(make_client, database_url):
    return make_client(database_url)


@pytest.fixture
def lite(make_client, sqlite_url):
    return make_client(sqlite_url)


def is_problem(answer, status, words=""):
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body = json.loads(answer.text)
    assert body["status"] == status
    assert body["title"]
    assert words in body["detail"]
    return {error["field"]: error["message"] for error in body.get("errors", ())}


def test_a_reminder_is_created_read_listed_and_cancelled(api):
    made = api.post("/reminders", json=GOOD)
    assert made.status_code == 201
    assert made.json == {
        "id": made.json["id"],
        "status": "scheduled",
        "message": "milk",
        "due_at": TOMORROW,
        "webhook": None,
        "attempts": 0,
        "last_error": None,
        "created_at": instant(START),
        "updated_at": instant(START),
        "delivered_at": None,
    }
    assert made.headers["Location"] == f"/reminders/{made.json['id']}"
    assert api.get(made.headers["Location"]).json == made.json
    assert api.get("/reminders").json == {"items": [made.json], "next_cursor": None}
    gone = api.delete(made.headers["Location"])
    assert (gone.status_code, gone.json["status"]) == (200, "cancelled")
    assert api.delete(made.headers["Location"]).json == gone.json
    assert api.get("/reminders?status=scheduled").json["items"] == []
    assert api.get("/reminders?status=cancelled").json["items"] == [gone.json]


def test_due_times_come_back_in_utc(api):
    made = api.post("/reminders", json={**GOOD, "due_at": "2026-11-24T09:00:00.25+05:30"})
    assert api.get(made.headers["Location"]).json["due_at"] == "2026-11-24T03:30:00.250000Z"


@pytest.mark.parametrize(
    "message", ["🌍" * MAX_MESSAGE, "שלום\n\tמחר", "'; DROP TABLE reminders;--", "\u202e<b>&amp;"]
)
def test_messages_come_back_unchanged(api, message):
    made = api.post("/reminders", json={**GOOD, "message": message})
    assert made.status_code == 201
    assert api.get(made.headers["Location"]).json["message"] == message


def test_an_overlong_message_is_refused_with_its_field(lite):
    assert "message" in is_problem(lite.post("/reminders", json={**GOOD, "message": "x" * 10_001}), 422)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe{}", 400),
        (b'{"message": NaN}', 400),
        (b"[" * 60_000, 400),
        (b"1" * 5000, 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"{}", 422),
        (b'{"message": {"a": 1}, "due_at": true}', 422),
        (b'{"message": "m", "due_at": "2026-11-24T09:00:00"}', 422),
        (b'{"message": "m", "due_at": "9999-12-31T23:59:59-23:59"}', 422),
        (b'{"message": "m", "due_at": "1000-01-01T00:00:00Z"}', 422),
        (b'{"message": "\\ud800", "due_at": "2026-11-24T09:00:00Z"}', 422),
        (b'{"message": "\\u0000", "due_at": "2026-11-24T09:00:00Z"}', 422),
        (b'{"message": "m", "due_at": "2026-11-24T09:00:00Z", "\\ud800": 1}', 422),
    ],
)
def test_bad_bodies_are_problems(lite, body, status):
    is_problem(lite.post("/reminders", data=body, content_type="application/json"), status)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None]
)
def test_other_content_types_are_415(lite, kind):
    is_problem(lite.post("/reminders", data=b"a=b", content_type=kind), 415, "Content-Type: application/json")


def test_a_large_body_is_413(make_client, sqlite_url):
    client = make_client(sqlite_url, MAX_BODY_BYTES=1000)
    is_problem(client.post("/reminders", json={**GOOD, "message": "m" * 2000}), 413, "larger than 1000 bytes")
    exact = json.dumps(GOOD).encode().ljust(1000)
    assert client.post("/reminders", data=exact, content_type="application/json").status_code == 201
    is_problem(client.post("/reminders", data=exact + b" ", content_type="application/json"), 413)


@pytest.mark.parametrize(
    "path", ["x", "1", "0" * 31, "0" * 33, "G" * 32, "0" * 32, "%00" * 32, "é", "..%2f", "0" * 5000]
)
def test_unknown_ids_are_404(lite, path):
    for method in ("get", "delete"):
        is_problem(getattr(lite, method)(f"/reminders/{path}"), 404)


def test_unknown_paths_and_methods_are_problems(lite):
    is_problem(lite.get("/nothing"), 404)
    answer = lite.put("/reminders", json={})
    is_problem(answer, 405)
    assert set(answer.headers["Allow"].replace(" ", "").split(",")) >= {"GET", "POST"}
    assert lite.open("/reminders", method="BREW").status_code == 405


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=ten",
        "limit=",
        "limit=٣",
        "limit=1e1",
        "status=open",
        "status=",
        "page=2",
    ],
)
def test_bad_queries_are_422_with_their_field(lite, query):
    assert query.split("=")[0] in is_problem(lite.get(f"/reminders?{query}"), 422)


def test_a_foreign_cursor_is_400(lite):
    is_problem(lite.get("/reminders?cursor=nonsense"), 400, "cursor")


def test_paging_walks_through_everything_once(api):
    made = [api.post("/reminders", json={**GOOD, "message": str(n)}).json["id"] for n in range(7)]
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get("/reminders", query_string={"limit": 3, **({"cursor": cursor} if cursor else {})}).json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(seen) == sorted(made)


def test_a_repeat_with_the_same_key_gives_the_first_reminder(api):
    first = api.post("/reminders", json=GOOD, headers={"Idempotency-Key": "k1"})
    spelled = {**GOOD, "due_at": TOMORROW.replace("Z", "+00:00"), "webhook": None}
    again = api.post("/reminders", json=spelled, headers={"Idempotency-Key": "k1"})
    assert (again.status_code, again.json) == (201, first.json)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(api.get("/reminders").json["items"]) == 1


def test_the_same_key_with_another_body_is_422(api):
    api.post("/reminders", json=GOOD, headers={"Idempotency-Key": "k1"})
    other = api.post("/reminders", json={**GOOD, "message": "wool"}, headers={"Idempotency-Key": "k1"})
    is_problem(other, 422, "Idempotency-Key")


def test_no_key_makes_two(api):
    assert api.post("/reminders", json=GOOD).json["id"] != api.post("/reminders", json=GOOD).json["id"]


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é"])
def test_bad_keys_are_400(lite, key):
    is_problem(lite.post("/reminders", json=GOOD, headers={"Idempotency-Key": key}), 400, "Idempotency-Key")


def test_an_invalid_request_does_not_use_up_its_key(lite):
    lite.post("/reminders", json={}, headers={"Idempotency-Key": "k1"})
    assert lite.post("/reminders", json=GOOD, headers={"Idempotency-Key": "k1"}).status_code == 201


def test_the_same_key_at_once_makes_one_reminder(api):
    answers, barrier = [], threading.Barrier(6)

    def post():
        client = create_app(api.runtime.settings, api.runtime).test_client()
        barrier.wait()
        answers.append(client.post("/reminders", json=GOOD, headers={"Idempotency-Key": "race"}))

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len(api.get("/reminders").json["items"]) == 1


def test_the_key_guards_every_reminder_path_and_nothing_else(make_client, sqlite_url):
    client = make_client(sqlite_url, API_KEY="s3cret")
    for method, path in (
        ("get", "/reminders"),
        ("post", "/reminders"),
        ("get", "/reminders/x"),
        ("delete", "/reminders/x"),
    ):
        answer = getattr(client, method)(path)
        is_problem(answer, 401)
        assert answer.headers["WWW-Authenticate"]
    assert client.get("/reminders", headers={"X-API-Key": "s3cret"}).status_code == 200
    for path in ("/health", "/ready", "/startup", "/metrics", "/openapi.json", "/"):
        assert client.get(path).status_code == 200


def test_webhooks_can_be_switched_off(make_client, sqlite_url):
    client = make_client(sqlite_url, FEATURES='{"webhooks": false}')
    answer = client.post("/reminders", json={**GOOD, "webhook": "https://example.org"})
    assert "webhook" in is_problem(answer, 422)
    assert "webhook" not in client.get("/openapi.json").json["components"]["schemas"]["Draft"]["properties"]


def test_every_answer_has_its_request_id(lite):
    assert lite.get("/health", headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"
    for bad in ("a b", "x" * 65, "a\u00e9", ""):
        given = lite.get("/reminders/x", headers={"X-Request-ID": bad}).headers["X-Request-ID"]
        assert given != bad
        assert len(given) == 32


def test_an_unexpected_error_is_a_problem_without_details(lite, monkeypatch):
    def explode(*_, **__):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("tomorrows.storage.reminders.page", explode)
    answer = lite.get("/reminders")
    is_problem(answer, 500)
    assert "secret detail" not in answer.text


# --- the document ---


def test_the_document_names_exactly_the_routes(lite):
    document = lite.get("/openapi.json").json
    described = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
        if method != "parameters"
    }
    routed = {
        (method, rule.rule.replace("<reminder_id>", "{id}"))
        for rule in lite.application.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert described == routed


def resolver(document, name):
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    )


def test_real_answers_match_the_document(lite):
    document = lite.get("/openapi.json").json
    made = lite.post("/reminders", json={**GOOD, "webhook": "https://example.org/x"}).json
    resolver(document, "Reminder").validate(made)
    resolver(document, "Page").validate(lite.get("/reminders?limit=1").json)
    resolver(document, "Problem").validate(json.loads(lite.post("/reminders", json={}).text))
    resolver(document, "Problem").validate(json.loads(lite.get("/reminders/x").text))
    resolver(document, "Draft").validate(GOOD)
    assert not resolver(document, "Draft").is_valid({"message": "m"})


def test_each_answer_seen_is_described(lite):
    document = lite.get("/openapi.json").json
    post = document["paths"]["/reminders"]["post"]["responses"]
    seen = [
        lite.post("/reminders", json=GOOD),
        lite.post("/reminders", json={}),
        lite.post("/reminders", data=b"{", content_type="application/json"),
        lite.post("/reminders", data=b"x"),
    ]
    assert {str(answer.status_code) for answer in seen} <= set(post)


def test_references_of_the_document_resolve(lite):
    document = lite.get("/openapi.json").json
    text = json.dumps(document)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names == set(document["components"]["schemas"])
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
