"""Credentials of IAM users that ministack lacks: service-specific ones, signing certificates and SSH keys.

They are kept, listed, and switched on and off.
"""

import uuid

from ministack.core.responses import AccountScopedDict
from ministack.services import iam

from local_aws import plug

operations = plug.table(iam, "_IAM_HANDLERS", "ListAccessKeys", "UpdateAccessKey")
users = plug.take(iam, "_users")
value_of = plug.take(iam, "_p", "params", "key", "default")
now = plug.take(iam, "_now")
answer = plug.take(iam, "_xml", "status", "root_tag", "inner", "ns")
error = plug.take(iam, "_error", "status", "code", "message", "ns")

# kind -> what ListX calls its list, the member that holds the id, and the prefix of an id.
KINDS = {
    "ServiceSpecificCredential": ("ServiceSpecificCredentials", "ServiceSpecificCredentialId", "ACCA"),
    "SigningCertificate": ("Certificates", "CertificateId", "CERT"),
    "SSHPublicKey": ("SSHPublicKeys", "SSHPublicKeyId", "APKA"),
}
STATUSES = ("Active", "Inactive")
_kept = {kind: AccountScopedDict() for kind in KINDS}


def missing(name: str):
    return error(404, "NoSuchEntity", f"The user with name {name} cannot be found.")


def xml(members: dict) -> str:
    return "".join(f"<{key}>{value}</{key}>" for key, value in members.items())


def made(kind: str, request: dict, operation: str, more: dict, shown_once: dict | None = None):
    """Keeps a new credential. `shown_once` is what only this answer tells."""
    name = value_of(request, "UserName")
    if name not in users:
        return missing(name)
    _, identifier, prefix = KINDS[kind]
    one = {"UserName": name, "Status": "Active", identifier: prefix + uuid.uuid4().hex[:20].upper(), **more}
    _kept[kind][one[identifier]] = one
    result = f"<{kind}>{xml(one | (shown_once or {}))}</{kind}>"
    if kind == "SigningCertificate":
        result = f"<Certificate>{xml(one)}</Certificate>"
    return answer(200, f"{operation}Response", f"<{operation}Result>{result}</{operation}Result>")


def create_service_specific_credential(request: dict):
    service, user = value_of(request, "ServiceName"), value_of(request, "UserName")
    more = {"ServiceName": service, "CreateDate": now(), "ServiceUserName": f"{user}-at-local"}
    return made("ServiceSpecificCredential", request, "CreateServiceSpecificCredential", more, {"ServicePassword": uuid.uuid4().hex})


def upload_signing_certificate(request: dict):
    more = {"CertificateBody": value_of(request, "CertificateBody"), "UploadDate": now()}
    return made("SigningCertificate", request, "UploadSigningCertificate", more)


def upload_ssh_public_key(request: dict):
    return made("SSHPublicKey", request, "UploadSSHPublicKey", {"UploadDate": now()})


def lister(kind: str):
    members, _, _ = KINDS[kind]

    def listed(request: dict):
        name, service = value_of(request, "UserName"), value_of(request, "ServiceName")
        if name not in users:
            return missing(name)
        found = [one for one in _kept[kind].values() if one["UserName"] == name and service in ("", one.get("ServiceName"))]
        inner = "".join(f"<member>{xml(one)}</member>" for one in found)
        operation = f"List{kind}s"
        result = f"<{members}>{inner}</{members}><IsTruncated>false</IsTruncated>"
        return answer(200, f"{operation}Response", f"<{operation}Result>{result}</{operation}Result>")

    return listed


def updater(kind: str):
    _, identifier, _ = KINDS[kind]

    def updated(request: dict):
        one = _kept[kind].get(value_of(request, identifier))
        if one is None or one["UserName"] != value_of(request, "UserName"):
            return error(404, "NoSuchEntity", f"No such {kind}: {value_of(request, identifier)}")
        if value_of(request, "Status") not in STATUSES:
            return error(400, "ValidationError", f"Status must be one of {STATUSES}")
        one["Status"] = value_of(request, "Status")
        return answer(200, f"Update{kind}Response", "")

    return updated


@plug.replaces(iam, "_list_access_keys", "p")
def list_access_keys(original, request: dict):
    """AWS says that there is no such user; ministack lists nothing."""
    name = value_of(request, "UserName")
    return missing(name) if name and name not in users else original(request)


operations["ListAccessKeys"] = iam._list_access_keys
operations["CreateServiceSpecificCredential"] = create_service_specific_credential
operations["UploadSigningCertificate"] = upload_signing_certificate
operations["UploadSSHPublicKey"] = upload_ssh_public_key
for _kind in KINDS:
    operations[f"List{_kind}s"] = lister(_kind)
    operations[f"Update{_kind}"] = updater(_kind)
