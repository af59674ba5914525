//! Bytes in place of a page of Instagram's.
#![no_main]

#[path = "../pages.rs"]
mod pages;

libfuzzer_sys::fuzz_target!(|data: &[u8]| pages::read(domain::Platform::Instagram, data));
