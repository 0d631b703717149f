"""Which addresses are blocked and which are refused; several incidents on the same IP sets."""

import concurrent.futures

import pytest
from targets.block_address import Address

REFUSED = [
    ("10.1.2.3", "no address of the internet"),
    ("172.20.0.0/24", "no address of the internet"),
    ("192.168.1.1", "no address of the internet"),
    ("100.64.0.9", "no address of the internet"),
    ("127.0.0.1", "no address of the internet"),
    ("169.254.169.254", "no address of the internet"),
    ("224.0.0.5", "no address of the internet"),
    ("255.255.255.255", "no address of the internet"),
    ("0.0.0.0", "no address of the internet"),
    ("::", "no address of the internet"),
    ("::1", "no address of the internet"),
    ("fd00::1", "no address of the internet"),
    ("fe80::1", "no address of the internet"),
    ("ff02::1", "no address of the internet"),
    ("0.0.0.0/0", "is larger than /24"),
    ("198.51.100.0/23", "is larger than /24"),
    ("::/0", "is larger than /48"),
    ("2001:db8::/47", "is larger than /48"),
    ("198.51.100.7/24", "has host bits set"),
    ("300.1.1.1", "does not appear to be an IPv4 or IPv6 network"),
]


@pytest.fixture(scope="module")
def shop(actions_aws):
    return Address(actions_aws)


@pytest.mark.parametrize(("address", "reason"), REFUSED)
def test_refused_before_anything_changes(shop, documents, address, reason):
    found = shop.everything()
    shop.id = address
    run = documents.apply(shop)
    assert run.status == "Failed"
    assert reason in run.failure
    assert shop.everything() == found


def test_set_that_lets_people_in_is_refused(actions_aws, documents):
    target = Address(actions_aws, action="Allow")
    found = target.everything()
    run = documents.apply(target)
    assert run.status == "Failed"
    assert "it is no list of what to block" in run.failure
    assert target.everything() == found


def test_without_a_set_of_the_version(actions_aws, documents):
    target = Address(actions_aws)
    target.id = "2001:db8::1"
    target.parameters = {"IpSetArns": [arn for arn, one in target.everything().items() if one["IPAddressVersion"] == "IPV4"]}
    run = documents.apply(target)
    assert run.status == "Failed"
    assert "none of IpSetArns takes addresses of the version" in run.failure


def sharing(target: Address, aws) -> Address:
    other = Address(aws)
    other.sets, other.parameters = target.sets, target.parameters
    return other


def test_several_incidents_at_the_same_time(actions_aws, documents):
    first = Address(actions_aws)
    found = first.everything()
    targets = [first, *(sharing(first, actions_aws) for _ in range(3))]
    with concurrent.futures.ThreadPoolExecutor() as together:
        runs = list(together.map(documents.apply, targets))
        assert [run.status for run in runs] == ["Success"] * 4, [run.failure for run in runs]
        now = [one["Addresses"] for one in first.everything().values() if one["IPAddressVersion"] == "IPV4"]
        assert all({target.entry for target in targets} <= set(addresses) for addresses in now)
        ended = list(together.map(lambda pair: documents.reverse(pair[0], pair[1].before), zip(targets, runs, strict=True)))
    assert [run.status for run in ended] == ["Success"] * 4, [run.failure for run in ended]
    assert first.everything() == found


def test_stale_lock_token_is_tried_again_with_a_fresh_list(actions_aws, documents):
    target = Address(actions_aws)
    found = target.everything()
    documents.break_call("wafv2", "UpdateIPSet", "WAFOptimisticLockException", times=3)
    run = documents.apply(target)
    assert run.status == "Success", run.failure
    target.assert_contained(found, run.output("ObserveContainment.Observation"))


def test_other_failures_are_not_tried_again(actions_aws, documents):
    target = Address(actions_aws)
    found = target.everything()
    documents.break_call("wafv2", "UpdateIPSet", "WAFLimitsExceededException")
    assert documents.apply(target).status == "Failed"
    assert target.everything() == found


def test_preview_counts_the_web_acls(actions_aws, documents):
    impact = documents.preview(Address(actions_aws)).output("PreviewContainment.Impact")
    assert len(impact) == 2
    assert all("is used by 1 web ACLs: shop-" in line for line in impact)
