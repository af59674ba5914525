#!/usr/bin/env python3
"""How many of the recorded TikTok pages yt-dlp's own code reads in a second, on one thread and without the network: for comparison with
`bench --only parsing`, whose `--json` file may be given to print the ratio. Needs a python3 that can import yt_dlp; says so and ends well
where there is none. Of yt-dlp, the pages' text is decoded, the data block found and parsed, and its metadata picked; the work on
downloadable formats is left out, since the readers here have nothing like it."""

import json
import sys
import time
import types
from pathlib import Path

try:
    import yt_dlp
    from yt_dlp.extractor.tiktok import TikTokIE, TikTokUserIE
    from yt_dlp.utils.traversal import traverse_obj
except ImportError:
    print("python3 cannot import yt_dlp; nothing is compared")
    sys.exit(0)

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "tiktok"
VIDEO = "video/illojuan_7571863205253778710_2025-12-30_universal_data.html"
PROFILE = "profile/illojuan_2025-12-30_universal_data.html"
SECONDS = 3.0


def downloader():
    return yt_dlp.YoutubeDL({"quiet": True, "no_warnings": True, "allowed_extractors": ["tiktok.*"]})


def video(body):
    """TikTokIE's way from a page to its metadata, with the page in the place of the download."""
    extractor = TikTokIE(downloader())
    answer = types.SimpleNamespace(url="https://www.tiktok.com/@illojuan/video/7571863205253778710", extensions={})
    extractor._download_webpage_handle = lambda *_, **__: (body.decode("utf-8", "replace"), answer)

    def read():
        data, status = extractor._extract_web_data_and_status(answer.url, "7571863205253778710")
        found = extractor._parse_aweme_video_web(data, answer.url, "7571863205253778710", extract_flat=True)
        return status == 0 and found["view_count"] > 0 and found["like_count"] > 0

    return read


def profile(body):
    """TikTokUserIE's way from a page to the account, and the counts that stand beside what it takes."""
    extractor = TikTokUserIE(downloader())

    def read():
        universal = extractor._get_universal_data(body.decode("utf-8", "replace"), "illojuan")
        detail = traverse_obj(universal, ("webapp.user-detail", {dict})) or {}
        found = traverse_obj(detail, ("userInfo", {
            "sec_uid": ("user", "secUid", {str}),
            "followers": ("statsV2", "followerCount"),
            "likes": ("statsV2", "heart"),
            "videos": ("statsV2", "videoCount"),
        }))
        return bool(found.get("sec_uid") and found.get("followers"))

    return read


def rate(read):
    """Calls in a second, by the median of batches."""
    times, begun = [], time.perf_counter()
    while time.perf_counter() - begun < SECONDS or len(times) < 5:
        start = time.perf_counter()
        for _ in range(5):
            read()
        times.append((time.perf_counter() - start) / 5)
    return 1 / sorted(times)[len(times) // 2]


def main():
    ours = {}
    files = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if files:
        measured = json.loads(Path(files[0]).read_text(encoding="utf-8"))
        ours = {page["name"]: page["pages_per_second"] for page in measured["recorded"]["pages"]}
    print(f"yt-dlp {yt_dlp.version.__version__}, Python {sys.version.split()[0]}, one thread")
    for name, file, reader in [("tiktok video", VIDEO, video), ("tiktok profile", PROFILE, profile)]:
        path = SAMPLES / file
        if not path.is_file():
            print(f"  {name:<16} there is no recorded page")
            continue
        read = reader(path.read_bytes())
        if not read():
            sys.exit(f"yt-dlp does not read the {name} page")
        theirs = rate(read)
        ratio = f"   ours {ours[name]:>7.0f}   ours/yt-dlp {ours[name] / theirs:.1f}" if name in ours else ""
        print(f"  {name:<16} {theirs:>7.0f} pages/s{ratio}")


main()
