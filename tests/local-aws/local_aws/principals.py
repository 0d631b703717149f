"""Who made a call: every function, automation and state machine gets credentials of its own.

AWS tells principals apart by their session. So does the gateway: each function, each automation role and each state machine
is given a session of its role, and the access key of a request leads back to the principal. Everything else is a person.
"""

import dataclasses
import hashlib
import threading

from ministack.core.responses import get_account_id
from ministack.services import iam, sts

from local_aws import plug

register_session = plug.take(sts, "register_session", "access_key", "session")
roles = plug.take(iam, "_roles")
access_keys = plug.take(iam, "_access_keys")


@dataclasses.dataclass(frozen=True)
class Principal:
    """`kind` is one of function, automation, state-machine, human."""

    kind: str
    name: str

    def as_json(self) -> dict:
        return {"kind": self.kind, "name": self.name}


@dataclasses.dataclass(frozen=True)
class Credentials:
    access_key: str
    secret_key: str
    session_token: str

    def as_environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_SESSION_TOKEN": self.session_token,
        }


_lock = threading.Lock()
_by_access_key: dict[str, Principal] = {}
# The role of a session that a principal got from STS, and the account that the role is in.
_assumed: dict[str, str] = {}


def session_for(principal: Principal, role_arn: str, session_name: str, account: str) -> Credentials:
    """Credentials of `role_arn` under which the gateway recognises `principal`; the same ones each time."""
    digest = hashlib.sha256(f"{account}:{principal.kind}:{principal.name}:{role_arn}:{session_name}".encode()).hexdigest()
    credentials = Credentials(f"ASIA{digest[:16].upper()}", digest[16:56], f"{principal.kind}-{digest}")
    role_name = role_arn.rsplit("/", 1)[-1]
    with _lock:
        if credentials.access_key in _by_access_key:
            return credentials
        _by_access_key[credentials.access_key] = principal
    register_session(
        credentials.access_key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{session_name[:64]}",
            "UserId": f"{role_id(role_name)}:{session_name[:64]}",
            "SecretAccessKey": credentials.secret_key,
            "SessionToken": credentials.session_token,
        },
    )
    return credentials


def role_id(role_name: str) -> str:
    role = roles.get(role_name) or {}
    return role.get("RoleId") or f"AROA{hashlib.sha256(role_name.encode()).hexdigest()[:17].upper()}"


def inherit(access_key: str, caller: Principal) -> None:
    """A session that `caller` obtained from STS acts for `caller`, with the permissions of the role that it assumed."""
    arn = str((sts._sessions.get(access_key) or {}).get("Arn", ""))
    with _lock:
        _by_access_key[access_key] = caller
        if ":assumed-role/" in arn:
            _assumed[access_key] = arn.split(":assumed-role/")[1].split("/")[0]


def assumed_role(access_key: str) -> str:
    """The name of the role that a call is made with, where its principal assumed one; empty otherwise."""
    with _lock:
        return _assumed.get(access_key, "")


def of_access_key(access_key: str) -> Principal:
    with _lock:
        known = _by_access_key.get(access_key)
    return known or Principal("human", display_name(access_key))


def display_name(access_key: str) -> str:
    """The user or role session behind an access key that no function, automation or state machine holds."""
    session = sts._sessions.get(access_key)
    if session:
        return str(session.get("Arn", "")).split(":assumed-role/")[-1]
    key = access_keys.get(access_key)
    if key:
        return key["UserName"]
    return "root" if access_key == get_account_id() else (access_key or "unsigned")
