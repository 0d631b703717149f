#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

mod entry;
mod pages;
mod sample;
mod standing;
