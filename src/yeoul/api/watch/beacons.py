"""Receives beacons from players. They need no login, and the response only confirms the receipt."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError

from yeoul.api.body import read_body
from yeoul.api.client_address import client_address
from yeoul.api.deps import PartsDep
from yeoul.api.identity import MaybeCaller
from yeoul.base.errors import InvalidError
from yeoul.identity.attempt_throttle import make_address_key
from yeoul.insight.beacon import Beacon
from yeoul.insight.collector import Sender

router = APIRouter(tags=["analytics"])
_MAX_BYTES = 64 * 2**10
_MAX_AGENT_LENGTH = 500  # parsing a user agent can take time quadratic in its length


async def _read_body(request: Request) -> bytes:
    return await read_body(request, _MAX_BYTES, "a beacon")


def _make_body_schema() -> dict[str, Any]:
    """Returns the OpenAPI schema of the body. It allows text/plain, because `navigator.sendBeacon` sends strings as that."""
    schema = Beacon.model_json_schema(ref_template="#/components/schemas/{model}")
    inner = {"schema": {**schema, "properties": {**schema["properties"], "events": _inline(schema)}}}
    inner["schema"].pop("$defs")
    return {"requestBody": {"required": True, "content": {"application/json": inner, "text/plain": inner}}}


def _inline(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema["properties"]["events"], "items": schema["$defs"]["BeaconEvent"]}


@router.post("/beacons", status_code=202, openapi_extra=_make_body_schema())
def post_beacon(request: Request, caller: MaybeCaller, parts: PartsDep, body: Annotated[bytes, Depends(_read_body)]) -> None:
    """Records what a player played. Beacons that do not count are accepted, too.

    Batches of a playback session can arrive in any order and more than once: `seq` tells them apart.
    """
    try:
        beacon = Beacon.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidError(f"{field}: {first['msg']}", field=field) from error
    account_id = None if caller is None else caller["id"]
    user_agent = request.headers.get("user-agent", "")[:_MAX_AGENT_LENGTH]
    parts.beacons.put(beacon, Sender(make_address_key(client_address(request, parts.settings.server)), user_agent, account_id))
