"""What no schema can say, put right in calls that are meant to succeed. Calls that are meant to fail go as they were made up."""

import datetime
import hashlib
import os
import re
import time
import urllib.parse
import uuid

import requests
import schemathesis

URL = os.environ["CREATOR_AUDIT_URL"]
AUTHORIZATION = {"Authorization": f"Bearer {os.environ['CREATOR_AUDIT_KEY']}"}
OWN_KEY = os.environ["CREATOR_AUDIT_KEY_ID"]

ENTITY_TAGS = re.compile(r'\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*')


@schemathesis.hook
def before_call(context, case, kwargs):
    spare_own_key(case)
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    # A cursor is good where it was given out, and nowhere else; sequences.py follows those that were.
    if "cursor" in case.query:
        del case.query["cursor"]
    # A key names one request. The generator would use the same one for many.
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"contract-{uuid.uuid4()}"
    # The generator knows a form of this header by itself, cannot join it with the pattern, and falls back to `0`, which has neither.
    if not ENTITY_TAGS.fullmatch(case.headers.get("If-Match", "*")):
        case.headers["If-Match"] = "*"
    make_window_true(case.query)
    make_report_true(case.query)
    make_true(case.body)
    if case.path in ("/v2/account-videos/metrics", "/v2/account-videos/deltas") and isinstance(case.body, dict):
        make_ids_true(case.body)
    if case.path.endswith("/download"):
        follow_link(case)


def spare_own_key(case):
    """The key that the run is made with must outlive it."""
    for name, value in (case.path_parameters or {}).items():
        if str(value).lower() == OWN_KEY:
            case.path_parameters[name] = str(uuid.uuid4())


def make_window_true(given):
    """Dates that go together, and with the period that is asked for."""
    if given.get("created_after") and given.get("created_before"):
        given["created_after"], given["created_before"] = sorted([given["created_after"], given["created_before"]], key=moment)
    dates = [given.get("start_date"), given.get("end_date")]
    is_custom = given.get("period") in (None, "custom")
    if is_custom and all(dates):
        first, last = sorted(min(datetime.date.fromisoformat(date), TODAY) for date in dates)
        first = max(first, last - datetime.timedelta(days=365))
        given["start_date"], given["end_date"] = first.isoformat(), last.isoformat()
        return
    for name in ("start_date", "end_date"):
        given.pop(name, None)
    if given.get("period") == "custom":
        del given["period"]


def make_report_true(given):
    """Prices in their own form, and a window for what is gained within one."""
    if "rates" in given:
        given["rates"] = "tiktok.like:0.1"
    if "rate_card" in given:
        given["rate_card"] = "public-estimate-2026-1"
    if given.get("metrics") == "range" and not (given.get("start_date") or given.get("period")):
        del given["metrics"]


def make_filters_true(dataset, filters):
    """Each dataset has filters of its own."""
    of_accounts = {"platform", "creator_id", "is_active", "category"}
    window = {"period", "start_date", "end_date"}
    own = {"accounts": of_accounts, "timeseries": of_accounts | window | {"account_id"}}
    for name in list(filters):
        foreign = name in ("is_active", "category") if dataset not in own else name not in own[dataset]
        if foreign:
            del filters[name]


def moment(text):
    found = datetime.datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)


def make_ids_true(body):
    """Lists of ids that are counted together: at least one, and no more than there may be."""
    lists = [body[name] for name in ID_LISTS if isinstance(body.get(name), list)]
    if len(lists) > 1:
        for ids in lists:
            del ids[60:]
    if not any(lists):
        body[ID_LISTS[0]] = ["1"]


def make_true(body):
    """Which handles and posts there can be differs by platform, and whose a creator is no schema knows."""
    if isinstance(body, list):
        for item in body:
            make_true(item)
    elif isinstance(body, dict):
        if isinstance(body.get("filters"), dict):
            make_filters_true(body.get("dataset"), body["filters"])
        make_window_true(body)
        make_report_true(body)
        if body.get("creator_id") is not None:
            body["creator_id"] = new_creator()
        for field, forms in (("username", HANDLES), ("identifier", POSTS)):
            if field in body and body.get("platform") in forms:
                body[field] = one_of(forms[body["platform"]], str(body[field]))
        for value in body.values():
            make_true(value)


def follow_link(case):
    """Only the service itself can sign a link."""
    link = urllib.parse.urlsplit(SIGNED_LINK)
    case.path_parameters["export_id"] = link.path.split("/")[-2]
    case.query = dict(urllib.parse.parse_qsl(link.query))


def signed_link():
    body = {"dataset": "accounts", "format": "csv"}
    exports = f"{URL}/v2/exports"
    written = requests.get(exports, params={"limit": 200}, headers=AUTHORIZATION, timeout=30).json()["data"]
    # Calls that were made up before may have left no room for another.
    for export in written:
        if export["download_url"]:
            return export["download_url"]
    answer = requests.post(exports, json=body, headers=AUTHORIZATION, timeout=30)
    answer.raise_for_status()
    export = f"{exports}/{answer.json()['data']['id']}"
    for _ in range(600):
        shown = requests.get(export, headers=AUTHORIZATION, timeout=30).json()["data"]
        if shown["download_url"]:
            return shown["download_url"]
        time.sleep(0.1)
    raise TimeoutError(f"{export} was not written")


# Before the calls that are made up leave no room for another export.
SIGNED_LINK = signed_link()


def new_creator():
    answer = requests.post(f"{URL}/v2/creators", json={"name": "Of the contract run"}, headers=AUTHORIZATION, timeout=30)
    answer.raise_for_status()
    return answer.json()["data"]["id"]


def one_of(forms, text):
    """A handle or post that follows from `text`, in one of its forms: the same text is always the same."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return forms[digest[0] % len(forms)].format(
        name=f"c{digest[1:6].hex()}",
        number=10**18 + int.from_bytes(digest[1:7], "big"),
        code=f"C{digest[1:6].hex()}",
    )


TODAY = datetime.datetime.now(datetime.timezone.utc).date()

ID_LISTS = ("account_video_ids", "instagram_post_ids", "tiktok_video_ids")

HANDLES = {
    "instagram": ["{name}", "@{name}", "https://www.instagram.com/{name}/"],
    "tiktok": ["{name}", "@{name}", "https://www.tiktok.com/@{name}"],
    "youtube": ["{name}", "@{name}", "https://www.youtube.com/@{name}"],
    "pinterest": ["{name}", "@{name}", "https://www.pinterest.com/{name}/"],
}

POSTS = {
    "instagram": ["{code}", "https://www.instagram.com/p/{code}/", "https://www.instagram.com/reel/{code}/"],
    "tiktok": ["{number}", "https://www.tiktok.com/@someone/video/{number}"],
    "youtube": ["{code}", "https://www.youtube.com/watch?v={code}", "https://youtu.be/{code}"],
    "pinterest": ["{number}", "https://www.pinterest.com/pin/{number}/"],
}
