"""What becomes of a mail: SES's events to EventBridge through a configuration set, its mailbox simulator, and the account's quota."""

import datetime
import json

from ministack.core.responses import AccountRegionScopedDict, get_account_id
from ministack.services import ses_v2

from local_aws import bus, control, plug
from local_aws.service_answers import answer_json

configuration_sets = plug.take(ses_v2, "_config_sets")
# The last part of the paths below which SES answers, with and without the API's version.
SEND, ACCOUNT = "/outbound-emails", "/account"
SIMULATOR = "simulator.amazonses.com"
# Mailbox of the simulator -> what SES reports of a mail to it. Of every other mailbox: that it was delivered.
REPORTS = {
    "bounce": [("BOUNCE", {"bounceType": "Permanent", "bounceSubType": "General"})],
    "suppressionlist": [("BOUNCE", {"bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList"})],
    "ooto": [("DELIVERY", {}), ("BOUNCE", {"bounceType": "Undetermined", "bounceSubType": "General"})],
    "complaint": [("DELIVERY", {}), ("COMPLAINT", {"complaintFeedbackType": "abuse"})],
}
DETAIL_TYPES = {"BOUNCE": "Email Bounced", "DELIVERY": "Email Delivered", "COMPLAINT": "Email Complaint Received"}

_quotas = AccountRegionScopedDict()


@plug.replaces(ses_v2, "handle_request", "method", "path", "headers", "body", "query_params")
async def handle(original, method, path, headers, body, query_params):
    below = path.rstrip("/").removeprefix("/v2/email")
    if (method, below) == ("POST", SEND):
        sent = json.loads(body or b"{}")
        name = sent.get("ConfigurationSetName")
        if name and name not in configuration_sets:
            return missing(name)
        answer = await original(method, path, headers, body, query_params)
        if answer[0] == 200 and name:
            report(name, sent, json.loads(answer[2])["MessageId"])
        return answer
    answer = await original(method, path, headers, body, query_params)
    if (method, below) == ("GET", ACCOUNT) and "quota" in _quotas:
        account = json.loads(answer[2])
        account["SendQuota"] |= _quotas["quota"]
        return answer_json(account)
    return answer


def missing(name: str):
    body = json.dumps({"message": f"Configuration set <{name}> does not exist."}).encode()
    return 404, {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": "NotFoundException"}, body


def report(name: str, sent: dict, message: str) -> None:
    """Publishes what the set's destinations on the bus ask for, at once and in order."""
    wanted = {
        kind
        for destination in (configuration_sets[name].get("EventDestinations") or {}).values()
        if destination.get("Enabled") and "EventBridgeDestination" in destination
        for kind in destination["MatchingEventTypes"]
    }
    for address in sent.get("Destination", {}).get("ToAddresses", []):
        for kind, about in reports_of(address):
            if kind in wanted:
                bus.publish("aws.ses", DETAIL_TYPES[kind], detail(kind, about, name, sent, message, address))


def reports_of(address: str) -> list[tuple[str, dict]]:
    mailbox, _, domain = address.rpartition("@")
    usual = [("DELIVERY", {})]
    return REPORTS.get(mailbox.split("+")[0], usual) if domain == SIMULATOR else usual


def detail(kind: str, about: dict, name: str, sent: dict, message: str, address: str) -> dict:
    """As SES publishes it. The name of the member is that of the kind, in lower case."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    recipients = {
        "BOUNCE": {"bouncedRecipients": [{"emailAddress": address}]},
        "COMPLAINT": {"complainedRecipients": [{"emailAddress": address}]},
        "DELIVERY": {"recipients": [address], "smtpResponse": "250 ok"},
    }
    tags = {tag["Name"]: [tag["Value"]] for tag in sent.get("EmailTags", [])}
    mail = {
        "timestamp": now,
        "source": sent.get("FromEmailAddress", ""),
        "sendingAccountId": get_account_id(),
        "messageId": message,
        "destination": [address],
        "tags": {"ses:configuration-set": [name], **tags},
    }
    return {"eventType": kind.capitalize(), "mail": mail, kind.lower(): {"timestamp": now, **recipients[kind], **about}}


@control.route("POST", "/sending-quota")
def order_quota(request: dict) -> None:
    """`per_second` and `per_day`, as GetAccount then says; -1 a day is no limit. Neither is enforced."""
    _quotas["quota"] = {"MaxSendRate": float(request["per_second"]), "Max24HourSend": float(request["per_day"])}
