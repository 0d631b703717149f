//! Runs over a table, a vault and buckets in memory: whichever call fails, before or after its work, a repeat ends where a run
//! without a failure ends, and nothing is there twice.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

mod world;

use copy_objects::{OrderCopy, Progress};
use incident::evidence::copy::PART_BYTES;
use incident::{Digest, Fault};
use serde_json::Value;
use std::collections::BTreeMap;
use world::World;

const KEYS: [&str; 4] = ["empty", "gone", "large", "small"];

fn world() -> World {
    // Two parts that are not alike.
    let mut large = vec![7; usize::try_from(PART_BYTES).unwrap()];
    large.extend([9; 5_000]);
    let objects = [("empty", Vec::new()), ("large", large), ("small", b"small".to_vec())];
    World { objects: objects.map(|(key, content)| (key.to_owned(), content)).into(), ..World::default() }
}

fn until_copied(world: &World, order: &str, is_hurried: bool) -> OrderCopy {
    for _ in 0..20 {
        match world.run(order, is_hurried) {
            Ok(copy) if copy.state == Progress::Copied => return copy,
            Ok(_) => {}
            Err(failure) => assert_eq!(failure.fault(), Fault::Transient, "{}", failure.chain()),
        }
    }
    unreachable!("not copied after twenty calls")
}

/// What is there in the end: files, custody entries and the item, but for the numbers of the entries.
fn outcome(world: &World) -> (Vec<Value>, BTreeMap<String, Value>, BTreeMap<String, Value>) {
    let custody = world.records("CUSTODY#").into_values().map(|entry| {
        Value::from_iter(["deed", "path", "sha256", "reason"].map(|name| (name.to_owned(), entry[name].clone())))
    });
    (custody.collect(), world.records("FILE#"), world.records("EVIDENCE#"))
}

#[test]
fn an_order_is_begun_as_an_item_when_it_is_ordered() {
    let world = world();
    let order = world.order(&KEYS);
    let items = world.records("EVIDENCE#");
    assert_eq!(items.len(), 1);
    assert!(items.values().all(|item| item["progress"]["state"] == "at-work" && item["item"]["source"] == "objects"));
    assert_eq!(world.order(&KEYS), order, "the same once more is the same order");
    assert_eq!(world.records("EVIDENCE#"), items);
}

/// The keys in every order that lies in the vault.
fn ordered(world: &World) -> Vec<String> {
    let files = world.files.borrow();
    let orders = files.iter().filter(|(path, _)| path.ends_with(".jsonl"));
    let lines = orders.flat_map(|(_, content)| std::str::from_utf8(content).unwrap().lines());
    let mut keys: Vec<String> =
        lines.map(|line| serde_json::from_str::<Value>(line).unwrap()["key"].to_string()).collect();
    keys.sort();
    keys
}

#[test]
fn what_an_earlier_call_ordered_is_not_ordered_again() {
    let world = world();
    let first = world.order(&["small", "large"]);
    let both = world.try_order(&["large", "empty"]).unwrap();
    assert_eq!(both.len(), 2, "the earlier order holds one, a new one the other");
    assert!(both.contains(&first));
    assert_eq!(ordered(&world), [r#""empty""#, r#""large""#, r#""small""#]);
    assert_eq!(world.try_order(&["empty", "small"]).unwrap(), both);
    assert_eq!(world.records("EVIDENCE#").len(), 2);
}

#[test]
fn an_order_that_breaks_off_leaves_nothing_out_and_orders_nothing_twice() {
    for after in [false, true] {
        for call in 0.. {
            let world = world();
            world.order(&["small"]);
            world.fuse.set(Some((call, after)));
            let broken = world.try_order(&["small", "large", "empty"]);
            let is_over = world.fuse.get().is_some();
            world.fuse.set(None);
            assert_eq!(broken.is_ok(), is_over);
            world.try_order(&["small", "large", "empty"]).unwrap();
            assert_eq!(
                ordered(&world),
                [r#""empty""#, r#""large""#, r#""small""#],
                "call {call}, after its work: {after}"
            );
            if is_over {
                assert!(call > 2, "fewer calls than there are steps");
                break;
            }
        }
    }
}

#[test]
fn what_is_there_is_copied_and_what_is_not_is_a_gap() {
    let world = world();
    let copy = until_copied(&world, &world.order(&KEYS), false);
    assert_eq!((copy.copied, copy.gaps, copy.altered), (3, 1, 0));
    let (custody, files, items) = outcome(&world);
    let deeds: Vec<&Value> = custody.iter().map(|entry| &entry["deed"]).collect();
    assert_eq!(deeds, ["gap-recorded", "preserved"]);
    let digests: Vec<&Value> = files.values().map(|file| &file["sha256"]).collect();
    let wanted = ["empty", "large", "small"].map(|key| Digest::of(&world.objects[key]).to_string());
    assert!(wanted.iter().all(|digest| digests.contains(&&Value::from(digest.as_str()))));
    assert!(items.values().all(|item| item["progress"]["state"] == "done" && item["gaps"][0]["part"] == "0002"));
    assert!(!serde_json::to_string(&(custody, items)).unwrap().contains("large"), "a key is named");
}

/// Every call of a run fails once, before or after its work; then the order is called again until it is done.
#[test]
fn whichever_call_fails_the_end_is_the_same() {
    for is_hurried in [false, true] {
        let untroubled = world();
        until_copied(&untroubled, &untroubled.order(&KEYS), is_hurried);
        for after in [false, true] {
            for call in 0.. {
                let world = world();
                let order = world.order(&KEYS);
                world.fuse.set(Some((call, after)));
                until_copied(&world, &order, is_hurried);
                if world.fuse.get().is_some() {
                    assert!(call > 15, "fewer calls than there are steps");
                    break;
                }
                let context = format!("call {call}, after its work: {after}, hurried: {is_hurried}");
                assert_eq!(outcome(&world), outcome(&untroubled), "{context}");
                assert!(world.vault.borrow().values().all(|versions| versions.len() == 1), "{context}");
                // An upload of which the name was lost holds no part, and the bucket's lifecycle ends it.
                assert!(world.uploads.borrow().values().all(BTreeMap::is_empty), "{context}");
                assert!(world.begun.get() <= 2, "{context}");
            }
        }
    }
}

#[test]
fn an_upload_that_is_gone_is_begun_again() {
    let world = world();
    let order = world.order(&["large"]);
    assert_eq!(world.run(&order, true).unwrap().state, Progress::InProgress);
    world.uploads.borrow_mut().clear();
    until_copied(&world, &order, true);
    assert_eq!(world.begun.get(), 2);
    assert!(world.vault.borrow().values().all(|versions| versions.len() == 1));
}

#[test]
fn what_lies_where_a_copy_belongs_is_not_taken_for_it() {
    let world = world();
    let order = world.order(&["small"]);
    let path = {
        let done = self::world();
        until_copied(&done, &done.order(&["small"]), false);
        done.vault.borrow().keys().next().unwrap().clone()
    };
    world.vault.borrow_mut().insert(path, vec![(5, Digest::of(b"other").base64())]);
    assert_eq!(world.run(&order, false).unwrap_err().fault(), Fault::NeedsOperator);
    assert!(world.records("FILE#").is_empty());
}
