//! Types of threat, `Purpose:Resource/Family`, and how Security Hub rewrites them.

use std::borrow::Cow;

/// Whether this is the form of a GuardDuty type (user guide, "GuardDuty finding format"), which Macie shares.
pub(crate) fn is_threat(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|letter| letter.is_ascii_alphanumeric());
    text.split_once(':').is_some_and(|(purpose, rest)| {
        let Some((resource, family)) = rest.split_once('/') else { return false };
        is_word(purpose) && is_word(resource) && !family.is_empty() && !family.contains([' ', '/'])
    })
}

/// The type of threat that a `Types` entry of a finding stands for. ASFF puts it below a namespace and a category, and
/// writes a dash for the slash: `TTPs/Discovery/Recon:EC2-Portscan` is `Recon:EC2/Portscan`.
pub(crate) fn within(entry: &str) -> Option<Cow<'_, str>> {
    let colon = entry.find(':')?;
    let start = entry.get(..colon)?.rfind('/').map_or(0, |slash| slash + 1);
    let name = entry.get(start..)?;
    if is_threat(name) {
        return Some(Cow::Borrowed(name));
    }
    let slashed = name.replacen('-', "/", 1);
    is_threat(&slashed).then_some(Cow::Owned(slashed))
}

/// The type of threat of a `Types` entry of GuardDuty's that lacks its purpose, which is then the category: seen as
/// `TTPs/Discovery/IAMUser-AnomalousBehavior`.
pub(crate) fn completed(entry: &str) -> Option<String> {
    let mut parts = entry.split('/');
    let (_namespace, category, name) = (parts.next()?, parts.next()?, parts.next()?);
    let (resource, family) = name.split_once('-')?;
    let purpose: String = category.split_whitespace().collect();
    Some(format!("{purpose}:{resource}/{family}")).filter(|name| is_threat(name))
}

#[cfg(test)]
mod tests {
    use super::{completed, is_threat, within};

    #[test]
    fn restores_the_type_from_asff() {
        for (entry, expected) in [
            ("TTPs/Discovery/Recon:EC2-Portscan", Some("Recon:EC2/Portscan")),
            ("TTPs/Command and Control/Backdoor:EC2-C&CActivity.B!DNS", Some("Backdoor:EC2/C&CActivity.B!DNS")),
            ("TTPs/AttackSequence:IAM/CompromisedCredentials", Some("AttackSequence:IAM/CompromisedCredentials")),
            ("Trojan:EC2/DropPoint", Some("Trojan:EC2/DropPoint")),
            ("Software and Configuration Checks/Vulnerabilities/CVE", None),
            ("https://example.org/a-b", None),
            (":", None),
        ] {
            assert_eq!(within(entry).as_deref(), expected, "{entry}");
        }
    }

    #[test]
    fn completes_a_type_that_lacks_its_purpose() {
        let entry = "TTPs/Initial Access/IAMUser-AnomalousBehavior";
        assert_eq!(completed(entry).as_deref(), Some("InitialAccess:IAMUser/AnomalousBehavior"));
        assert_eq!(completed("TTPs/Discovery"), None);
    }

    #[test]
    fn other_texts_are_no_threats() {
        for text in ["", "a:b", "a/b", "S3.1", "Effects/Data Exposure", "arn:aws:s3/x", "AWS::S3::Bucket"] {
            assert!(!is_threat(text), "{text}");
        }
    }
}
