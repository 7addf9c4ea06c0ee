#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| attacks::probes::policy(data));
