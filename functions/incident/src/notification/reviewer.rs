//! Reviewers and drafters, by the names that records hold: an ARN where AWS said who it was, `https://issuer#subject` where an
//! issuer did.

use std::collections::BTreeSet;

/// Whether someone had a hand in a draft. Nobody at all counts as a drafter.
pub(super) fn is_among(reviewer: &str, drafters: &BTreeSet<String>) -> bool {
    reviewer.trim().is_empty() || drafters.iter().any(|drafter| is_same_person(drafter, reviewer))
}

/// IAM takes names that differ only by case as one, so this does too.
pub fn is_same_person(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

/// Whether the same authority gave both names, so that two names are two people. A person has one name with AWS and another with an
/// issuer, and nothing recorded says that they belong together.
pub fn are_comparable(one: &str, other: &str) -> bool {
    authority(one).eq_ignore_ascii_case(authority(other))
}

/// The issuer of a name; empty for a name that AWS gave. No ARN of a person holds `#`.
fn authority(name: &str) -> &str {
    name.trim().split_once('#').map_or("", |(issuer, _)| issuer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:iam::111122223333:user/adams";
    const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/Counsel/bauer@shop.example";
    const ADAMS: &str = "https://id.example.com#counsel-adams";
    const BAUER: &str = "https://id.example.com#counsel-bauer";
    const ELSEWHERE: &str = "https://id.example.org#counsel-bauer";

    #[test]
    fn names_of_one_authority_tell_people_apart() {
        for (one, other) in [(ARN, SESSION), (ADAMS, BAUER), (" https://ID.example.com#x", ADAMS)] {
            assert!(are_comparable(one, other), "{one} {other}");
        }
    }

    #[test]
    fn names_of_two_authorities_may_be_one_person() {
        for (one, other) in [(ARN, ADAMS), (ADAMS, SESSION), (BAUER, ELSEWHERE)] {
            assert!(!are_comparable(one, other), "{one} {other}");
        }
    }
}
