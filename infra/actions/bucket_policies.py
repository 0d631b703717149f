"""What the scripts of actions on bucket policies share: an own statement goes in and out, all others stay as they are."""

import hashlib
import json
import random
import time

# The statement of `lock-bucket`, beside which the others work.
LOCK = "TocsinLockBucket"
# S3 takes policies of 20 KB.
MOST_POLICY = 20 * 1024


def setting(s3, read, part, absent):
    try:
        return read()[part]
    except s3.exceptions.ClientError as error:
        # S3 says by an error that a setting was never made.
        if error.response["Error"]["Code"] != absent:
            raise
        return None


def policy_text(s3, bucket):
    return setting(s3, lambda: s3.get_bucket_policy(Bucket=bucket), "Policy", "NoSuchBucketPolicy")


def switches_of(s3, bucket):
    return setting(
        s3,
        lambda: s3.get_public_access_block(Bucket=bucket),
        "PublicAccessBlockConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
    )


def blocks_public_policies(s3, bucket):
    return (switches_of(s3, bucket) or {}).get("BlockPublicPolicy", False)


def found_blocking(s3, bucket):
    """Whether BlockPublicPolicy is on, and not by a lock: the lock's reversal gives that switch back, whatever came meanwhile."""
    return blocks_public_policies(s3, bucket) and not own_statement(s3, bucket, LOCK)


def statements_of(policy):
    # A policy with one statement may hold it without a list.
    statements = policy.get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


def own_statement(s3, bucket, sid):
    policy = json.loads(policy_text(s3, bucket) or "{}")
    return next((one for one in statements_of(policy) if one.get("Sid") == sid), None)


def sid_of(name, *of):
    """A statement of its own for each incident and target, so that taking one back leaves the others."""
    return name + hashlib.sha256("\n".join(of).encode()).hexdigest()[:20]


def objects_below(partition, bucket, key):
    """The ARNs of an object or folder and of everything below it."""
    if key.endswith("/*"):
        key = key[:-1]
    # In a policy these three mean something else. A question mark stands for any one character, itself included.
    for character in "*$?":
        key = key.replace(character, "?")
    arn = f"arn:{partition}:s3:::{bucket}/{key}"
    return [f"{arn}*"] if key.endswith("/") else [arn, f"{arn}/*"]


def deny(sid, action, resources, spared):
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resources,
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": sorted(set(spared))}},
    }


def merged(text, sid, statement):
    """The policy's text with this statement in the place of the one of that Sid; None where no statement is left."""
    policy = json.loads(text or '{"Version": "2012-10-17"}')
    statements = [one for one in statements_of(policy) if one.get("Sid") != sid] + ([statement] if statement else [])
    return json.dumps({**policy, "Statement": statements}, separators=(",", ":")) if statements else None


def require_room(s3, bucket, statement):
    text = merged(policy_text(s3, bucket), statement["Sid"], statement)
    if len(text.encode()) > MOST_POLICY:
        raise ValueError(f"the policy of {bucket} has no room for the statement: S3 takes {MOST_POLICY} bytes")


def set_statement(s3, bucket, sid, statement, reblock, found=None):
    """Puts the statement in, or takes it out where it is None.

    A policy is put whole and S3 has no condition on that, so of two runs at the same time one may undo the other: the statement
    has to be seen twice, or it is put again. `reblock` says that BlockPublicPolicy was on when found. `found` is the policy's text as
    it was: where it says the same as what would be put, it is put itself.
    """
    seen = refused = 0
    for _ in range(20):
        if bool(own_statement(s3, bucket, sid)) == bool(statement):
            seen += 1
            if seen == 2:
                break
        else:
            seen = 0
            try:
                change_policy(s3, bucket, sid, statement, found)
            except s3.exceptions.ClientError as error:
                # Another run may have turned the switch on again between our looking and our change.
                refused += 1
                if error.response["Error"]["Code"] != "AccessDenied" or refused == 5 or not grants_public_access(s3, bucket):
                    raise
        # A change takes S3 a fraction of this; two runs that met must not meet again.
        time.sleep(random.uniform(0.4, 0.8))
    else:
        raise RuntimeError(f"the policy of {bucket} is being changed by others all the time")
    # A run that ended while the switch was off left it so. A lock keeps it on too.
    if (reblock or own_statement(s3, bucket, LOCK)) and not blocks_public_policies(s3, bucket):
        block_public_policies(s3, bucket, True)


def grants_public_access(s3, bucket):
    status = setting(s3, lambda: s3.get_bucket_policy_status(Bucket=bucket), "PolicyStatus", "NoSuchBucketPolicy")
    return bool(status and status["IsPublic"])


def needs_opening(s3, bucket):
    """Whether S3 refuses any change of the policy: it grants public access, and BlockPublicPolicy was turned on later."""
    return blocks_public_policies(s3, bucket) and grants_public_access(s3, bucket)


def block_public_policies(s3, bucket, on):
    switches = {**(switches_of(s3, bucket) or {}), "BlockPublicPolicy": on}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=switches)


def change_policy(s3, bucket, sid, statement, found):
    opened = needs_opening(s3, bucket)
    try:
        if opened:
            block_public_policies(s3, bucket, False)
            # S3 heeds it a little later.
            time.sleep(1)
        text = merged(policy_text(s3, bucket), sid, statement)
        if text is None:
            s3.delete_bucket_policy(Bucket=bucket)
        else:
            # As people wrote it, white space and all.
            text = found if found and merged(found, sid, None) == text else text
            s3.put_bucket_policy(Bucket=bucket, Policy=text)
    finally:
        if opened:
            block_public_policies(s3, bucket, True)


def granted(s3, bucket, resources):
    """Who is named in the policy for these objects now, and loses access."""
    policy = json.loads(policy_text(s3, bucket) or "{}")
    own = [resource.rstrip("*") for resource in resources]
    found = []
    for one in statements_of(policy):
        named = one.get("Resource", "")
        heads = [resource.split("*")[0].split("?")[0] for resource in (named if isinstance(named, list) else [named])]
        if one.get("Effect") == "Allow" and any(head.startswith(arn) or arn.startswith(head) for head in heads for arn in own):
            who = json.dumps(one.get("Principal", one.get("NotPrincipal")))
            found.append(
                f"the statement {one.get('Sid', 'without a name')} of the policy of {bucket} grants {who}: denied from now on"
            )
    return found
