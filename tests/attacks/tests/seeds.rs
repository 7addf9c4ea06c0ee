//! The seeds of the fuzz targets, and what they once found, through the same code.

use std::{fs, path::Path};

use attacks::probes;

#[test]
fn every_seed_of_every_fuzz_target_holds() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    for (target, probe) in probes::ALL {
        let mut count = 0;
        for seed in fs::read_dir(seeds.join(target)).unwrap() {
            let path = seed.unwrap().path();
            let data = fs::read(&path).unwrap();
            assert!(data.len() <= 4096, "{} is large for a seed", path.display());
            println!("{}", path.display());
            probe(&data);
            count += 1;
        }
        assert!(count > 0, "{target} has no seeds");
    }
}

#[test]
fn every_probe_has_its_fuzz_target() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    let mut files: Vec<_> = fs::read_dir(targets)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut expected: Vec<_> = probes::ALL.map(|(name, _)| format!("{name}.rs")).into();
    expected.sort();
    assert_eq!(files, expected);
}
