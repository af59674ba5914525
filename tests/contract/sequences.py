"""Sequences of calls that must hold together: what is made can be used, what is gone is gone under every operation. Each answer is held
against the document, too."""

import os
import re
import time
import urllib.parse
import uuid

import pytest
import requests
import schemathesis

URL = os.environ["CREATOR_AUDIT_URL"]
KEY = os.environ["CREATOR_AUDIT_KEY"]
OTHER_KEY = os.environ["CREATOR_AUDIT_OTHER_KEY"]
NEVER = "01890a5d-ac96-774b-bcce-b302099a8057"

schema = schemathesis.openapi.from_url(f"{URL}/v2/openapi.json")
paths = schema.raw_schema["paths"]


def call(method, template, status, *, body=None, key=KEY, headers=None, query=None, **ids):
    """Makes a call and holds its answer against the document."""
    answer = requests.request(
        method,
        URL + template.format(**ids),
        json=body,
        params=query,
        headers={"Authorization": f"Bearer {key}", **(headers or {})},
        timeout=30,
    )
    schema[template][method].validate_response(answer)
    expected = status if isinstance(status, tuple) else (status,)
    assert answer.status_code in expected, f"{method} {answer.url}: {answer.status_code} {answer.text}"
    return answer


def make(template, body, **options):
    answer = call("POST", template, 201, body=body, **options)
    return answer.json()["data"]["id"]


def fresh():
    return f"s{uuid.uuid4().hex[:12]}"


def account(**fields):
    return {"platform": "tiktok", "username": fresh(), **fields}


def video():
    return {"platform": "tiktok", "identifier": str(10**18 + uuid.uuid4().int % 10**17)}


def using(parameter):
    """Every operation that has `parameter` in its path."""
    return [
        (method.upper(), path)
        for path, item in paths.items()
        for method in item
        if f"{{{parameter}}}" in path and method in ("get", "post", "put", "patch", "delete")
    ]


def assert_gone(parameter, value, **others):
    """Nothing knows the id any more, however it is asked for."""
    for method, path in using(parameter):
        ids = {name: others.get(name, NEVER) for name in re.findall(r"{(\w+)}", path)}
        ids[parameter] = value
        body = {} if method in ("POST", "PATCH") else None
        call(method, path, 404, body=body, **ids)


def test_an_account_that_was_deleted_is_gone_under_every_operation():
    creator = make("/v2/creators", {"name": "Of a sequence"})
    body = account()
    made = make("/v2/accounts", body)
    link = "/v2/creators/{creator_id}/accounts/{account_id}"
    call("PUT", link, 201, creator_id=creator, account_id=made)
    call("PUT", link, 200, creator_id=creator, account_id=made)
    assert call("POST", "/v2/accounts", 409, body=body).json()["existing_id"] == made
    call("DELETE", "/v2/accounts/{account_id}", 204, account_id=made)
    assert_gone("account_id", made, creator_id=creator)
    summary = call("GET", "/v2/creators/{creator_id}", 200, creator_id=creator).json()["data"]["accounts_summary"]
    assert summary["total"] == 0
    assert make("/v2/accounts", body) != made


def test_a_creator_that_was_deleted_is_gone_and_its_accounts_are_not():
    creator = make("/v2/creators", {"name": "Of a sequence"})
    made = make("/v2/accounts", account(creator_id=creator))
    other = make("/v2/creators", {"name": "Another"})
    link = "/v2/creators/{creator_id}/accounts/{account_id}"
    call("PUT", link, 409, creator_id=other, account_id=made)
    call("DELETE", "/v2/creators/{creator_id}", 204, creator_id=creator)
    assert_gone("creator_id", creator, account_id=made)
    left = call("GET", "/v2/accounts/{account_id}", 200, account_id=made).json()["data"]
    assert left["creator_id"] is None
    call("PATCH", "/v2/accounts/{account_id}", 422, body={"creator_id": creator}, account_id=made)
    call("POST", "/v2/accounts", 422, body=account(creator_id=creator))
    call("PUT", link, 201, creator_id=other, account_id=made)
    call("DELETE", link, 204, creator_id=other, account_id=made)
    call("DELETE", link, 404, creator_id=other, account_id=made)


def test_a_video_that_was_deleted_is_gone_under_every_operation():
    body = video()
    made = make("/v2/videos", body)
    assert call("POST", "/v2/videos", 409, body=body).json()["existing_id"] == made
    call("DELETE", "/v2/videos/{video_id}", 204, video_id=made)
    assert_gone("video_id", made)
    assert make("/v2/videos", body) != made


@pytest.mark.parametrize("path", [path for path in paths if path in ("/v2/accounts", "/v2/videos", "/v2/creators", "/v2/projects", "/v2/groups")])
def test_a_post_that_is_repeated_is_answered_as_before(path):
    bodies = {"/v2/accounts": account(), "/v2/videos": video(), "/v2/creators": {"name": "Once"}}
    bodies |= {"/v2/projects": {"name": "Once"}, "/v2/groups": {"name": "Once"}}
    headers = {"Idempotency-Key": fresh()}
    first = call("POST", path, 201, body=bodies[path], headers=headers)
    again = call("POST", path, 201, body=bodies[path], headers=headers)
    assert again.content == first.content and again.headers["Idempotency-Replayed"] == "true"
    # Gone since: the answer is still the answer to that request.
    requests.delete(URL + first.headers["Location"], headers={"Authorization": f"Bearer {KEY}"}, timeout=30)
    assert call("POST", path, 201, body=bodies[path], headers=headers).content == first.content
    call("POST", path, 422, body={**bodies[path], "metadata": {"other": True}}, headers=headers)


def test_a_change_that_was_not_seen_is_not_overwritten():
    made = make("/v2/creators", {"name": "Before"})
    seen = call("GET", "/v2/creators/{creator_id}", 200, creator_id=made).headers["ETag"]
    one = {"If-Match": seen}
    changed = call("PATCH", "/v2/creators/{creator_id}", 200, body={"name": "After"}, headers=one, creator_id=made)
    call("PATCH", "/v2/creators/{creator_id}", 412, body={"name": "Lost"}, headers=one, creator_id=made)
    call("DELETE", "/v2/creators/{creator_id}", 412, headers=one, creator_id=made)
    call("GET", "/v2/creators/{creator_id}", 304, headers={"If-None-Match": changed.headers["ETag"]}, creator_id=made)
    call("DELETE", "/v2/creators/{creator_id}", 204, headers={"If-Match": changed.headers["ETag"]}, creator_id=made)


def test_cursors_lead_through_a_list_and_nowhere_else():
    category = fresh()
    made = {make("/v2/accounts", account(category=category)) for _ in range(5)}
    query = {"category": category, "limit": 2}
    seen = []
    while True:
        page = call("GET", "/v2/accounts", 200, query=query).json()
        seen += [row["id"] for row in page["data"]]
        cursor = page["pagination"]["next_cursor"]
        if cursor is None:
            break
        query["cursor"] = cursor
    assert len(seen) == 5 and set(seen) == made
    for other in ({"category": fresh()}, {"order_by": "username"}, {"order_direction": "asc"}):
        call("GET", "/v2/accounts", 422, query={**query, **other})
    call("GET", "/v2/accounts", 422, query=query, key=OTHER_KEY)
    call("GET", "/v2/videos", 422, query={"cursor": query["cursor"]})


def test_what_one_organization_makes_is_not_there_for_another():
    creator = make("/v2/creators", {"name": "Mine"})
    made = make("/v2/accounts", account(creator_id=creator))
    for template, ids in (
        ("/v2/accounts/{account_id}", {"account_id": made}),
        ("/v2/creators/{creator_id}", {"creator_id": creator}),
    ):
        call("GET", template, 404, key=OTHER_KEY, **ids)
        call("PATCH", template, 404, key=OTHER_KEY, body={"is_active": False}, **ids)
        call("DELETE", template, 404, key=OTHER_KEY, **ids)
        call("GET", template, 200, **ids)


def test_a_file_is_downloaded_by_its_link_until_the_export_is_deleted():
    # The runs before may have left as many as an organization may have.
    for old in call("GET", "/v2/exports", 200, query={"limit": 200}).json()["data"]:
        call("DELETE", "/v2/exports/{export_id}", 204, export_id=old["id"])
    answer = call("POST", "/v2/exports", 202, body={"dataset": "posts", "format": "csv", "filters": {"metrics": "lifetime"}})
    export = answer.json()["data"]["id"]
    for _ in range(600):
        shown = call("GET", "/v2/exports/{export_id}", 200, export_id=export).json()["data"]
        if shown["download_url"]:
            break
        time.sleep(0.1)
    download = "/v2/exports/{export_id}/download"
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(shown["download_url"]).query))

    def get(status, **options):
        return call("GET", download, status, export_id=export, **{"query": query, **options})

    whole = get(200)
    assert len(whole.content) == shown["size_bytes"]
    assert get(206, headers={"Range": "bytes=0-3"}).content == whole.content[:4]
    assert get(304, headers={"If-None-Match": whole.headers["ETag"]}).content == b""
    get(416, headers={"Range": f"bytes={len(whole.content)}-"})
    get(403, query={**query, "signature": "0" * 64})
    get(422, query={**query, "more": "1"})
    get(406, headers={"Accept-Encoding": "gzip, identity;q=0"})
    call("DELETE", "/v2/exports/{export_id}", 204, export_id=export)
    get(404)


KEYS = "/v2/api-keys"


@pytest.mark.skipif(KEYS not in paths, reason="keys are not managed over HTTP yet")
def test_a_key_opens_until_it_is_rotated_out_or_revoked():
    item = next(path for path in paths if re.fullmatch(KEYS + r"/{\w+}", path))
    name = re.search(r"{(\w+)}", item).group(1)

    def whoami(secret, status):
        call("GET", "/v2/whoami", status, key=secret)

    def secret_in(answer):
        (secret,) = (value for value in answer.json()["data"].values() if re.match(r"ca_\w{8}_", str(value)))
        return secret

    made = call("POST", KEYS, 201, body={"name": fresh()})
    key_id, first = made.json()["data"]["id"], secret_in(made)
    whoami(first, 200)
    assert first not in call("GET", item, 200, **{name: key_id}).text
    rotated = call("POST", item + "/rotate", (200, 201), body={"overlap_hours": 1}, **{name: key_id})
    second = secret_in(rotated)
    assert second != first
    whoami(first, 200)
    whoami(second, 200)
    call("DELETE", item, 204, **{name: key_id})
    whoami(first, (401, 403))
    whoami(second, (401, 403))
    call("POST", item + "/rotate", (404, 409), body={}, **{name: key_id})


def test_the_key_of_the_run_is_as_good_as_at_its_beginning():
    scopes = call("GET", "/v2/whoami", 200).json()["data"]["scopes"]
    assert "admin" in scopes
    make("/v2/accounts", account())
