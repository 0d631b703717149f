"""Lists as AWS gives them: sorted, page by page, with a token that only the same request may use."""

import base64
import datetime
import hashlib
import json


def page(items: list[tuple], request: dict, size: int, descending: bool = False) -> tuple[list, str | None]:
    """One page of `items`, pairs of (sort value, id) and the thing itself; and the token of the next page.

    The token says after which item the page begins, so an item that changes its place between two pages moves no other.
    """
    same = {name: value for name, value in request.items() if name.lower() != "nexttoken"}
    listing = hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[:16]
    ordered = sorted(items, key=lambda item: item[0], reverse=descending)
    if token := request.get("nextToken") or request.get("NextToken"):
        after = position(token, listing)
        ordered = [item for item in ordered if (item[0] < after if descending else item[0] > after)]
    shown = ordered[:size]
    more = len(ordered) > size
    following = base64.urlsafe_b64encode(json.dumps([listing, *shown[-1][0]]).encode()).decode() if more else None
    return [item for _, item in shown], following


def position(token: str, listing: str) -> tuple:
    try:
        of, value, identifier = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        raise ValueError("the token is not one that was given out") from None
    if of != listing:
        raise ValueError("the token belongs to another request")
    return value, identifier


def millis(text) -> float:
    """A time in ISO 8601 as milliseconds since 1970, to compare times that are written differently."""
    moment = datetime.datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    return moment.timestamp() * 1000


def size_of(wanted: int | None, most: int) -> int:
    if wanted is None:
        return most
    if not 1 <= wanted <= most:
        raise ValueError(f"a page holds 1 to {most}")
    return wanted
