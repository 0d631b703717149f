"""One finding all the way: delivered seven times, contained, preserved, assessed, decided, sent, reported.

Every outcome is read from the account, the vault, the table or the mails. The account is the local AWS: it does not enforce
permissions, and S3, EC2, SSM Automation and SES are its own (tests/local-aws/README.md says how).
"""

import datetime
import hashlib
import json

from demo import account, containment, organisation
from demo.records import moment


def test_every_effect_is_in_the_account(answered):
    shop, after = answered.shop, answered.account()
    instance = after["isolate-instance", shop.instance]
    (isolation,) = {group for groups in instance["interfaces"].values() for group in groups}
    assert instance["groups"][isolation] == [f"tocsin-isolation-{shop.instance}", 0, 0]
    assert len(instance["interfaces"]) == 2
    assert instance["profile"] == "Tocsin-Quarantine"
    denied = after["revoke-role-sessions", shop.role]["policies"][account.REVOCATION]["Statement"][0]
    revoked = moment(denied["Condition"]["DateLessThan"]["aws:TokenIssueTime"])
    assert (denied["Effect"], denied["Action"], denied["Resource"]) == ("Deny", "*", "*")
    assert answered.watch.published < revoked < datetime.datetime.now(datetime.UTC)
    bucket = after["lock-bucket", shop.bucket]
    assert all(bucket["public_access_block"].values())
    assert account.algorithm(bucket) == "aws:kms"


def test_lock_keeps_the_own_policy_and_lets_the_responders_in(answered):
    target = ("lock-bucket", answered.shop.bucket)
    own = answered.before[target]["policy"]["Statement"]
    *kept, lock = answered.account()[target]["policy"]["Statement"]
    assert kept == own
    assert (lock["Effect"], lock["Principal"], lock["Action"]) == ("Deny", "*", "s3:*")
    allowed = lock["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    assert f"arn:aws:iam::{answered.aws.account}:role/{containment.RESPONDER}" in allowed
    assert any("PreserveEvidence" in arn for arn in allowed)


def test_what_the_finding_does_not_name_is_untouched(answered):
    target = ("lock-bucket", answered.shop.models)
    assert answered.account()[target] == answered.before[target]


def test_seven_deliveries_are_one_response(answered):
    started = [name for name in answered.watch.executions() if answered.incident in name]
    assert sorted(started) == sorted(
        [f"{machine} {answered.incident}" for machine in ("incident-response", "containment", "evidence-preservation")]
        + [f"notification {answered.incident}-{obligation}" for obligation in organisation.RECIPIENTS]
    )
    assert set(answered.watch.executions().values()) == {"SUCCEEDED"}
    assert [member["finding"] for member in answered.of("FINDING")] == [answered.finding_id]


def test_sessions_are_revoked_after_the_profile_was_swapped_and_once_more(answered):
    actions = {(action["action"], action["pass"]): action for action in answered.of("ACTION")}
    assert {action["state"] for action in actions.values()} == {"contained"}
    assert set(actions) == {("isolate-instance", 1), ("lock-bucket", 1), ("revoke-role-sessions", 1), ("revoke-role-sessions", 2)}
    assert actions["isolate-instance", 1]["contained_at"] < actions["revoke-role-sessions", 1]["started_at"]
    assert actions["revoke-role-sessions", 1]["contained_at"] < actions["revoke-role-sessions", 2]["started_at"]


def test_evidence_is_whole_and_locked(answered):
    items, files = answered.of("EVIDENCE"), answered.of("FILE")
    assert {item["progress"]["state"] for item in items} == {"done"}
    assert {"bucket", "bucket-versions", "finding", "instance", "principal-activity", "role"} <= {item["item"]["source"] for item in items}
    s3 = answered.evidence_s3()
    assert {f"{file['folder']}/{file['name']}" for file in files} == {path for path in answered.vault() if path.startswith("evidence/")}
    for file in files:
        assert hashlib.sha256(answered.read(f"{file['folder']}/{file['name']}")).hexdigest() == file["sha256"]
    for path, versions in answered.vault().items():
        for version in versions:
            key = f"incidents/{answered.incident}/{path}"
            held = s3.get_object_retention(Bucket=answered.stack.vault, Key=key, VersionId=version)["Retention"]
            assert held["Mode"] == "GOVERNANCE"
            assert held["RetainUntilDate"] > datetime.datetime.now(datetime.UTC)


def test_evidence_says_what_was_there(answered):
    (policy,) = answered.kept("bucket", "policy")
    before = answered.before["lock-bucket", answered.shop.bucket]
    assert json.loads(policy) == before["policy"], "taken before the bucket was locked"
    assert sum(page.count(b"<VersionId>") for page in answered.kept("bucket-versions", "versions")) == 3
    events = [event for page in answered.kept("principal-activity", "events") for event in json.loads(page)["Events"]]
    assert {"GetCallerIdentity", "ListBuckets", "GetBucketPolicy"} <= {event["EventName"] for event in events}


def test_custody_can_be_verified(answered):
    assert answered.verify()
    log = [json.loads(line) for line in answered.read("custody.jsonl").splitlines()]
    assert [entry["sequence"] for entry in log] == list(range(1, len(log) + 1))
    (sealed,) = [entry for entry in log if entry["deed"] == "sealed"][-1:]  # accesses may stand after it
    assert sealed["sha256"] == hashlib.sha256(answered.read("manifest.json")).hexdigest()


def test_obligations_and_their_due_times(answered):
    duties = {duty["obligation"]["id"]: duty for duty in answered.of("OBLIGATION")}
    assert set(duties) == set(organisation.RECIPIENTS)
    aware = moment(answered.records.incident(answered.incident)["aware_at"])
    due = {name: moment(duty["obligation"]["due_at"]) for name, duty in duties.items()}
    # The earlier of 72 hours gone by and the same time of day in Berlin, so an hour less once a year.
    hour, day = datetime.timedelta(hours=1), datetime.timedelta(days=1)
    assert 71 * hour <= due["eu-gdpr-33-1"] - aware <= 72 * hour
    # The end of the last day in California.
    assert 29 * day < due["us-ca-ind"] - aware < 32 * day
    sent = moment(next(d["sent_at"] for d in answered.of("DELIVERY") if d["obligation"] == "us-ca-ind"))
    assert 14 * day < due["us-ca-reg"] - sent < 17 * day
    assert {duty["state"] for duty in duties.values()} == {"sent"}


def test_attorney_general_is_shown_what_customers_were_sent(answered):
    asked = {review["obligation"]: review for review in answered.asked}
    delivered = next(d for d in answered.of("DELIVERY") if d["obligation"] == "us-ca-ind")
    assert asked["us-ca-reg"]["requested_at"] > delivered["sent_at"]
    assert asked["us-ca-reg"]["due_at"] == answered.duty("us-ca-reg")["obligation"]["due_at"]
    assert answered.duty("us-ca-reg")["obligation"]["after"] == "us-ca-ind"
    sent = answered.draft({"obligation": "us-ca-ind", "version": 1})
    assert sent["text"].strip() in answered.draft({"obligation": "us-ca-reg", "version": 1})["text"]


def test_each_notice_is_one_mail_with_text_and_html(answered):
    mails = {mail["To"][0]: mail for mail in answered.sent}
    assert len(answered.sent) == len(mails) == 3
    for obligation, recipient in organisation.RECIPIENTS.items():
        mail = mails[recipient["email"]]
        draft = answered.draft({"obligation": obligation, "version": 1})
        assert (mail["Subject"], mail["BodyText"], mail["BodyHtml"]) == (draft["subject"], draft["text"], draft["html"])
        assert mail["Source"] == organisation.SENDER
        assert mail["To"] == [recipient["email"]]
        assert f'lang="{recipient["language"]}"' in mail["BodyHtml"]


def test_the_text_sent_is_the_text_in_the_vault(answered):
    for obligation in organisation.RECIPIENTS:
        draft = answered.draft({"obligation": obligation, "version": 1})
        assert answered.read(f"notices/{obligation}/v1/notice.txt").decode() == draft["text"]
        assert answered.read(f"notices/{obligation}/v1/notice.html").decode() == draft["html"]


def test_task_token_is_nowhere_but_in_the_table(answered):
    assert len(answered.tokens_seen) == 3
    run = answered.aws.run_dir
    texts = {f"log {log.name}": log.read_text() for log in (run / "logs").iterdir()}
    texts |= {"calls": (run / "calls.jsonl").read_text(), "answers": json.dumps(answered.answers)}
    texts |= {"mails": json.dumps(answered.mails()), "pages": json.dumps(answered.pages())}
    texts |= {f"vault {path}": answered.read(path).decode(errors="replace") for path in answered.vault()}
    texts |= {f"table {key}": json.dumps(row) for key, row in answered.records.everything().items() if not key[0].startswith("GATE#")}
    for token in answered.tokens_seen.values():
        assert len(token) >= 16
        assert [place for place, text in texts.items() if token in text] == []
    assert answered.tokens() == {}, "a used token is not kept"


def test_report_says_what_happened(answered):
    page = answered.read("report.html").decode()
    for said in (answered.incident, answered.shop.instance, answered.shop.bucket, answered.shop.role, *organisation.RECIPIENTS):
        assert said in page
    register = json.loads(answered.read("register-entry.json"))
    assert answered.incident in json.dumps(register)


def test_incident_is_closed_and_nobody_was_paged(answered):
    assert answered.records.incident(answered.incident)["closed_at"]
    assert answered.pages() == []
    assert answered.records.waiting(answered.incident) == []


def payloads(answered) -> list[tuple[str, dict]]:
    """What each state of the run handed to its function."""
    incident = {"incident": answered.incident}
    steps = [{**incident, **{key: action[key] for key in ("action", "account", "region", "target", "pass")}} for action in answered.of("ACTION")]
    runs = {(action["action"], action["pass"]): action["automation"] for action in answered.of("ACTION")}
    calls = [("preserve-evidence", {**incident, "stage": "before-containment"}), ("plan-containment", incident)]
    for step in steps:
        calls.append(("start-containment", step))
        calls.append(("verify-containment", {**step, "automation": runs[step["action"], step["pass"]]}))
    calls += [("preserve-evidence", {**incident, "stage": "beside-containment"}), ("seal-custody", incident)]
    calls += [("assess-obligations", incident)]
    for delivery in answered.of("DELIVERY"):
        notice = {**incident, "obligation": delivery["obligation"]}
        text = {"version": delivery["version"], "digest": delivery["digest"]}
        token = answered.tokens_seen[f"GATE#{answered.incident}#{delivery['obligation']}#{delivery['version']:06}"]
        calls.append(("draft-notice", notice))
        calls.append(("request-legal-review", {**notice, **text, "token": token}))
        calls.append(("send-notice", {**notice, **text}))
    return [*calls, ("close-incident", incident)]


def settled(answered) -> dict:
    """The table, without what counts writes: sealing again adds an entry to the custody log, by design."""
    rows = answered.records.everything()
    return {key: row["record"] for key, row in rows.items() if answered.incident in json.dumps(row) and not key[1].startswith("CUSTODY#")}


def test_every_function_repeated_changes_nothing(answered):
    """As after a Lambda that was killed between its work and its answer: everything is done again with the same input."""
    table, mails, found = settled(answered), answered.mails(), answered.account()
    vault = {path: versions for path, versions in answered.vault().items() if path.startswith(("evidence/", "notices/"))}
    snapshots = answered.aws.client("ec2").describe_snapshots(OwnerIds=["self"])["Snapshots"]
    for function, payload in payloads(answered):
        error, result = answered.invoke(function, payload)
        assert error is None, (function, result)
    answered.publish()
    answered.aws.wait_until(lambda: queue_is_empty(answered), what="the finding to be taken again")
    assert answered.account() == found
    assert answered.mails() == mails
    assert settled(answered) == table
    assert {path: versions for path, versions in answered.vault().items() if path in vault} == vault
    assert answered.aws.client("ec2").describe_snapshots(OwnerIds=["self"])["Snapshots"] == snapshots
    assert answered.watch.has_ended()
    assert answered.verify()


def queue_is_empty(answered) -> bool:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = answered.aws.client("sqs").get_queue_attributes(QueueUrl=answered.stack.queue, AttributeNames=names)
    return set(found["Attributes"].values()) == {"0"}
