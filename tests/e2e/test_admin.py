"""The admin's view: who may see it, what it says of a live server, and what its buttons answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.server import Server
from tests.streams import make_source

API = "/api/v1"


@pytest.fixture(scope="module")
def uploaded(yeoul_server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A ready video of the admin's."""
    clip = make_source(tmp_path_factory.mktemp("clip") / "clip.mp4", size="128x96", duration_s=4.0)
    result = yeoul_server.upload(clip, "--title", "seen by the admin")
    assert result["state"] == "ready"
    return result


def sign_up(server: Server, handle: str) -> str:
    body = {"handle": handle, "email": f"{handle}@example.org", "password": "correct horse battery"}
    assert server.request("POST", f"{API}/accounts", body, token=None)[0] == 201
    return server.request("POST", f"{API}/sessions", body, token=None)[1]["token"]


def test_only_admins_see_the_queues(yeoul_server: Server):
    stranger = sign_up(yeoul_server, "curious")
    paths = [("GET", "queues"), ("POST", "tasks/x/retry"), ("POST", "tasks/x/cancel")]
    for method, path in paths:
        assert yeoul_server.request(method, f"{API}/admin/{path}", token=None)[0] == 401
        status, problem = yeoul_server.request(method, f"{API}/admin/{path}", token=stranger)
        assert (status, problem["code"]) == (403, "account.forbidden")


def test_the_queues_of_a_server_that_rests(yeoul_server: Server, uploaded: dict[str, Any]):
    assert uploaded
    queues = yeoul_server.get(f"{API}/admin/queues")
    assert set(queues) == {"task_queue", "worker_queue", "running_queue", "overload", "failed"}
    (worker,) = queues["worker_queue"]
    assert worker["slots"]["cpu"] >= 1 and worker["free"]["memory_bytes"] > 0
    assert (worker["quarantined_until"], worker["reason"]) == (None, None)
    assert queues["overload"]["level"] == "normal"
    assert queues["task_queue"]["by_state"] == {} and queues["running_queue"] == []


def test_buttons_answer_what_cannot_be_done(yeoul_server: Server, uploaded: dict[str, Any]):
    dag = yeoul_server.get(f"{API}/videos/{uploaded['id']}/dag")
    task = f"{API}/admin/tasks/{dag['tasks'][0]['id']}"
    for path, body in (("retry", {}), ("cancel", {}), ("priority", {"priority": "first"})):
        status, problem = yeoul_server.request("POST", f"{task}/{path}", body)
        assert (status, problem["code"]) == (409, "request.conflict"), path
        status, problem = yeoul_server.request("POST", f"{API}/admin/tasks/nothing/{path}", body)
        assert (status, problem["code"]) == (404, "request.not_found"), path
    assert yeoul_server.request("POST", f"{task}/priority", {"priority": "soon"})[0] == 422


def test_retrying_from_the_command_line_says_why_not(yeoul_server: Server, uploaded: dict[str, Any]):
    where = ["--server", yeoul_server.url, "--data", str(yeoul_server.data)]
    for options, why in ((["--rung", "720p"], "was not dropped"), (["--piece", "0"], "no task of piece 0"), ([], "only a failed video")):
        done = yeoul_server.cli("video", "retry", uploaded["id"], *options, *where)
        assert done.returncode != 0 and why in done.stderr, (done.stdout, done.stderr)


def test_the_page_is_served(yeoul_server: Server):
    status, page = yeoul_server.request("GET", "/admin", token=None)
    assert status == 200 and "Administration" in page


def test_the_api_says_what_it_offers(yeoul_server: Server):
    paths = yeoul_server.get(f"{API}/openapi.json")["paths"]
    assert {f"{API}/admin/queues", f"{API}/admin/tasks/{{task_id}}/cancel"} <= set(paths), json.dumps(sorted(paths))
