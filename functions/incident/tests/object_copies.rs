//! Orders for copies of objects, and how far a copy has come.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use incident::digest::Measure;
use incident::evidence::copy::{
    CopyOrder, MOST_BYTES, MOST_LINES, NamedObject, PART_BYTES, Running, S3Checksum, SourceVersion, Upload, orders,
    part_bytes,
};
use incident::{Digest, IncidentId};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use proptest::{collection, sample};

fn object(account: &str, region: &str, key: &str) -> NamedObject {
    NamedObject {
        account: account.to_owned(),
        region: region.to_owned(),
        bucket: "shop".to_owned(),
        key: key.to_owned(),
        version_id: Some("v1".to_owned()),
        bytes: None,
    }
}

fn many(number: usize) -> Vec<NamedObject> {
    (0..number).map(|one| object("111122223333", "eu-central-1", &format!("orders/{one:05}"))).collect()
}

fn incident() -> IncidentId {
    IncidentId::try_from("inc-0123456789abcdef0123".to_owned()).unwrap()
}

fn written(order: &CopyOrder) -> Vec<u8> {
    order.objects.iter().flat_map(|object| (serde_json::to_string(object).unwrap() + "\n").into_bytes()).collect()
}

#[test]
fn orders_are_split_in_hundreds_of_one_place() {
    let mut objects = many(250);
    objects.extend([object("444455556666", "eu-central-1", "a"), object("111122223333", "eu-west-1", "a")]);
    let orders = orders(objects).unwrap();
    let sizes: Vec<usize> = orders.iter().map(|order| order.objects.len()).collect();
    assert_eq!(sizes, [100, 100, 50, 1, 1]);
    for order in &orders {
        let first = &order.objects[0];
        assert!(order.objects.iter().all(|one| (&one.account, &one.region) == (&first.account, &first.region)));
        assert_eq!(order.item().account, first.account);
    }
}

#[test]
fn the_order_in_which_objects_are_named_makes_no_other_orders() {
    let mut backwards = many(130);
    backwards.reverse();
    let twice = backwards.iter().chain(&backwards).cloned();
    assert_eq!(orders(twice).unwrap(), orders(many(130)).unwrap());
}

#[test]
fn a_version_that_is_named_with_and_without_its_size_is_ordered_once() {
    let mut sized = object("111122223333", "eu-central-1", "a");
    sized.bytes = Some(7);
    let orders = orders([sized, object("111122223333", "eu-central-1", "a")]).unwrap();
    assert_eq!(orders[0].objects.len(), 1);
}

#[test]
fn an_order_is_read_as_it_was_written() {
    let order = orders(many(3)).unwrap().remove(0);
    let read = CopyOrder::read(&incident(), &order.path(&incident()), &written(&order)).unwrap();
    assert_eq!(read, order);
}

#[test]
fn a_file_that_is_not_what_its_name_was_made_of_is_no_order() {
    let order = orders(many(3)).unwrap().remove(0);
    let mut altered = written(&order);
    altered[14] = b'9';
    assert!(CopyOrder::read(&incident(), &order.path(&incident()), &altered).is_err());
    let elsewhere = order.path(&incident()).replace("inc-0", "inc-1");
    assert!(CopyOrder::read(&incident(), &elsewhere, &written(&order)).is_err());
}

#[test]
fn what_is_wrong_with_a_line_is_said_without_its_words() {
    let bytes = br#"{"account":"111122223333","key":"customers/jane.doe@example.com"}"#;
    let path = format!("incidents/{}/copies/{}.jsonl", incident(), Digest::of(bytes).short(16));
    let said = CopyOrder::read(&incident(), &path, bytes).unwrap_err().chain();
    assert!(!said.contains("jane"), "{said}");
}

#[test]
fn an_order_has_no_more_lines_than_one_function_gets_done() {
    let order = CopyOrder { name: String::new(), objects: many(MOST_LINES + 1) };
    let bytes = written(&order);
    let path = format!("incidents/{}/copies/{}.jsonl", incident(), Digest::of(&bytes).short(16));
    assert!(CopyOrder::read(&incident(), &path, &bytes).is_err());
}

#[test]
fn the_path_of_an_item_names_no_key() {
    let order = orders([object("111122223333", "eu-central-1", "customers/jane.doe")]).unwrap().remove(0);
    assert!(!order.item().folder().contains("jane"));
    assert!(!order.path(&incident()).contains("jane"));
}

#[test]
fn ten_thousand_parts_hold_the_largest_object_and_one_part_fits_into_memory() {
    for bytes in [1, PART_BYTES, 10_000 * PART_BYTES, 10_000 * PART_BYTES + 1, 1 << 40, MOST_BYTES - 1, MOST_BYTES] {
        assert!(bytes.div_ceil(part_bytes(bytes)) <= 10_000, "{bytes}");
    }
    assert_eq!(part_bytes(10_000 * PART_BYTES), PART_BYTES);
    assert!(part_bytes(MOST_BYTES) <= 525 << 20);
}

fn source(bytes: &[u8], checksum: Option<S3Checksum>) -> SourceVersion {
    SourceVersion {
        version_id: None,
        etag: None,
        bytes: bytes.len() as u64,
        storage_class: "STANDARD".to_owned(),
        last_modified: None,
        checksum,
    }
}

fn checksum(algorithm: &str, of: &str, value: &str) -> Option<S3Checksum> {
    Some(S3Checksum { algorithm: algorithm.to_owned(), of: of.to_owned(), value: value.to_owned() })
}

/// The check values that the catalogue of CRCs gives for `123456789`, in S3's base64, and its SHA-256.
const CHECKS: [(&str, &str); 4] = [
    ("CRC32", "y/Q5Jg=="),
    ("CRC32C", "4waSgw=="),
    ("CRC64NVME", "rosUhgp5mIg="),
    ("SHA256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
];

#[test]
fn each_checksum_of_s3_is_compared() {
    for (algorithm, value) in CHECKS {
        let mut found = Running::start(&source(b"123456789", checksum(algorithm, "FULL_OBJECT", value)));
        found.take(b"1234");
        found.take(b"56789");
        assert!(!found.is_altered(&source(b"123456789", checksum(algorithm, "FULL_OBJECT", value))), "{algorithm}");
        let other = checksum(algorithm, "FULL_OBJECT", &value.replace(['y', '4', 'r', 'F'], "A"));
        assert!(found.is_altered(&source(b"123456789", other)), "{algorithm}");
    }
}

#[test]
fn a_checksum_of_parts_is_not_mistaken_for_one_of_the_object() {
    let source = source(b"123456789", checksum("CRC32", "COMPOSITE", "AAAAAA==-2"));
    let mut found = Running::start(&source);
    found.take(b"123456789");
    assert!(!found.is_altered(&source));
}

#[test]
fn fewer_bytes_than_the_version_has_are_not_the_version() {
    let source = source(b"123456789", None);
    let mut found = Running::start(&source);
    found.take(b"12345678");
    assert!(found.is_altered(&source));
}

#[test]
fn the_composite_is_that_of_s3() {
    let mut found = Running::start(&source(b"", None));
    found.take(b"a");
    found.take(b"b");
    let mut digests = Digest::of(b"a").bytes().unwrap().to_vec();
    digests.extend(Digest::of(b"b").bytes().unwrap());
    assert_eq!(found.composite(), format!("{}-2", Digest::of(&digests).base64()));
}

#[test]
fn a_hash_that_another_library_kept_is_not_gone_on_with() {
    let kept = serde_json::to_string(&Running::start(&source(b"", None)).kept("upload")).unwrap();
    let other: Upload = serde_json::from_str(&kept.replace("sha2-0.11:", "sha2-0.12:")).unwrap();
    assert!(Running::resume(&serde_json::from_str(&kept).unwrap()).is_some());
    assert!(Running::resume(&other).is_none());
}

proptest! {
    /// Wherever a copy stops, and however often, its digests are those of a copy that never stopped.
    #[test]
    fn a_copy_that_stops_goes_on_as_if_it_had_not(
        parts in collection::vec(collection::vec(any::<u8>(), 1..200), 1..8),
        stops in sample::subsequence((0..8_usize).collect::<Vec<_>>(), 0..8),
    ) {
        let whole: Vec<u8> = parts.concat();
        let checked = source(&whole, checksum("CRC64NVME", "FULL_OBJECT", "AAAAAAAAAAA="));
        let mut straight = Running::start(&checked);
        let mut halting = Running::start(&checked);
        for (number, part) in parts.iter().enumerate() {
            straight.take(part);
            halting.take(part);
            if stops.contains(&number) {
                let kept = serde_json::to_string(&halting.kept("upload")).unwrap();
                prop_assert!(kept.len() < 1_000, "a record keeps its size");
                halting = Running::resume(&serde_json::from_str(&kept).unwrap()).unwrap();
            }
        }
        prop_assert_eq!(halting.sha256(), Digest::of(&whole));
        prop_assert_eq!(halting.composite(), straight.composite());
        prop_assert_eq!(halting.kept("u"), straight.kept("u"));
        prop_assert_eq!(halting.bytes(), whole.len() as u64);
    }

    #[test]
    fn a_digest_is_the_same_in_hexadecimal_and_in_base64(bytes in collection::vec(any::<u8>(), 0..100)) {
        let mut measure = Measure::default();
        measure.take(&bytes);
        let digest = measure.finish().0;
        let hexadecimal: String = digest.bytes().unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
        prop_assert_eq!(hexadecimal, digest.as_str());
        prop_assert_eq!(digest.base64().len(), 44);
    }
}
