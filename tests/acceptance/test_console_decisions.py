"""Counsel's way back at the console, by its forms alone: what is approved can be withdrawn until it is sent."""

from console import Browser, people


def test_an_approval_is_withdrawn_and_another_text_comes(attack, console):
    """Sending is kept from beginning by a table that throttles the function that sends; meanwhile counsel changes their mind."""
    response = attack()
    response.publish()
    response.until_gate()
    waiting = response.waiting("eu-gdpr-33-1")
    path = "/reviews/{incident}/{obligation}/{version}".format(**waiting)
    one, other = (Browser(console.origin) for _ in range(2))
    for browser, sub in zip((one, other), people("counsel"), strict=True):
        browser.sign_in(sub)
    decision = {"digest": one.get(path).fields("digest")[0], "reason": "read in full", "missing_items_reason": "in phases, as far as known"}
    assert "withdrawn" not in one.get(path).fields("verdict"), "nothing is approved yet"
    response.aws.fail_call("dynamodb", "GetItem", "ProvisionedThroughputExceededException", times=12, principal="tocsin-send-notice")
    assert one.post(path, {**decision, "verdict": "approved"}).status == 303
    assert other.get(path).fields("verdict") == ["withdrawn"]
    withdrawn = {**decision, "missing_items_reason": "", "verdict": "withdrawn", "reason": "the recipient has moved"}
    assert other.post(path, withdrawn).status == 303
    response.aws.clear_faults()
    newer = lambda: [r for r in response.records.waiting(response.incident) if (r["obligation"], r["version"]) == ("eu-gdpr-33-1", 2)]  # noqa: E731
    renewed = response.aws.wait_until(newer, seconds=60, what="version 2")[0]
    assert response.mails() == []
    late = one.post(path, withdrawn)
    assert late.status == 409
    assert "already-decided" in late.text
    path = "/reviews/{incident}/{obligation}/{version}".format(**renewed)
    decision["digest"] = one.get(path).fields("digest")[0]
    assert one.post(path, {**decision, "verdict": "approved"}).status == 303
    response.aws.wait_until(response.mails, seconds=60, what="the notice")
