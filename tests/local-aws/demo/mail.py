"""The mails that the local SES took, the pages that reached the operator, and the dead letters."""

import json
import urllib.request


def sent(aws) -> list[dict]:
    """Every mail, in order: MessageId, Source, To, Subject, BodyText, BodyHtml."""
    url = f"{aws.endpoint}/_ministack/ses/messages?account={aws.account}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.loads(answer.read())["messages"].get(aws.account, [])


def pages(aws, queue: str) -> list[str]:
    """The text of every page that reached this queue."""
    return [message["Body"] for message in waiting_in(aws, queue)]


def letters(aws, queue: str) -> list[dict[str, str]]:
    """The attributes of every dead letter."""
    found = [message["MessageAttributes"] for message in waiting_in(aws, queue)]
    return [{name: value.get("StringValue", "") for name, value in attributes.items()} for attributes in found]


def waiting_in(aws, queue: str) -> list[dict]:
    """The messages of a queue. Looking changes nothing there."""
    url = f"{aws.endpoint}/_ministack/sqs/messages?account={aws.account}&QueueUrl={queue}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        regions = json.loads(answer.read())["messages"].get(aws.account, {})
    return [message for queues in regions.values() for messages in queues.values() for message in messages]
