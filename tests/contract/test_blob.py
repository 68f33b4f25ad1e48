"""What every blob store must do: the memory twin, the local folder and S3 (a real Swift) pass the same suite."""

from __future__ import annotations

import base64
import hashlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from time import time

import httpx
import pytest

from tests.contract.blob_server import served_store
from tests.harness.pace import patience_s
from tests.swift.server import SwiftEndpoint
from yeoul.base.clock import SystemClock
from yeoul.base.errors import BlobMissingError, ChecksumError, InvalidError, StorageError, StorageFullError
from yeoul.blob.local import LocalStore
from yeoul.blob.memory import MemoryStore
from yeoul.blob.partial import storage_errors
from yeoul.blob.s3 import S3Place, S3Store
from yeoul.blob.sigv4 import Credentials
from yeoul.blob.store import BlobStore, Bucket, SignedRequest

BODY = random.Random(1).randbytes(1000)
OTHER_BODY = random.Random(2).randbytes(1000)
ORIGINAL, TEMP, ENCODED = Bucket.ORIGINAL, Bucket.TEMP, Bucket.ENCODED
S3 = pytest.param("s3", marks=pytest.mark.slow)  # it needs a server


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def s3_place(swift_server: SwiftEndpoint) -> S3Place:
    place = S3Place(f"http://{swift_server.host}", "yeoul", Credentials(swift_server.access_key, swift_server.secret_key, "us-east-1"))
    S3Store(place, SystemClock()).make_buckets()
    return place


def _emptied(store: BlobStore) -> BlobStore:
    for bucket in Bucket:
        for info in store.list(bucket, ""):
            store.delete(bucket, info.key)
    return store


def _open_store(kind: str, request: pytest.FixtureRequest, root: Path, stack: ExitStack) -> BlobStore:
    if kind == "s3":
        return _emptied(S3Store(request.getfixturevalue("s3_place"), SystemClock()))
    return stack.enter_context(served_store(root)) if kind == "local" else MemoryStore(SystemClock())


@pytest.fixture(params=["memory", "local", S3])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    with ExitStack() as stack:
        yield _open_store(request.param, request, tmp_path / "blobs", stack)


@pytest.fixture(params=["local", S3])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    """The stores whose signed URLs somebody answers."""
    with ExitStack() as stack:
        yield _open_store(request.param, request, tmp_path / "blobs", stack)


@pytest.fixture
def local(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "blobs", "http://nowhere", b"secret", 0)


# --- bytes in, bytes out ---


@pytest.mark.parametrize("data", [b"", b"x", random.Random(3).randbytes(3_000_000)], ids=len)
def test_what_was_put_comes_back(store: BlobStore, data: bytes, tmp_path: Path):
    before_s = time()
    store.put_bytes(TEMP, "a/b.bin", data)

    assert store.get_bytes(TEMP, "a/b.bin") == data
    assert store.fetch(TEMP, "a/b.bin", tmp_path / "scratch").read_bytes() == data
    info = store.find(TEMP, "a/b.bin")
    assert info and (info.key, info.size_bytes) == ("a/b.bin", len(data))
    assert before_s - 2 < info.modified_s < time() + 2
    assert store.find(ENCODED, "a/b.bin") is None  # buckets are apart


def test_a_file_can_be_put_and_replaces_what_was_there(store: BlobStore, tmp_path: Path):
    store.put_bytes(ORIGINAL, "film.mp4", OTHER_BODY)
    file = tmp_path / "film.mp4"
    file.write_bytes(BODY)
    store.put_file(ORIGINAL, "film.mp4", file)
    assert store.get_bytes(ORIGINAL, "film.mp4") == BODY


def test_a_copy_lives_on_its_own(store: BlobStore):
    store.put_bytes(ENCODED, "a/1", BODY)
    store.put_bytes(ENCODED, "b/old", OTHER_BODY)
    for _ in range(2):  # repeated, as after a kill
        store.copy(ENCODED, "a/1", "b/1")
        store.copy(ENCODED, "a/1", "b/old")
    store.put_bytes(ENCODED, "a/1", OTHER_BODY)
    store.delete_prefix(ENCODED, "a")
    assert store.get_bytes(ENCODED, "b/1") == store.get_bytes(ENCODED, "b/old") == BODY
    assert [info.key for info in store.list(ENCODED, "")] == ["b/1", "b/old"]
    with pytest.raises(BlobMissingError):
        store.copy(ENCODED, "a/1", "b/2")


def test_copies_leave_nothing_behind(local: LocalStore, tmp_path: Path):
    local.put_bytes(ENCODED, "a/1", BODY)
    for _ in range(2):
        local.copy(ENCODED, "a/1", "b/1")
    assert [path for path in (tmp_path / "blobs" / ".partial").iterdir() if path.is_file()] == []


@pytest.mark.parametrize("span", [(0, 10), (10, 20), (990, None), (990, 5000), (1000, None), (2000, 3000), (5, 5), (7, 3), (0, 0)])
def test_ranges_are_slices(store: BlobStore, span: tuple[int, int | None]):
    store.put_bytes(TEMP, "a", BODY)
    assert store.get_bytes(TEMP, "a", *span) == BODY[slice(*span)]


def test_missing_blobs(store: BlobStore, tmp_path: Path):
    for read in (
        lambda: store.get_bytes(TEMP, "no/one"),
        lambda: store.get_bytes(TEMP, "no", 1, 2),
        lambda: store.fetch(TEMP, "no", tmp_path),
    ):
        with pytest.raises(BlobMissingError):
            read()
    assert store.find(TEMP, "no/one") is None
    store.delete(TEMP, "no/one")
    assert store.delete_prefix(TEMP, "no") == 0
    assert list(store.list(TEMP, "no")) == []


def test_a_folder_is_not_a_blob(store: BlobStore):
    store.put_bytes(TEMP, "a/b", BODY)
    assert store.find(TEMP, "a") is None
    with pytest.raises(BlobMissingError):
        store.get_bytes(TEMP, "a")
    store.delete(TEMP, "a")
    assert store.get_bytes(TEMP, "a/b") == BODY


def test_list_is_sorted_and_by_whole_folders(store: BlobStore):
    keys = ["v/1/a", "v/1/b/c", "v/1-x", "v/1.m4s", "v/10/a", "v/2/a", "w"]
    for key in reversed(keys):
        store.put_bytes(ENCODED, key, key.encode())

    assert [(info.key, info.size_bytes) for info in store.list(ENCODED, "")] == [(key, len(key)) for key in sorted(keys)]
    assert [info.key for info in store.list(ENCODED, "v/1")] == ["v/1/a", "v/1/b/c"]
    assert [info.key for info in store.list(ENCODED, "v/1/")] == ["v/1/a", "v/1/b/c"]
    assert list(store.list(ENCODED, "w")) == []


def test_deleting_a_folder_spares_its_neighbours(store: BlobStore):
    for key in ("v/1/a", "v/1/b/c", "v/1-x", "v/10/a"):
        store.put_bytes(ENCODED, key, BODY)
    assert store.delete_prefix(ENCODED, "v/1") == 2
    assert [info.key for info in store.list(ENCODED, "v")] == ["v/1-x", "v/10/a"]
    store.delete(ENCODED, "v/1-x")
    assert [info.key for info in store.list(ENCODED, "v")] == ["v/10/a"]
    with pytest.raises(InvalidError):
        store.delete_prefix(ENCODED, "")


TRAVERSING_KEYS = ["/etc/passwd", "../x", "a/../b", "a/..", "./a"]
MALFORMED_KEYS = ["", "a//b", "a/", "a\0b", "영상", "a b", "a%2e", "a\\b", "a\n", "x" * 201, "a/" * 500 + "a"]


@pytest.mark.parametrize("key", TRAVERSING_KEYS + MALFORMED_KEYS, ids=ascii)
def test_keys_outside_the_alphabet_are_refused(store: BlobStore, key: str, tmp_path: Path):
    file = tmp_path / "file"
    file.write_bytes(BODY)
    attempts = [
        lambda: store.put_bytes(TEMP, key, BODY),
        lambda: store.put_file(TEMP, key, file),
        lambda: store.get_bytes(TEMP, key),
        lambda: store.fetch(TEMP, key, tmp_path),
        lambda: store.find(TEMP, key),
        lambda: store.delete(TEMP, key),
        lambda: store.sign_put(TEMP, key, 1, sha256(b""), time() + 60),
        lambda: store.sign_get(TEMP, key, time() + 60),
    ]
    if key not in ("", "a/"):  # as folders these two are fine
        attempts += [lambda: store.list(TEMP, key), lambda: store.delete_prefix(TEMP, key)]
    for attempt in attempts:
        with pytest.raises(InvalidError):
            attempt()
    assert list(store.list(TEMP, "")) == []


# --- many at once, and sudden death ---


def test_readers_never_see_half_of_an_overwrite(store: BlobStore):
    versions = [bytes([value]) * (300_000 + value) for value in range(16)]
    store.put_bytes(TEMP, "live.m3u8", versions[0])
    with ThreadPoolExecutor(4) as pool:
        writing = pool.submit(lambda: [store.put_bytes(TEMP, "live.m3u8", version) for version in versions])
        reading = [pool.submit(lambda: [store.get_bytes(TEMP, "live.m3u8") for _ in range(30)]) for _ in range(3)]
        writing.result()
        seen = {data for reader in reading for data in reader.result()}
    assert seen <= set(versions)
    assert store.get_bytes(TEMP, "live.m3u8") == versions[-1]


def test_concurrent_puts_all_land(store: BlobStore):
    def put(number: int) -> None:
        store.put_bytes(TEMP, f"many/{number % 4}/{number}", str(number).encode())
        store.put_bytes(TEMP, "same", str(number).encode() * 1000)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(32)))
    assert {info.key for info in store.list(TEMP, "many")} == {f"many/{number % 4}/{number}" for number in range(32)}
    assert store.get_bytes(TEMP, "same") in {str(number).encode() * 1000 for number in range(32)}


def test_puts_survive_deletions_of_their_folder(local: LocalStore):
    with ThreadPoolExecutor(4) as pool:
        deleting = pool.submit(lambda: sum(local.delete_prefix(TEMP, "run") for _ in range(300)))
        putting = [pool.submit(lambda at=at: [local.put_bytes(TEMP, f"run/{at}/{n}", BODY) for n in range(50)]) for at in range(3)]
        for put in putting:
            put.result()
        deleted = deleting.result()
    assert deleted + len(list(local.list(TEMP, "run"))) == 150


WRITER = """
import sys
from itertools import count
from pathlib import Path
from yeoul.base.clock import SystemClock
from yeoul.blob.store import Bucket
kind, *place = sys.argv[1:]
if kind == "local":
    from yeoul.blob.local import LocalStore
    store = LocalStore(Path(place[0]), "", b"", 0)
else:
    from yeoul.blob.s3 import Credentials, S3Place, S3Store
    store = S3Store(S3Place(place[0], place[1], Credentials(place[2], place[3], "us-east-1")), SystemClock())
for number in count():
    store.put_bytes(Bucket.TEMP, f"n/{number}", bytes([number % 256]) * 1_000_000)
    print(number, flush=True)
"""
HALF_WRITER = """
import sys
from pathlib import Path
from yeoul.blob.local import LocalStore
from yeoul.blob.store import Bucket
partial = LocalStore(Path(sys.argv[1]), "", b"", 0).open_put(Bucket.TEMP, "half")
partial.write(bytes(5_000_000))
print("written", flush=True)
sys.stdin.read()
"""


def _start(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


@pytest.mark.parametrize("kind", ["local", S3])
def test_what_was_put_survives_the_kill_of_its_writer(kind: str, request: pytest.FixtureRequest, tmp_path: Path):
    with ExitStack() as stack:
        store = _open_store(kind, request, tmp_path, stack)
        place = [str(tmp_path)]
        if kind == "s3":
            s3: S3Place = request.getfixturevalue("s3_place")
            place = [s3.endpoint, s3.prefix, s3.credentials.access_key, s3.credentials.secret_key]
        with _start(WRITER, kind, *place) as writer:
            assert writer.stdout
            told = [int(writer.stdout.readline()) for _ in range(12)]
            writer.send_signal(signal.SIGKILL)
            told += [int(line) for line in writer.stdout]

        numbers = {int(info.key.removeprefix("n/")) for info in store.list(TEMP, "n")}
        assert numbers >= set(told)
        for number in numbers:  # the one in flight, too, is there as a whole or not at all
            assert store.get_bytes(TEMP, f"n/{number}") == bytes([number % 256]) * 1_000_000


def test_partial_files_are_swept_when_their_writer_is_dead_and_only_then(local: LocalStore, tmp_path: Path):
    root = tmp_path / "blobs"
    with _start(HALF_WRITER, str(root)) as writer:
        assert writer.stdout and writer.stdout.readline() == b"written\n"
        assert local.sweep_partials() == 0
        assert _bytes_below(root) > 4_000_000
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert local.sweep_partials() == 1
    assert _bytes_below(root) == 0
    assert local.find(TEMP, "half") is None


def test_a_sweep_does_not_hurt_uploads_in_progress(local: LocalStore):
    with ThreadPoolExecutor(4) as pool:
        sweeping = pool.submit(lambda: sum(local.sweep_partials() for _ in range(300)))
        list(pool.map(lambda number: local.put_bytes(TEMP, f"n/{number}", BODY), range(100)))
        sweeping.result()
    assert len(list(local.list(TEMP, "n"))) == 100


def _bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# --- room ---


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A folder with 8 MB of room, and the reserve that makes it so where mounting is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, check=False).returncode:
        room = os.statvfs(folder)
        yield folder, room.f_bavail * room.f_frsize - 8_000_000
        return
    yield folder, 0
    subprocess.run(["umount", str(folder)], check=True)


def _put_many(store: LocalStore, data: bytes) -> None:
    for number in range(200):
        store.put_bytes(TEMP, f"n/{number}", data)


def test_a_full_disk_refuses_and_recovers(small_disk: tuple[Path, int]):
    root, reserve_bytes = small_disk
    store = LocalStore(root, "", b"", reserve_bytes)
    megabyte = random.Random(4).randbytes(1 << 20)
    with pytest.raises(StorageFullError) as caught:
        _put_many(store, megabyte)
    assert caught.value.retryable
    stored = list(store.list(TEMP, "n"))
    assert stored and all(store.get_bytes(TEMP, info.key) == megabyte for info in stored)
    assert _bytes_below(root) == len(stored) << 20  # nothing is left of the refused one

    assert store.delete_prefix(TEMP, "n") == len(stored)
    store.put_bytes(TEMP, "n/again", megabyte)
    assert store.get_bytes(TEMP, "n/again") == megabyte


def test_the_reserve_is_kept(tmp_path: Path):
    root = tmp_path / "blobs"
    file = tmp_path / "file"
    file.write_bytes(BODY)
    LocalStore(root, "", b"", 0).put_bytes(TEMP, "old", BODY)
    with served_store(root, reserve_bytes=1 << 60) as store:
        assert store.free_bytes() == 0
        for put in (lambda: store.put_bytes(TEMP, "new", BODY), lambda: store.open_put(TEMP, "new")):
            with pytest.raises(StorageFullError):
                put()
        assert send(store.sign_put(TEMP, "new", len(BODY), sha256(BODY), time() + 60), BODY).status_code == 507
        assert store.get_bytes(TEMP, "old") == BODY
        assert [info.key for info in store.list(TEMP, "")] == ["old"]


def test_the_system_s_no_space_is_storage_full():
    with pytest.raises(StorageFullError), storage_errors("writing"), Path("/dev/full").open("wb", buffering=0) as file:
        file.write(b"x")


def test_a_put_with_another_digest_or_size_is_dropped(local: LocalStore, tmp_path: Path):
    for size, digest in ((1000, sha256(OTHER_BODY)), (999, sha256(BODY))):
        with local.open_put(TEMP, "a") as coming:
            coming.write(BODY)
            with pytest.raises(ChecksumError):
                coming.commit(size, digest)
    assert local.find(TEMP, "a") is None
    assert _bytes_below(tmp_path) == 0


# --- signed URLs, over HTTP ---


def send(request: SignedRequest, body: bytes | Iterator[bytes] | None = None) -> httpx.Response:
    return httpx.request(request.method, request.url, headers=request.headers, content=body, timeout=patience_s())


def signed_put(store: BlobStore, key: str = "up/1", body: bytes = BODY, expires_in_s: float = 60) -> SignedRequest:
    return store.sign_put(ORIGINAL, key, len(body), sha256(body), time() + expires_in_s)


def test_a_signed_put_stores_the_body(served: BlobStore):
    assert send(signed_put(served), BODY).status_code == 200
    assert served.get_bytes(ORIGINAL, "up/1") == BODY
    assert send(signed_put(served), BODY).status_code == 200  # a retry of a piece that has landed


def test_an_empty_body_can_be_signed(served: BlobStore):
    assert send(signed_put(served, body=b""), b"").status_code == 200
    assert served.get_bytes(ORIGINAL, "up/1") == b""


@pytest.mark.parametrize("body", [OTHER_BODY, BODY[:-1], BODY + b"x", b""], ids=["other", "shorter", "longer", "empty"])
def test_a_signed_put_takes_no_other_body(served: BlobStore, body: bytes):
    answer = send(signed_put(served), body)
    assert answer.status_code in (400, 403)
    assert served.find(ORIGINAL, "up/1") is None


def test_a_refused_put_leaves_the_earlier_blob(served: BlobStore):
    served.put_bytes(ORIGINAL, "up/1", b"earlier")
    assert send(signed_put(served), OTHER_BODY).status_code in (400, 403)
    assert served.get_bytes(ORIGINAL, "up/1") == b"earlier"


def _flip_last(url: str) -> str:
    return url[:-1] + ("0" if url[-1] != "0" else "1")


def _later(url: str) -> str:
    """The same URL with a longer life than was signed."""
    name = "X-Amz-Expires" if "X-Amz-Expires" in url else "expires"
    address = httpx.URL(url)
    return str(address.copy_set_param(name, int(address.params[name]) + 1000))


FORGERIES = {
    "signature": _flip_last,
    "no signature": lambda url: url.rpartition("&")[0],
    "no query": lambda url: url.partition("?")[0],
    "non-ASCII signature": lambda url: url + "%C3%A9",
    "longer life": _later,
    "other key": lambda url: url.replace("up/1", "up/2"),
    "other bucket": lambda url: url.replace("original/up", "encoded/up"),
    "traversal": lambda url: url.replace("original/up", "original/up/%2e%2e/up"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_put_is_refused(served: BlobStore, forge):
    request = signed_put(served)
    assert send(replace(request, url=forge(request.url)), BODY).status_code in (400, 403)
    assert [info for bucket in Bucket for info in served.list(bucket, "")] == []


def test_another_digest_cannot_be_slipped_in(served: BlobStore):
    """Neither by the header (S3) nor by the query (local)."""
    request = signed_put(served)
    digest = base64.b64encode(hashlib.sha256(OTHER_BODY).digest()).decode()
    forged = replace(request, url=request.url.replace(sha256(BODY), sha256(OTHER_BODY)), headers={"x-amz-checksum-sha256": digest})
    assert send(forged, OTHER_BODY).status_code in (400, 403)
    assert served.find(ORIGINAL, "up/1") is None


def test_expired_urls_are_refused(served: BlobStore):
    served.put_bytes(ORIGINAL, "there", BODY)
    assert send(signed_put(served, expires_in_s=-1), BODY).status_code == 403
    assert send(served.sign_get(ORIGINAL, "there", time() - 1)).status_code == 403
    assert served.find(ORIGINAL, "up/1") is None


def test_a_signed_get_reads_one_blob_and_nothing_else(served: BlobStore):
    for key in ("up/1", "up/2"):
        served.put_bytes(ORIGINAL, key, key.encode())
    request = served.sign_get(ORIGINAL, "up/1", time() + 60)
    answer = send(request)
    assert (answer.status_code, answer.content) == (200, b"up/1")

    assert send(replace(request, url=request.url.replace("up/1", "up/2"))).status_code == 403
    assert send(replace(request, url=_flip_last(request.url))).status_code == 403
    assert send(replace(request, method="PUT"), b"mine").status_code == 403
    assert send(replace(signed_put(served), method="GET")).status_code == 403
    assert send(served.sign_get(ORIGINAL, "up/3", time() + 60)).status_code == 404
    assert served.get_bytes(ORIGINAL, "up/1") == b"up/1"


@pytest.mark.parametrize("digest", ["", "00", sha256(BODY).upper(), "x" * 64])
def test_only_a_sha256_can_be_signed(store: BlobStore, digest: str):
    with pytest.raises(InvalidError):
        store.sign_put(ORIGINAL, "up/1", 1, digest, time() + 60)


# --- what only S3 does ---


@pytest.mark.slow
def test_large_files_go_to_s3_in_parts(s3_place: S3Place, tmp_path: Path):
    store = _emptied(S3Store(s3_place, SystemClock()))
    file = tmp_path / "large"
    file.write_bytes(random.Random(5).randbytes(1_000_003) * 68)
    digest = sha256(file.read_bytes())
    store.put_file(ORIGINAL, "large", file)
    assert sha256(store.fetch(ORIGINAL, "large", tmp_path / "scratch").read_bytes()) == digest
    assert store.find(ORIGINAL, "large") == next(iter(store.list(ORIGINAL, "")))


@pytest.mark.slow
def test_a_wrong_s3_secret_or_an_absent_service_is_a_storage_error(s3_place: S3Place):
    strangers = replace(s3_place, credentials=replace(s3_place.credentials, secret_key="guessed"))
    nobody = replace(s3_place, endpoint="http://127.0.0.1:9")
    for place in (strangers, nobody):
        store = S3Store(place, SystemClock())
        for ask in (
            store.make_buckets,
            lambda store=store: store.get_bytes(TEMP, "a"),
            lambda store=store: store.put_bytes(TEMP, "a", b""),
        ):
            with pytest.raises(StorageError) as caught:
                ask()
            assert "guessed" not in str(caught.value)
